"""Why the service refused: the codes and lines that it wrote into its files, brought to where a person reads them.

Source: Custom Labels developer guide, tm-debugging-summary.md and tm-debugging-scope-json-line.md.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.clients import explained
from customlabels.aws.s3 import get
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.pipelines.evaluation.results import manifest_of
from customlabels.pipelines.service.versions import Description

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

_MOST = 1000


class Complaint(NamedTuple):
    """A fault that the service found: where (a manifest and its line, or an image), its code and message."""

    where: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.message}"


def training_complaints(s3: "S3Client", description: Description) -> list[Complaint]:
    """All that the service wrote about a training that failed, at most a thousand; none where it wrote nothing."""
    found: list[Complaint] = []
    summary = description.get("ManifestSummary", {}).get("S3Object")
    if summary:
        document = json.loads(_read(s3, S3Address(summary["Bucket"], summary["Name"])) or b"{}")
        found += (Complaint("training manifest", *one) for one in _errors(document.get("errors", [])))
    results = (("training", description.get("TrainingDataResult")), ("testing", description.get("TestingDataResult")))
    for name, result in results:
        address = manifest_of(result, "Validation")
        body = _read(s3, address) if address else b""
        lines = ((f"{name} manifest, line {number}", line) for number, line in enumerate(body.splitlines(), 1))
        found += (
            Complaint(where, *one) for where, line in lines if b'"errors"' in line for one in _nested(_json(line))
        )
    return found[:_MOST]


def dataset_complaints(rekognition: "RekognitionClient", arn: str, name: str) -> list[Complaint]:
    """The faults of a dataset's entries, at most a thousand."""
    with explained(f"reading the faults of the {name} dataset"):
        pages = rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=arn, HasErrors=True)
        lines = [_json(line.encode()) for page in pages for line in page["DatasetEntries"]]
    return [
        Complaint(f"{name} dataset, {line.get('source-ref', 'a line without source-ref')}", *one)
        for line in lines
        if isinstance(line, dict)
        for one in _errors(line.get("cl-errors"))
    ][:_MOST]


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _nested(value: Any) -> Iterator[tuple[str, str]]:
    """The errors of a line, wherever in it they stand."""
    if isinstance(value, dict):
        yield from _errors(value.get("errors", []))
        for name, part in value.items():
            if name != "errors":
                yield from _nested(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nested(part)


def _errors(errors: Any) -> Iterator[tuple[str, str]]:
    for one in errors if isinstance(errors, list) else []:
        if isinstance(one, dict):
            yield str(one.get("code", "")), str(one.get("message", ""))


def _read(s3: "S3Client", address: S3Address) -> bytes:
    try:
        return get(s3, address)
    except ServiceError:
        return b""
