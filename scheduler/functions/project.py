"""Whose turn it is, and what a turn calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.scheduler.functions.again import Again

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient


def _made(service: str) -> Any:
    import boto3

    make: Any = boto3.client
    return make(service)


@dataclass(frozen=True, slots=True)
class Clients:
    """What a turn calls."""

    rekognition: "RekognitionClient"
    ssm: "SSMClient"
    cloudwatch: "CloudWatchClient"
    sns: "SNSClient"
    make: Callable[[str], Any] = _made
    """Makes one of another service: only where images wait are queue, mapping and table looked at."""


@dataclass(frozen=True, slots=True)
class Project:
    """Whose turn it is: the project, its ARN, the topic that is told; and whether orphans are stopped, or told of."""

    name: str
    arn: str
    topic: str
    stops_orphans: bool = False
    again: Again | None = None
    """With what a look between two sweeps is asked for; None where nothing is to be looked at then."""
