"""A signal at any moment of what starts a model leaves none up without a word."""

import signal
import time
from collections.abc import Iterator

import pytest
from support.drawing import draw
from support.interception import Call, Spoiled, intercepted
from support.local_services import STRICT, Service, connect
from support.shells import Shell
from support.signals import ENDING, Struck, guards, strike, up

from customlabels.emulator.server import address
from customlabels.pipelines.service.guard import AHEAD


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, Service]]:
    """A folder with a trained version `v1` of `photos`; its service takes a moment for each step."""
    shell = Shell(tmp_path_factory.mktemp("signals"))
    address.start(shell.state, address.Pace(scale=0.002, rate=20, strict=STRICT))
    draw(shell.folder / "photos", {"across": 6, "down": 6})
    shell.run("train", "photos", "--local", "--version-name", "v1", "-q")
    (shell.folder / ".aws").mkdir()
    service = connect(shell.state)
    login = f"[any]\naws_access_key_id = {service.key}\naws_secret_access_key = b\n"
    (shell.folder / ".aws" / "credentials").write_text(login)
    yield shell, service
    address.stop(shell.state)


def words(*more: str) -> tuple[str, ...]:
    return (
        "detect",
        "photos",
        "--local",
        "--project",
        "photos",
        "--version",
        "v1",
        "--start",
        "--yes",
        "--rate",
        "8",
        *more,
    )


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize(
    "seconds", [0.6, *(pytest.param(later, marks=pytest.mark.around) for later in (1.1, 1.7, 2.6))]
)
def test_a_signal_stops_what_was_started(ready: tuple[Shell, Service], number: signal.Signals, seconds: float) -> None:
    shell, service = ready
    assert_orderly(service, strike(shell, words(), number, seconds))


@pytest.mark.around
@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("seconds", [0.7, 1.6])
def test_a_signal_leaves_nothing_up_of_what_is_judged_again_or_trained(
    ready: tuple[Shell, Service], number: signal.Signals, seconds: float
) -> None:
    shell, service = ready
    shell.run("train", "photos", "--local", "--version-name", "v2", "--seed", "5", "-q")
    again = ("versions", "compare", "v1", "v2", "--local", "--re-evaluate", "--yes", "--project", "photos")
    trained = ("train", "photos", "--local", "--project", f"struck-{number}-{seconds}".replace(".", "-"))
    for command in (again, trained):
        assert_orderly(service, strike(shell, command, number, seconds))


def assert_orderly(service: Service, result: Struck) -> None:
    assert result.early or result.orderly, (result.code, result.said)
    assert up(service) == []
    assert guards(service) == []


def test_a_second_signal_does_not_cut_the_stop_short(ready: tuple[Shell, Service]) -> None:
    shell, service = ready
    process = shell.start(*words())
    assert process.stderr is not None
    while "looking at" not in process.stderr.readline():
        assert process.poll() is None
    for _ in range(4):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    _, errors = process.communicate(timeout=60)
    # The last of them may find a command that has done all it had to.
    assert process.returncode in {143, -signal.SIGTERM}, errors
    assert up(service) == []


def test_a_start_that_somebody_pays_for_is_asked_about_with_its_price(ready: tuple[Shell, Service]) -> None:
    shell, service = ready
    with intercepted(service.endpoint_url, lambda call: None) as url:
        at = ("--project", "photos", "--endpoint-url", url, "--profile", "any", "--region", "us-east-1")
        for words in (("model", "start", "v1"), ("detect", "photos/across", "--start")):
            assert "On AWS it costs" in (asked := shell.run(*words, *at, expect=130).stderr)
            assert "$4.00 an hour" in asked
    assert up(service) == []


def test_a_stop_that_fails_is_the_last_that_is_said(ready: tuple[Shell, Service]) -> None:
    shell, service = ready
    refused = Spoiled(400, "AccessDeniedException")

    def spoil(call: Call) -> Spoiled | None:
        return refused if call.what == "StopProjectVersion" else None

    with intercepted(service.endpoint_url, spoil) as url:
        process = shell.start(
            *("detect", "photos/across", "--start", "--yes", "--rate", "20", "--project", "photos"),
            *("--endpoint-url", url, "--profile", "any", "--region", "us-east-1"),
        )
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    *_, error, hint = errors.strip().splitlines()
    assert "v1 is STILL RUNNING, at $4.00 an hour" in error
    assert hint.endswith("customlabels model stop v1 --project photos")
    shell.run("model", "stop", "v1", "--local", "-q")
    assert up(service) == []


@pytest.mark.around
def test_a_command_that_is_killed_has_its_model_stopped_by_a_schedule(ready: tuple[Shell, Service]) -> None:
    shell, service = ready
    process = shell.start(*words())
    assert process.stderr is not None
    while "looking at" not in process.stderr.readline():
        assert process.poll() is None
    process.kill()
    process.wait()
    assert up(service) == ["RUNNING"]
    assert len(guards(service)) == 1
    address.advance(shell.state, AHEAD.total_seconds() + 60)
    deadline = time.monotonic() + 20
    while up(service):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert guards(service) == []


def test_a_guard_that_may_not_be_set_is_said_and_gone_without(ready: tuple[Shell, Service]) -> None:
    shell, service = ready

    def spoil(call: Call) -> Spoiled | None:
        return Spoiled(403, "AccessDeniedException") if call.what.startswith("POST /schedules") else None

    with intercepted(service.endpoint_url, spoil) as url:
        shown = shell.run(
            *("detect", "photos/across", "--start", "--yes", "--rate", "20", "--project", "photos"),
            *("--endpoint-url", url, "--profile", "any", "--region", "us-east-1"),
        )
    assert "nothing stops v1 should this command be killed" in shown.stderr
    assert up(service) == []
    quiet = shell.run(*words("--no-guard"), expect=0)
    assert "nothing stops" not in quiet.stderr
