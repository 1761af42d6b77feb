"""The images of a batch, one after the other: of a prefix in S3, a file of lines, or an inventory of a bucket.

Nothing of a source is held but a page of it. What is no image is left out, and counted.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws import s3_folders
from customlabels.aws.clients import explained
from customlabels.aws.s3 import archived, archived_in
from customlabels.core.addresses import S3Address, parse_address
from customlabels.core.errors import ManifestError, SettingsError
from customlabels.core.plurals import counted
from customlabels.core.threads import in_threads
from customlabels.inspection.batches import candidates, inventories
from customlabels.inspection.batches.candidates import Left
from customlabels.inspection.records import Arrival

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PREFIX = re.compile(r"s3://([0-9A-Za-z.\-_]{3,255})(?:/(.*))?", re.DOTALL)
_IMAGE = re.compile(r".*\.(jpe?g|png)", re.IGNORECASE | re.DOTALL)
_THREADS = 32
_MOST_FAULTS = 20
_LONGEST_LINE = 64 * 1024


def images(s3: "S3Client", source: str, left: Left) -> Iterator[Arrival]:
    """The images of a source.

    Raises
    ------
    SettingsError : it is none
    ManifestError : lines of a file that cannot be used, an inventory that is not whole
    ServiceError : S3 refuses to be read
    """
    if source.endswith("/manifest.json") and source.startswith("s3://"):
        arrivals = inventories.images(s3, parse_address(source), left)
    elif match := _PREFIX.fullmatch(source):
        arrivals = _of_folder(s3, match[1], match[2] or "", left)
    elif source.lower().endswith((".jsonl", ".manifest")):
        arrivals = _of_file(s3, Path(source), left)
    else:
        raise SettingsError(
            f"{source}: is no source of images",
            hint="give s3://bucket/prefix/, FILE.jsonl, or the s3://…/manifest.json of an inventory",
        )
    for arrival in arrivals:
        if _IMAGE.fullmatch(arrival.address.key):
            yield arrival
        else:
            left.note("no JPEG or PNG by its name", arrival.address)


def _of_folder(s3: "S3Client", bucket: str, key: str, left: Left) -> Iterator[Arrival]:
    tiered, first = 0, ""
    with explained(f"listing s3://{bucket}/{key}"):
        for stored in s3_folders.items(s3, bucket, key, left.told.append):
            address = S3Address(bucket, stored["Key"])
            if tier := archived(stored):
                left.note(archived_in(tier), address)
                continue
            if stored.get("StorageClass") == "INTELLIGENT_TIERING":
                tiered, first = tiered + 1, first or str(address)
            yield candidates.made(address, stored["ETag"].strip('"'), stored["Size"], stored["LastModified"])
    if tiered:
        left.told.append(
            f"{counted(tiered, 'image')} in INTELLIGENT_TIERING, first {first}: a listing does not tell whether "
            "they are archived, and those that are fail"
        )


def _of_file(s3: "S3Client", path: Path, left: Left) -> Iterator[Arrival]:
    """Lines with an address, as manifests have them; what a line does not tell of an object is asked for."""
    faults: list[str] = []

    def addressed() -> Iterator[Arrival | S3Address]:
        try:
            with path.open("rb") as file:
                for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE + 1), b""), 1):
                    if not line.strip():
                        continue
                    try:
                        yield _line(line)
                    except (ValueError, KeyError, TypeError, RecursionError) as error:
                        faults.append(f"{path}, line {number}: {_said(error)}")
                        if len(faults) == _MOST_FAULTS:
                            return
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error

    def look(address: Arrival | S3Address) -> Arrival | Left:
        """The image, or what it is instead."""
        other = Left()
        if isinstance(address, Arrival):
            return address
        try:
            stored = s3.head_object(Bucket=address.bucket, Key=address.key)
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                other.note("not in S3 (any more)", address)
                return other
            raise
        if tier := archived(stored):
            other.note(archived_in(tier), address)
            return other
        return candidates.made(address, stored["ETag"].strip('"'), stored["ContentLength"], stored["LastModified"])

    # In a file of its own that is gone with it: a set of a million addresses would have to be held.
    with explained(f"asking for the images of {path}"), closing(sqlite3.connect("")) as before:
        before.execute("CREATE TABLE seen (image BLOB PRIMARY KEY) WITHOUT ROWID")
        for looked in in_threads(look, addressed(), _THREADS):
            if isinstance(looked, Left):
                left.add(looked)
            elif before.execute("INSERT OR IGNORE INTO seen VALUES (?)", (_digest(looked),)).rowcount:
                yield looked
            else:
                left.note("named by a line before", looked.address)
    if faults:
        raise ManifestError(faults[0], details=faults[1:], hint='each line needs {"source-ref": "s3://bucket/key"}')


def _line(line: bytes) -> Arrival | S3Address:
    """The image that a line names; its address alone where the line does not tell the rest.

    Raises
    ------
    ValueError, KeyError, TypeError, RecursionError : it names none
    """
    if len(line) > _LONGEST_LINE:
        raise ValueError(f"is longer than {_LONGEST_LINE} bytes")
    about = json.loads(line)
    if not isinstance(about, dict):
        raise TypeError("is no object")
    if "source-ref" in about:
        address = parse_address(_text(about, "source-ref"))
    else:
        address = S3Address(_text(about, "bucket"), _text(about, "key"))
    if not {"etag", "size", "at"} <= about.keys():
        return address
    size = about["size"]
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError(f"size: {size!r} is no number of bytes")
    return candidates.made(address, _text(about, "etag").strip('"'), size, datetime.fromisoformat(_text(about, "at")))


def _text(about: Mapping[str, Any], name: str) -> str:
    value = about[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name}: {value!r} is no text")
    # What cannot be written cannot be asked for.
    value.encode()
    return value


def _digest(arrival: Arrival) -> bytes:
    about = f"{arrival.etag} {arrival.size} {arrival.sequencer} {arrival.address}"
    return hashlib.blake2b(about.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def outside(folders: tuple[S3Address, ...]) -> Callable[[Arrival], bool]:
    """Whether an image lies in none of these folders, which are all that the function may read."""
    return lambda arrival: (
        not any(
            arrival.address.bucket == folder.bucket and arrival.address.key.startswith(folder.key) for folder in folders
        )
    )
