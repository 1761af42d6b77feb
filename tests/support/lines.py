"""A queue of images as an inspection has it, made by boto3 on a local service: queue, table, function, mapping."""

import json
from dataclasses import dataclass
from typing import Any

from customlabels.aws import parameters
from support.local_services import Service, client, zipped

TAKES_ALL = "def look(event, context):\n    return {'batchItemFailures': []}\n"


@dataclass(frozen=True)
class MadeLine:
    """What was made of a project's line."""

    service: Service
    project: str
    url: str
    arn: str
    mapping: str
    table: str

    def send(self, count: int) -> None:
        sqs = client(self.service, "sqs")
        for first in range(0, count, 10):
            entries = [{"Id": str(number), "MessageBody": "{}"} for number in range(first, min(count, first + 10))]
            sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def depth(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        held = client(self.service, "sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(map(int, held.values()))

    def hold(self, count: int) -> None:
        """Sends messages that a worker has taken on, and does not end; the mapping gets none of them."""
        sqs, functions = client(self.service, "sqs"), client(self.service, "lambda")
        functions.update_event_source_mapping(UUID=self.mapping, Enabled=False)
        self.send(count)
        sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=count, VisibilityTimeout=40_000)
        functions.update_event_source_mapping(UUID=self.mapping, Enabled=True)

    def let_go(self) -> None:
        client(self.service, "sqs").purge_queue(QueueUrl=self.url)

    def state(self) -> str:
        return str(client(self.service, "lambda").get_event_source_mapping(UUID=self.mapping)["State"])

    def pace(self, version: str) -> dict[str, Any]:
        key = {"pk": {"S": f"pace#{version}"}, "sk": {"S": "-"}}
        return dict(client(self.service, "dynamodb").get_item(TableName=self.table, Key=key).get("Item", {}))

    def tell(self, **other: Any) -> None:
        """Writes what an inspection tells of itself."""
        document = {
            "queue_url": self.url,
            "queue_arn": self.arn,
            "mapping_uuid": self.mapping,
            "table": self.table,
            "deadline_seconds": 3600,
            "function": "look",
        } | other
        client(self.service, "ssm").put_parameter(
            Name=parameters.inspection(self.project), Value=json.dumps(document), Type="String", Overwrite=True
        )


def make_line(service: Service, project: str, name: str) -> MadeLine:
    """A line of that name, whose function takes all; its mapping is off, and its parameter is not written."""
    sqs, functions, dynamodb = (client(service, kind) for kind in ("sqs", "lambda", "dynamodb"))
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    keys = ("pk", "HASH"), ("sk", "RANGE")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.look",
        Role=_role(service, name, arn),
        Code={"ZipFile": zipped(TAKES_ALL)},
    )
    mapping = functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, Enabled=False, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    return MadeLine(service, project, url, arn, mapping["UUID"], name)


def _role(service: Service, name: str, queue: str) -> str:
    """A role that may read the queue, as Lambda wants it of whom it reads for."""
    iam = client(service, "iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    calls = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    statement = {"Effect": "Allow", "Action": calls, "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=policy)
    return str(made)
