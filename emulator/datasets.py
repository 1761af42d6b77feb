"""Datasets and their entries."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import orjson

from customlabels.core.s3 import S3Address
from customlabels.emulator import objects
from customlabels.emulator.context import Context, page
from customlabels.emulator.refusals import Refusal, in_use, invalid_parameter, invalid_s3_object, not_ready
from customlabels.emulator.state import GONE, Dataset, Project
from customlabels.manifests.entries import (
    MAX_BYTES,
    Entry,
    Fault,
    import_entries,
    labels_of,
    read_entries,
)

_BUSY = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}


def create_dataset(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    kind = parameters["DatasetType"]
    entries, fault = _source_entries(context, parameters.get("DatasetSource"))
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        if any(dataset.type == kind for dataset in context.all(Dataset, project.arn)):
            raise Refusal("ResourceAlreadyExistsException", f"The project already has a {kind} dataset.")
        arn = context.arn("project", project.name, "dataset", kind.lower())
        end = "CREATE_COMPLETE" if fault is None else "CREATE_FAILED"
        now = context.clock()
        dataset = Dataset(
            arn=arn,
            project=project.arn,
            type=kind,
            created=now,
            updated=now,
            status=context.until("CREATE_IN_PROGRESS", end, context.timings.dataset),
            message=fault.message if fault else "The dataset was created.",
            message_code="CLIENT_ERROR" if fault else "SUCCESS",
            labels=tuple(sorted(labels_of(entries))),
            entries=len(entries),
            labelled=sum(1 for entry in entries if entry.labels),
            faulty=sum(1 for entry in entries if entry.faults),
            tags=parameters.get("Tags", {}),
        )
        context.save(dataset)
        context.store.put_entries(arn, ((place, str(entry.image), entry.line) for place, entry in enumerate(entries)))
    return {"DatasetArn": arn}


def describe_dataset(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    dataset = context.find(Dataset, parameters["DatasetArn"])
    status = dataset.status.now
    running = status == "CREATE_IN_PROGRESS"
    return {
        "DatasetDescription": {
            "CreationTimestamp": datetime.fromtimestamp(dataset.created, UTC),
            "LastUpdatedTimestamp": datetime.fromtimestamp(dataset.updated, UTC),
            "Status": status,
            "StatusMessage": "The dataset is being created." if running else dataset.message,
            "StatusMessageCode": "SUCCESS" if running else dataset.message_code,
            "DatasetStats": {
                "LabeledEntries": 0 if running else dataset.labelled,
                "TotalEntries": 0 if running else dataset.entries,
                "TotalLabels": 0 if running else len(dataset.labels),
                "ErrorEntries": 0 if running else dataset.faulty,
            },
        }
    }


def list_dataset_entries(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    dataset = context.find(Dataset, parameters["DatasetArn"])
    if dataset.status.now == "CREATE_IN_PROGRESS":
        raise not_ready("The dataset is still being created.")
    lines = (line for _, line in context.store.entries(dataset.arn))
    wanted = [_listed(entry) for entry in read_entries(lines) if _passes(entry, parameters)]
    shown, token = page(wanted, parameters)
    return {"DatasetEntries": shown, "NextToken": token}


def list_dataset_labels(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    dataset = context.find(Dataset, parameters["DatasetArn"])
    if dataset.status.now == "CREATE_IN_PROGRESS":
        raise not_ready("The dataset is still being created.")
    counts = dict.fromkeys(dataset.labels, 0)
    for entry in read_entries(line for _, line in context.store.entries(dataset.arn)):
        for label in entry.labels:
            counts[label] += 1
    labels = [
        {"LabelName": label, "LabelStats": {"EntryCount": count, "BoundingBoxCount": 0}}
        for label, count in counts.items()
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
    place = manifest.get("S3Object", {})
    if "Bucket" not in place or "Name" not in place:
        raise invalid_parameter("GroundTruthManifest needs S3Object with Bucket and Name.")
    address = S3Address(place["Bucket"], place["Name"])
    region = objects.bucket_region(address.bucket)
    body = objects.read(address, place.get("Version")) if region == context.region else None
    if body is None:
        raise invalid_s3_object(
            f"Unable to get object metadata from S3. Check object key, region and/or access permissions: {address}."
        )
    if not PurePosixPath(address.key).suffix:
        return [], Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT")
    if len(body) > MAX_BYTES:
        return [], Fault("ERROR_MANIFEST_SIZE_TOO_LARGE")
    return import_entries(read_entries(_lines(body)))


def _lines(body: bytes) -> Iterator[bytes]:
    yield from body.removesuffix(b"\n").split(b"\n") if body else ()


def _passes(entry: Entry, parameters: dict[str, Any]) -> bool:
    labels = parameters.get("ContainsLabels")
    labelled = parameters.get("Labeled")
    faulty = parameters.get("HasErrors")
    return (
        (not labels or not set(labels).isdisjoint(entry.labels))
        and (labelled is None or labelled == bool(entry.labels))
        and (faulty is None or faulty == bool(entry.faults))
        and parameters.get("SourceRefContains", "") in str(entry.image)
    )


def _listed(entry: Entry) -> str:
    value = orjson.loads(entry.line)
    value["cl-metadata"] = {"is_labeled": bool(entry.labels)}
    if entry.faults:
        value["cl-errors"] = [{"code": fault.code, "message": fault.message} for fault in entry.faults]
    return orjson.dumps(value).decode()
