"""The local service killed at a random moment of its work, again and again: python benchmarks/faults.py [ROUNDS]

In each round several clients change things at once: objects, projects, tags, entries, items of a table, messages, and
what follows of a change: the message that a bucket puts into a queue, and the one that a rule makes of an event. What
was acknowledged has to be there after the next start, and so what follows from it; what was not may be there or not.
"""

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rows import Row, note

from customlabels.emulator.server import address
from customlabels.manifests.lines import entry_line

ROUNDS, CLIENTS, BUCKET = 200, 4, "faults"


class Ledger:
    """What was acknowledged."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.objects: dict[str, bytes] = {}
        self.projects: set[str] = set()
        self.tags: dict[str, str] = {}
        self.entries: set[str] = set()
        self.items: set[str] = set()
        self.sent: set[str] = set()
        """What has to come to the queue: sent, put into by the bucket, or made of an event by a rule."""
        self.came: set[str] = set()


def clients(service: address.Running) -> dict[str, Any]:
    """Clients by the names of services."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=20)
    shared: Any = {"endpoint_url": service.endpoint_url, "region_name": "us-east-1", "config": config}
    keys: Any = {"aws_access_key_id": service.key, "aws_secret_access_key": address.SECRET}
    session: Any = boto3
    names = ("rekognition", "s3", "sqs", "events", "dynamodb")
    return {name: session.client(name, **shared, **keys) for name in names}


