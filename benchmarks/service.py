"""The local service: how long it takes to start, to make and list a dataset of 50,000 lines, and to look at an image.

Then what a start costs after much was done, what memory is for what is stored, and how long many clients at once wait.

python benchmarks/service.py
"""

import os
import signal
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from detection import BUCKET, trained
from rows import Row, note

from customlabels.datasets.files import image_files
from customlabels.datasets.samples import LABELS, make_samples
from customlabels.emulator.server import address
from customlabels.emulator.testing import local_service
from customlabels.manifests.lines import entry_line

LINES, REQUESTS, ALONE, THREADS = 50_000, 300, 20, 8
DONE, STORED, CLIENTS = 5_000, 2_000_000_000, 30
"""Writes before a restart, bytes of objects, and clients at once."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with local_service(Path(folder, "state"), address.Pace(scale=0.01, rate=10_000)):
            note(Row("local service started", figure=f"{time.perf_counter() - began:.2f} s"))
            version = trained(Path(folder))
            rekognition: Any = boto3.client("rekognition", config=Config(max_pool_connections=THREADS))
            import_many(rekognition)
            detect(rekognition, version, Path(folder))
    restart(DONE)
    store(STORED)
    together()


def import_many(rekognition: Any) -> None:
    """How long a dataset of many lines takes to be made."""
    project = rekognition.create_project(ProjectName="many")["ProjectArn"]
    body = b"".join(entry_line(f"s3://{BUCKET}/{n:06}.jpg", (f"label-{n % 40}",)) for n in range(LINES))
    boto3.client("s3").put_object(Bucket=BUCKET, Key="many.manifest", Body=body)
    source: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "many.manifest"}}}
    began = time.perf_counter()
    made = rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)["DatasetArn"]
    while rekognition.describe_dataset(DatasetArn=made)["DatasetDescription"]["Status"] != "CREATE_COMPLETE":
        time.sleep(0.02)
    figure = f"{time.perf_counter() - began:.2f} s"
    note(Row(f"CreateDataset of the local service, {LINES:,} lines", figure=figure))
    began = time.perf_counter()
    pages = 0
    for _ in rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=made):
        pages += 1
    took = time.perf_counter() - began
    figure = f"{took:.1f} s, {took / pages * 1000:.0f} ms a page"
    note(Row(f"ListDatasetEntries of the local service, all {LINES:,}", figure=figure))


def detect(rekognition: Any, version: str, folder: Path) -> None:
    """Requests a second of an image-level model, and how long one takes alone, for images that it has not seen."""
    make_samples(folder / "others", images=REQUESTS // len(LABELS), seed=1)
    images = [path.read_bytes() for _, path in image_files(folder / "others")]

    def ask(image: bytes) -> float:
        began = time.perf_counter()
        rekognition.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": image})
        return time.perf_counter() - began

    ask(next((folder / "images").rglob("*.jpg")).read_bytes())
    new, again = (statistics.median(map(ask, images[:ALONE])) * 1000 for _ in range(2))
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, images[ALONE:]))
    rate = (len(images) - ALONE) / (time.perf_counter() - began)
    figure = (
        f"{rate:.0f} requests a second from {THREADS} threads; {new:.0f} ms alone, {again:.0f} ms for the same again"
    )
    note(Row("DetectCustomLabels of the local service", figure=figure, runs=len(images)))


def restart(writes: int) -> None:
    """What a start costs after so many writes to a table, the process having been killed."""
    with tempfile.TemporaryDirectory() as folder:
        service = address.start(Path(folder, "state"), address.FAST)
        table = client(service, "dynamodb")
        table.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        )
        for number in range(writes):
            table.put_item(TableName="t", Item={"k": {"S": str(number)}, "v": {"S": "x" * 50}})
        os.kill(service.pid, signal.SIGKILL)
        time.sleep(0.5)
        again = address.start(Path(folder, "state"))
        assert client(again, "dynamodb").scan(TableName="t", Select="COUNT")["Count"] > 0
        kept = sum(path.stat().st_size for path in Path(folder, "state").glob("state*")) / 1e6
        figure = f"{processor_seconds(again.pid):.2f} processor seconds, {kept:.1f} MB of state"
        note(Row(f"local service killed and started again after {writes:,} writes to a table", figure=figure))
        address.stop(Path(folder, "state"))


def store(total: int) -> None:
    """What memory the process has after so many bytes of objects, and after the next start."""
    size, body = 200_000, os.urandom(200_000)
    with tempfile.TemporaryDirectory() as folder:
        service = address.start(Path(folder, "state"), address.FAST)
        s3 = client(service, "s3")
        s3.create_bucket(Bucket=BUCKET)
        with ThreadPoolExecutor(THREADS) as pool:
            put = partial(s3.put_object, Bucket=BUCKET, Body=body)
            list(pool.map(lambda number: put(Key=f"{number:08}.jpg"), range(total // size)))
        before = megabytes(service.pid)
        os.kill(service.pid, signal.SIGKILL)
        time.sleep(0.5)
        again = address.start(Path(folder, "state"))
        client(again, "s3").list_objects_v2(Bucket=BUCKET)
        figure = f"{before} MB of memory, {megabytes(again.pid)} MB after the next start"
        note(Row(f"local service, {total / 1e9:.0f} GB in {total // size:,} objects", figure=figure))
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
    main()
