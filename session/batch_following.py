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
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.deployed import deployed

    clients, name = session.clients, session.project(project)
    rate, done, total = deployed(clients, name).inspection.rate, 0, int(batch.given.get("total", 0)) or None
    with session.console.step(f"batch {batch.name}", total) as advance:
        while batch.status == batch_runs.RUNNING:
            counts, run = batch_runs.counts(clients, batch)
            advance(counts.done - done)
            done = counts.done
            units = _units(session, name, batch)
            if units and batch_runs.follow_units(clients, run, batch_plan.concurrency(rate * units)):
                session.console.note(f"the model has {units} units now")
            time.sleep(_LOOK if not session.local else _LOOK / 10)
            batch = batch_runs.describe(clients, batch.execution)
    return conclude_batch(session, batch, project=name)


def conclude_batch(session: "Session", batch: "Batch", *, project: str | None = None) -> dict[str, Any]:
    """What came of a batch that has ended; its model is let go, should nobody else have done so.

    Raises
    ------
    ServiceError : it failed, or was stopped
    """
    from customlabels.core.waiting import wait_for
    from customlabels.inspection.batches import batch_runs

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
        images = f"; {summary['images']} images were looked at" if summary.get("images") else ""
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
    found = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    counts, run = batch_runs.counts(clients, found)
    now = session.now()
    ended = found.stopped or now
    took = (ended - (run["startDate"] if run else found.started)).total_seconds()
    rate = counts.done / took if took > 0 else 0.0
    left = counts.waiting + counts.under_way
    keeps = [override for override in overrides.read(clients.ssm, name) if override.why == reason(found.run)]
    return {
        "batch": found.name,
        "status": found.status,
        "started": found.started.isoformat(),
        "ended": found.stopped.isoformat() if found.stopped else None,
        "version": found.given["version"],
        "images": counts.total,
        "done": counts.done,
        "under_way": counts.under_way,
        "failed": counts.failed,
        "waiting": counts.waiting,
        "images_a_second": round(rate, 2),
        "minutes_left": round(left / rate / 60, 1) if rate and left and found.status == batch_runs.RUNNING else None,
        "units": _units(session, name, found),
        "at_once": run["maxConcurrency"] if run else found.given["concurrency"],
        "kept_up_until": max(override.until for override in keeps).isoformat() if keeps else None,
        "results": f"s3://{found.folder.bucket}/{found.folder.results}",
        "error": ": ".join(filter(None, (found.error, found.cause))) or None,
    }


def stop_batch(session: "Session", *, project: str | None = None, batch: str | None = None) -> tuple["Batch", bool]:
    """Stops a batch, and lets its model go; whether it was running."""
    from customlabels.inspection.batches import batch_runs

    clients, name = session.clients, session.project(project)
    found = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    running = found.status == batch_runs.RUNNING
    if running:
        batch_runs.stop(clients, found, clients.who)
    let_go_of_batch(session, found, project=name)
    return found, running


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
