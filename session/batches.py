"""Batches of images from Python: planned, run, looked at, stopped, redriven, read."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from customlabels.inspection.batches.batch_plan import Choice, Wanted
    from customlabels.inspection.batches.batch_runs import Batch
    from customlabels.inspection.batches.listing import Listed
    from customlabels.inspection.deployed import Deployed
    from customlabels.inspection.results import Row
    from customlabels.pipelines.service.versions import Description
    from customlabels.session.session import Session

_LOOK = 5.0
_PATIENCE = 60.0
"""Seconds in which the function concludes a batch, before the command counts itself."""

_TOLERATED = 5.0
"""Per cent of images that may fail where nothing is said."""

_LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that could be run.

    Parameters
    ----------
    lead : what a start of the model takes
    known : images that need no call, as far as that can be told
    before : what has been run of this very batch
    """

    name: str
    place: "Deployed"
    machine: str
    version: "Description"
    listed: "Listed"
    wanted: "Wanted"
    lead: timedelta
    before: "Batch | None"

    @property
    def known(self) -> int:
        return self.wanted.known


@contextmanager
def prepare_batch(session: "Session", source: str, *, project: str | None = None) -> Iterator[Prepared]:
    """The batch of a source, within the block: its list written to a file of its own, nothing started.

    Raises
    ------
    SettingsError, ManifestError, ServiceError : what keeps it from being run
    """
    from customlabels.inspection.batches import listing, sources
    from customlabels.inspection.batches.batch_plan import START, Wanted
    from customlabels.inspection.batches.batch_runs import machine, name_of, of_name
    from customlabels.inspection.claims import Table
    from customlabels.inspection.deployed import deployed
    from customlabels.pipelines.service.states import State
    from customlabels.pipelines.service.versions import version_name
    from customlabels.scheduler.deployed import deployed as deployed_schedule

    clients, name = session.clients, session.project(project)
    asked = session.asked_inspection()
    place, arn = deployed(clients, name), machine(clients, name)
    schedule = deployed_schedule(clients, name, session.now())
    version = session.version(name, "champion")
    folders = (*_source_of(place), *asked.batch_sources)
    with tempfile.TemporaryDirectory(prefix="customlabels-batch-") as folder:
        left = sources.Left()
        with session.console.step(f"listing {source}") as advance:
            images = sources.images(clients.s3, source, left)
            listed = listing.write(images, Path(folder) / "images.jsonl", left, folders, _gaining(advance))
        for what, count in listed.left_out.items():
            session.console.note(f"left out: {count} of {source}, {what}")
        known = 0
        if place.inspection.by == "etag":
            table, seconds = Table(clients.dynamodb, place.names.table), int(session.now().timestamp())
            with session.console.step("asking which images are known", listed.images) as advance:
                known = listing.count_known(
                    table,
                    version_name(version),
                    version["ProjectVersionArn"],
                    listed.path,
                    seconds,
                    _gaining(advance),
                )
        else:
            session.console.note("images are known by their bytes, so which of them are is seen when they are read")
        start = schedule.memory.lead or START
        is_up = version["Status"] == State.RUNNING
        wanted = Wanted(listed.images, known, place.inspection.rate, start, is_up)
        batch = name_of(listed.digest, version["ProjectVersionArn"])
        yield Prepared(batch, place, arn, version, listed, wanted, start, of_name(clients, arn, batch))


