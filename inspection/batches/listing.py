"""The list of a batch's images: a file of lines, written as the source is read, and named by its content."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import SettingsError
from customlabels.core.threads import in_threads
from customlabels.inspection import records
from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.batches.sources import Left, outside
from customlabels.inspection.claims import State, Table, is_alive
from customlabels.inspection.functions.listed import arrival, item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customlabels.core.addresses import S3Address
    from customlabels.inspection.records import Arrival

_MOST_KEYS, _THREADS = 100, 8
"""Source: DynamoDB API reference, BatchGetItem."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that is written.

    Parameters
    ----------
    digest : of its lines
    left_out : what of the source is no image, and how many of each
    """

    path: Path
    images: int
    digest: str
    left_out: dict[str, int]


def write(
    images: "Iterable[Arrival]",
    path: Path,
    left: Left,
    folders: "tuple[S3Address, ...]",
    advance: Callable[[int], None] = lambda count: None,
) -> Listed:
    """Writes the list of images to a file.

    Parameters
    ----------
    folders : in which images may lie

    Raises
    ------
    SettingsError : there is none; or one lies elsewhere
    """
    digest, count, is_outside = hashlib.sha256(), 0, outside(folders)
    with path.open("wb") as file:
        for image in images:
            if is_outside(image):
                raise SettingsError(
                    f"{image.address}: the function of the inspection may not read it",
                    hint='add its folder to [inspection] batch_sources = ["s3://bucket/prefix/"], then customlabels '
                    "inspection deploy",
                )
            line = json.dumps(item(image), separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
            if count % 1000 == 0:
                advance(count)
    if not count:
        raise SettingsError("the source has no image", hint="JPEG and PNG files are looked at")
    return Listed(path, count, digest.hexdigest(), dict(sorted(left.out.items())))


def read(path: Path) -> "Iterator[Arrival]":
    """The images of a list."""
    with path.open("rb") as file:
        yield from (arrival(json.loads(line)) for line in file)


def count_known(
    table: Table, version: str, arn: str, path: Path, now: int, advance: Callable[[int], None] = lambda count: None
) -> int:
    """How many images of a list need no call, since the table holds what the version saw in them.

    Images that are the same are asked for once, and shown to the model once.

    Parameters
    ----------
    now : seconds since 1970

    Raises
    ------
    ServiceError : the table cannot be read
    """
    images, known, looked = read(path), 0, 0
    with explained(f"reading {table.name}"):
        pages = iter(lambda: [records.by_etag(image.etag, image.size) for image in islice(images, _MOST_KEYS)], [])
        for page, alive in in_threads(lambda keys: (keys, _alive(table, version, arn, keys, now)), pages, _THREADS):
            known += sum(key in alive for key in page)
            looked += len(page)
            advance(looked)
    return known


def _alive(table: Table, version: str, arn: str, keys: list[str], now: int) -> set[str]:
    """Those of the keys that have a result."""
    wanted: list[Any] = [
        attributes({"pk": key.pk, "sk": key.sk}) for key in {records.analysis_key(key, version) for key in keys}
    ]
    alive: set[str] = set()
    while wanted:
        answer = table.dynamodb.batch_get_item(RequestItems={table.name: {"Keys": wanted}})
        for found in map(values, answer["Responses"][table.name]):
            if found["state"] == State.DONE and found.get("arn") == arn and is_alive(found, now):
                alive.add(found["pk"])
        rest: Any = answer.get("UnprocessedKeys", {})
        wanted = list(rest[table.name]["Keys"]) if table.name in rest else []
    return alive
