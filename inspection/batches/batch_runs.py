"""Batches as executions of the state machine of a project's inspection: begun once, found again, stopped, redriven.

A batch is named by its list and by what its verdicts rest on, so that the same one run again is the same execution.
Source: Step Functions API reference, StartExecution (a name is taken for ninety days), RedriveExecution (fourteen
days).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import deployment
from customlabels.core.errors import ServiceError
from customlabels.inspection.functions import concluding, gathering
from customlabels.inspection.functions.gathering import Folder
from customlabels.inspection.stack.template import names_of

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
_AGAIN = "customlabels inspection deploy makes it"
_MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """An execution of the machine.

    Parameters
    ----------
    given : its input
    """

    execution: str
    status: str
    started: datetime
    stopped: datetime | None
    given: dict[str, Any]
    error: str = ""
    cause: str = ""

    @property
    def name(self) -> str:
        return str(self.given["batch"])

    @property
    def run(self) -> str:
        """The execution's own name."""
        return self.execution.rpartition(":")[2]

    @property
    def folder(self) -> Folder:
        return Folder(self.given["bucket"], self.given["folder"])


@dataclass(frozen=True, slots=True)
class Counts:
    """Images of a batch by how far they are; none before its list is read."""

    total: int = 0
    done: int = 0
    under_way: int = 0
    failed: int = 0
    waiting: int = 0


def name_of(digest: str, judged: str) -> str:
    """A batch's name; `digest` is that of its list, `judged` tells what its verdicts rest on."""
    return f"b-{hashlib.sha256(f'{digest} {judged}'.encode()).hexdigest()[:12]}"


def machine(clients: Clients, project: str) -> str:
    """The ARN of the project's machine.

    Raises
    ------
    ServiceError : there is none
    """
    stack = names_of(project).stack
    outputs = deployment.outputs(clients, stack)
    if outputs is None:
        raise ServiceError(f"no inspection is deployed for {project}, which has the machine of batches", hint=_AGAIN)
    if "Machine" not in outputs:
        raise ServiceError(f"{stack} has no machine for batches", hint=_AGAIN)
    return outputs["Machine"]


def executions(clients: Clients, machine: str) -> Iterator[str]:
    """ARNs of batches, the newest first."""
    with explained("listing batches"):
        for page in clients.stepfunctions.get_paginator("list_executions").paginate(stateMachineArn=machine):
            yield from (execution["executionArn"] for execution in page["executions"])


def latest(clients: Clients, machine: str, name: str | None = None) -> Batch:
    """The newest batch, or the newest of that name.

    Raises
    ------
    ServiceError : there is none
    """
    for execution in islice(executions(clients, machine), _MOST_LISTED):
        if name is None or _plain(execution) == name:
            return describe(clients, execution)
    raise ServiceError(
        f"there is no batch {name}" if name else "no batch has been run", hint="customlabels batch run runs one"
    )


def check_none_runs(clients: Clients, project: str) -> None:
    """Sees that no batch of the project is under way: two at once share a model, and neither takes what its plan says.

    Raises
    ------
    ServiceError : one is
    """
    outputs = deployment.outputs(clients, names_of(project).stack) or {}
    if "Machine" not in outputs:
        return
    with explained("listing batches"):
        running = clients.stepfunctions.list_executions(
            stateMachineArn=outputs["Machine"], statusFilter="RUNNING", maxResults=1
        )["executions"]
    if running:
        name = _plain(running[0]["executionArn"])
        raise ServiceError(
            f"batch {name} is running",
            hint="wait for its end, which customlabels batch status foresees; customlabels batch stop ends it now",
        )


def describe(clients: Clients, execution: str) -> Batch:
    with explained("looking at the batch"):
        shown = clients.stepfunctions.describe_execution(executionArn=execution)
        return Batch(
            execution,
            shown["status"],
            shown["startDate"],
            shown.get("stopDate"),
            _given(execution, shown["input"]),
            shown.get("error", ""),
            shown.get("cause", ""),
        )


def _given(execution: str, text: str) -> dict[str, Any]:
    """The input of an execution.

    Raises
    ------
    ServiceError : it was begun otherwise than as a batch
    """
    with suppress(ValueError):
        given = json.loads(text)
        if isinstance(given, dict) and "batch" in given:
            return given
    raise ServiceError(
        f"execution {execution.rpartition(':')[2]} is no batch: customlabels batch run did not begin it",
        hint="name a batch with --batch",
    )


def of_name(clients: Clients, machine: str, name: str) -> Batch | None:
    """The newest execution of a batch; None where there is none."""
    newest = None
    for number in count(1):
        batch = _described(clients, machine, _numbered(name, number))
        if batch is None:
            return newest
        newest = batch
    return newest


