"""The local service after long use: what a start costs after much was done, what memory is for what is stored, and how
long many clients at once wait. A tenth of it: python benchmarks/standing.py 0.1
"""

import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from rows import Row, note

from customlabels.emulator.server import address

BUCKET, THREADS = "plant-7", 8
DONE, STORED, CLIENTS = 100_000, 20_000_000_000, 30
"""Requests before a restart, bytes of objects, and clients at once."""
SIZE, KEYS = 2_000_000, 5_000
"""Bytes of an object; items and objects among which the requests are."""


def main(share: float) -> None:
    together()
    store(int(STORED * share))
    restart(int(DONE * share))


def restart(requests: int) -> None:
    """What a start costs after so many requests of several services, the process having been killed."""
    with tempfile.TemporaryDirectory() as folder:
        service = address.start(Path(folder, "state"), address.FAST)
        table, sqs, s3 = (client(service, name) for name in ("dynamodb", "sqs", "s3"))
        table.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        )
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        s3.create_bucket(Bucket=BUCKET)

        def ask(number: int) -> None:
            key = str(number % KEYS)
            if number % 5 == 0:
                sqs.send_message(QueueUrl=url, MessageBody=key)
            elif number % 5 == 1:
                for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            elif number % 5 == 2:
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"x" * 500)
            else:
                table.put_item(TableName="t", Item={"k": {"S": key}, "v": {"S": "x" * 200}})

        with ThreadPoolExecutor(THREADS) as pool:
            # A receive has a delete after it.
            list(pool.map(ask, range(requests * 5 // 6)))
        os.kill(service.pid, signal.SIGKILL)
        time.sleep(0.5)
        again = address.start(Path(folder, "state"))
        assert client(again, "dynamodb").scan(TableName="t", Select="COUNT")["Count"] > 0
        client(again, "sqs").list_queues()
        client(again, "s3").list_objects_v2(Bucket=BUCKET)
        kept = sum(path.stat().st_size for path in Path(folder, "state").glob("state*")) / 1e6
        figure = f"{processor_seconds(again.pid):.2f} processor seconds, {kept:.1f} MB of state"
        note(Row(f"local service killed and started again after {requests:,} requests", figure=figure))
        address.stop(Path(folder, "state"))


def store(total: int) -> None:
    """What memory the process has after so many bytes of objects, and after the next start."""
    body = bytes(SIZE)
    with tempfile.TemporaryDirectory() as folder:
        service = address.start(Path(folder, "state"), address.FAST)
        s3 = client(service, "s3")
        s3.create_bucket(Bucket=BUCKET)
        with ThreadPoolExecutor(THREADS) as pool:
            put = partial(s3.put_object, Bucket=BUCKET, Body=body)
            list(pool.map(lambda number: put(Key=f"{number:08}.jpg"), range(total // SIZE)))
        before = megabytes(service.pid)
        os.kill(service.pid, signal.SIGKILL)
        time.sleep(0.5)
        again = address.start(Path(folder, "state"))
        client(again, "s3").list_objects_v2(Bucket=BUCKET)
        figure = f"{before} MB of memory, {megabytes(again.pid)} MB after the next start"
        note(Row(f"local service, {total / 1e9:.0f} GB in {total // SIZE:,} objects", figure=figure))
        address.stop(Path(folder, "state"))


def together() -> None:
    """How long each of many clients at once waits, that put objects and messages and describe projects."""
    with tempfile.TemporaryDirectory() as folder:
        service = address.start(Path(folder, "state"), address.FAST)
        s3, sqs, rekognition = (client(service, name) for name in ("s3", "sqs", "rekognition"))
        s3.create_bucket(Bucket=BUCKET)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]

        def work(number: int) -> list[float]:
            waits = []
            for turn in range(20):
                began = time.perf_counter()
                if turn % 3 == 0:
                    s3.put_object(Bucket=BUCKET, Key=f"{number}/{turn}", Body=b"x" * 20_000)
                elif turn % 3 == 1:
                    sqs.send_message(QueueUrl=url, MessageBody="x")
                else:
                    rekognition.describe_projects()
                waits.append(time.perf_counter() - began)
            return waits

        with ThreadPoolExecutor(CLIENTS) as pool:
            waits = sorted(wait for mine in pool.map(work, range(CLIENTS)) for wait in mine)
        middle, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        figure = f"p50 {middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms"
        note(Row(f"local service, {CLIENTS} clients at once", figure=figure, runs=len(waits)))
        address.stop(Path(folder, "state"))


def client(service: address.Running, name: str) -> Any:
    config = Config(max_pool_connections=CLIENTS, s3={"addressing_style": "path"})
    session: Any = boto3
    return session.client(
        name,
        endpoint_url=service.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=service.key,
        aws_secret_access_key=address.SECRET,
        config=config,
    )


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> int:
    """Memory that a process has in use."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
