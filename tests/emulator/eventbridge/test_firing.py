"""Schedules evaluated, and fired by a clock that is moved on."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aws_croniter import AwsCroniter
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from support.local_services import BUCKET, Service, client, connect, kill_and_return, role, zipped

from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.emulator.server import address

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo | Any = UTC) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def following(expression: str, zone: str, after: float, count: int) -> list[str]:
    """The next times, as the zone's clock shows them."""
    found = []
    for _ in range(count):
        coming = next_time(expression, zone, after, after)
        if coming is None:
            break
        found.append(datetime.fromtimestamp(coming, ZoneInfo(zone)).strftime("%m-%d %H:%M%z"))
        after = coming
    return found


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 7 ? * MON-FRI *)", "2026-03-27T08:00", ["03-30 07:00+0200", "03-31 07:00+0200"]),
        # On 29 March 2026 the hour from 2 is left out, on 25 October it comes twice.
        ("cron(30 2 * * ? *)", "2026-03-28T00:00", ["03-28 02:30+0100", "03-30 02:30+0200"]),
        ("cron(30 2 * * ? *)", "2026-10-24T12:00", ["10-25 02:30+0200", "10-26 02:30+0100"]),
        ("cron(0 22 ? * 6L *)", "2026-01-01T00:00", ["01-30 22:00+0100", "02-27 22:00+0100"]),
        ("cron(0 9 1W * ? *)", "2026-02-01T00:00", ["02-02 09:00+0100", "03-02 09:00+0100"]),
        ("rate(5 minutes)", "2026-03-29T01:58", ["03-29 03:03+0200", "03-29 03:08+0200"]),
        ("at(2026-07-01T10:00:00)", "2026-03-01T00:00", ["07-01 10:00+0200"]),
    ],
)
def test_times_are_those_of_the_zone(expression: str, after: str, expected: list[str]) -> None:
    assert following(expression, "Europe/Berlin", at(after, BERLIN), 2) == expected


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
    ),
    st.integers(int(at("2026-01-01T00:00")), int(at("2026-12-31T00:00"))),
)
def test_a_daily_time_is_shown_by_the_clock_and_comes_at_most_two_days_later(
    minute: int, hour: int, zone: str, after: int
) -> None:
    found = next_time(f"cron({minute} {hour} * * ? *)", zone, after, after)
    assert found is not None
    assert after < found <= after + 2 * 86400
    shown = datetime.fromtimestamp(found, ZoneInfo(zone))
    assert (shown.hour, shown.minute) == (hour, minute)


def test_in_utc_it_is_what_the_library_says() -> None:
    cron, now = AwsCroniter("15/20 8-17 ? 1-6 2#1 2026"), datetime(2026, 1, 1, tzinfo=UTC)
    expected = cron.get_next(now, n=50)
    for one in expected:
        assert next_time("cron(15/20 8-17 ? 1-6 2#1 2026)", "UTC", now.timestamp(), 0.0) == one.timestamp()
        now = one


@pytest.mark.parametrize(
    "expression",
    [
        "hello",
        "cron(61 25 * * * *)",
        "cron(0 7 * * *)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "at(soon)",
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"is no|no cron"):
        next_time(expression, "UTC", 0.0, 0.0)


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        next_time("cron(0 7 * * ? *)", "Mars/Olympus", 0.0, 0.0)


HANDLER = """
import boto3, json
def handle(event, context):
    if event.get("fail"):
        raise RuntimeError("no")
    boto3.client("s3").put_object(Bucket="plant-7", Key=f"fired/{event['name']}/{context.aws_request_id}", Body=b"x")
"""


@pytest.fixture
def scheduled(tmp_path: Path) -> Any:
    """A service of its own with a function `worker`, and a maker of its clients."""
    service = connect(tmp_path / "state", pace=address.FAST)

    def clients(name: str) -> Any:
        return client(service, name)

    service.s3.create_bucket(Bucket=BUCKET)
    runs_as = role(service)
    function = clients("lambda").create_function(
        FunctionName="worker",
        Runtime="python3.12",
        Role=runs_as,
        Handler="app.handle",
        Code={"ZipFile": zipped(HANDLER)},
        Timeout=20,
        MemorySize=256,
    )["FunctionArn"]
    yield service, clients, function, runs_as
    address.stop(service.state)


def schedule(client: Any, name: str, expression: str, arn: str, role: str, payload: Any, **target: Any) -> None:
    client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "Input": json.dumps(payload), **target},
    )


def fired(service: Service, name: str) -> int:
    return int(service.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"fired/{name}/").get("KeyCount", 0))


def test_schedules_and_rules_fire_in_order_when_the_clock_is_moved_on(scheduled: Any) -> None:
    service, client, function, role = scheduled
    schedule(client, "hourly", "rate(1 hour)", function, role, {"name": "hourly"})
    later = datetime.fromtimestamp(address.advance(service.state, 0) + 5400, BERLIN)
    schedule(client, "once", f"at({later:%Y-%m-%dT%H:%M:%S})", function, role, {"name": "once"})
    client("events").put_rule(Name="rule", ScheduleExpression="rate(30 minutes)")
    client("events").put_targets(
        Rule="rule", Targets=[{"Id": "1", "Arn": function, "Input": json.dumps({"name": "rule"})}]
    )
    made = service.rekognition.create_project(ProjectName="by-schedule")["ProjectArn"]
    stop = "arn:aws:scheduler:::aws-sdk:rekognition:deleteProject"
    schedule(client, "delete", f"at({later:%Y-%m-%dT%H:%M:%S})", stop, role, {"ProjectArn": made})
    before = address.advance(service.state, 0)
    now = address.advance(service.state, 3 * 3600)
    assert 0 <= now - before - 3 * 3600 < 60
    assert (fired(service, "hourly"), fired(service, "once"), fired(service, "rule")) == (3, 1, 6)
    assert service.rekognition.describe_projects()["ProjectDescriptions"] == []
    address.advance(service.state, 1800)
    assert (fired(service, "once"), fired(service, "rule")) == (1, 7)


