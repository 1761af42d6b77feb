"""Execution environments of functions: what survives from one event to the next, and what does not."""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.local_services import Service, client, connect, kill, role, zipped

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

HANDLER = """
import os, subprocess, sys, time
count = 0

def handle(event, context):
    global count
    count += 1
    print("event", event.get("word"))
    what = event.get("what")
    if what == "sleep":
        child = subprocess.Popen(["sleep", "600"])
        print("child", child.pid)
        if "mark" in event:
            open(event["mark"], "w").close()
        time.sleep(600)
    if what == "leave":
        sys.exit(4)
    if what == "vanish":
        print("about to vanish")
        os._exit(3)
    if what == "fail":
        raise ValueError("as wanted")
    if what == "wait":
        time.sleep(0.5)
    return {"pid": os.getpid(), "count": count, "request": context.aws_request_id, "stream": context.log_stream_name,
            "left": context.get_remaining_time_in_millis(), "stage": os.environ.get("STAGE"),
            "home": os.environ["HOME"]}
"""


@pytest.fixture(scope="module")
def invoke(service: Service) -> Callable[..., dict[str, Any]]:
    """Invokes a function, which it makes where there is none of the name; payload, error and log."""
    functions = client(service, "lambda")
    made: set[str] = set()

    def invoked(name: str, **event: Any) -> dict[str, Any]:
        if name not in made:
            made.add(name)
            make(service, name, HANDLER)
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail")
        payload = json.loads(answer["Payload"].read())
        return {"payload": payload, "error": answer.get("FunctionError"), "log": logged(service, name)}

    return invoked


def make(service: Service, name: str, code: str, **changes: Any) -> None:
    given = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": role(service),
        "Handler": "app.handle",
        "Code": {"ZipFile": zipped(code)},
        "Timeout": 2,
        "MemorySize": 128,
    }
    client(service, "lambda").create_function(**{**given, **changes})


