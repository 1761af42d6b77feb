"""Batches of images from Python: planned, run, looked at, stopped, redriven, read."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customlabels.inspection.batches.batch_plan import Choice, Wanted
    from customlabels.inspection.batches.batch_runs import Batch
    from customlabels.inspection.batches.listing import Listed
    from customlabels.inspection.deployed import Deployed
    from customlabels.pipelines.service.versions import Description
    from customlabels.session.session import Session

_TOLERATED = 5.0
"""Per cent of images that may fail where nothing is said."""


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
    inspected: "Deployed"
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
    from customlabels.inspection.batches.candidates import Left
    from customlabels.inspection.claims import Table
    from customlabels.inspection.deployed import deployed
    from customlabels.inspection.functions.listed import judged_by
    from customlabels.pipelines.service.states import State
    from customlabels.pipelines.service.versions import version_name
    from customlabels.scheduler.deployed import deployed as deployed_schedule

    clients, name = session.clients, session.project(project)
    asked = session.asked_inspection()
    inspected, arn = deployed(clients, name), machine(clients, name)
    schedule = deployed_schedule(clients, name, session.now())
    version = session.version(name, "champion")
    # What is written but not deployed yet, the function may not read.
    archives = asked.batch_sources if inspected.batch_sources is None else inspected.batch_sources
    folders = (*_source_of(inspected), *archives)
    with tempfile.TemporaryDirectory(prefix="customlabels-batch-") as folder:
        left = Left()
        with session.console.step(f"listing {source}") as advance:
            images = sources.images(clients.s3, source, left)
            listed = listing.write(images, Path(folder) / "images.jsonl", left, folders, _gaining(advance))
        for sentence in left.told:
            session.console.note(sentence)
        for what, count in listed.left_out.items():
            session.console.note(f"left out: {count} of {source}, {what}: {listed.examples[what]}{', …' * (count > 1)}")
        inspection, arn_of = inspected.inspection, version["ProjectVersionArn"]
        looks = listing.Looks(version_name(version), arn_of, judged_by(inspection, arn_of), inspection.analyzers)
        known = listing.Known(asked=Counter(dict.fromkeys(inspection.analyzers, listed.images)))
        if inspection.by == "etag":
            table, seconds = Table(clients.dynamodb, inspected.names.table), int(session.now().timestamp())
            with session.console.step("asking which images are known", listed.images) as advance:
                known = listing.count_known(table, looks, listed.path, seconds, _gaining(advance))
        else:
            session.console.note("images are known by their bytes, so which of them are is seen when they are read")
        start = START if schedule.memory.lead is None else timedelta(minutes=schedule.memory.lead)
        is_up = version["Status"] == State.RUNNING
        wanted = Wanted(listed.images, known.images, inspection.rate, start, is_up, known.asked)
        batch = name_of(listed.digest, looks.judged)
        yield Prepared(batch, inspected, arn, version, listed, wanted, start, of_name(clients, arn, batch))


def begin_batch(
    session: "Session",
    prepared: Prepared,
    chosen: "Choice",
    *,
    tolerated: float = _TOLERATED,
    bucket: str | None = None,
    anew: bool = False,
) -> "Batch":
    """The batch, begun or found: one that runs is joined, one that failed or was stopped is begun again.

    The list is in S3 before the batch begins, the batch before its model is kept up: killed anywhere, nothing stays up
    for a batch that is not there.

    Parameters
    ----------
    tolerated : per cent of images that may fail
    anew : whether one that succeeded is begun again, too
    """
    from customlabels.aws import s3
    from customlabels.core.addresses import S3Address
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.functions.gathering import Folder
    from customlabels.inspection.functions.listed import judged_by
    from customlabels.inspection.stack.inspection_stack import batch_folder
    from customlabels.pipelines.service.projects import need_project
    from customlabels.pipelines.service.versions import version_name

    clients, before, arn = session.clients, prepared.before, prepared.version["ProjectVersionArn"]
    project = prepared.inspected.project
    if before is not None and before.status == batch_runs.SUCCEEDED and not anew:
        return before
    now = session.now()
    until = batch_plan.until(now, chosen, prepared.lead)
    joins = before is not None and before.status == batch_runs.RUNNING
    if not joins:
        batch_runs.check_none_runs(clients, project)
    base = batch_folder(session.settings, project, session.bucket(bucket))
    folder = Folder(base.bucket, f"{base.key}/{prepared.name}")
    address, key = S3Address(folder.bucket, folder.images), session.settings.project.kms_key
    if not s3.is_kept(clients.s3, address, prepared.listed.path.stat().st_size, key):
        with prepared.listed.path.open("rb") as file, session.console.step(f"writing the list to {address}"):
            s3.put_file(clients.s3, address, file, kms_key=key)
    given: dict[str, Any] = {
        "batch": prepared.name,
        "project_arn": need_project(clients.rekognition, project),
        "version": version_name(prepared.version),
        "arn": arn,
        "judged": judged_by(prepared.inspected.inspection, arn),
        "bucket": folder.bucket,
        "folder": folder.prefix,
        "images": folder.images,
        "parts": folder.parts,
        "total": prepared.wanted.images,
        "rate": prepared.wanted.rate,
        "tolerated": tolerated,
        **batch_plan.for_units(chosen, prepared.wanted, now, until),
    }
    batch = before if before is not None and joins else batch_runs.begin(clients, prepared.machine, given, before)
    units = chosen.units
    if joins:
        # Who began it chose: other units now would have its model stopped, and started again.
        units, until = int(batch.given["units"]), max(until, datetime.fromisoformat(batch.given["until"]))
        if units != chosen.units:
            session.console.note(f"batch {batch.name} runs on {units} unit{'s' * (units > 1)}, as it was begun")
    if prepared.wanted.calls:
        keep_up_for_batch(session, prepared.inspected.project, prepared.version, batch, units, until, joined=joins)
    return batch


def keep_up_for_batch(
    session: "Session",
    project: str,
    version: "Description",
    batch: "Batch",
    units: int,
    until: datetime,
    *,
    joined: bool = False,
) -> None:
    """Keeps the model up for a batch that has begun, a stop ready for after that; lets it go should it have ended.

    Parameters
    ----------
    joined : whether somebody else began the batch: then it goes on, should this go wrong
    """
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.functions.concluding import guard, reason
    from customlabels.pipelines.service.guard import set_guard
    from customlabels.pipelines.service.versions import version_name
    from customlabels.scheduler import overriding
    from customlabels.scheduler.deployed import deployed
    from customlabels.scheduler.stack import overrides
    from customlabels.session import batch_following

    clients, now = session.clients, session.now()
    try:
        set_guard(clients, guard(batch.run), version, until + batch_plan.STOP)
        schedule, why = deployed(clients, project, now), reason(batch.run)
        others = [override for override in overrides.read(clients.ssm, project) if override.why != why]
        overrides.write(clients.ssm, project, others, now)
        overriding.keep(
            clients, schedule, now, up=True, until=until, why=why, units=units, version=version_name(version)
        )
    except BaseException:
        if joined:
            raise
        if batch_runs.describe(clients, batch.execution).status == batch_runs.RUNNING:
            batch_runs.stop(clients, batch, clients.who)
        batch_runs.let_go(clients, project, batch.run)
        raise
    if batch_runs.describe(clients, batch.execution).status != batch_runs.RUNNING:
        batch_following.let_go_of_batch(session, batch, project=project)


def _source_of(inspected: "Deployed") -> tuple[Any, ...]:
    from customlabels.core.addresses import S3Address

    return (S3Address(inspected.inspection.bucket, inspected.inspection.prefix),)


def _gaining(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Takes how much is done, and hands on how much more that is."""
    done = 0

    def note(count: int) -> None:
        nonlocal done
        advance(count - done)
        done = count

    return note
