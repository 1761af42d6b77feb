"""An inspection deployed and removed: its stack, and then the bucket's notification, which is nobody's alone."""

from dataclasses import dataclass
from typing import Any

from customlabels.aws import kinesis_video
from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import change_sets, deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.aws.stacks.deployment import Confirm
from customlabels.core.addresses import S3Address
from customlabels.core.watching import UNWATCHED, Watch
from customlabels.inspection.deployed import watched
from customlabels.inspection.documents import Inspection
from customlabels.inspection.stack import notifications
from customlabels.inspection.stack.inspection_stack import Assembled
from customlabels.inspection.stack.template import names_of


@dataclass(frozen=True, slots=True)
class Deployed:
    """An inspection that is as it is to be: the changes made, and whether bucket and stream were told only now."""

    changes: tuple[Change, ...]
    notified: bool
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """An inspection that is gone: whether there was one, and whether its results are kept."""

    existed: bool
    results_kept: bool


def deploy(clients: Clients, assembled: Assembled, *, confirm: Confirm, watch: Watch = UNWATCHED) -> Deployed | None:
    """The inspection, deployed; None where that was not agreed to. Run again it goes on where it was.

    Where the source was another before, that bucket tells of arrivals until the stack is as it is to be.

    Raises
    ------
    ServiceError : a change fails, and what became of it; the bucket's notification may not be set
    """
    name, inspection = assembled.names.stack, assembled.parts.asked.inspection
    before = watched(clients, assembled.parts.project)
    streams = clients.kinesis_video
    outcome = deployment.deploy(clients, assembled.stack, confirm=confirm, watch=watch)
    if outcome is None:
        return None
    with watch.step(f"having bucket {inspection.bucket} tell of arrivals"):
        if before is not None and before.bucket != inspection.bucket:
            notifications.take_out(clients.s3, before.bucket, name)
        notified = notifications.put(
            clients.s3, inspection.bucket, name, outcome.outputs["QueueArn"], inspection.prefix
        )
    if (
        before is not None
        and before.stream
        and (before.stream, before.address)
        != (
            inspection.stream,
            inspection.address,
        )
    ):
        with watch.step(f"having stream {before.stream} write no more images"):
            kinesis_video.stop_generating(streams, before.stream, before.address)
    streamed = False
    if inspection.stream:
        with watch.step(f"having stream {inspection.stream} write images"):
            streamed = kinesis_video.generate(streams, inspection.stream, wanted_of(inspection, clients.region))
    return Deployed(outcome.changes, notified, streamed)


def stream_changes(clients: Clients, assembled: Assembled) -> list[str]:
    """What deploying would change in streams, a sentence each."""
    inspection, before = assembled.parts.asked.inspection, watched(clients, assembled.parts.project)
    changes = []
    if before is not None and before.stream and before.stream != inspection.stream:
        changes.append(f"stream {before.stream} would write no more images")
    if inspection.stream:
        held = kinesis_video.generating(clients.kinesis_video, inspection.stream)
        if not kinesis_video.is_as(held, wanted_of(inspection, clients.region)):
            changes.append(
                f"stream {inspection.stream} would write an image each {inspection.every:g} s to {inspection.address}"
            )
    return changes


def wanted_of(inspection: Inspection, region: str) -> dict[str, Any]:
    """How the inspection's stream is to write images."""
    return kinesis_video.generation(inspection.address, region, inspection.every)


def remove(
    clients: Clients, project: str, *, code: S3Address, source: str | None, results: bool, watch: Watch = UNWATCHED
) -> Removed:
    """Deletes the project's inspection; what waits in its queue goes with it, the objects stay.

    Parameters
    ----------
    code : where the function's code lies, should no stack tell
    source : the bucket whose notification is taken out, should no parameter tell
    results : whether the table goes, too

    Raises
    ------
    ServiceError : something of it cannot be deleted
    """
    names = names_of(project)
    known = watched(clients, project)
    bucket = known.bucket if known is not None else source
    if known is not None and known.stream:
        with watch.step(f"having stream {known.stream} write no more images"):
            kinesis_video.stop_generating(clients.kinesis_video, known.stream, known.address)
    if bucket is not None:
        with watch.step(f"taking the notification of bucket {bucket} out"):
            notifications.take_out(clients.s3, bucket, names.stack)
    existed = deployment.remove(clients, names.stack, code=code, watch=watch)
    kept = _has_table(clients, names.table)
    if results and kept:
        with explained(f"deleting table {names.table}"):
            clients.dynamodb.delete_table(TableName=names.table)
    return Removed(existed, kept and not results)


def is_deployed(clients: Clients, project: str) -> bool:
    return change_sets.find(clients.cloudformation, names_of(project).stack) is not None


def _has_table(clients: Clients, name: str) -> bool:
    from customlabels.core.errors import ServiceError

    try:
        with explained(f"table {name}"):
            clients.dynamodb.describe_table(TableName=name)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return False
    return True
