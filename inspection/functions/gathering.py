"""The results of a batch put into one file, a row an image, and counted; in memory that does not grow with them.

Source: Step Functions developer guide, "ResultWriter (Map)"; S3 user guide, "Multipart upload overview": parts have at
least 5 MiB, the last one apart.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.inspection.functions.listed import FAILED, row

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PART = 8 << 20


class Folder(NamedTuple):
    """Where a batch lies in S3."""

    bucket: str
    prefix: str

    @property
    def images(self) -> str:
        """Key of the list."""
        return f"{self.prefix}/images.jsonl"

    @property
    def parts(self) -> str:
        """Prefix of what the map run writes."""
        return f"{self.prefix}/parts"

    @property
    def results(self) -> str:
        """Key of the one file."""
        return f"{self.prefix}/results.jsonl"

    @property
    def summary(self) -> str:
        return f"{self.prefix}/summary.json"


def map_runs(states: Any, execution: str) -> list[str]:
    """ARNs of an execution's map runs, the newest first."""
    pages = states.get_paginator("list_map_runs").paginate(executionArn=execution)
    return [run["mapRunArn"] for page in pages for run in page["mapRuns"]]


def gather(s3: "S3Client", folder: Folder, runs: Iterable[str]) -> Counter[str]:
    """Writes the one file of the newest map run; how many images it has by verdict."""
    counts, body = Counter[str](), bytearray()
    upload: list[Any] = []
    parts: list[Any] = []
    where: Any = {"Bucket": folder.bucket, "Key": folder.results}

    def send() -> None:
        if not upload:
            upload.append(s3.create_multipart_upload(**where, ContentType="application/jsonl")["UploadId"])
        number = len(parts) + 1
        answer = s3.upload_part(**where, UploadId=upload[0], PartNumber=number, Body=bytes(body))
        parts.append({"ETag": answer["ETag"], "PartNumber": number})
        body.clear()

    try:
        for written, line in rows(s3, folder, runs):
            counts[written["verdict"]] += 1
            body += line
            if len(body) >= _PART:
                send()
        if not upload:
            s3.put_object(**where, Body=bytes(body), ContentType="application/jsonl")
            return counts
        if body:
            send()
        s3.complete_multipart_upload(**where, UploadId=upload[0], MultipartUpload={"Parts": parts})
    except BaseException:
        if upload:
            s3.abort_multipart_upload(**where, UploadId=upload[0])
        raise
    return counts


def rows(s3: "S3Client", folder: Folder, runs: Iterable[str]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each row with its line, of the first of the map runs that has written any."""
    for run in runs:
        manifest = _manifest(s3, folder, run)
        if manifest is None:
            continue
        files = manifest["ResultFiles"]
        for file in files.get("SUCCEEDED", []):
            for line in _lines(s3, folder.bucket, file["Key"]):
                yield json.loads(line), line + b"\n"
        for status in ("FAILED", "PENDING"):
            for file in files.get(status, []):
                for line in _lines(s3, folder.bucket, file["Key"]):
                    for failed in _failed(json.loads(line)):
                        yield failed, json.dumps(failed, ensure_ascii=False).encode() + b"\n"
        return


def _failed(child: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each image of a child that did not come to its end."""
    why = f"{child.get('Error') or child['Status'].lower()}: {_cause(child)}".rstrip(": ")[:500]
    for item in json.loads(child["Input"])["Items"]:
        yield {**row(item, None, why), "verdict": FAILED}


def _cause(child: dict[str, Any]) -> str:
    """A child's cause in words; what a function raised is in a document."""
    cause = child.get("Cause") or ""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    return str(document.get("errorMessage", cause)) if isinstance(document, dict) else cause


def _manifest(s3: "S3Client", folder: Folder, run: str) -> dict[str, Any] | None:
    """What a map run wrote; None where it wrote nothing."""
    key = f"{folder.parts}/{run.rpartition(':')[2]}/manifest.json"
    try:
        document: dict[str, Any] = json.loads(s3.get_object(Bucket=folder.bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
    return document


def _lines(s3: "S3Client", bucket: str, key: str) -> Iterator[bytes]:
    for line in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines(chunk_size=1 << 20):
        if line.strip():
            yield line