def logged(service: Service, name: str) -> list[str]:
    """The lines of the last invocation."""
    events = client(service, "logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    lines = [str(event["message"]) for event in sorted(events, key=lambda event: int(event["eventId"]))]
    return lines[max(number for number, line in enumerate(lines) if line.startswith("START")) :]


def test_what_a_module_holds_survives_and_each_event_has_its_own_request_and_lines(invoke: Any) -> None:
    first, second = invoke("warm", word="one"), invoke("warm", word="two")
    assert (first["payload"]["count"], second["payload"]["count"]) == (1, 2)
    assert first["payload"]["pid"] == second["payload"]["pid"]
    assert first["payload"]["request"] != second["payload"]["request"]
    assert second["payload"]["left"] > 1_000
    assert [line for line in second["log"] if line.startswith("event")] == ["event two"]
    assert second["payload"]["request"] in second["log"][0]
    assert "Init Duration" in first["log"][-1]
    assert "Init Duration" not in second["log"][-1]


def test_an_environment_has_one_stream_named_as_on_aws(service: Service, invoke: Any) -> None:
    names = [invoke("streamed")["payload"]["stream"] for _ in range(2)]
    streams = client(service, "logs").describe_log_streams(logGroupName="/aws/lambda/streamed")["logStreams"]
    assert {stream["logStreamName"] for stream in streams} == set(names)
    day, rest = names[0].split("[")
    assert len(day.split("/")) == 4
    assert rest.startswith("$LATEST]")
    assert len(rest) == len("$LATEST]") + 32


@pytest.mark.parametrize(
    ("what", "kind", "says"),
    [
        ("sleep", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ("leave", "SystemExit", "4"),
        ("vanish", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_what_ends_an_environment_lets_the_next_event_begin_anew(invoke: Any, what: str, kind: str, says: str) -> None:
    name = f"ends-{what}"
    before = invoke(name)["payload"]
    failed = invoke(name, what=what)
    assert (failed["error"], failed["payload"]["errorType"]) == ("Unhandled", kind)
    assert says in failed["payload"]["errorMessage"]
    if what == "vanish":
        assert "about to vanish" in failed["log"]
    if what == "sleep":
        assert "Status: timeout" in failed["log"][-2]
        (child,) = [line.split()[1] for line in failed["log"] if line.startswith("child")]
        wait_for(lambda: None if alive(int(child)) else True, what="the end of what it started", most=10)
    after = invoke(name)["payload"]
    assert after["count"] == 1
    assert after["pid"] != before["pid"]


def test_an_exception_leaves_the_environment_as_it_is(invoke: Any) -> None:
    pid = invoke("fails")["payload"]["pid"]
    assert invoke("fails", what="fail")["payload"]["errorType"] == "ValueError"
    again = invoke("fails")["payload"]
    assert (again["pid"], again["count"]) == (pid, 3)


def test_a_killed_environment_is_replaced(invoke: Any) -> None:
    pid = invoke("killed")["payload"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: None if known(pid) else True, what="its end", most=10)
    assert invoke("killed")["payload"]["count"] == 1


def test_events_at_once_have_environments_of_their_own(invoke: Any) -> None:
    invoke("many")
    with ThreadPoolExecutor(3) as pool:
        pids = list(pool.map(lambda _: invoke("many", what="wait")["payload"]["pid"], range(3)))
    assert len(set(pids)) == 3
    # They are kept for what comes next.
    assert all(alive(pid) for pid in pids)
    assert invoke("many")["payload"]["pid"] in pids


@pytest.mark.parametrize(
    "change",
    [
        lambda functions, name: functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {"STAGE": "two"}}
        ),
        lambda functions, name: functions.update_function_code(
            FunctionName=name, ZipFile=zipped(HANDLER.replace("count = 0", "count = 0  # anew"))
        ),
        lambda functions, name: functions.delete_function(FunctionName=name),
    ],
    ids=["configuration", "code", "deletion"],
)
def test_a_change_of_the_function_ends_its_environments(service: Service, request: Any, change: Any) -> None:
    name = f"changes-{request.node.callspec.id}"
    make(service, name, HANDLER)
    functions = client(service, "lambda")
    before = json.load(functions.invoke(FunctionName=name)["Payload"])
    change(functions, name)
    if "deletion" not in name:
        after = json.load(functions.invoke(FunctionName=name)["Payload"])
        assert (after["count"], after["pid"] == before["pid"]) == (1, False)
        assert after["stage"] == ("two" if "configuration" in name else None)
    wait_for(lambda: None if alive(before["pid"]) else True, what="the environment's end", most=10)


@pytest.mark.parametrize("end", [kill, lambda service: address.stop(service.state)], ids=["killed", "stopped"])
def test_environments_end_with_the_service(own_service: Service, tmp_path: Path, end: Any) -> None:
    make(own_service, "orphan", HANDLER, Timeout=30)
    functions, mark = client(own_service, "lambda"), tmp_path / "mark"
    environment = json.load(functions.invoke(FunctionName="orphan")["Payload"])
    event = json.dumps({"what": "sleep", "mark": str(mark)}).encode()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: functions.invoke(FunctionName="orphan", Payload=event))
        wait_for(lambda: mark.exists() or None, what="the handler", most=10)
        end(own_service)
        wait_for(lambda: None if alive(environment["pid"]) else True, what="the environment's end", most=10)
        assert not Path(environment["home"]).exists()
        assert running.exception() is not None


def test_what_a_killed_function_of_a_killed_service_left_is_gone_at_the_next_start(own_service: Service) -> None:
    make(own_service, "left", HANDLER)
    invoked = json.load(client(own_service, "lambda").invoke(FunctionName="left")["Payload"])
    home, running = Path(invoked["home"]), address.running(own_service.state)
    assert home.is_relative_to(own_service.state)
    assert running is not None
    os.kill(running.pid, signal.SIGSTOP)
    os.kill(invoked["pid"], signal.SIGKILL)
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: None if alive(running.pid) else True, what="the service's end", most=10)
    assert home.exists()
    connect(own_service.state)
    assert not home.exists()


def test_an_import_that_fails_is_told_of_every_time(service: Service) -> None:
    make(service, "unimportable", "print('importing')\nimport nowhere_to_be_found")
    for _ in range(2):
        answer = client(service, "lambda").invoke(FunctionName="unimportable")
        error = json.load(answer["Payload"])
        assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", "ModuleNotFoundError")
        assert "importing" in logged(service, "unimportable")


def known(pid: int) -> bool:
    """Whether the system knows a process, be it dead."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def alive(pid: int) -> bool:
    """Whether a process is there and runs; one whose parent is gone may stay on as a zombie."""
    try:
        return known(pid) and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return known(pid)
