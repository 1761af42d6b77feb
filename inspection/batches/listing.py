"""The list of a batch's images: a file of lines, written as the source is read, and named by its content."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.clients import explained
from customlabels.core.errors import SettingsError
from customlabels.core.threads import in_threads
from customlabels.inspection import records
from customlabels.inspection.analysing import Versions
from customlabels.inspection.analyzers import ANALYZERS
from customlabels.inspection.attributes import values
from customlabels.inspection.batches.candidates import Left
from customlabels.inspection.batches.sources import outside
from customlabels.inspection.claims import Key, State, Table, is_alive
from customlabels.inspection.functions.listed import arrival, item
from customlabels.inspection.stored_items import got

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customlabels.core.addresses import S3Address
    from customlabels.inspection.records import Arrival

_MOST_FAULTS = 20

_MOST_KEYS, _THREADS = 100, 8
"""Source: DynamoDB API reference, BatchGetItem."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that is written.

    Parameters
    ----------
    digest : of its lines
    left_out : what of the source is no image, and how many of each
    examples : the first of each
    """

    path: Path
    images: int
    digest: str
    left_out: dict[str, int]
    examples: dict[str, str]


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
    SettingsError : there is none; or some lie elsewhere
    """
    digest, count, is_outside = hashlib.sha256(), 0, outside(folders)
    strangers: list[str] = []
    with path.open("wb") as file:
        for image in images:
            if is_outside(image):
                strangers.append(f"{image.address}: the function of the inspection may not read it")
                if len(strangers) == _MOST_FAULTS:
                    break
                continue
            # Only what every reader takes for one line: keys may hold what some take for its end.
            line = json.dumps(item(image), separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
            if count % 1000 == 0:
                advance(count)
    if strangers:
        raise SettingsError(
            strangers[0],
            details=strangers[1:],
            hint='add its folder to [inspection] batch_sources = ["s3://bucket/prefix/"], then customlabels inspection '
            "deploy",
        )
    if not count:
        others = [f"{number} left out, {what}: {left.first[what]}" for what, number in left.out.items()]
        raise SettingsError("the source has no image", details=others, hint="JPEG and PNG files are looked at")
    return Listed(path, count, digest.hexdigest(), dict(sorted(left.out.items())), dict(left.first))


def read(path: Path) -> "Iterator[Arrival]":
    """The images of a list."""
    with path.open("rb") as file:
        yield from (arrival(json.loads(line)) for line in file)


class Looks(NamedTuple):
    """Whose looks at images are counted: a version, by its name and its ARN, and analyzers.

    Parameters
    ----------
    judged : what verdicts rest on; whatever has one of them is not looked at again
    """

    version: str
    arn: str
    judged: str
    analyzers: tuple[str, ...] = ()


@dataclass(slots=True)
class Known:
    """How many images of a list need no call, and how many each analyzer has to be asked about."""

    images: int = 0
    asked: Counter[str] = field(default_factory=Counter)


def count_known(
    table: Table, looks: Looks, path: Path, now: int, advance: Callable[[int], None] = lambda count: None
) -> Known:
    """How many images of a list need no call, since the table holds what was seen in them.

    Images that are the same are asked for once, and shown to the model once.

    Parameters
    ----------
    now : seconds since 1970

    Raises
    ------
    ServiceError : the table cannot be read
    """
    images, known, looked = read(path), Known(asked=Counter(dict.fromkeys(looks.analyzers, 0))), 0
    with explained(f"reading {table.name}"):
        versions = Versions(table)
        models = {name: versions.of(ANALYZERS[name]) for name in looks.analyzers}
        # A key for the version, and where there are analyzers one for the sighting and for each of them.
        page_size = _MOST_KEYS // (2 + len(models) if models else 1)
        pages = iter(lambda: list(islice(images, page_size)), [])
        for page, done in in_threads(lambda page: (page, _done(table, looks, models, page, now)), pages, _THREADS):
            for image in page:
                key = records.by_etag(image.etag, image.size)
                known.images += records.analysis_key(key, looks.version) in done
                if records.sighting_key(key, image) not in done:
                    lacking = (name for name in models if records.analysis_key(key, models[name], name) not in done)
                    known.asked.update(lacking)
            looked += len(page)
            advance(looked)
    return known


def _done(table: Table, looks: Looks, models: Mapping[str, str], page: "list[Arrival]", now: int) -> set[Key]:
    """Keys of what the table holds of some images."""
    keys: set[Key] = set()
    for image in page:
        key = records.by_etag(image.etag, image.size)
        keys.add(records.analysis_key(key, looks.version))
        if models:
            keys.add(records.sighting_key(key, image))
            keys |= {records.analysis_key(key, model, name) for name, model in models.items()}
    return {
        Key(row["pk"], row["sk"])
        for row in map(values, got(table, [*keys]))
        if row["state"] == State.DONE and _agrees(row, looks) and is_alive(row, now)
    }


def _agrees(row: Mapping[str, Any], looks: Looks) -> bool:
    """Whether it is of the very version, and for a sighting rests on the same as the batch's verdicts."""
    if row["sk"].startswith("k#"):
        return bool(row.get("judged") == looks.judged)
    return bool(row["sk"] != records.analysis_key(row["pk"], looks.version).sk or row.get("arn") == looks.arn)
