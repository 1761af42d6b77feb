"""What a map run leaves in S3: files of results, and the manifest that names them.

Source: Step Functions developer guide, "ResultWriter (Map)".
"""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from customlabels.emulator.stepfunctions.records import (
    ABORTED,
    FAILED,
    PENDING,
    SUCCEEDED,
    TIMED_OUT,
    Execution,
    Records,
)

_AT_ONCE = 500
_FILES = {"SUCCEEDED": (SUCCEEDED,), "FAILED": (FAILED, TIMED_OUT, ABORTED), "PENDING": (PENDING,)}
_CHUNK = 1 << 20


def all_of(records: Records, map_run: str, status: str) -> Iterator[Execution]:
    """Children of a status in order, a page at a time."""
    after = -1
    while page := records.children(map_run, status, after, _AT_ONCE):
        yield from page
        after = page[-1].number


def write(records: Records, map_run: str, bucket: str, prefix: str, config: dict[str, Any], s3: Any) -> dict[str, str]:
    """Writes what the children of a map run came to; where the manifest is."""
    folder = f"{prefix.rstrip('/')}/{map_run.rpartition(':')[2]}".lstrip("/")
    files: dict[str, list[dict[str, Any]]] = {}
    lines, transformation = config.get("OutputType") == "JSONL", config.get("Transformation", "NONE")
    for name, statuses in _FILES.items():
        with tempfile.TemporaryFile() as file:
            count = 0
            for part in _parts(records, map_run, statuses, transformation):
                file.write((b"" if lines else b",\n" if count else b"[") + part + (b"\n" if lines else b""))
                count += 1
            if not count:
                files[name] = []
                continue
            file.write(b"" if lines else b"]")
            size = file.tell()
            file.seek(0)
            key = f"{folder}/{name}_0.{'jsonl' if lines else 'json'}"
            s3.upload_fileobj(file, bucket, key)
            files[name] = [{"Key": key, "Size": size}]
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run, "ResultFiles": files}
    s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
    return {"Bucket": bucket, "Key": f"{folder}/manifest.json"}


def _parts(records: Records, map_run: str, statuses: tuple[str, ...], transformation: str) -> Iterator[bytes]:
    """What stands in a file, one after the other."""
    for status in statuses:
        for child in all_of(records, map_run, status):
            if transformation == "NONE" or status != SUCCEEDED:
                yield json.dumps(_shown(child)).encode()
                continue
            output = json.loads(child.output or "null")
            flat = transformation == "FLATTEN" and isinstance(output, list)
            yield from (json.dumps(value).encode() for value in (output if flat else [output]))


def _shown(child: Execution) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ExecutionArn": child.arn,
        "Input": child.input,
        "InputDetails": {"Included": True},
        "Name": child.name,
        "StateMachineArn": child.machine,
        "StartDate": _time(child.started),
        "Status": child.status,
        "RedriveCount": child.redrives,
    }
    if child.output is not None:
        shown |= {"Output": child.output, "OutputDetails": {"Included": True}}
    if child.error is not None:
        shown |= {"Error": child.error, "Cause": child.cause or ""}
    if child.stopped is not None:
        shown["StopDate"] = _time(child.stopped)
    return shown


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
