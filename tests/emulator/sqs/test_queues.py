"""Queues: what is received, counted, kept from receivers, buried, and brought back to where it came of."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from support.local_services import Service, client, kill_and_return

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.emulator.sqs.messages import Messages


def queue(service: Service, name: str, **attributes: str) -> tuple[str, str]:
    """Address and ARN of a new queue."""
    sqs = client(service, "sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def with_dead_letters(service: Service, name: str, most: int = 1) -> tuple[str, str, str, str]:
    """Address and ARN of a queue that hides nothing, and of its dead letters."""
    dead, dead_arn = queue(service, f"{name}-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": most})
    url, arn = queue(service, name, RedrivePolicy=redrive, VisibilityTimeout="0")
    return url, arn, dead, dead_arn


def counts(service: Service, url: str) -> tuple[int, int, int]:
    """Messages that can be received, are with a receiver, and are delayed."""
    held = client(service, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return tuple(int(held[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible", "Delayed"))  # type: ignore[return-value]


def bury(service: Service, url: str, *bodies: str) -> None:
    """Has messages received until they are dead letters."""
    sqs = client(service, "sqs")
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    while sum(counts(service, url)):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)


def bodies(service: Service, url: str) -> list[str]:
    sqs = client(service, "sqs")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return sorted(message["Body"] for message in received)


def test_a_message_is_hidden_from_others_until_its_time_is_up_or_given_back(own_service: Service) -> None:
    sqs = client(own_service, "sqs")
    url, _ = queue(own_service, "hidden", VisibilityTimeout="600")
    sqs.send_message(QueueUrl=url, MessageBody="now")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    assert counts(own_service, url) == (1, 0, 1)
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("now", "1")
    assert counts(own_service, url) == (0, 1, 1)
    assert bodies(own_service, url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(own_service, url) == ["now"]
    address.advance(own_service.state, 901)
    assert counts(own_service, url) == (2, 0, 0)
    # A receipt is good for as long as the message is there.
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert bodies(own_service, url) == ["later"]
    with pytest.raises(ClientError) as caught:
        sqs.delete_message(QueueUrl=url, ReceiptHandle="none")
    assert caught.value.response["Error"]["Code"] == "ReceiptHandleIsInvalid"


def test_what_nobody_took_in_its_retention_is_gone(own_service: Service) -> None:
    sqs = client(own_service, "sqs")
    url, _ = queue(own_service, "short", MessageRetentionPeriod="60")
    sqs.send_message(QueueUrl=url, MessageBody="old")
    address.advance(own_service.state, 61)
    sqs.send_message(QueueUrl=url, MessageBody="new")
    assert bodies(own_service, url) == ["new"]


def test_a_dead_letter_knows_its_queue_and_goes_back_there(service: Service) -> None:
    url, arn, dead, dead_arn = with_dead_letters(service, "back")
    bury(service, url, "a", "b", "c")
    sqs = client(service, "sqs")
    asked: Any = {"QueueUrl": dead, "MaxNumberOfMessages": 10, "AttributeNames": ["All"], "VisibilityTimeout": 0}
    letters = sqs.receive_message(**asked)["Messages"]
    assert {letter["Attributes"]["DeadLetterQueueSourceArn"] for letter in letters} == {arn}
    sqs.start_message_move_task(SourceArn=dead_arn)

    def done() -> Any:
        (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
        return task if task["Status"] == "COMPLETED" else None

    task = wait_for(done, what="the task", most=10)
    assert (task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == (3, 3)
    assert "TaskHandle" not in task
    moved = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert sorted(message["Body"] for message in moved) == ["a", "b", "c"]
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in moved} == {"1"}
    assert not {message["MessageId"] for message in moved} & {letter["MessageId"] for letter in letters}
    assert counts(service, dead) == (0, 0, 0)


def test_a_task_moves_at_its_rate_goes_on_after_kill_9_and_can_be_cancelled(own_service: Service) -> None:
    url, _, dead, dead_arn = with_dead_letters(own_service, "slow")
    bury(own_service, url, *(str(number) for number in range(30)))
    other, other_arn = queue(own_service, "other")
    sqs = client(own_service, "sqs")
    sqs.start_message_move_task(SourceArn=dead_arn, DestinationArn=other_arn, MaxNumberOfMessagesPerSecond=1)
    with pytest.raises(ClientError, match="already a task running"):
        sqs.start_message_move_task(SourceArn=dead_arn)
    again = kill_and_return(own_service)
    address.advance(again.state, 10)
    sqs = client(again, "sqs")
    (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert task["Status"] == "RUNNING", task
    assert task["DestinationArn"] == other_arn
    assert 10 < task["ApproximateNumberOfMessagesMoved"] < 30
    handle = task["TaskHandle"]
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    address.advance(again.state, 100)
    (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("CANCELLED", moved)
    names = {
        url: client(again, "sqs").get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"] for url in (dead, other)
    }
    assert counts(again, names[other])[0] == moved
    assert counts(again, names[dead])[0] == 30 - moved
    with pytest.raises(ClientError, match="Only active tasks"):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_what_was_sent_to_dead_letters_has_no_way_back(service: Service) -> None:
    _, _, dead, dead_arn = with_dead_letters(service, "direct")
    sqs = client(service, "sqs")
    sqs.send_message(QueueUrl=dead, MessageBody="straight")
    sqs.start_message_move_task(SourceArn=dead_arn)
    (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert bodies(service, dead) == ["straight"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"SourceArn": "arn:aws:sqs:us-east-1:123456789012:none"}, "ResourceNotFoundException"),
        ({"SourceArn": "arn:aws:sqs:us-east-1:123456789012:no-dead-letters"}, "InvalidParameterValue"),
        (
            {"SourceArn": "arn:aws:sqs:us-east-1:123456789012:fast-dead", "MaxNumberOfMessagesPerSecond": 501},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_task_that_cannot_be_is_refused(service: Service, asked: dict[str, Any], code: str) -> None:
    queue(service, "no-dead-letters")
    with_dead_letters(service, "fast")
    with pytest.raises(ClientError) as caught:
        client(service, "sqs").start_message_move_task(**asked)
    assert caught.value.response["Error"]["Code"].rpartition(".")[2] == code


def test_attributes_that_are_not_named_stay_and_unknown_ones_are_refused(service: Service) -> None:
    url, arn = queue(service, "attributes")
    sqs = client(service, "sqs")
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": arn}]})
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": policy, "RedriveAllowPolicy": '{"redrivePermission":"denyAll"}'}
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(held["Policy"]) == json.loads(policy)
    assert json.loads(held["RedriveAllowPolicy"]) == {"redrivePermission": "denyAll"}
    with pytest.raises(ClientError, match="NoSuchThing"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"NoSuchThing": "1"})


class Message:
    """As much of moto's as is looked at."""

    def __init__(self, number: int) -> None:
        self.id, self.receipt_handle = str(number), None
        self.visible_at = self.delayed_until = 0.0
        self.all_receipt_handles: list[Any] = []


@given(st.lists(st.tuples(st.sampled_from(["send", "hide", "delete", "pass"]), st.integers(0, 20)), max_size=60))
def test_what_can_be_received_is_what_is_there_and_not_hidden(acts: list[tuple[str, int]]) -> None:
    held, now, plain = Messages(), 1.0, {}
    for number, (act, amount) in enumerate(acts):
        if act == "send":
            plain[str(number)] = Message(number)
            held.append(plain[str(number)])
        elif act == "pass":
            now += amount
        elif plain:
            message = list(plain.values())[amount % len(plain)]
            if act == "delete":
                held.remove(plain.pop(message.id))
            else:
                message.visible_at = now + amount
                held.changed(message)
        visible = {name for name, message in plain.items() if message.visible_at < now}
        assert set(held.ready(now)) == visible
        assert held.counts(now) == (len(visible), len(plain) - len(visible), 0)
        assert {message.id for message in held} == set(plain)
