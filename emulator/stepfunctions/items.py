"""The items of a Map: read from S3 as a stream, and put together into the inputs of children.

Source: Step Functions developer guide, "ItemReader (Map)" and "ItemBatcher (Map)"; S3 user guide, "Locating your
inventory list" (its manifest names gzipped CSV files and the columns they have).
"""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from customlabels.emulator.stepfunctions import paths, templates
from customlabels.emulator.stepfunctions.definitions import DELIMITERS
from customlabels.emulator.stepfunctions.errors import StateError

_FAILED = "States.ItemReaderFailed"
_MOST_INPUT = 262_144
"""Bytes of a child's input."""
_LISTED = ("Etag", "Key", "LastModified", "Size", "StorageClass")


def items_of(state: dict[str, Any], given: Any, context: Any, s3: Any) -> Iterator[Any]:
    """The items that a Map state names; `s3` is a client.

    Raises
    ------
    StateError : States.ItemReaderFailed; States.Runtime where ItemsPath gives no list
    """
    reader = state.get("ItemReader")
    if reader is None:
        listed = paths.at(state.get("ItemsPath", "$"), given, context)
        if not isinstance(listed, list):
            raise StateError("States.Runtime", "The items of a Map are a list.")
        yield from listed
        return
    parameters = templates.filled(reader.get("Parameters", {}), given, context)
    config = reader.get("ReaderConfig", {})
    most = config.get("MaxItems")
    if "MaxItemsPath" in config:
        most = paths.at(config["MaxItemsPath"], given, context)
    try:
        yield from islice(_read(reader["Resource"], config, parameters, s3), int(most) if most else None)
    except ClientError as error:
        raise StateError(_FAILED, f"S3: {error.response['Error'].get('Message', error)}") from error
    except (ValueError, KeyError, OSError, csv.Error) as error:
        raise StateError(_FAILED, f"{parameters.get('Key', '')}: {error!r}") from error


def _read(resource: str, config: dict[str, Any], parameters: dict[str, Any], s3: Any) -> Iterator[Any]:
    if resource.endswith("listObjectsV2"):
        where = {name: parameters[name] for name in ("Bucket", "Prefix") if name in parameters}
        for page in s3.get_paginator("list_objects_v2").paginate(**where):
            for stored in page.get("Contents", []):
                yield _listed(stored)
        return
    body = s3.get_object(**parameters)["Body"]
    kind = config["InputType"]
    if kind == "JSON":
        document = json.loads(body.read())
        if not isinstance(document, list):
            raise ValueError("the file's JSON is no list")
        yield from document
    elif kind == "JSONL":
        yield from (json.loads(line) for line in body.iter_lines() if line.strip())
    elif kind == "CSV":
        text = io.TextIOWrapper(io.BufferedReader(_Readable(body)), "utf-8-sig", newline="")
        rows = csv.reader(text, delimiter=DELIMITERS[config.get("CSVDelimiter", "COMMA")])
        names = config["CSVHeaders"] if config["CSVHeaderLocation"] == "GIVEN" else next(rows, [])
        yield from (dict(zip(names, row, strict=False)) for row in rows if row)
    else:
        yield from _inventory(json.loads(body.read()), s3)


def _listed(stored: dict[str, Any]) -> dict[str, Any]:
    """An object as a listing gives it to a child."""
    about = {
        "Etag": stored["ETag"],
        "Key": stored["Key"],
        "LastModified": round(stored["LastModified"].timestamp()),
        "Size": stored["Size"],
        "StorageClass": stored.get("StorageClass", "STANDARD"),
    }
    return {name: about[name] for name in _LISTED}


def _inventory(manifest: dict[str, Any], s3: Any) -> Iterator[dict[str, str]]:
    """The rows of an inventory, under the names of its columns."""
    if manifest.get("fileFormat") != "CSV":
        raise ValueError(f"inventories are read here as CSV, not as {manifest.get('fileFormat')}")
    names = [name.strip() for name in manifest["fileSchema"].split(",")]
    bucket = manifest["destinationBucket"].rpartition(":")[2]
    for file in manifest["files"]:
        body = s3.get_object(Bucket=bucket, Key=file["key"])["Body"]
        with gzip.GzipFile(fileobj=_Readable(body)) as unpacked:
            for row in csv.reader(io.TextIOWrapper(unpacked, "utf-8", newline="")):
                yield dict(zip(names, row, strict=True))


class _Readable(io.RawIOBase):
    """A body of botocore's as Python's own files are."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def inputs(state: dict[str, Any], items: Iterable[Any], given: Any, context: Any) -> Iterator[tuple[int, Any]]:
    """(how many items, input) of each child, in order.

    Raises
    ------
    StateError : States.Runtime where an item alone is too large; what ItemSelector raises
    """
    selector = state.get("ItemSelector", state.get("Parameters"))
    selected = (
        item
        if selector is None
        else templates.filled(selector, given, {**context, "Map": {"Item": {"Index": number, "Value": item}}})
        for number, item in enumerate(items)
    )
    batcher = state.get("ItemBatcher")
    if batcher is None:
        yield from ((1, item) for item in selected)
        return
    most = _size(batcher, "MaxItemsPerBatch", given, context)
    room = min(_size(batcher, "MaxInputBytesPerBatch", given, context) or _MOST_INPUT, _MOST_INPUT)
    around: dict[str, Any] = {}
    if "BatchInput" in batcher:
        around["BatchInput"] = templates.filled(batcher["BatchInput"], given, context)
    empty = len(json.dumps({**around, "Items": []}))
    batch, size = list[Any](), empty
    for item in selected:
        more = len(json.dumps(item)) + 2
        if batch and (size + more > room or len(batch) == most):
            yield len(batch), {**around, "Items": batch}
            batch, size = [], empty
        if empty + more > room:
            raise StateError("States.Runtime", "An item is larger than a batch may be.")
        batch.append(item)
        size += more
    if batch:
        yield len(batch), {**around, "Items": batch}


def _size(batcher: dict[str, Any], name: str, given: Any, context: Any) -> int | None:
    if f"{name}Path" in batcher:
        return int(paths.at(batcher[f"{name}Path"], given, context))
    return batcher.get(name)
