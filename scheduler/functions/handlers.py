"""The handlers of the Lambda functions; the stack gives them their place in environment variables.

Imports the standard library, boto3 and this package's pure modules alone: the functions' zip holds nothing else.
"""

import os
import zoneinfo
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from customlabels.scheduler.actions import Kind
from customlabels.scheduler.functions.again import Again
from customlabels.scheduler.functions.project import Clients, Project
from customlabels.scheduler.functions.turn import take

# Time zones come in the zip: Lambda's runtime need not have any.
zoneinfo.reset_tzpath([str(Path(__file__).resolve().parents[3] / "zoneinfo"), *zoneinfo.TZPATH])

Answer = dict[str, Any]


def start(_event: Any, context: Any) -> Answer:
    """Starts what is wanted up; fired when a window's warm-up begins."""
    return _turn(context, Kind.START)


def stop(_event: Any, context: Any) -> Answer:
    """Stops what is not wanted up; fired when a window ends."""
    return _turn(context, Kind.STOP)


def sweep(_event: Any, context: Any) -> Answer:
    """Does whatever is to be done, looks after the queue, and tells of troubles; fired every five minutes."""
    return _turn(context, *Kind)


def _turn(context: Any, *kinds: Kind) -> Answer:
    done = take(_project(), _clients(), kinds, lambda: context.get_remaining_time_in_millis() / 1000)
    return {"actions": [{"action": action.kind, "version": action.version, "why": action.why} for action in done]}


def _project() -> Project:
    return Project(
        os.environ["PROJECT"],
        os.environ["PROJECT_ARN"],
        os.environ["TOPIC_ARN"],
        os.environ.get("ORPHANS") == "stop",
        _again(),
    )


def _again() -> Again | None:
    if "AGAIN_ROLE_ARN" not in os.environ:
        return None
    return Again(os.environ["AGAIN_GROUP"], os.environ["AGAIN_FUNCTION_ARN"], os.environ["AGAIN_ROLE_ARN"])


@cache
def _clients() -> Clients:
    """Made once an environment: a call of a warm function finds them there."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=20)

    @cache
    def client(service: str) -> Any:
        make: Any = boto3.client
        return make(service, config=config)

    return Clients(client("rekognition"), client("ssm"), client("cloudwatch"), client("sns"), client)