def begin_batch(
    session: "Session",
    prepared: Prepared,
    chosen: "Choice",
    *,
    tolerated: float = _TOLERATED,
    bucket: str | None = None,
) -> "Batch":
    """The batch, begun or found: one that runs is joined, one that failed or was stopped goes on.

    The list is in S3 before the batch begins, the batch before its model is kept up: killed anywhere, nothing stays up
    for a batch that is not there.

    Parameters
    ----------
    tolerated : per cent of images that may fail
    """
    from customlabels.aws import s3
    from customlabels.core.addresses import S3Address
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.functions.gathering import Folder
    from customlabels.inspection.stack.inspection_stack import batch_folder
    from customlabels.pipelines.service.guard import schedule_name
    from customlabels.pipelines.service.versions import version_name

    clients, before, arn = session.clients, prepared.before, prepared.version["ProjectVersionArn"]
    if before is not None and before.status == batch_runs.SUCCEEDED:
        return before
    until = session.now() + batch_plan.keep_up(chosen, prepared.lead)
    if until > session.now() + _LONGEST:
        raise ServiceError(
            f"on {chosen.units} units it takes {batch_plan.in_words(chosen.time)}; a model is kept up for seven days",
            hint="give more --units, or fewer images",
        )
    base = batch_folder(session.settings, prepared.place.project, session.bucket(bucket))
    folder = Folder(base.bucket, f"{base.key}/{prepared.name}")
    address, key = S3Address(folder.bucket, folder.images), session.settings.project.kms_key
    if not s3.is_kept(clients.s3, address, prepared.listed.path.stat().st_size, key):
        with prepared.listed.path.open("rb") as file, session.console.step(f"writing the list to {address}"):
            s3.put_file(clients.s3, address, file, kms_key=key)
    given: dict[str, Any] = {
        "batch": prepared.name,
        "project_arn": _project_arn(session, prepared.place.project),
        "version": version_name(prepared.version),
        "arn": arn,
        "bucket": folder.bucket,
        "folder": folder.prefix,
        "images": folder.images,
        "parts": folder.parts,
        "total": prepared.wanted.images,
        "calls": prepared.wanted.calls,
        "rate": prepared.wanted.rate,
        "units": chosen.units,
        "concurrency": batch_plan.concurrency(chosen.rate),
        "tolerated": tolerated,
        "until": until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "guard": schedule_name(arn),
    }
    if before is not None and before.status == batch_runs.RUNNING:
        batch = before
    elif before is not None and batch_runs.redrive(clients, before):
        batch = batch_runs.describe(clients, before.execution)
    else:
        batch = batch_runs.begin(clients, prepared.machine, given, before)
    if prepared.wanted.calls:
        _keep_up(session, prepared.place.project, prepared.version, batch, chosen.units, until)
    return batch


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
    let_go(session, session.project(project), batch)
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
    from customlabels.scheduler.stack import overrides

    clients, name = session.clients, session.project(project)
    found = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    counts, run = batch_runs.counts(clients, found)
    now = session.now()
    ended = found.stopped or now
    took = (ended - (run["startDate"] if run else found.started)).total_seconds()
    rate = counts.done / took if took > 0 else 0.0
    left = counts.waiting + counts.under_way
    keeps = [override for override in overrides.read(clients.ssm, name) if override.why == f"batch {found.name}"]
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
    let_go(session, name, found)
    return found, running


def redrive_batch(
    session: "Session",
    *,
    project: str | None = None,
    batch: str | None = None,
    units: int | None = None,
    confirm: Callable[[int, float], None] = lambda images, dollars: None,
) -> "Batch | None":
    """A batch, going on with what failed or was left; None where there is nothing of that.

    One that failed or was stopped is redriven; of one that succeeded, the images that failed become a batch of their
    own.

    Parameters
    ----------
    confirm : asked, with images and what the units may cost, before anything is begun; raises where it is not to be
    """
    from customlabels.inspection.batches import batch_plan, batch_runs

    clients, name = session.clients, session.project(project)
    found = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    if found.status == batch_runs.RUNNING:
        raise ServiceError(f"batch {found.name} is running", hint="customlabels batch status shows how far it is")
    if found.status == batch_runs.SUCCEEDED:
        return _failed_anew(session, name, found, units, confirm)
    counts, _ = batch_runs.counts(clients, found)
    version = session.version(name, found.given["version"])
    given_units = units or int(found.given["units"])
    left = counts.total - counts.done or int(found.given["calls"])
    wanted = batch_plan.Wanted(left, 0, found.given["rate"])
    chosen = batch_plan.choice(wanted, given_units)
    confirm(left, chosen.dollars)
    if not batch_runs.redrive(clients, found):
        raise ServiceError(
            f"batch {found.name} ended more than fourteen days ago, and cannot be redriven",
            hint="customlabels batch run SOURCE begins it anew; what was done is not paid again",
        )
    again = batch_runs.describe(clients, found.execution)
    until = session.now() + batch_plan.keep_up(chosen, batch_plan.START)
    _keep_up(session, name, version, again, given_units, until)
    return again


def batch_results(session: "Session", *, project: str | None = None, batch: str | None = None) -> "Iterator[Row]":
    """A row for each image of a batch that has ended: the newest, or that of the name."""
    from customlabels.inspection import records
    from customlabels.inspection.batches import batch_runs
    from customlabels.inspection.functions import gathering
    from customlabels.inspection.results import Row

    clients, name = session.clients, session.project(project)
    found = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    if found.status == batch_runs.RUNNING:
        raise ServiceError(
            f"batch {found.name} is running; its results are there when it ends",
            hint="customlabels batch status shows how far it is",
        )
    for row, _ in gathering.rows(clients.s3, found.folder, batch_runs.map_runs(clients, found)):
        yield Row(
            row["at"],
            f"s3://{row['bucket']}/{row['key']}",
            row["verdict"],
            tuple(row["labels"]),
            row["top"],
            row["confidence"],
            row["why"],
            row["version"] or found.given["version"],
            "",
            records.by_etag(row["etag"], row["size"]),
        )


