"""What the local engines cost: trainings of large sets, and 1,000 requests for images that were not met before.

python benchmarks/engines.py [REQUESTS [LABELLED [BOXED]]]: how many requests, and images of the two trainings. A figure
of 0 leaves its part out. Time is the processor's, of the service or of the training with all its processes.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import boto3
from detection import BUCKET, started
from rows import Row, note
from standing import megabytes, processor_seconds
from support.stored_images import store_images

from customlabels.datasets.model import ImageRecord
from customlabels.datasets.samples import make_samples
from customlabels.emulator.engine.job_files import OUTCOME
from customlabels.emulator.server import address
from customlabels.emulator.server.address import VERSIONS_FOLDER
from customlabels.emulator.testing import local_service
from customlabels.manifests.formats import load_dataset
from customlabels.manifests.lines import entry_line

REQUESTS, LABELLED, BOXED = 1000, 2600, 1400
FIRST = 100
"""Requests after which memory is looked at first."""

TAUGHT = 60
"""Images that the models are trained on that are asked."""

KINDS = {"labels": "folder", "boxes": "coco"}


def main(requests: int, labelled: int, boxed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind, images in (("labels", labelled), ("boxes", boxed)):
            if images:
                train(Path(folder, f"train-{kind}"), kind, images)
        if requests:
            ask(Path(folder), requests)


def samples(folder: Path, kind: str, images: int, seed: int = 0) -> list[ImageRecord]:
    """So many sample images that have a label, or boxes."""
    make_samples(folder, images=-(-images // (4 if kind == "labels" else 3)), seed=seed)
    source = folder if kind == "labels" else folder / "boxes.json"
    records = load_dataset(source, KINDS[kind]).records
    return [record for record in records if kind == "labels" or record.boxes][:images]


def line(record: ImageRecord, key: str) -> bytes:
    return entry_line(f"s3://{BUCKET}/{key}", record.labels, record.boxes, (200, 200, 3))


def train(folder: Path, kind: str, images: int) -> None:
    """A training in a process of its own, as the service has it, four fifths to learn from and one to be tested on."""
    records = samples(folder / "samples", kind, images)
    state, training = folder / "state", folder / "state" / VERSIONS_FOLDER / "v"
    store_images(state, BUCKET, {record.name: record.path.read_bytes() for record in records})
    training.mkdir(parents=True)
    (training / "train.manifest").write_bytes(b"".join(line(record, record.name) for record in records))
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    code = "import sys; from pathlib import Path; from customlabels.emulator.engine import job; "
    code += "job.run(Path(sys.argv[1]), Path(sys.argv[2]), '')"
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, str(state), str(training)], check=True, env=environment)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert b'"failed"' not in (training / OUTCOME).read_bytes()
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figure = f"{seconds:.0f} processor seconds, {took:.0f} s of them all, {after.ru_maxrss // 1024} MB"
    note(Row(f"training of the local service, {kind} of {images:,} images", figure=figure))


def ask(folder: Path, requests: int) -> None:
    """Processor time a request, and the service's memory after some of them and after all."""
    state = folder / "state"
    with local_service(state, address.Pace(scale=0.01, rate=10_000)):
        service = address.running(state)
        assert service is not None
        rekognition: Any = boto3.client("rekognition")
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        for kind in KINDS:
            version = taught(rekognition, folder / kind, kind)
            others = samples(folder / f"{kind}-asked", kind, requests, seed=1)
            images = [record.path.read_bytes() for record in others]
            for image in images[:FIRST]:
                rekognition.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": image})
            early, before = megabytes(service.pid), processor_seconds(service.pid)
            for image in images[FIRST:]:
                rekognition.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": image})
            mean = (processor_seconds(service.pid) - before) / max(1, len(images) - FIRST) * 1000
            figure = (
                f"{mean:.1f} ms of processor time each; {early} MB of memory after {FIRST} of them, "
                f"{megabytes(service.pid)} MB after all"
            )
            note(Row(f"DetectCustomLabels of the local service, {kind}, new images", figure=figure, runs=len(images)))


def taught(rekognition: Any, folder: Path, kind: str) -> str:
    """The ARN of a running version."""
    s3: Any = boto3.client("s3")
    records = samples(folder, kind, TAUGHT)
    for record in records:
        s3.upload_file(str(record.path), BUCKET, f"{kind}/{record.name}")
    body = b"".join(line(record, f"{kind}/{record.name}") for record in records)
    s3.put_object(Bucket=BUCKET, Key=f"{kind}.manifest", Body=body)
    return started(rekognition, kind, f"{kind}.manifest", looks=600)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(REQUESTS, LABELLED, BOXED)[len(given) :])
