"""Entries of datasets changed, and distributed over both datasets of a project."""

import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from customlabels.emulator.customlabels.context import Context
from customlabels.emulator.customlabels.datasets import READY, counted
from customlabels.emulator.customlabels.dividing import chosen_for_test
from customlabels.emulator.customlabels.state import Dataset
from customlabels.emulator.server.refusals import in_use, invalid_parameter, not_ready
from customlabels.manifests.entries import Entry, read_entries
from customlabels.manifests.faults import PART, Fault
from customlabels.manifests.files import bounded_lines
from customlabels.manifests.validation import Part, import_fault


def update_dataset_entries(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    """Adds the lines' images, or puts their lines in the place of those that the same images have."""
    changes = parameters["Changes"]
    if "GroundTruth" not in changes:
        raise invalid_parameter("Changes needs GroundTruth.")
    with context.store.transaction():
        dataset = context.find(Dataset, parameters["DatasetArn"])
        if dataset.status.now not in READY:
            raise in_use(f"The dataset is {dataset.status.now}.")
        lines = bounded_lines(io.BytesIO(changes["GroundTruth"]))
        given = list(read_entries(lines))
        # The last line of an image holds, so that the same update again changes nothing.
        wanted = {entry.source_ref: entry for entry in given if entry.source_ref is not None}
        positions = context.store.entry_positions(dataset.arn)
        kept = [entry for entry in _entries(context, dataset) if entry.source_ref not in wanted]
        part = Part()
        for entry in (*kept, *given):
            part.add(entry)
        fault = import_fault(part) if wanted else Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT", PART)
        if fault is None:
            following = max(positions.values(), default=-1) + 1
            rows = []
            for source_ref, entry in wanted.items():
                position = positions.get(source_ref)
                if position is None:
                    position, following = following, following + 1
                rows.append((position, source_ref, entry.line))
            context.store.put_entries(dataset.arn, rows)
        _finish(context, dataset, fault, (*kept, *wanted.values()))
    return {}


def distribute_dataset_entries(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    """Moves a fifth of the training dataset's entries to the empty test dataset of the same project."""
    with context.store.transaction():
        named = [context.find(Dataset, dataset["Arn"]) for dataset in parameters["Datasets"]]
        by_type = {dataset.type: dataset for dataset in named}
        if by_type.keys() != {"TRAIN", "TEST"} or by_type["TRAIN"].project != by_type["TEST"].project:
            raise invalid_parameter("Datasets has to name the training and the test dataset of one project.")
        train, test = by_type["TRAIN"], by_type["TEST"]
        for dataset in (train, test):
            if dataset.status.now not in READY:
                raise not_ready(f"The {dataset.type} dataset is {dataset.status.now}.")
        if test.entries:
            raise invalid_parameter("The test dataset is not empty.")
        entries = _entries(context, train)
        chosen = chosen_for_test(entries)
        if chosen is None:
            fault = Fault("ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE", PART)
            _finish(context, train, fault, entries)
            _finish(context, test, fault, ())
            return {}
        moved = [entries[position] for position in sorted(chosen)]
        stay = [entry for position, entry in enumerate(entries) if position not in chosen]
        context.store.delete_entries(train.arn, (str(entry.source_ref) for entry in moved))
        context.store.put_entries(
            test.arn, ((position, str(entry.source_ref), entry.line) for position, entry in enumerate(moved))
        )
        _finish(context, train, None, stay)
        _finish(context, test, None, moved)
    return {}


def _entries(context: Context, dataset: Dataset) -> list[Entry]:
    return list(read_entries(line for _, line in context.store.entries(dataset.arn)))


def _finish(context: Context, dataset: Dataset, fault: Fault | None, entries: Iterable[Entry]) -> None:
    """The dataset after an update; after one that failed its entries are what they were."""
    context.save(
        replace(
            dataset,
            status=context.until(
                "UPDATE_IN_PROGRESS", "UPDATE_FAILED" if fault else "UPDATE_COMPLETE", context.timings.dataset
            ),
            updated=context.clock(),
            message=fault.message if fault else "The dataset was updated.",
            message_code="CLIENT_ERROR" if fault else "SUCCESS",
            **({} if fault else counted(entries)),
        )
    )
