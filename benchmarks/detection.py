"""How much of a model's possible rate `detect` keeps, and how many of its calls are throttled.

python benchmarks/detection.py [IMAGES [RATE]]. Beside it the same images by threads that call as fast as they can, with
botocore's adaptive retries.
"""

import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from rows import Row, note

from customlabels.aws.clients import Clients, Connection
from customlabels.datasets.files import image_files
from customlabels.datasets.samples import make_samples
from customlabels.emulator.server import address
from customlabels.emulator.testing import local_service
from customlabels.manifests.lines import entry_line
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.detection import detect

IMAGES, RATE, BUCKET = 160, 6.0, "bench"


class Throttled:
    """Counts answers of a client that say it came too fast."""

    def __init__(self, client: Any) -> None:
        self.count, self.calls, self._lock = 0, 0, threading.Lock()
        client.meta.events.register("response-received.rekognition.DetectCustomLabels", self._note)

    def _note(self, parsed_response: Any, **_: Any) -> None:
        with self._lock:
            self.calls += 1
            self.count += "Error" in (parsed_response or {})


def main(images: int, rate: float) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        local_service(Path(folder, "state"), address.Pace(scale=0.01, rate=rate)) as endpoint,
    ):
        version = trained(Path(folder))
        paths = (image_files(Path(folder, "images")) * (images // 80 + 1))[:images]
        client = Clients(Connection(None, "us-east-1", endpoint)).rekognition
        throttled, began = Throttled(client), time.monotonic()
        done = [detection for detection in detect(client, version, paths, rate=rate) if detection.error is None]
        report(
            f"detect, {images} images at {rate:g} a second",
            len(done),
            images,
            time.monotonic() - began,
            rate,
            throttled,
        )
        time.sleep(5)
        adaptive: Any = boto3.client(
            "rekognition", config=Config(retries={"mode": "adaptive", "max_attempts": 10}, max_pool_connections=16)
        )
        throttled, began = Throttled(adaptive), time.monotonic()

        def ask(named: Any) -> bool:
            try:
                adaptive.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": named[1].read_bytes()})
            except adaptive.exceptions.ClientError:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            seen = sum(pool.map(ask, paths))
        report(
            "the same by 16 threads with botocore's adaptive retries",
            seen,
            images,
            time.monotonic() - began,
            rate,
            throttled,
        )


def report(name: str, done: int, images: int, took: float, rate: float, throttled: Throttled) -> None:
    figure = (
        f"{done} of {images} images, {done / took / rate:.1%} of the rate; "
        f"{throttled.count} of {throttled.calls} calls throttled"
    )
    note(Row(name, figure=figure))


def trained(folder: Path) -> str:
    """The ARN of a running version."""
    make_samples(folder / "images", images=20)
    rekognition, s3 = boto3.client("rekognition"), boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    lines = []
    for name, path in image_files(folder / "images"):
        s3.upload_file(str(path), BUCKET, name)
        lines.append(entry_line(f"s3://{BUCKET}/{name}", (path.parent.name,)))
    s3.put_object(Bucket=BUCKET, Key="all.manifest", Body=b"".join(lines))
    return started(rekognition, "bench", "all.manifest", looks=200)


def started(rekognition: Any, name: str, manifest: str, *, looks: int) -> str:
    """The ARN of a version of a new project, trained on a manifest in BUCKET and running."""
    project = rekognition.create_project(ProjectName=name)["ProjectArn"]
    asset: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": manifest}}}
    version: str = rekognition.create_project_version(
        ProjectArn=project,
        VersionName="v",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
        TrainingData={"Assets": [asset]},
        TestingData={"AutoCreate": True},
    )["ProjectVersionArn"]
    waiter = rekognition.get_waiter("project_version_training_completed")
    waiter.wait(ProjectArn=project, VersionNames=["v"], WaiterConfig={"Delay": 1, "MaxAttempts": looks})
    hosting.start(rekognition, version, units=1)
    return version


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else IMAGES, float(arguments[1]) if len(arguments) > 1 else RATE)
