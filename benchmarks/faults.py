"""The local service killed at a random moment of its work, again and again: python benchmarks/faults.py [ROUNDS]

In each round several clients change things at once. What was acknowledged has to be there after the next start; what
was not may be there or not.
"""

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


def clients(endpoint: str) -> tuple[Any, Any]:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=20)
    shared = {"endpoint_url": endpoint, "region_name": "us-east-1", "config": config}
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return boto3.client("rekognition", **shared, **keys), boto3.client("s3", **shared, **keys)


def work(endpoint: str, ledger: Ledger, stop: threading.Event, seed: int, base: str, dataset: str) -> None:
    """Changes things until it is told to stop or the service is gone, and notes what was acknowledged."""
    rekognition, s3 = clients(endpoint)
    choose, number = random.Random(seed), 0
    while not stop.is_set():
        number += 1
        name = f"{seed}-{number}"
        try:
            kind = choose.randrange(4)
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
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":
                return
        except BotoCoreError:
            return


def check(endpoint: str, ledger: Ledger, base: str, dataset: str) -> None:
    rekognition, s3 = clients(endpoint)
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


def main(rounds: int) -> None:
    choose, ledger = random.Random(0), Ledger()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        running = address.start(state, address.Pace(scale=0.001))
        rekognition, s3 = clients(running.endpoint_url)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="first", Body=b"first")
        base = rekognition.create_project(ProjectName="base")["ProjectArn"]
        dataset = rekognition.create_dataset(ProjectArn=base, DatasetType="TRAIN")["DatasetArn"]
        time.sleep(0.1)
        for number in range(rounds):
            stop = threading.Event()
            workers = [
                threading.Thread(
                    target=work, args=(running.endpoint_url, ledger, stop, number * CLIENTS + client, base, dataset)
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
            check(running.endpoint_url, ledger, base, dataset)
        address.stop(state)
    held = f"{len(ledger.objects)} objects, {len(ledger.projects)} projects, {len(ledger.tags)} tags"
    figure = f"nothing lost of {held}, {len(ledger.entries)} entries"
    note(Row("local service killed in the middle of writing", figure=figure, runs=rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