def begin(clients: Clients, machine: str, given: dict[str, Any], before: Batch | None) -> Batch:
    """The batch, begun; after what was run of it before, under its next name."""
    number = 1 if before is None else int(before.run.rpartition(".")[2]) + 1
    name = _numbered(given["batch"], number)
    try:
        with explained("starting the batch"):
            clients.stepfunctions.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    except ServiceError as error:
        # Somebody else has begun it just now.
        if error.code != "ExecutionAlreadyExists":
            raise
    return describe(clients, f"{machine.replace(':stateMachine:', ':execution:')}:{name}")


def redrive(clients: Clients, batch: Batch) -> bool:
    """Has a batch go on that failed or was stopped; whether it may."""
    try:
        with explained("redriving the batch"):
            clients.stepfunctions.redrive_execution(executionArn=batch.execution)
    except ServiceError as error:
        if error.code != "ExecutionNotRedrivable":
            raise
        return False
    return True


def stop(clients: Clients, batch: Batch, who: str) -> None:
    with explained("stopping the batch"):
        clients.stepfunctions.stop_execution(executionArn=batch.execution, error="Stopped", cause=f"by {who}")


def let_go(clients: Clients, project: str, run: str) -> None:
    """Ends what keeps the model up for an execution."""
    known = {"ssm": clients.ssm, "scheduler": clients.scheduler}
    with explained("letting the model go"):
        concluding.let_go(run, project, lambda service: known[service])


def map_runs(clients: Clients, batch: Batch) -> list[str]:
    """ARNs of the batch's map runs, the newest first."""
    with explained("looking at the batch"):
        return gathering.map_runs(clients.stepfunctions, batch.execution)


def counts(clients: Clients, batch: Batch) -> tuple[Counts, dict[str, Any] | None]:
    """How far a batch is, and its map run; None before that has begun."""
    runs = map_runs(clients, batch)
    if not runs:
        return Counts(), None
    with explained("looking at the batch"):
        shown: dict[str, Any] = dict(clients.stepfunctions.describe_map_run(mapRunArn=runs[0]))
        items = shown["itemCounts"]
        failed = items["failed"] + items["timedOut"] + items["aborted"]
        return Counts(items["total"], items["succeeded"], items["running"], failed, items["pending"]), shown


def summary(clients: Clients, batch: Batch) -> dict[str, Any] | None:
    """What the function noted at the end of a batch; None where it did not, or of an end before this one."""
    try:
        with explained("reading what came of the batch"):
            answer = clients.s3.get_object(Bucket=batch.folder.bucket, Key=batch.folder.summary)
            document: dict[str, Any] = json.loads(answer["Body"].read())
            status, written = document["status"], answer["LastModified"] + timedelta(seconds=1)
    except (ValueError, TypeError) as error:
        raise ServiceError(f"s3://{batch.folder.bucket}/{batch.folder.summary}: is no summary of a batch") from error
    except ServiceError as error:
        if error.code not in ("NoSuchKey", "404"):
            raise
        return None
    ended = batch.stopped is None or written >= batch.stopped
    return document if ended and status == batch.status else None


def rows(clients: Clients, batch: Batch) -> Iterator[dict[str, Any]]:
    """What came of each image of a batch that has ended.

    Raises
    ------
    ServiceError : that cannot be read, or is not there any more
    """
    some, parts = False, f"s3://{batch.folder.bucket}/{batch.folder.parts}/"
    try:
        with explained(f"reading the results of batch {batch.name}"):
            for row, _ in gathering.rows(clients.s3, batch.folder, map_runs(clients, batch)):
                some = True
                yield row
    except json.JSONDecodeError as error:
        raise ServiceError(f"the results of batch {batch.name} in {parts} cannot be read: {error}") from error
    if batch.status == SUCCEEDED and not some:
        raise ServiceError(
            f"the results of batch {batch.name} are not in {parts} any more",
            hint="customlabels inspection results shows what the results table holds of its images",
        )


def counted(clients: Clients, batch: Batch) -> Counter[str]:
    """Images of a batch by verdict, counted anew."""
    return Counter(row["verdict"] for row in rows(clients, batch))


def _described(clients: Clients, machine: str, execution: str) -> Batch | None:
    try:
        return describe(clients, f"{machine.replace(':stateMachine:', ':execution:')}:{execution}")
    except ServiceError as error:
        if error.code != "ExecutionDoesNotExist":
            raise
        return None


def _numbered(name: str, number: int) -> str:
    return f"{name}.{number}"


def _plain(execution: str) -> str:
    return execution.rpartition(":")[2].rpartition(".")[0]
