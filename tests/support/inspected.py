"""A running model, a bucket of images, a results table, and the function's code run on messages."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import md5
from itertools import count
from pathlib import Path
from typing import Any

from customlabels.core.addresses import S3Address
from customlabels.core.waiting import wait_for
from customlabels.inspection.attributes import values
from customlabels.inspection.claims import Table
from customlabels.inspection.documents import Inspection
from customlabels.inspection.functions.arrivals import arrivals
from customlabels.inspection.functions.knowledge import Known, Version
from customlabels.inspection.functions.look import Clients, Message, Outcome, look
from customlabels.inspection.rules import Rules
from support.drawing import draw
from support.local_services import Service, begin_training, client

BUCKET = "line-1"
INSPECTION = Inspection(BUCKET, "in/", Rules(frozenset({"across"})), rate=100.0)
ASSUMED = {"across": 50.0, "down": 50.0}
_NUMBERS = count()


@dataclass
class Line:
    """A line whose images are `across` or `down`, of which `across` is a defect."""

    service: Service
    version: Version
    project_arn: str
    bodies: dict[str, bytes]
    table: Table
    queue: str
    inspection: Inspection = INSPECTION
    settled: bool = True

    def clients(self, **more: Any) -> Clients:
        made = Clients(self.service.rekognition, self.service.s3, client(self.service, "events"), self.table)
        return made._replace(**more)

    def put(self, key: str, body: bytes | str) -> str:
        """Puts an object, and gives the message that tells of it."""
        content = self.bodies[body] if isinstance(body, str) else body
        answer = self.service.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return message(key, answer["ETag"].strip('"'), len(content))

    def look(
        self,
        bodies: Iterable[str],
        *,
        seconds: float = 60.0,
        clients: Clients | None = None,
        settled: bool | None = None,
        **more: Any,
    ) -> Outcome:
        """Looks at messages, which are numbered from 0."""
        messages = [Message(str(number), body) for number, body in enumerate(bodies)]
        known = Known(replace(self.inspection, **more), (self.version,), self.settled if settled is None else settled)
        return look(messages, "line", clients or self.clients(), known, self.version, ASSUMED, seconds)

    def items(self, body: str) -> dict[str, dict[str, Any]]:
        """The items of the image that a message tells of, by sort key."""
        (arrival,) = arrivals(body)
        answer = self.table.dynamodb.query(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"i#{arrival.etag}:{arrival.size}"}},
        )
        return {item["sk"]["S"]: values(item) for item in answer["Items"]}

    def sighting(self, body: str) -> dict[str, Any]:
        (found,) = (item for sk, item in self.items(body).items() if sk.startswith("k#"))
        return found

    def told(self) -> list[dict[str, Any]]:
        """The details of events that came since the last look."""
        sqs, told = client(self.service, "sqs"), []
        while received := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for one in received:
                told.append(json.loads(one["Body"])["detail"])
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
        return told


def message(key: str, etag: str, size: int, sequencer: str = "") -> str:
    """The message that S3 sends of an object."""
    from urllib.parse import quote_plus

    stored = {
        "key": quote_plus(key, safe="/"),
        "size": size,
        "eTag": etag,
        "sequencer": sequencer or f"{next(_NUMBERS):016X}",
    }
    record = {
        "eventVersion": "2.1",
        "eventTime": "2026-11-26T10:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": stored},
    }
    return json.dumps({"Records": [record]})


def make_table(dynamodb: Any, name: str) -> Table:
    """A results table."""
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "day", "at")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return Table(dynamodb, name)


def told_queue(service: Service, name: str) -> str:
    """The URL of a queue that buckets may tell."""
    arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    may = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    answer = client(service, "sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
    return str(answer["QueueUrl"])


def line(service: Service, images: Path, scratch: Path) -> Line:
    """Everything, made on the service; the model runs."""
    project, version = begin_training(service, "line", images)
    rekognition = service.rekognition

    def status() -> str:
        return rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"][0]["Status"]

    wait_for(lambda: True if status() == "TRAINING_COMPLETED" else None, what="the training", most=60)
    rekognition.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
    wait_for(lambda: True if status() == "RUNNING" else None, what="the start", most=60)
    service.s3.create_bucket(Bucket=BUCKET)
    drawn = draw(scratch / "drawn", {"across": 6, "down": 6})
    bodies = {f"{path.parent.name}{number}": path.read_bytes() for label in ("across", "down")
              for number, path in enumerate(sorted((drawn / label).iterdir()))}  # fmt: skip
    sqs, events = client(service, "sqs"), client(service, "events")
    queue = sqs.create_queue(QueueName="told-of-line")["QueueUrl"]
    events.put_rule(Name="told-of-line", EventPattern='{"detail-type": ["Image Inspected"]}')
    events.put_targets(
        Rule="told-of-line", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:123456789012:told-of-line"}]
    )
    table = make_table(client(service, "dynamodb"), "line")
    return Line(service, Version("v1", version), project, bodies, table, queue)


class Killed(BaseException):
    """Ends the code under test where it is, as a kill would."""


def killing(clients: list[Any], number: int) -> Callable[[], None]:
    """Has the code end right after that call of these clients, the first being 1; gives what undoes it."""
    calls = count(1)

    def after(**_: Any) -> None:
        if next(calls) >= number:
            raise Killed

    for made in clients:
        made.meta.events.register_last("after-call.*.*", after, unique_id="kill")

    def undo() -> None:
        for made in clients:
            made.meta.events.unregister("after-call.*.*", unique_id="kill")

    return undo


def etag(body: bytes) -> str:
    return md5(body).hexdigest()


def at(address: str) -> S3Address:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return S3Address(bucket, key)
