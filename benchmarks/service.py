"""The local service: how long it takes to start, to make and list a dataset of 50,000 lines, and to look at an image.

python benchmarks/service.py
"""

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with local_service(Path(folder, "state"), address.Pace(scale=0.01, rate=10_000)):
            note(Row("local service started", figure=f"{time.perf_counter() - began:.2f} s"))
            version = trained(Path(folder))
            rekognition: Any = boto3.client("rekognition", config=Config(max_pool_connections=THREADS))
            import_many(rekognition)
            detect(rekognition, version, Path(folder))


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


if __name__ == "__main__":
    main()
