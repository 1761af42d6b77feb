"""Batches followed, looked at, stopped and concluded, from Python."""

import time
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from customlabels.inspection.batches.batch_runs import Batch
    from customlabels.session.session import Session

_LOOK = 5.0
_PATIENCE = 60.0
"""Seconds in which the function concludes a batch, before the command counts itself."""


def follow_batch(session: "Session", batch: "Batch", *, project: str | None = None) -> dict[str, Any]:
    """Waits for the end of a batch; what came of it. The batch goes on where the waiting is ended.

    Raises
    ------
    ServiceError : it failed, or was stopped
    """
    from customlabels.inspection.batches import batch_runs

    clients, done, total = session.clients, 0, int(batch.given.get("total", 0)) or None
    with session.console.step(f"batch {batch.name}", total) as advance:
        while batch.status == batch_runs.RUNNING:
            counts, _ = batch_runs.counts(clients, batch)
            advance(counts.done - done)
            done = counts.done
            time.sleep(_LOOK if not session.local else _LOOK / 10)
            batch = batch_runs.describe(clients, batch.execution)
    return conclude_batch(session, batch, project=project)


def conclude_batch(session: "Session", batch: "Batch", *, project: str | None = None) -> dict[str, Any]:
    """What came of a batch that has ended; its model is let go, should nobody else have done so.

    Raises
    ------
    ServiceError : it failed, or was stopped
    """
    from customlabels.core.waiting import wait_for
    from customlabels.inspection.batches import batch_runs
    from customlabels.inspection.functions.listed import FAILED

    clients = session.clients
    let_go_of_batch(session, batch, project=project)
    try:
        summary = wait_for(lambda: batch_runs.summary(clients, batch), what="the results", most=_PATIENCE)
    except ServiceError as error:
        if error.code:
            raise
        counts = batch_runs.counted(clients, batch)
        summary = {"batch": batch.name, "status": batch.status, "images": counts.total(), **counts}
    if batch.status != batch_runs.SUCCEEDED:
        looked = summary.get("images", 0) - summary.get(FAILED, 0)
        images = f"; {looked} of {summary['images']} images were looked at" if summary.get("images") else ""
        raise ServiceError(
            f"batch {batch.name} {batch.status}: {batch.error}: {batch.cause}".rstrip(": ") + images,
            hint="customlabels batch redrive goes on with what is left; what was done is not paid again",
        )
    return summary


def batch_status(session: "Session", *, project: str | None = None, batch: str | None = None) -> dict[str, Any]:
    """How far a batch is: the newest, or that of the name."""
    from customlabels.inspection.batches import batch_runs
    from customlabels.inspection.functions.concluding import reason
    from customlabels.scheduler.stack import overrides

    clients, name = session.clients, session.project(project)
    newest = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    counts, run = batch_runs.counts(clients, newest)
    now = session.now()
    ended = newest.stopped or now
    took = (ended - (run["startDate"] if run else newest.started)).total_seconds()
    rate = counts.done / took if took > 0 else 0.0
    left = counts.waiting + counts.under_way
    keeps = [override for override in overrides.read(clients.ssm, name) if override.why == reason(newest.run)]
    return {
        "batch": newest.name,
        "status": newest.status,
        "started": newest.started.isoformat(),
        "ended": newest.stopped.isoformat() if newest.stopped else None,
        "version": newest.given["version"],
        "images": counts.total,
        "done": counts.done,
        "under_way": counts.under_way,
        "failed": counts.failed,
        "waiting": counts.waiting,
        "images_a_second": round(rate, 2),
        "minutes_left": round(left / rate / 60, 1) if rate and left and newest.status == batch_runs.RUNNING else None,
        "units": _units(session, name, newest),
        "at_once": run["maxConcurrency"] if run else newest.given["concurrency"],
        "kept_up_until": max(override.until for override in keeps).isoformat() if keeps else None,
        "results": f"s3://{newest.folder.bucket}/{newest.folder.results}",
        "error": ": ".join(filter(None, (newest.error, newest.cause))) or None,
    }


def stop_batch(session: "Session", *, project: str | None = None, batch: str | None = None) -> tuple["Batch", bool]:
    """Stops a batch, and lets its model go; whether it was running."""
    from customlabels.inspection.batches import batch_runs

    clients, name = session.clients, session.project(project)
    newest = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    running = newest.status == batch_runs.RUNNING
    if running:
        batch_runs.stop(clients, newest, clients.who)
    let_go_of_batch(session, newest, project=name)
    return newest, running


def let_go_of_batch(session: "Session", batch: "Batch", *, project: str | None = None) -> None:
    """Ends what keeps the model up for a batch, and has the schedule look at once."""
    from customlabels.aws.clients import explained
    from customlabels.inspection.batches import batch_runs
    from customlabels.scheduler.deployed import deployed

    clients, name = session.clients, session.project(project)
    batch_runs.let_go(clients, name, batch.run)
    outputs = deployed(clients, name, session.now()).outputs
    with explained("calling the sweep"):
        clients.functions.invoke(FunctionName=outputs["Sweep"], InvocationType="Event")


def _units(session: "Session", project: str, batch: "Batch") -> int | None:
    """Units that the model of a batch has, None where it is not running."""
    from customlabels.pipelines.service.states import State

    version = session.version(project, batch.given["version"])
    return version.get("MinInferenceUnits") if version["Status"] == State.RUNNING else None
