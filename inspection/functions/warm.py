"""What a warm function knows from calls before, and the clients it has.

Imports the standard library, boto3 and this package's light modules alone, as the functions do.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from customlabels.aws.function_log import log
from customlabels.inspection.functions.knowledge import Known, Version, assumed_thresholds, look_up

KNOWN_FOR = 30.0
"""Seconds after which parameters are read again."""


@dataclass(slots=True)
class Memory:
    """What a warm function knows from calls before."""

    known: Known | None = None
    read: float = 0.0
    assumed: dict[str, Mapping[str, float]] = field(default_factory=dict)
    down: dict[str, float] = field(default_factory=dict)
    """When versions that were not running were last asked, by ARN."""


memory = Memory()


def known(project: str) -> Known:
    """What the project's parameters said, not long ago."""
    if memory.known is None or time.monotonic() - memory.read > KNOWN_FOR:
        memory.known, memory.read = look_up(client("ssm"), project, datetime.now(UTC)), time.monotonic()
    return memory.known


def assumed(version: Version) -> Mapping[str, float]:
    """The version's own thresholds; none while they cannot be read, which leaves images without a verdict open."""
    if version.arn not in memory.assumed:
        try:
            memory.assumed[version.arn] = assumed_thresholds(
                client("rekognition"), client("s3"), os.environ["PROJECT_ARN"], version
            )
        except Exception as error:
            log("ERROR", f"the thresholds of {version.name} cannot be read: {error}")
            return {}
    return memory.assumed[version.arn]


@cache
def client(service: str) -> Any:
    """Made once an environment: a call of a warm function finds it there."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1 if service == "rekognition" else 4},
        connect_timeout=5,
        read_timeout=20,
        max_pool_connections=20,
    )
    make: Any = boto3.client
    return make(service, config=config)
