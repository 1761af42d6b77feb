"""A local service for tests, reached as any client reaches it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from customlabels.emulator import address

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

BUCKET = "plant-7"


@dataclass(frozen=True)
class Service:
    """A local service under test."""

    state: Path
    endpoint_url: str
    rekognition: "RekognitionClient"
    s3: "S3Client"


def connect(state: Path, region: str = "us-east-1", pace: address.Pace = address.FAST) -> Service:
    """The local service that keeps `state`, started where it is not up."""
    url = address.start(state, pace).endpoint_url

    def client(name: str) -> object:
        return boto3.client(
            name,
            endpoint_url=url,
            region_name=region,
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    return Service(state, url, client("rekognition"), client("s3"))
