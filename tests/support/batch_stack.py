"""A project whose schedule and inspection are deployed, and a bucket of images for batches."""

import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from customlabels.emulator.server import address
from support.drawing import draw
from support.inspected import BUCKET
from support.local_services import Service, client
from support.shells import Shell
from support.uptime_stack import serviced

ARCHIVE = "archive-1"
SETTINGS = f"""
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "UTC"
warm_up = "1m"
[inspection]
source = "s3://{BUCKET}/in/"
defects = ["across"]
batch_sources = ["s3://{ARCHIVE}/"]
[detect]
rate = 50
"""


@contextmanager
def archived(folder: Path, pace: address.Pace, images: int = 24) -> Iterator[tuple[Shell, Service]]:
    """A folder to run commands in, and a service with `images` different images in ARCHIVE below parts/."""
    with serviced(folder, pace, SETTINGS) as (shell, service):
        for bucket in (BUCKET, ARCHIVE):
            service.s3.create_bucket(Bucket=bucket)
        draw(folder / "photos", {"across": 6, "down": 6})
        shell.run("--local", "train", "photos", "--version-name", "v1")
        shell.run("--local", "versions", "promote", "v1", "--force")
        shell.run("--local", "schedule", "deploy", "--yes")
        shell.run("--local", "inspection", "deploy", "--yes")
        put_images(service, folder / "photos", images)
        yield shell, service


def put_images(service: Service, photos: Path, images: int, prefix: str = "parts/") -> None:
    """Puts so many images, no two of which are the same."""
    drawn = sorted(photos.rglob("*.jpg"))

    def put(number: int) -> None:
        path = drawn[number % len(drawn)]
        # What follows the end of a JPEG is not looked at.
        body = path.read_bytes() + f"{prefix}{number}".encode()
        service.s3.put_object(Bucket=ARCHIVE, Key=f"{prefix}{path.parent.name}/{number:05}.jpg", Body=body)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(put, range(images)))


def up(service: Service, *states: str) -> list[str]:
    """Versions in these states, those that are paid for where none is named."""
    rekognition = service.rekognition
    (project,) = rekognition.describe_projects()["ProjectDescriptions"]
    versions = rekognition.describe_project_versions(ProjectArn=project["ProjectArn"])["ProjectVersionDescriptions"]
    return [v["ProjectVersionArn"] for v in versions if v["Status"] in (states or ("STARTING", "RUNNING"))]


def run_batch(shell: Shell, service: Service, *words: str, expect: int = 0) -> "subprocess.CompletedProcess[str]":
    """Runs a command that waits for a batch; the clock is moved on until the model is up."""
    process = shell.start("--local", "batch", *words)
    while process.poll() is None:
        if not up(service, "RUNNING"):
            address.advance(shell.state, 60)
        time.sleep(0.2)
    output, errors = process.communicate()
    assert process.returncode == expect, f"{words}: {process.returncode}\n{output}\n{errors}"
    assert "Traceback" not in errors
    return subprocess.CompletedProcess(words, expect, output, errors)


def calls(service: Service) -> int:
    """How often the model has been asked."""
    answer = client(service, "cloudwatch").get_metric_statistics(
        Namespace="AWS/Rekognition",
        MetricName="SuccessfulRequestCount",
        Dimensions=[{"Name": "Operation", "Value": "DetectCustomLabels"}],
        StartTime=0,
        EndTime=4_000_000_000,
        Period=86_400 * 30,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))


def kept_up(service: Service) -> list[str]:
    """What keeps a model up, or stands ready to stop one: overrides and guards."""
    ssm, scheduler = client(service, "ssm"), client(service, "scheduler")
    try:
        text = ssm.get_parameter(Name="/customlabels/surface/overrides")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        text = "[]"
    guards = scheduler.list_schedules(NamePrefix="customlabels-guard")["Schedules"]
    return [*(override["why"] for override in json.loads(text)), *(guard["Name"] for guard in guards)]
