"""Datasets and their entries."""

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from customlabels.core.addresses import S3Address
from customlabels.emulator.customlabels.context import Context, page
from customlabels.emulator.customlabels.projects import refuse_dataset_tags
from customlabels.emulator.customlabels.state import GONE, Dataset, Project
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.refusals import Refusal, in_use, invalid_parameter, invalid_s3_object, not_ready
from customlabels.manifests.entries import Entry, read_entries
from customlabels.manifests.faults import Fault
from customlabels.manifests.files import bounded_lines, file_fault
from customlabels.manifests.results import annotated_line
from customlabels.manifests.validation import Part, import_fault

READY = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED"}
_MOST_ENTRIES, _BATCH, _MOST_DIGITS = 100, 200, 18
_BUSY = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}


def create_dataset(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    kind = parameters["DatasetType"]
    entries, fault = _source_entries(context, parameters.get("DatasetSource"))
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        if parameters.get("Tags"):
            refuse_dataset_tags(project)
        if any(dataset.type == kind for dataset in context.all(Dataset, project.arn)):
            raise Refusal("ResourceAlreadyExistsException", f"The project already has a {kind} dataset.")
        arn = context.arn("project", project.name, "dataset", kind.lower())
        end = "CREATE_COMPLETE" if fault is None else "CREATE_FAILED"
        dataset = Dataset(
            arn=arn,
            project=project.arn,
            type=kind,
            created=context.created(arn),
            updated=context.created(arn),
            status=context.until("CREATE_IN_PROGRESS", end, context.timings.dataset),
            message=fault.message if fault else "The dataset was created.",
            message_code="CLIENT_ERROR" if fault else "SUCCESS",
            tags=parameters.get("Tags", {}),
            **counted(entries),
        )
        context.save(dataset)
        context.store.put_entries(
            arn, ((position, str(entry.source_ref), entry.line) for position, entry in enumerate(entries))
        )
    return {"DatasetArn": arn}


def counted(entries: Iterable[Entry]) -> dict[str, Any]:
    """What a dataset remembers of its entries."""
    entries = list(entries)
    counts, boxed = Counter[str](), Counter[str]()
    for entry in entries:
        counts.update({*entry.labels, *entry.boxes})
        boxed.update(set(entry.boxes))
    labels = sorted(counts)
    return {
        "labels": tuple(labels),
        "counts": tuple((counts[label], boxed[label]) for label in labels),
        "entries": len(entries),
        "labelled": sum(1 for entry in entries if entry.labelled),
        "faulty": sum(1 for entry in entries if entry.has_errors),
    }


def describe_dataset(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    dataset = context.find(Dataset, parameters["DatasetArn"])
    new = dataset.status.now == "CREATE_IN_PROGRESS"
    return {
        "DatasetDescription": {
            "CreationTimestamp": datetime.fromtimestamp(dataset.created, UTC),
            "LastUpdatedTimestamp": datetime.fromtimestamp(dataset.updated, UTC),
            **dataset.shown_status,
            "DatasetStats": {
                "LabeledEntries": 0 if new else dataset.labelled,
                "TotalEntries": 0 if new else dataset.entries,
                "TotalLabels": 0 if new else len(dataset.labels),
                "ErrorEntries": 0 if new else dataset.faulty,
            },
        }
    }


def list_dataset_entries(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    dataset = context.find(Dataset, parameters["DatasetArn"])
    if dataset.status.now == "CREATE_IN_PROGRESS":
        raise not_ready("The dataset is still being created.")
    most = parameters.get("MaxResults", _MOST_ENTRIES)
    after, shown, token = _position_of(parameters.get("NextToken")), list[str](), None
    while rows := context.store.entries(dataset.arn, after, _BATCH):
        entries = read_entries(line for _, line in rows)
        for (position, _), entry in zip(rows, entries, strict=True):
            if _passes(entry, parameters):
                if len(shown) == most:
                    token = str(after)
                    return {"DatasetEntries": shown, "NextToken": token}
                shown.append(_listed(entry))
            after = position
    return {"DatasetEntries": shown, "NextToken": token}


def _position_of(token: str | None) -> int:
    """The place of the last entry that was looked at before a page.

    Raises
    ------
    Refusal : InvalidPaginationTokenException
    """
    if token is None:
        return -1
    if not token.isdecimal() or len(token) > _MOST_DIGITS:
        raise Refusal("InvalidPaginationTokenException", "The pagination token is not valid.")
    return int(token)


def list_dataset_labels(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    dataset = context.find(Dataset, parameters["DatasetArn"])
    if dataset.status.now == "CREATE_IN_PROGRESS":
        raise not_ready("The dataset is still being created.")
    labels = [
        {"LabelName": label, "LabelStats": {"EntryCount": entries, "BoundingBoxCount": boxes}}
        for label, (entries, boxes) in zip(dataset.labels, dataset.counts, strict=True)
    ]
    shown, token = page(labels, parameters)
    return {"DatasetLabelDescriptions": shown, "NextToken": token}


def delete_dataset(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        dataset = context.find(Dataset, parameters["DatasetArn"])
        if dataset.status.now in _BUSY:
            raise in_use(f"The dataset is {dataset.status.now}.")
        context.save(replace(dataset, status=context.until("DELETE_IN_PROGRESS", GONE, context.timings.delete)))
    return {}


def _source_entries(context: Context, source: dict[str, Any] | None) -> tuple[list[Entry], Fault | None]:
    """The entries a new dataset starts with, or the fault for which its creation will fail."""
    if source is None:
        return [], None
    manifest = source.get("GroundTruthManifest")
    if (manifest is None) == ("DatasetArn" not in source):
        raise invalid_parameter("DatasetSource takes either GroundTruthManifest or DatasetArn.")
    if manifest is None:
        other = context.find(Dataset, source["DatasetArn"])
        return list(read_entries(line for _, line in context.store.entries(other.arn))), None
    named = manifest.get("S3Object", {})
    if "Bucket" not in named or "Name" not in named:
        raise invalid_parameter("GroundTruthManifest needs S3Object with Bucket and Name.")
    body = read_object(context, named)
    fault = file_fault(named["Name"], len(body))
    if fault is not None:
        return [], fault
    part = Part()
    kept = [entry for entry in read_entries(bounded_lines(io.BytesIO(body))) if part.add(entry)]
    fault = import_fault(part)
    return ([], fault) if fault else (kept, None)


def read_object(context: Context, named: dict[str, Any]) -> bytes:
    """The bytes of an object that a request names.

    Parameters
    ----------
    named : S3Object of a request, with Bucket and Name

    Raises
    ------
    Refusal : InvalidS3ObjectException
    """
    address = S3Address(named["Bucket"], named["Name"])
    near = objects.bucket_region(address.bucket) == context.region
    body = objects.read(address, named.get("Version")) if near else None
    if body is None:
        raise invalid_s3_object(
            f"Unable to get object metadata from S3. Check object key, region and/or access permissions: {address}."
        )
    return body


def _passes(entry: Entry, parameters: dict[str, Any]) -> bool:
    labels = parameters.get("ContainsLabels")
    labelled = parameters.get("Labeled")
    faulty = parameters.get("HasErrors")
    return (
        (not labels or not set(labels).isdisjoint((*entry.labels, *entry.boxes)))
        and (labelled is None or labelled == entry.labelled)
        and (faulty is None or faulty == entry.has_errors)
        and parameters.get("SourceRefContains", "") in str(entry.source_ref)
    )


def _listed(entry: Entry) -> str:
    errors = tuple(fault for fault in entry.faults if not fault.is_warning)
    value = orjson.loads(annotated_line(msgspec.structs.replace(entry, faults=errors)))
    value["cl-metadata"] = {"is_labeled": entry.labelled}
    return orjson.dumps(value).decode()
