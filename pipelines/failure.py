"""Why the service refused: the codes and lines that it wrote into its files, brought to where a person reads them.

Source: Custom Labels developer guide, tm-debugging-summary.md and tm-debugging-scope-json-line.md.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.core.aws import explained
from customlabels.core.errors import ServiceError
from customlabels.core.s3 import S3Address
from customlabels.pipelines.results import manifest_of
from customlabels.pipelines.versions import Description

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

_MOST = 1000


class Complaint(NamedTuple):
    """A fault that the service found: in which manifest, on which line (0 for the whole file), its code and message."""

    manifest: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        where = f"{self.manifest} manifest" + (f", line {self.line}" if self.line else "")
        return f"{where}: {self.code}: {self.message}"


def training_complaints(s3: "S3Client", description: Description) -> list[Complaint]:
    """All that the service wrote about a training that failed, at most a thousand; none where it wrote nothing."""
    found: list[Complaint] = []
    summary = description.get("ManifestSummary", {}).get("S3Object")
    if summary:
        document = json.loads(_read(s3, S3Address(summary["Bucket"], summary["Name"])) or b"{}")
        found += (Complaint("training", 0, *one) for one in _errors(document.get("errors", [])))
    results = (("training", description.get("TrainingDataResult")), ("testing", description.get("TestingDataResult")))
    for name, result in results:
        address = manifest_of(result, "Validation")
        body = _read(s3, address) if address else b""
        found += (Complaint(name, number, *one) for number, one in _faulty(body.splitlines()))
    return found[:_MOST]


def dataset_complaints(rekognition: "RekognitionClient", arn: str, name: str) -> list[Complaint]:
    """The faults of a dataset's entries, at most a thousand."""
    with explained(f"reading the faults of the {name} dataset"):
        pages = rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=arn, HasErrors=True)
        lines = [line.encode() for page in pages for line in page["DatasetEntries"]]
    return [Complaint(name, number, *one) for number, one in _faulty(lines)][:_MOST]


def _faulty(lines: Iterable[bytes]) -> Iterator[tuple[int, tuple[str, str]]]:
    for number, text in enumerate(lines, 1):
        if b'"errors"' in text:
            for one in _nested(json.loads(text)):
                yield number, one


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
        with explained(f"reading {address}"):
            return s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].read()
    except ServiceError:
        return b""