def set_up(made: dict[str, Any]) -> str:
    """A bucket and a rule that tell a queue, and a table; the queue's address."""
    made["s3"].create_bucket(Bucket=BUCKET)
    url: str = made["sqs"].create_queue(QueueName="told", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    arn = made["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "told/"}]}}
    queues = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": rules}]
    made["s3"].put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": queues}
    )
    made["events"].put_rule(Name="told", EventPattern=json.dumps({"source": ["faults"]}))
    made["events"].put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": arn}])
    made["dynamodb"].create_table(
        TableName="faults",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    return url


def tell(made: dict[str, Any], choose: random.Random, name: str, url: str) -> str:
    """Does what has the queue told; what it is told then."""
    kind = choose.randrange(3)
    if kind == 0:
        made["sqs"].send_message(QueueUrl=url, MessageBody=f"sent-{name}")
        return f"sent-{name}"
    if kind == 1:
        made["s3"].put_object(Bucket=BUCKET, Key=f"told/{name}", Body=b"x")
        return f"told/{name}"
    detail = json.dumps({"name": f"event-{name}"})
    made["events"].put_events(Entries=[{"Source": "faults", "DetailType": "told", "Detail": detail}])
    return f"event-{name}"


def work(
    service: address.Running, ledger: Ledger, stop: threading.Event, seed: int, base: str, dataset: str, url: str
) -> None:
    """Changes things until it is told to stop or the service is gone, and notes what was acknowledged."""
    made = clients(service)
    rekognition, s3 = made["rekognition"], made["s3"]
    choose, number = random.Random(seed), 0
    while not stop.is_set():
        number += 1
        name = f"{seed}-{number}"
        try:
            kind = choose.randrange(7)
            if kind == 0:
                body = choose.randbytes(choose.randrange(1, 20_000))
                s3.put_object(Bucket=BUCKET, Key=name, Body=body)
                with ledger.lock:
                    ledger.objects[name] = body
            elif kind == 1 and len(ledger.projects) < 80:
                rekognition.create_project(ProjectName=name)
                with ledger.lock:
                    ledger.projects.add(name)
            elif kind == 2 and len(ledger.tags) < 45:
                rekognition.tag_resource(ResourceArn=base, Tags={name: "there"})
                with ledger.lock:
                    ledger.tags[name] = "there"
            elif kind == 3:
                line = entry_line(f"s3://{BUCKET}/{name}.jpg", ("ok",))
                rekognition.update_dataset_entries(DatasetArn=dataset, Changes={"GroundTruth": line})
                with ledger.lock:
                    ledger.entries.add(f"s3://{BUCKET}/{name}.jpg")
            elif kind == 4:
                made["dynamodb"].put_item(TableName="faults", Item={"k": {"S": name}, "v": {"S": "x" * 200}})
                with ledger.lock:
                    ledger.items.add(name)
            elif kind >= 5:
                body = tell(made, choose, name, url)
                with ledger.lock:
                    ledger.sent.add(body)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":
                return
        except BotoCoreError:
            return


def check(service: address.Running, ledger: Ledger, base: str, dataset: str, url: str) -> None:
    made = clients(service)
    rekognition, s3 = made["rekognition"], made["s3"]
    pages = made["dynamodb"].get_paginator("scan").paginate(TableName="faults")
    items = {item["k"]["S"] for page in pages for item in page["Items"]}
    assert ledger.items <= items, ledger.items - items
    ends = time.monotonic() + 30
    while not ledger.sent <= ledger.came:
        assert time.monotonic() < ends, ledger.sent - ledger.came
        collect(made["sqs"], ledger, url)
    names = {
        project["ProjectArn"].split("/")[1]
        for page in rekognition.get_paginator("describe_projects").paginate()
        for project in page["ProjectDescriptions"]
    }
    assert ledger.projects <= names, ledger.projects - names
    tags = rekognition.list_tags_for_resource(ResourceArn=base)["Tags"]
    assert ledger.tags.items() <= tags.items()
    listed = "".join(
        line
        for page in rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=dataset)
        for line in page["DatasetEntries"]
    )
    assert all(f'"{entry}"' in listed for entry in ledger.entries)
    for key, body in list(ledger.objects.items())[-50:]:
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body, key
    keys = {
        stored["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        for stored in page["Contents"]
    }
    assert ledger.objects.keys() <= keys


def collect(sqs: Any, ledger: Ledger, url: str) -> None:
    """Takes what has come to the queue."""
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
        body = message["Body"]
        if body.startswith("sent-"):
            ledger.came.add(body)
        elif "Records" in json.loads(body):
            ledger.came |= {record["s3"]["object"]["key"] for record in json.loads(body)["Records"]}
        else:
            # A bucket that is told to tell a queue tries it first, without any detail.
            ledger.came.add(json.loads(body).get("detail", {}).get("name", ""))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def main(rounds: int) -> None:
    choose, ledger = random.Random(0), Ledger()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        running = address.start(state, address.Pace(scale=0.001))
        made = clients(running)
        rekognition, s3 = made["rekognition"], made["s3"]
        url = set_up(made)
        s3.put_object(Bucket=BUCKET, Key="first", Body=b"first")
        base = rekognition.create_project(ProjectName="base")["ProjectArn"]
        dataset = rekognition.create_dataset(ProjectArn=base, DatasetType="TRAIN")["DatasetArn"]
        time.sleep(0.1)
        for number in range(rounds):
            stop = threading.Event()
            workers = [
                threading.Thread(
                    target=work, args=(running, ledger, stop, number * CLIENTS + client, base, dataset, url)
                )
                for client in range(CLIENTS)
            ]
            for worker in workers:
                worker.start()
            time.sleep(choose.uniform(0.0, 0.6))
            os.kill(running.pid, signal.SIGKILL)
            stop.set()
            for worker in workers:
                worker.join()
            running = address.start(state)
            # The port may be another one now.
            url = clients(running)["sqs"].get_queue_url(QueueName="told")["QueueUrl"]
            check(running, ledger, base, dataset, url)
        address.stop(state)
    held = f"{len(ledger.objects)} objects, {len(ledger.projects)} projects, {len(ledger.tags)} tags"
    follows = f"{len(ledger.items)} items, {len(ledger.sent)} messages, notifications and events"
    figure = f"nothing lost of {held}, {len(ledger.entries)} entries, {follows}"
    note(Row("local service killed in the middle of writing", figure=figure, runs=rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
