"""Why the service refused: the codes and lines that it wrote into its files, brought to where a person reads them.

They stand in lists named `errors`: of the line, of a label attribute, of its metadata or of one annotation; in what
ListDatasetEntries gives, some of the guide's pages have a list `cl-errors` of the line in their place. Both are read.
Source: Custom Labels developer guide, tm-debugging-summary.md, tm-debugging-scope-json-line.md and
debugging-datasets-non-terminal-errors.md.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.clients import explained
from customlabels.aws.s3_reading import get
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.pipelines.evaluation.results import manifest_of
from customlabels.pipelines.service.versions import Description

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

_MOST = 1000
_LISTS = frozenset({"errors", "cl-errors"})


class Complaint(NamedTuple):
    """A fault that the service found: where (a manifest and its line, or an image), its code and message."""

    where: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.message}"


def training_complaints(s3: "S3Client", description: Description) -> list[Complaint]:
    """All that the service wrote about a training that failed, at most a thousand; none where it wrote nothing."""
    complaints: list[Complaint] = []
    summary = description.get("ManifestSummary", {}).get("S3Object")
    if summary:
        document = _json(_read(s3, S3Address(summary["Bucket"], summary["Name"])))
        errors = document.get("errors") if isinstance(document, dict) else None
        complaints += (Complaint("training manifest", *error) for error in _errors(errors))
    results = (("training", description.get("TrainingDataResult")), ("testing", description.get("TestingDataResult")))
    for name, result in results:
        address = manifest_of(result, "Validation")
        body = _read(s3, address) if address else b""
        for number, text in enumerate(body.splitlines(), 1):
            if b'errors"' in text:
                complaints += line_complaints(f"{name} manifest, line {number}", _json(text))
    return complaints[:_MOST]


def dataset_complaints(rekognition: "RekognitionClient", arn: str, name: str) -> list[Complaint]:
    """The faults of a dataset's entries, at most a thousand."""
    with explained(f"reading the faults of the {name} dataset"):
        pages = rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=arn, HasErrors=True)
        lines = [_json(line.encode()) for page in pages for line in page["DatasetEntries"]]
    complaints: list[Complaint] = []
    for line in lines:
        image = line.get("source-ref", "a line without source-ref") if isinstance(line, dict) else "a line"
        complaints += line_complaints(f"{name} dataset, {image}", line)
    return complaints[:_MOST]


def line_complaints(where: str, line: Any) -> list[Complaint]:
    """The errors of a line, wherever in it they stand; each once, though it stand in both places."""
    return [Complaint(where, *error) for error in dict.fromkeys(_nested(line))]


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _nested(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _errors(part) if name in _LISTS else _nested(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nested(part)


def _errors(errors: Any) -> Iterator[tuple[str, str]]:
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            yield str(error.get("code", "")), str(error.get("message", ""))


def _read(s3: "S3Client", address: S3Address) -> bytes:
    try:
        return get(s3, address)
    except ServiceError:
        return b""
