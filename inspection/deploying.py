"""An inspection deployed and removed: its stack, and then the bucket's notification, which is nobody's alone."""

from dataclasses import dataclass

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import change_sets, deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.aws.stacks.deployment import Confirm
from customlabels.core.addresses import S3Address
from customlabels.core.watching import UNWATCHED, Watch
from customlabels.inspection.stack import notifications
from customlabels.inspection.stack.inspection_stack import Assembled
from customlabels.inspection.stack.template import names_of


@dataclass(frozen=True, slots=True)
class Deployed:
    """An inspection that is as it is to be: the changes made for it, and whether the bucket was told only now."""

    changes: tuple[Change, ...]
    notified: bool


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
    outcome = deployment.deploy(clients, assembled.stack, confirm=confirm, watch=watch)
    if outcome is None:
        return None
    with watch.step(f"having bucket {inspection.bucket} tell of arrivals"):
        if before is not None and before.bucket != inspection.bucket:
            notifications.take_out(clients.s3, before.bucket, name)
        notified = notifications.put(
            clients.s3, inspection.bucket, name, outcome.outputs["QueueArn"], inspection.prefix
        )
    return Deployed(outcome.changes, notified)


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
    if bucket is not None:
        with watch.step(f"taking the notification of bucket {bucket} out"):
            notifications.take_out(clients.s3, bucket, names.stack)
    existed = deployment.remove(clients, names.stack, code=code, watch=watch)
    kept = _has_table(clients, names.table)
    if results and kept:
        with explained(f"deleting table {names.table}"):
            clients.dynamodb.delete_table(TableName=names.table)
    return Removed(existed, kept and not results)


def watched(clients: Clients, project: str) -> S3Address | None:
    """The bucket and the prefix that are inspected as deployed; None where nothing is."""
    from customlabels.aws import parameters
    from customlabels.inspection.documents import read_inspection_text

    path = parameters.inspection_rules(project)
    with explained("reading how images are inspected"):
        text = parameters.read(clients.ssm, [path]).get(path)
    try:
        inspection = read_inspection_text(text) if text else None
    except ValueError:
        return None
    return S3Address(inspection.bucket, inspection.prefix) if inspection else None


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
