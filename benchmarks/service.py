"""The local service: how long it takes to start, to make a dataset of 50,000 lines, and to look at an image.

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
from rows import Row, note

from customlabels.datasets.samples import make_samples
from customlabels.emulator import address
from customlabels.emulator.testing import local_service
from customlabels.manifests.lines import entry_line

LINES, REQUESTS, THREADS, BUCKET = 50_000, 300, 8, "bench"


def waited(look: Any) -> float:
    began = time.perf_counter()
    while not look():
        time.sleep(0.02)
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with local_service(Path(folder, "state"), address.Pace(scale=0.01, rate=10_000)):
            note(Row("local service started", figure=f"{time.perf_counter() - began:.2f} s"))
            config = Config(max_pool_connections=THREADS)
            rekognition, s3 = boto3.client("rekognition", config=config), boto3.client("s3")
            s3.create_bucket(Bucket=BUCKET)
            project = rekognition.create_project(ProjectName="bench")["ProjectArn"]
            body = b"".join(entry_line(f"s3://{BUCKET}/{n:06}.jpg", (f"label-{n % 40}",)) for n in range(LINES))
            s3.put_object(Bucket=BUCKET, Key="many.manifest", Body=body)
            place: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "many.manifest"}}}
            began = time.perf_counter()
            dataset = rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=place)[
                "DatasetArn"
            ]
            waited(
                lambda: (
                    rekognition.describe_dataset(DatasetArn=dataset)["DatasetDescription"]["Status"]
                    == "CREATE_COMPLETE"
                )
            )
            took = time.perf_counter() - began
            note(Row(f"CreateDataset of the local service, {LINES:,} lines", figure=f"{took:.2f} s"))
            detect(rekognition, s3, Path(folder))


def detect(rekognition: Any, s3: Any, folder: Path) -> None:
    """Requests a second of an image-level model, and how long one takes alone."""
    make_samples(folder / "images", images=20)
    lines = []
    for path in sorted((folder / "images").rglob("*.jpg")):
        s3.upload_file(str(path), BUCKET, path.name)
        lines.append(entry_line(f"s3://{BUCKET}/{path.name}", (path.parent.name,)))
    s3.put_object(Bucket=BUCKET, Key="samples.manifest", Body=b"".join(lines))
    project = rekognition.create_project(ProjectName="detect")["ProjectArn"]
    asset = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "samples.manifest"}}}
    version = rekognition.create_project_version(
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
        TrainingData={"Assets": [asset]},
        TestingData={"AutoCreate": True},
    )["ProjectVersionArn"]

    def status() -> str:
        return str(rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"][0]["Status"])

    waited(lambda: status() != "TRAINING_IN_PROGRESS")
    rekognition.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
    waited(lambda: status() == "RUNNING")
    image = next((folder / "images").rglob("*.jpg")).read_bytes()

    def ask(_: int) -> float:
        began = time.perf_counter()
        rekognition.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": image})
        return time.perf_counter() - began

    ask(0)
    alone = statistics.median(ask(0) for _ in range(20))
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, range(REQUESTS)))
    rate = REQUESTS / (time.perf_counter() - began)
    figure = f"{rate:.0f} requests a second from {THREADS} threads, {alone * 1000:.0f} ms alone"
    note(Row("DetectCustomLabels of the local service", figure=figure, runs=REQUESTS))


if __name__ == "__main__":
    main()