def test_a_schedules_input_says_of_itself_what_it_asks_for(scheduled: Any) -> None:
    service, client, function, role = scheduled
    url = client("sqs").create_queue(QueueName="told")["QueueUrl"]
    asked = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    body = json.dumps({name: f"<aws.scheduler.{name}>" for name in asked})
    send = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    due = datetime.fromtimestamp(address.advance(service.state, 0) + 3600, BERLIN)
    at = f"at({due:%Y-%m-%dT%H:%M:%S})"
    schedule(client, "telling", at, send, role, {"QueueUrl": url, "MessageBody": body})
    dead = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"DeadLetterConfig": {"Arn": arn}, "RetryPolicy": {"MaximumRetryAttempts": 1}}
    schedule(client, "failing", at, f"{function}-gone", role, {"attempt": "<aws.scheduler.attempt-number>"}, **policy)
    address.advance(service.state, 3700)
    (message,) = messages(client, url)
    told = json.loads(message["Body"])
    assert told["schedule-arn"].endswith(":schedule/default/telling")
    assert told["scheduled-time"] == f"{due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert len(told["execution-id"]) == 16
    assert told["attempt-number"] == "1"
    (buried,) = messages(client, dead)
    assert json.loads(buried["Body"]) == {"attempt": "<aws.scheduler.attempt-number>"}


def messages(client: Any, queue: str) -> list[Any]:
    return list(client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages", []))


def starts(client: Any) -> int:
    """How often the function was run, as its logs say."""
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    return sum(event["message"].startswith("START") for event in events)


def test_what_no_attempt_delivers_goes_to_the_dead_letter_queue(scheduled: Any) -> None:
    service, client, function, role = scheduled
    queue = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    buried = {"DeadLetterConfig": {"Arn": arn}, "RetryPolicy": {"MaximumRetryAttempts": 1}}
    schedule(client, "nowhere", "rate(1 hour)", f"{function}-gone", role, {"name": "x"}, **buried)
    address.advance(service.state, 3700)
    (message,) = messages(client, queue)
    assert json.loads(message["Body"]) == {"name": "x"}
    assert "there is no function" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


@pytest.mark.parametrize("retries", [None, 0])
def test_a_function_that_fails_is_run_again_and_reported_as_it_says(scheduled: Any, retries: int | None) -> None:
    service, client, function, role = scheduled
    queue = client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    given = {} if retries is None else {"MaximumRetryAttempts": retries}
    client("lambda").put_function_event_invoke_config(
        FunctionName="worker", DestinationConfig={"OnFailure": {"Destination": arn}}, **given
    )
    schedule(client, "failing", "rate(1 hour)", function, role, {"fail": True})
    address.advance(service.state, 3700)
    (message,) = messages(client, queue)
    told = json.loads(message["Body"])
    assert (told["requestPayload"], told["responsePayload"]["errorType"]) == ({"fail": True}, "RuntimeError")
    assert told["requestContext"]["approximateInvokeCount"] == (3 if retries is None else 1)
    assert starts(client) == (3 if retries is None else 1)


def test_a_rate_goes_on_from_when_its_schedule_was_made_whatever_happens_between(scheduled: Any) -> None:
    service, client, function, role = scheduled
    address.advance(service.state, 86400)
    schedule(client, "daily", "rate(1 day)", function, role, {"name": "daily"})
    address.advance(service.state, 86400 - 300)
    assert fired(service, "daily") == 0
    service = kill_and_return(service)
    address.advance(service.state, 600)
    assert fired(service, "daily") == 1


def test_a_disabled_schedule_and_a_wrong_one_do_nothing(scheduled: Any) -> None:
    service, client, function, role = scheduled
    schedule(client, "off", "rate(1 hour)", function, role, {"name": "off"})
    shown = client("scheduler").get_schedule(Name="off")
    wanted = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    client("scheduler").update_schedule(**{name: shown[name] for name in wanted}, State="DISABLED")
    address.advance(service.state, 7300)
    assert fired(service, "off") == 0
    with pytest.raises(ClientError, match="is no time zone") as caught:
        client("scheduler").create_schedule(
            Name="wrong",
            ScheduleExpression="cron(0 7 * * ? *)",
            ScheduleExpressionTimezone="Mars/Olympus",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": function, "RoleArn": role},
        )
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_start_that_is_past_is_refused(scheduled: Any) -> None:
    service, client, function, role = scheduled
    now = address.advance(service.state, 30 * 24 * 3600)
    for expression, age, taken in (
        ("rate(1 hour)", 240, True), ("rate(1 hour)", 360, False), ("cron(0 7 * * ? *)", 3600, False),
        ("at(2030-01-01T00:00:00)", 3600, True), ("rate(1 hour)", -3600, True),
    ):  # fmt: skip
        asked = {
            "ScheduleExpression": expression,
            "StartDate": datetime.fromtimestamp(now - age, UTC),
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": function, "RoleArn": role},
        }
        name = f"from-{expression[:2]}-{age}"
        if taken:
            client("scheduler").create_schedule(Name=name, **asked)
        else:
            with pytest.raises(ClientError, match="cannot be earlier than 5 minutes ago"):
                client("scheduler").create_schedule(Name=name, **asked)
