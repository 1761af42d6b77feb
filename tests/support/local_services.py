"""A local service for tests, reached as any client reaches it."""

import io
import os
import signal
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.manifests.lines import entry_line
from customlabels.pipelines.service.versions import find_version
from support import forked

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

BUCKET = "plant-7"

STRICT = os.environ.get("LOCAL_SERVICE", "strict") == "strict"
"""Whether services that tests start are as unkind as AWS; LOCAL_SERVICE=kind tells whether that makes a test fail."""

QUICK = replace(address.FAST, strict=STRICT)
"""The pace of services under the toolkit's own tests."""


@dataclass(frozen=True)
class Service:
    """A local service under test."""

    state: Path
    endpoint_url: str
    key: str
    rekognition: "RekognitionClient"
    s3: "S3Client"


def connect(state: Path, region: str = "us-east-1", pace: address.Pace | None = None) -> Service:
    """The local service that keeps `state`, started where it is not up; as it was before, or else QUICK."""
    before = (state / address.ADDRESS_FILE).exists()
    running = address.start(state, pace or (None if before else QUICK), begin=forked.begin_service)
    url, key = running.endpoint_url, running.key
    return Service(state, url, key, _client(url, key, "rekognition", region), _client(url, key, "s3", region))


def connect_to(service: Service, endpoint: str, region: str = "us-east-1") -> Service:
    """The service, reached at another address: that of a proxy."""
    rekognition, s3 = (_client(endpoint, service.key, name, region) for name in ("rekognition", "s3"))
    return Service(service.state, endpoint, service.key, rekognition, s3)


def client(service: Service, name: str, region: str = "us-east-1") -> Any:
    """A boto3 client of one of its services."""
    return _client(service.endpoint_url, service.key, name, region)


def _client(url: str, key: str, name: str, region: str) -> Any:
    session: Any = boto3
    return session.client(
        name,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="SECRETSECRET",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def begin_training(service: Service, project: str, images: Path, **more: Any) -> tuple[str, str]:
    """Makes BUCKET, and has `v1` of a new project trained on a folder a label; ARNs of both, once they show."""
    service.s3.create_bucket(Bucket=BUCKET)
    lines = []
    for path in sorted(images.rglob("*.jpg")):
        key = f"{path.parent.name}-{path.stem}.jpg"
        service.s3.upload_file(str(path), BUCKET, key)
        lines.append(entry_line(f"s3://{BUCKET}/{key}", (path.parent.name,)))
    service.s3.put_object(Bucket=BUCKET, Key="all.manifest", Body=b"".join(lines))
    made = service.rekognition.create_project(ProjectName=project)["ProjectArn"]
    asset: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "all.manifest"}}}
    version = service.rekognition.create_project_version(
        ProjectArn=made,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
        TrainingData={"Assets": [asset]},
        TestingData={"AutoCreate": True},
        **more,
    )["ProjectVersionArn"]
    wait_for(lambda: find_version(service.rekognition, made, "v1"), what="v1", most=10)
    return made, version


def role(service: Service) -> str:
    """The ARN of a role that functions run as."""
    iam = client(service, "iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="runs", AssumeRolePolicyDocument="{}")
    return str(iam.get_role(RoleName="runs")["Role"]["Arn"])


def kill(service: Service) -> None:
    """Ends the service's process at once, and waits until it is gone."""
    found = address.running(service.state)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    # It may hold its state for a moment after it has stopped answering.
    held = (address.running, address._holder)
    wait_for(lambda: None if any(look(service.state) for look in held) else True, what="its end", most=10)


def kill_and_return(service: Service) -> Service:
    """The service, killed and started again on what is on disk."""
    kill(service)
    return connect(service.state)


def zipped(files: dict[str, str] | str) -> bytes:
    """A zip of files; text alone is its app.py."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in ({"app.py": files} if isinstance(files, str) else files).items():
            archive.writestr(name, text)
    return body.getvalue()
