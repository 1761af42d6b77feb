"""Batches that go on with what failed, and their results, from Python."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from customlabels.inspection.batches.batch_runs import Batch
    from customlabels.inspection.results import Row
    from customlabels.session.session import Session


def redrive_batch(
    session: "Session",
    *,
    project: str | None = None,
    batch: str | None = None,
    units: int | None = None,
    confirm: Callable[[int, float], None] = lambda images, dollars: None,
) -> "Batch | None":
    """A batch, going on with what failed or was left; None where there is nothing of that.

    One that failed or was stopped is redriven, or begun again, in which what was done is known; of one that succeeded,
    the images that failed become a batch of their own.

    Parameters
    ----------
    confirm : asked, with images and what the units may cost, before anything is begun; raises where it is not to be
    """
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.deployed import deployed
    from customlabels.inspection.functions.listed import judged_by
    from customlabels.pipelines.service.states import State
    from customlabels.session.batches import keep_up_for_batch

    clients, name = session.clients, session.project(project)
    before = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    if before.status == batch_runs.RUNNING:
        raise ServiceError(f"batch {before.name} is running", hint="customlabels batch status shows how far it is")
    if before.status == batch_runs.SUCCEEDED:
        return _failed_anew(session, name, before, units, confirm)
    batch_runs.check_none_runs(clients, name)
    counts, map_run = batch_runs.counts(clients, before)
    version = session.version(name, before.given["version"])
    left = counts.total - counts.done if map_run else int(before.given["calls"])
    inspection = deployed(clients, name).inspection
    wanted = batch_plan.Wanted(left, 0, before.given["rate"], asked=dict.fromkeys(inspection.analyzers, left))
    chosen = batch_plan.choice(wanted, units or int(before.given["units"]))
    confirm(left, chosen.dollars)
    now = session.now()
    until = batch_plan.until(now, chosen, batch_plan.START)
    # A map that goes on does not wait for a model: one that is down is waited for by an execution from its beginning.
    goes_on = map_run is not None and version["Status"] == State.RUNNING and batch_runs.redrive(clients, before)
    if goes_on:
        again = batch_runs.describe(clients, before.execution)
    else:
        judged = judged_by(inspection, before.given["arn"])
        given = {**before.given, "judged": judged, **batch_plan.for_units(chosen, wanted, now, until)}
        again = batch_runs.begin(clients, batch_runs.machine(clients, name), given, before)
    keep_up_for_batch(session, name, version, again, chosen.units, until)
    return again


def batch_results(session: "Session", *, project: str | None = None, batch: str | None = None) -> "Iterator[Row]":
    """A row for each image of a batch that has ended: the newest, or that of the name."""
    from customlabels.inspection import records
    from customlabels.inspection.batches import batch_runs
    from customlabels.inspection.results import Row

    clients, name = session.clients, session.project(project)
    ended = batch_runs.latest(clients, batch_runs.machine(clients, name), batch)
    if ended.status == batch_runs.RUNNING:
        raise ServiceError(
            f"batch {ended.name} is running; its results are there when it ends",
            hint="customlabels batch status shows how far it is",
        )
    for row in batch_runs.rows(clients, ended):
        yield Row(
            row["at"],
            f"s3://{row['bucket']}/{row['key']}",
            row["verdict"],
            tuple(row["labels"]),
            row["top"],
            row["confidence"],
            row["why"],
            row["version"] or ended.given["version"],
            "",
            records.by_etag(row["etag"], row["size"]),
        )


def _failed_anew(
    session: "Session", project: str, batch: "Batch", units: int | None, confirm: Callable[[int, float], None]
) -> "Batch | None":
    """A batch of the images that failed in another; None where none did."""
    from customlabels.inspection.batches import batch_plan, batch_runs
    from customlabels.inspection.functions.listed import FAILED
    from customlabels.session.batches import begin_batch, prepare_batch

    clients = session.clients
    with tempfile.TemporaryDirectory(prefix="customlabels-batch-") as folder:
        path, failed = Path(folder) / "failed.jsonl", 0
        with path.open("w", encoding="utf-8") as file:
            for row in batch_runs.rows(clients, batch):
                if row["verdict"] == FAILED:
                    item = {name: row[name] for name in ("bucket", "key", "etag", "size", "at")}
                    file.write(json.dumps(item, ensure_ascii=False) + "\n")
                    failed += 1
        if not failed:
            return None
        with prepare_batch(session, str(path), project=project) as prepared:
            chosen = batch_plan.choice(prepared.wanted, units or int(batch.given["units"]))
            confirm(failed, chosen.dollars)
            return begin_batch(session, prepared, chosen, anew=True)
