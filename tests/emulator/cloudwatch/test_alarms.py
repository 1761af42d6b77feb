"""Metrics of functions, and alarms that go by them and by the service's clock."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.local_services import Service, client, connect, kill_and_return, role, zipped

from customlabels.core.waiting import wait_for
from customlabels.emulator.cloudwatch.embedded_metrics import embedded
from customlabels.emulator.server import address

HANDLER = """
import json, time
def handle(event, context):
    for line in event.get("print", []):
        print(json.dumps(line) if isinstance(line, dict) else line)
    if "saved" in event:
        about = {"Namespace": "Parts", "Dimensions": [["Line"]], "Metrics": [{"Name": "Saved", "Unit": "Count"}]}
        document = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [about]}
        print(json.dumps({"_aws": document, "Line": "7", "Saved": event["saved"], "Note": "kept in the log"}))
    if event.get("fail"):
        raise RuntimeError("as wanted")
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A service whose clock may be moved on, with a function; the function's ARN."""
    service = connect(tmp_path_factory.mktemp("alarms"), pace=address.FAST)
    yield service, function(service, "worker")
    address.stop(service.state)


def function(service: Service, name: str) -> str:
    made = client(service, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role(service),
        Handler="app.handle",
        Code={"ZipFile": zipped(HANDLER)},
        Timeout=10,
    )
    client(service, "lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    return str(made["FunctionArn"])


def invoke(service: Service, name: str, **event: Any) -> None:
    client(service, "lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())


def total(service: Service, namespace: str, name: str, of: dict[str, str], stat: str = "Sum") -> float:
    """A metric's statistic over the last hour by the service's clock; -1 where it has no datapoint."""
    now = datetime.fromtimestamp(address.advance(service.state, 0), UTC)
    found = client(service, "cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in of.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=[stat],
    )["Datapoints"]
    return float(found[0][stat]) if found else -1.0


def alarm(service: Service, name: str, topic: str = "", **changes: Any) -> None:
    given = {
        "AlarmName": name,
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    actions = {kind: [topic] for kind in ("AlarmActions", "OKActions", "InsufficientDataActions") if topic}
    client(service, "cloudwatch").put_metric_alarm(**{**given, **actions, **changes})


def state(service: Service, name: str) -> tuple[str, str]:
    (found,) = client(service, "cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["StateValue"], found["StateReason"]


def topic(service: Service, name: str) -> tuple[str, str]:
    """ARN of a new topic, and address of a queue that gets what it is told."""
    sqs, sns = client(service, "sqs"), client(service, "sns")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    arn = str(sns.create_topic(Name=name)["TopicArn"])
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    return arn, url


def told(service: Service, url: str) -> list[dict[str, Any]]:
    """What a topic told, in order."""
    found = client(service, "sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    notes = [json.loads(message["Body"]) for message in found]
    return sorted(({**json.loads(note["Message"]), "Subject": note["Subject"]} for note in notes), key=_changed)


def _changed(one: dict[str, Any]) -> str:
    return str(one["StateChangeTime"])


def test_lambda_counts_invocations_and_errors_and_they_survive_the_service(own_service: Service) -> None:
    function(own_service, "counted")
    invoke(own_service, "counted", saved=[1, 2.5])
    invoke(own_service, "counted", fail=True)
    of = {"FunctionName": "counted"}
    for service in (own_service, kill_and_return(own_service)):
        assert total(service, "AWS/Lambda", "Invocations", of) == 2
        assert total(service, "AWS/Lambda", "Errors", of) == 1
        assert 0 < total(service, "AWS/Lambda", "Duration", of, "Maximum") < 5_000
        assert total(service, "Parts", "Saved", {"Line": "7"}) == 3.5
        assert total(service, "Parts", "Saved", {}) == -1
        logs = client(service, "logs").filter_log_events(logGroupName="/aws/lambda/counted")["events"]
        assert sum("kept in the log" in event["message"] for event in logs) == 1


def test_a_function_that_tells_the_machines_time_means_the_services(watched: tuple[Service, str]) -> None:
    service, _ = watched
    address.advance(service.state, 3 * 86400)
    invoke(service, "worker", saved=4)
    assert total(service, "Parts", "Saved", {"Line": "7"}) == 4


NOW = 1_800_000_000.0


def document(**changes: Any) -> str:
    directive = {"Namespace": "N", "Dimensions": [["A"], ["A", "B"]], "Metrics": [{"Name": "x"}, {"Name": "y"}]}
    about = {"Timestamp": NOW * 1000, "CloudWatchMetrics": [{**directive, **changes.pop("directive", {})}]}
    return json.dumps(
        {"_aws": {**about, **changes.pop("about", {})}, "A": "a", "B": "b", "x": 1, "y": [2, 3], **changes}
    )


def test_each_metric_is_there_under_each_set_of_dimensions() -> None:
    found = embedded(document(), NOW, NOW)
    assert [(one["MetricName"], len(one["Dimensions"])) for _, one in found] == [("x", 1), ("x", 2), ("y", 1), ("y", 2)]
    assert {namespace for namespace, _ in found} == {"N"}
    assert found[2][1]["Values"] == [2.0, 3.0]


@pytest.mark.parametrize(
    "line",
    [
        "plain",
        "{not json",
        '{"_aws": 1}',
        '{"_aws": {"CloudWatchMetrics": []}}',
        document(x="many"),
        document(x=True),
        document(x=10**400),
        document(y=[]),
        document(y=[1] * 101),
        document(B=4),
        document(directive={"Namespace": ""}),
        document(directive={"Metrics": [{"Name": "missing"}]}),
        document(about={"Timestamp": (NOW - 15 * 86400) * 1000}),
        document(about={"Timestamp": "now"}),
        document(about={"Timestamp": 10**400}),
    ],
)
def test_a_wrong_document_is_no_metric(line: str) -> None:
    assert embedded(line, NOW, NOW) == []


def test_an_alarm_follows_its_metric_and_tells_each_change(watched: tuple[Service, str]) -> None:
    service, arn = watched
    told_to, url = topic(service, "alarms")
    of = [{"Name": "FunctionName", "Value": "worker"}]
    alarm(service, "errors", told_to, Dimensions=of, TreatMissingData="notBreaching", AlarmDescription="it fails")
    alarm(service, "quiet", told_to, Dimensions=of, ActionsEnabled=False)
    assert state(service, "errors")[0] == "INSUFFICIENT_DATA"
    later = datetime.fromtimestamp(address.advance(service.state, 120), UTC) + timedelta(hours=1)
    client(service, "scheduler").create_schedule(
        Name="failing",
        ScheduleExpression=f"at({later:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role(service), "Input": '{"fail": true}'},
    )
    assert state(service, "errors")[0] == "OK"
    address.advance(service.state, 3720)
    value, reason = state(service, "errors")
    assert value == "ALARM"
    assert "1 out of the last 1 datapoints [1.0 (" in reason
    assert state(service, "quiet")[0] == "ALARM"
    address.advance(service.state, 3600)
    assert state(service, "errors")[0] == "OK"
    assert state(service, "quiet")[0] == "INSUFFICIENT_DATA"
    first, crossed, over = told(service, url)
    assert [one["NewStateValue"] for one in (first, crossed, over)] == ["OK", "ALARM", "OK"]
    assert (crossed["AlarmName"], crossed["OldStateValue"], crossed["AlarmDescription"]) == ("errors", "OK", "it fails")
    assert crossed["Subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    assert crossed["Trigger"]["Dimensions"] == [{"value": "worker", "name": "FunctionName"}]
    changed = [datetime.fromisoformat(one["StateChangeTime"]) for one in (crossed, over)]
    assert timedelta(0) < changed[0] - later <= timedelta(minutes=2)
    assert abs(changed[1] - changed[0] - timedelta(minutes=5)) < timedelta(seconds=30)


def test_messages_that_wait_in_a_queue_are_a_metric_and_raise_an_alarm(watched: tuple[Service, str]) -> None:
    service, _ = watched
    sqs = client(service, "sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    of = {"QueueName": "dead"}
    assert total(service, "AWS/SQS", "ApproximateNumberOfMessagesVisible", of, "Maximum") == 1
    queue = [{"Name": "QueueName", "Value": "dead"}]
    waiting = {"MetricName": "ApproximateNumberOfMessagesVisible", "Namespace": "AWS/SQS", "Statistic": "Maximum"}
    alarm(service, "dead", Dimensions=queue, **waiting)
    address.advance(service.state, 600)
    assert state(service, "dead")[0] == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    address.advance(service.state, 900)
    assert state(service, "dead")[0] == "OK"
    client(service, "cloudwatch").delete_alarms(AlarmNames=["dead"])


@pytest.mark.parametrize(
    ("values", "changes", "expected"),
    [
        ([5, 0, 5], {"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, "ALARM"),
        ([5, 0, 5], {"EvaluationPeriods": 3}, "OK"),
        ([5, None, None], {"EvaluationPeriods": 3}, "ALARM"),
        ([None, None, 5], {"EvaluationPeriods": 3}, "OK"),
        ([None, None, 5], {"EvaluationPeriods": 3, "TreatMissingData": "breaching"}, "ALARM"),
        ([None], {"TreatMissingData": "breaching"}, "ALARM"),
        ([None], {"TreatMissingData": "notBreaching"}, "OK"),
        ([None], {"TreatMissingData": "ignore"}, "INSUFFICIENT_DATA"),
        ([None], {}, "INSUFFICIENT_DATA"),
        ([4], {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 4}, "ALARM"),
        ([4], {"ComparisonOperator": "LessThanThreshold", "Threshold": 4}, "OK"),
        ([4], {"ComparisonOperator": "LessThanOrEqualToThreshold", "Threshold": 4}, "ALARM"),
    ],
)
def test_a_state_comes_of_the_last_periods(
    watched: tuple[Service, str], request: Any, values: list[float | None], changes: dict[str, Any], expected: str
) -> None:
    """`values` are those of periods of a minute, oldest first."""
    service, _ = watched
    name, cloudwatch = request.node.callspec.id, client(service, "cloudwatch")
    # Begins where a minute does, so that the periods are those minutes.
    address.advance(service.state, 60 - address.advance(service.state, 0) % 60)
    now = address.advance(service.state, 0)
    for place, value in enumerate(reversed(values)):
        if value is not None:
            at = datetime.fromtimestamp(now - place * 60, UTC)
            point = {"MetricName": name, "Timestamp": at, "Value": value}
            cloudwatch.put_metric_data(Namespace="Cases", MetricData=[point])
    alarm(service, name, Namespace="Cases", MetricName=name, **{"Period": 60, **changes})
    address.advance(service.state, 60)
    assert state(service, name)[0] == expected


def test_an_alarm_keeps_its_state_through_a_restart_and_a_change(own_service: Service) -> None:
    told_to, url = topic(own_service, "kept")
    # What it was set to lasts until the next minute, unless it ignores that there is no data.
    alarm(own_service, "set", told_to, TreatMissingData="ignore")
    cloudwatch = client(own_service, "cloudwatch")
    cloudwatch.set_alarm_state(AlarmName="set", StateValue="ALARM", StateReason="by hand")
    (note,) = wait_for(lambda: told(own_service, url) or None, what="the message", most=10)
    assert (note["NewStateReason"], note["OldStateValue"]) == ("by hand", "INSUFFICIENT_DATA")
    service = kill_and_return(own_service)
    assert state(service, "set") == ("ALARM", "by hand")
    alarm(service, "set", told_to, TreatMissingData="ignore", Threshold=3)
    assert state(service, "set")[0] == "ALARM"


def test_metric_math_is_not_evaluated(watched: tuple[Service, str]) -> None:
    service, _ = watched
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    client(service, "cloudwatch").put_metric_alarm(
        AlarmName="math",
        Metrics=[
            {"Id": "m1", "MetricStat": stat, "ReturnData": False},
            {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
        ],
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    address.advance(service.state, 300)
    assert state(service, "math")[0] == "INSUFFICIENT_DATA"


def test_the_values_of_a_metric_come_by_period_and_its_name_once(watched: tuple[Service, str]) -> None:
    service, _ = watched
    cloudwatch, start = client(service, "cloudwatch"), datetime.fromtimestamp(NOW, UTC)
    for minute, value in enumerate([1, 2, 4, 8]):
        for line in ("a", "b"):
            point = {"MetricName": "n", "Timestamp": start + timedelta(minutes=minute), "Value": value}
            of = [{"Name": "Line", "Value": line}]
            cloudwatch.put_metric_data(Namespace="Data", MetricData=[{**point, "Dimensions": of}])
    metric = {"Namespace": "Data", "MetricName": "n", "Dimensions": [{"Name": "Line", "Value": "a"}]}
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "a", "MetricStat": {"Metric": metric, "Period": 120, "Stat": "Sum"}},
            {"Id": "again", "Expression": "a"},
        ],
        StartTime=start,
        EndTime=start + timedelta(hours=1),
        ScanBy="TimestampDescending",
    )["MetricDataResults"]
    assert {one["Id"]: one["Values"] for one in found} == {"a": [12.0, 3.0], "again": [12.0, 3.0]}
    listed = cloudwatch.list_metrics(Namespace="Data")["Metrics"]
    assert sorted(one["Dimensions"][0]["Value"] for one in listed) == ["a", "b"]
