"""The sweep's look at a queue on a local service."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from support.lines import MadeLine, make_line
from support.local_services import client, connect

from customlabels.emulator.server import address
from customlabels.scheduler.actions import Observed
from customlabels.scheduler.backlog import Backlog, Unseen
from customlabels.scheduler.documents import Inspection
from customlabels.scheduler.functions import queues
from customlabels.scheduler.functions.line_look import Look, look
from customlabels.scheduler.line import Line
from customlabels.scheduler.uptime import Schedule

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEDULE = Schedule("UTC", rate=4.0)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeLine]:
    service = connect(tmp_path_factory.mktemp("line"))
    yield make_line(service, "plant", "images")
    address.stop(service.state)


def seen(line: MadeLine, before: Line | None = None, *, status: str = "STOPPED", units: int = 0, **other: Any) -> Look:
    inspection = replace(Inspection(line.url, line.arn, line.mapping, line.table, HOUR), **other)
    return look(
        lambda name: client(line.service, name),
        client(line.service, "cloudwatch"),
        inspection,
        before,
        NOW,
        SCHEDULE,
        [Observed("v1", status, units)],
        ["v1"],
    )


def test_depth_age_and_whether_it_is_open(line: MadeLine) -> None:
    assert seen(line).queue == Backlog(0, 0, None, HOUR)
    line.send(13)
    sqs = client(line.service, "sqs")
    held = sqs.receive_message(QueueUrl=line.url, MaxNumberOfMessages=3)["Messages"]
    empty = Line(NOW - timedelta(minutes=5), NOW - timedelta(minutes=5), sure=True)
    glance = seen(line, empty)
    assert isinstance(glance.queue, Backlog)
    assert (glance.queue.visible, glance.queue.in_flight, glance.feeds) == (10, 3, False)
    # None came before the queue was last seen empty.
    assert glance.queue.oldest is not None
    assert glance.queue.oldest <= NOW - timedelta(minutes=5)
    assert glance.faults == ()
    queues.feed(client(line.service, "lambda"), line.mapping, on=True)
    assert seen(line).feeds is True
    queues.feed(client(line.service, "lambda"), line.mapping, on=False)
    for message in held:
        sqs.delete_message(QueueUrl=line.url, ReceiptHandle=message["ReceiptHandle"])
    sqs.purge_queue(QueueUrl=line.url)


def test_where_nobody_saw_the_queue_empty_cloudwatch_tells_how_old_its_oldest_is(line: MadeLine) -> None:
    cloudwatch = client(line.service, "cloudwatch")
    at = [NOW - timedelta(minutes=minutes) for minutes in (3, 4, 9)]
    for times, ages, oldest in (
        # Late or not, the newest datapoint tells when the oldest message came.
        (at, [1800.0, 1740.0, 60.0], at[0] - timedelta(minutes=30)),
        ([at[2], at[0]], [7200.0, 0.0], None),
        ([], [], None),
    ):
        with Stubber(cloudwatch) as answers:
            result = {"Id": "age", "Timestamps": times, "Values": ages}
            answers.add_response("get_metric_data", {"MetricDataResults": [result]})
            assert queues.oldest(cloudwatch, line.arn, NOW) == oldest


def test_workers_are_told_the_rate_of_a_model_that_runs_and_their_turn_is_left_to_them(line: MadeLine) -> None:
    assert seen(line).faults == ()
    assert line.pace("v1") == {}
    seen(line, status="RUNNING", units=2)
    assert line.pace("v1") == {"pk": {"S": "pace#v1"}, "sk": {"S": "-"}, "rate": {"N": "8"}}
    key = {"pk": {"S": "pace#v1"}, "sk": {"S": "-"}}
    client(line.service, "dynamodb").update_item(
        TableName=line.table,
        Key=key,
        UpdateExpression="SET nxt = :turn",
        ExpressionAttributeValues={":turn": {"N": "1700000000000"}},
    )
    glance = seen(line, status="RUNNING", units=3)
    assert glance.line is not None
    assert glance.line.turn == "1700000000000"
    assert (line.pace("v1")["rate"], line.pace("v1")["nxt"]) == ({"N": "12"}, {"N": "1700000000000"})


def test_a_queue_that_is_gone_is_not_an_empty_one(line: MadeLine) -> None:
    glance = seen(line, queue_url=f"{line.url}-gone")
    assert isinstance(glance.queue, Unseen)
    assert glance.queue.since == NOW
    assert "how many images wait: " in glance.queue.why
    since = NOW - timedelta(minutes=10)
    again = seen(line, Line(since, since, unseen=since), queue_url=f"{line.url}-gone")
    assert isinstance(again.queue, Unseen)
    assert again.queue.since == since
    back = seen(line, again.line)
    assert isinstance(back.queue, Backlog)
    assert back.line is not None
    assert back.line.unseen is None


def test_what_else_cannot_be_had_is_told_and_the_queue_is_known(line: MadeLine) -> None:
    glance = seen(line, mapping="5f3b3c2e-0000-4000-8000-000000000000", table="none", status="RUNNING", units=1)
    assert isinstance(glance.queue, Backlog)
    assert glance.feeds is None
    (fault,) = glance.faults
    assert "telling workers their rate: ResourceNotFoundException" in fault.why
    assert "the queue's mapping: " in fault.why
