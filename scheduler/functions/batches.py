"""Batches of images that run, as the sweep looks at them: as many children at once as the units take that are up.

A batch tells in its input how many that are for each number of units. Imports the standard library and nothing else;
botocore comes with the clients. Source: Step Functions API reference, UpdateMapRun.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_RUNNING: Final = "RUNNING"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that runs.

    Parameters
    ----------
    execution : ARN
    version : that looks at its images
    at_once : children that keep so many units busy, by their number; empty where it does not tell
    """

    execution: str
    version: str
    at_once: Mapping[str, int]


def running(states: "SFNClient", machine: str) -> list[Batch]:
    """The batches of a machine that run."""
    batches = []
    for page in states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter=_RUNNING):
        for execution in page["executions"]:
            arn = execution["executionArn"]
            given = json.loads(states.describe_execution(executionArn=arn).get("input", "{}"))
            batches.append(Batch(arn, str(given.get("version", "")), given.get("at_once", {})))
    return batches


def follow(states: "SFNClient", batches: Sequence[Batch], units: Mapping[str, int]) -> None:
    """Has each batch run as many children at once as its version's units take; those of one version share them.

    Parameters
    ----------
    units : of the versions that are RUNNING
    """
    for batch in batches:
        at_once = batch.at_once.get(str(units.get(batch.version)))
        if at_once is None:
            continue
        wanted = max(1, at_once // sum(other.version == batch.version for other in batches))
        for run in states.list_map_runs(executionArn=batch.execution)["mapRuns"]:
            shown = states.describe_map_run(mapRunArn=run["mapRunArn"])
            if shown["status"] == _RUNNING and shown["maxConcurrency"] != wanted:
                states.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=wanted)