def let_go(session: "Session", project: str, batch: "Batch") -> None:
    """Ends what keeps the model up for a batch, and has the schedule look at once."""
    from customlabels.aws.clients import explained
    from customlabels.inspection.batches import batch_runs
    from customlabels.scheduler.deployed import deployed

    clients = session.clients
    batch_runs.let_go(clients, project, batch.given)
    outputs = deployed(clients, project, session.now()).outputs
    with explained("calling the sweep"):
        clients.functions.invoke(FunctionName=outputs["Sweep"], InvocationType="Event")


def _keep_up(
    session: "Session", project: str, version: "Description", batch: "Batch", units: int, until: datetime
) -> None:
    """Keeps the model up for a batch that has begun, a stop ready for after that; lets it go should it have ended."""
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.functions.concluding import reason
    from customlabels.pipelines.service.guard import set_guard
    from customlabels.pipelines.service.versions import version_name
    from customlabels.scheduler import overriding
    from customlabels.scheduler.deployed import deployed
    from customlabels.scheduler.stack import overrides

    clients, now = session.clients, session.now()
    try:
        set_guard(clients, version, until + batch_plan.STOP)
        schedule, why = deployed(clients, project, now), reason(batch.name)
        others = [override for override in overrides.read(clients.ssm, project) if override.why != why]
        overrides.write(clients.ssm, project, others, now)
        overriding.keep(
            clients, schedule, now, up=True, until=until, why=why, units=units, version=version_name(version)
        )
    except BaseException:
        if batch_runs.describe(clients, batch.execution).status == batch_runs.RUNNING:
            batch_runs.stop(clients, batch, clients.who)
        batch_runs.let_go(clients, project, batch.given)
        raise
    if batch_runs.describe(clients, batch.execution).status != batch_runs.RUNNING:
        let_go(session, project, batch)


def _failed_anew(
    session: "Session", project: str, batch: "Batch", units: int | None, confirm: Callable[[int, float], None]
) -> "Batch | None":
    """A batch of the images that failed in another; None where none did."""
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.functions import gathering
    from customlabels.inspection.functions.listed import FAILED

    clients = session.clients
    with tempfile.TemporaryDirectory(prefix="customlabels-batch-") as folder:
        path, failed = Path(folder) / "failed.jsonl", 0
        with path.open("w", encoding="utf-8") as file:
            for row, _ in gathering.rows(clients.s3, batch.folder, batch_runs.map_runs(clients, batch)):
                if row["verdict"] == FAILED:
                    item = {name: row[name] for name in ("bucket", "key", "etag", "size", "at")}
                    file.write(json.dumps(item, ensure_ascii=False) + "\n")
                    failed += 1
        if not failed:
            return None
        with prepare_batch(session, str(path), project=project) as prepared:
            chosen = batch_plan.choice(prepared.wanted, units or int(batch.given["units"]))
            confirm(failed, chosen.dollars)
            if prepared.before is not None and prepared.before.status == batch_runs.SUCCEEDED:
                # It was tried before, and failed again.
                prepared = replace(prepared, before=None, name=f"{prepared.name}-{session.now():%H%M%S}")
            return begin_batch(session, prepared, chosen)


def _source_of(place: "Deployed") -> tuple[Any, ...]:
    from customlabels.core.addresses import S3Address

    return (S3Address(place.inspection.bucket, place.inspection.prefix),)


def _project_arn(session: "Session", project: str) -> str:
    from customlabels.pipelines.service.projects import need_project

    return need_project(session.clients.rekognition, project)


def _units(session: "Session", project: str, batch: "Batch") -> int | None:
    """Units that the model of a batch has, None where it is not running."""
    from customlabels.pipelines.service.states import State

    version = session.version(project, batch.given["version"])
    return version.get("MinInferenceUnits") if version["Status"] == State.RUNNING else None


def _gaining(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Takes how much is done, and hands on how much more that is."""
    done = 0

    def note(count: int) -> None:
        nonlocal done
        advance(count - done)
        done = count

    return note
