"""Lambda functions deployed with boto3 and run for real, in processes of their own."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import Service, client, role, zipped

from customlabels.core.waiting import wait_for

HANDLER = """
import json, os, time, boto3

def handle(event, context):
    print("handling", event.get("what"))
    what = event.get("what")
    if what == "environment":
        return {"stage": os.environ["STAGE"], "name": context.function_name, "home": os.environ["HOME"],
                "left": context.get_remaining_time_in_millis(),
                "secrets": [name for name in os.environ if "TOKEN" in name]}
    if what == "call":
        made = boto3.client("rekognition").create_project(ProjectName=event["name"])
        return made["ProjectArn"]
    if what == "sleep":
        time.sleep(60)
    if what == "memory":
        return len(bytearray(900 * 1024 * 1024))
    if what == "leave":
        os._exit(3)
    if what == "count":
        boto3.client("s3").put_object(Bucket="plant-7", Key=f"{event['name']}/{context.aws_request_id}", Body=b"x")
        raise RuntimeError("again")
    raise ValueError("no idea")
"""


@pytest.fixture(scope="module")
def deploy(service: Service) -> Callable[..., str]:
    """Makes a function from a zip."""

    def made(name: str, body: bytes, **changes: Any) -> str:
        given: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": role(service),
            "Handler": "app.handle",
            "Code": {"ZipFile": body},
            "Timeout": 10,
            "MemorySize": 256,
            "Environment": {"Variables": {"STAGE": "test"}},
        }
        client(service, "lambda").create_function(**{**given, **changes})
        return name

    return made


@pytest.fixture(scope="module")
def function(deploy: Callable[..., str]) -> str:
    return deploy("worker", zipped({"app.py": HANDLER}))


def invoke(service: Service, function: str, **event: Any) -> dict[str, Any]:
    answer = client(service, "lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode() if "LogResult" in answer else ""
    return {"error": answer.get("FunctionError"), "payload": json.loads(answer["Payload"].read()), "log": log}


def test_a_function_sees_its_environment_and_nothing_else(
    service: Service, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = invoke(service, function, what="environment")
    assert answer["error"] is None
    assert (answer["payload"]["stage"], answer["payload"]["name"]) == ("test", "worker")
    assert 0 < answer["payload"]["left"] <= 10_000
    assert answer["payload"]["home"].startswith("/tmp")
    assert answer["payload"]["secrets"] == []
    assert "handling environment" in answer["log"]


def test_a_function_calls_the_service_it_runs_in(service: Service, function: str) -> None:
    answer = invoke(service, function, what="call", name="made-by-lambda")
    assert answer["payload"].split("/")[1] == "made-by-lambda"
    assert service.rekognition.describe_projects(ProjectNames=["made-by-lambda"])["ProjectDescriptions"]


def test_a_layer_is_there_to_be_imported(service: Service, deploy: Callable[..., str]) -> None:
    layer = client(service, "lambda").publish_layer_version(
        LayerName="shared", Content={"ZipFile": zipped({"python/shared.py": "WORD = 'from a layer'"})}
    )["LayerVersionArn"]
    code = "import shared\ndef handle(event, context):\n    return shared.WORD\n"
    function = deploy("layered", zipped(code), Layers=[layer])
    assert json.load(client(service, "lambda").invoke(FunctionName=function)["Payload"]) == "from a layer"


@pytest.mark.parametrize(
    ("what", "kind", "says"),
    [
        ("nothing", "ValueError", "no idea"),
        ("memory", "MemoryError", ""),
        ("leave", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_a_function_that_fails_says_how(service: Service, function: str, what: str, kind: str, says: str) -> None:
    answer = invoke(service, function, what=what)
    assert answer["error"] == "Unhandled"
    assert answer["payload"]["errorType"] == kind
    assert says in answer["payload"]["errorMessage"]


def test_a_function_that_takes_too_long_is_ended(service: Service, deploy: Callable[..., str]) -> None:
    slow = deploy("slow", zipped({"app.py": HANDLER}), Timeout=2)
    answer = invoke(service, slow, what="sleep")
    assert (answer["error"], answer["payload"]["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Task timed out after 2.00 seconds" in answer["payload"]["errorMessage"]


def test_what_it_logs_is_in_cloudwatch_logs(service: Service, function: str) -> None:
    invoke(service, function, what="environment")
    logs = client(service, "logs")
    events = logs.filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    messages = [event["message"] for event in events]
    assert "handling environment" in messages
    assert any(line.startswith("REPORT RequestId") for line in messages)


def test_an_event_is_tried_three_times(service: Service, function: str) -> None:
    event = json.dumps({"what": "count", "name": "tries"}).encode()
    answer = client(service, "lambda").invoke(FunctionName=function, Payload=event, InvocationType="Event")
    assert answer["StatusCode"] == 202

    def tries() -> int | None:
        count = service.s3.list_objects_v2(Bucket="plant-7", Prefix="tries/").get("KeyCount", 0)
        return count if count >= 3 else None

    assert wait_for(tries, what="tries", most=60) == 3


@pytest.mark.parametrize(
    ("files", "changes", "says"),
    [
        ({"../evil.py": "x"}, {}, "leads out of it"),
        ({"other.py": ""}, {}, "No module named 'app'"),
        ({"app.py": HANDLER}, {"Runtime": "nodejs20.x"}, "cannot be run here"),
    ],
)
def test_what_cannot_be_run_is_an_error_of_the_function(
    service: Service, deploy: Callable[..., str], files: dict[str, str], changes: dict[str, Any], says: str
) -> None:
    name = deploy(f"odd-{len(says)}", zipped(files), **changes)
    answer = invoke(service, name, what="environment")
    assert answer["error"] == "Unhandled"
    assert says in answer["payload"]["errorMessage"]


def test_a_function_that_is_not_there_is_not_found(service: Service) -> None:
    with pytest.raises(ClientError) as caught:
        invoke(service, "nobody")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
