"""The images of a batch, one after the other: of a prefix in S3, a file of lines, or an inventory of a bucket.

Nothing of a source is held but a page of it. What is no image is left out, and counted. Source: S3 user guide,
"Amazon S3 Inventory list" and "Locating your inventory list": keys are URL-encoded; manifest.checksum is the MD5 of
manifest.json, whose `MD5checksum` is that of each file.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address, parse_address
from customlabels.core.errors import ManifestError, SettingsError
from customlabels.core.threads import in_threads
from customlabels.inspection.records import Arrival

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PREFIX = re.compile(r"s3://([0-9A-Za-z.\-_]{3,255})(?:/(.*))?", re.DOTALL)
_IMAGE = re.compile(r".*\.(jpe?g|png)", re.IGNORECASE | re.DOTALL)
_COLUMNS = ("Bucket", "Key", "Size", "ETag", "LastModifiedDate")
_OF_VERSIONS = ("IsLatest", "IsDeleteMarker")
_VERSION = "2016-11-30"
"""Of an inventory's manifest; there has been no other."""
_THREADS = 32
_MOST_FAULTS = 20
_LONGEST_LINE = 64 * 1024
_LARGEST_MANIFEST, _LARGEST_FILE = 64 << 20, 8 << 30
"""Bytes of an inventory's manifest, and of one of its files once it is unpacked."""


@dataclass(slots=True)
class Left:
    """What of a source is no image to be looked at, by what it is instead: how many, and the first."""

    out: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def note(self, what: str, address: S3Address) -> None:
        self.out[what] += 1
        self.first.setdefault(what, str(address))


def images(s3: "S3Client", source: str, left: Left) -> Iterator[Arrival]:
    """The images of a source.

    Raises
    ------
    SettingsError : it is none
    ManifestError : lines of a file that cannot be used, an inventory that is not whole
    ServiceError : S3 refuses to be read
    """
    if source.endswith("/manifest.json") and source.startswith("s3://"):
        arrivals = _of_inventory(s3, parse_address(source), left)
    elif match := _PREFIX.fullmatch(source):
        arrivals = _of_prefix(s3, match[1], match[2] or "")
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


def _of_prefix(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Arrival]:
    with explained(f"listing s3://{bucket}/{prefix}"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for stored in page.get("Contents", []):
                etag, at = stored["ETag"].strip('"'), stored["LastModified"]
                yield _arrival(S3Address(bucket, stored["Key"]), etag, stored["Size"], at)


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

    def look(address: Arrival | S3Address) -> Arrival | S3Address:
        if isinstance(address, Arrival):
            return address
        try:
            stored = s3.head_object(Bucket=address.bucket, Key=address.key)
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return address
            raise
        return _arrival(address, stored["ETag"].strip('"'), stored["ContentLength"], stored["LastModified"])

    # In a file of its own that is gone with it: a set of a million addresses would have to be held.
    with explained(f"asking for the images of {path}"), closing(sqlite3.connect("")) as before:
        before.execute("CREATE TABLE seen (image BLOB PRIMARY KEY) WITHOUT ROWID")
        for looked in in_threads(look, addressed(), _THREADS):
            if isinstance(looked, S3Address):
                left.note("not in S3 (any more)", looked)
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
    return _arrival(address, _text(about, "etag").strip('"'), size, datetime.fromisoformat(_text(about, "at")))


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


def _of_inventory(s3: "S3Client", address: S3Address, left: Left) -> Iterator[Arrival]:
    manifest = _manifest(s3, address)
    names = [name.strip() for name in manifest["fileSchema"].split(",")]
    # Rows of older versions look like those of images, but for what tells them apart.
    needed = (*_COLUMNS, *(_OF_VERSIONS if "VersionId" in names else ()))
    lacking = [name for name in needed if name not in names]
    if lacking:
        raise ManifestError(
            f"{address}: the inventory has no column {', '.join(lacking)}",
            hint="have S3 Inventory write Size, ETag and Last modified date",
        )
    bucket = str(manifest["destinationBucket"]).rpartition(":")[2]
    for file in manifest["files"]:
        with _unpacked(s3, S3Address(bucket, file["key"]), str(file["MD5checksum"])) as rows:
            for number, row in enumerate(_rows(rows, f"s3://{bucket}/{file['key']}"), 1):
                try:
                    cells = dict(zip(names, row, strict=True))
                    arrival = _listed(cells)
                except ValueError as error:
                    raise ManifestError(f"s3://{bucket}/{file['key']}, row {number}: {error}") from error
                if arrival is None:
                    address = S3Address(cells["Bucket"], unquote_plus(cells["Key"]))
                    left.note("older versions and delete markers", address)
                else:
                    yield arrival


def _rows(file: "gzip.GzipFile", name: str) -> Iterator[list[str]]:
    """The rows of a CSV.

    Raises
    ------
    ManifestError : it is none
    """
    try:
        yield from csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{name}: is no CSV in gzip ({error})", hint="have S3 Inventory write CSV") from error


def _manifest(s3: "S3Client", address: S3Address) -> dict[str, Any]:
    """An inventory's manifest, once it is what its checksum says.

    Raises
    ------
    ManifestError
    """
    with explained(f"reading {address}"):
        body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].read(_LARGEST_MANIFEST + 1)
        beside = f"{address.key.rpartition('/')[0]}/manifest.checksum"
        checksum = (
            s3.get_object(Bucket=address.bucket, Key=beside)["Body"].read(1024).decode("ascii", "replace").strip()
        )
    if hashlib.md5(body, usedforsecurity=False).hexdigest() != checksum.lower():
        raise ManifestError(
            f"{address}: is not what s3://{address.bucket}/{beside} says", hint="wait until it is whole"
        )
    try:
        manifest: dict[str, Any] = json.loads(body)
        if manifest.get("version", _VERSION) != _VERSION:
            raise ManifestError(
                f"{address}: is a manifest of version {manifest['version']}; {_VERSION} is read",
                hint="is it the manifest of an S3 Inventory?",
            )
        if manifest["fileFormat"] != "CSV":
            raise ManifestError(
                f"{address}: is an inventory in {manifest['fileFormat']}", hint="have S3 Inventory write CSV"
            )
        [(str(file["key"]), str(file["MD5checksum"])) for file in manifest["files"]]
        str(manifest["fileSchema"]), str(manifest["destinationBucket"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{address}: is no manifest of an inventory ({error!r})") from error
    return manifest


def _unpacked(s3: "S3Client", address: S3Address, checksum: str) -> "gzip.GzipFile":
    """A file of an inventory, once it is what its checksum says.

    Raises
    ------
    ManifestError
    """
    file, digest = tempfile.TemporaryFile(), hashlib.md5(usedforsecurity=False)  # noqa: SIM115 - is handed on
    with explained(f"reading {address}"):
        for chunk in s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].iter_chunks(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != checksum.lower():
        raise ManifestError(f"{address}: is not what the inventory's manifest says", hint="wait until it is whole")
    file.seek(0)
    return _Limited(file, str(address))


class _Limited(gzip.GzipFile):
    """Unpacks so much and no more."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(fileobj=file)
        self._name, self._room = name, _LARGEST_FILE

    def read(self, size: int | None = -1) -> bytes:
        return self._counted(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._counted(super().read1(size))

    def _counted(self, data: bytes) -> bytes:
        self._room -= len(data)
        if self._room < 0:
            raise ManifestError(f"{self._name}: unpacks to more than {_LARGEST_FILE >> 30} GB")
        return data


def _listed(row: Mapping[str, str]) -> Arrival | None:
    """The object of a row; None where that is not the newest, or is none.

    Raises
    ------
    ValueError : a cell cannot be read
    """
    if row.get("IsLatest", "true").lower() == "false" or row.get("IsDeleteMarker", "false").lower() == "true":
        return None
    at = datetime.fromisoformat(row["LastModifiedDate"])
    address = S3Address(row["Bucket"], unquote_plus(row["Key"]))
    return _arrival(address, row["ETag"].strip('"'), int(row["Size"]), at)


def _arrival(address: S3Address, etag: str, size: int, at: datetime) -> Arrival:
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return Arrival(address, etag, size, at.isoformat(timespec="milliseconds"), at)


def outside(folders: tuple[S3Address, ...]) -> Callable[[Arrival], bool]:
    """Whether an image lies in none of these folders, which are all that the function may read."""
    return lambda arrival: (
        not any(
            arrival.address.bucket == folder.bucket and arrival.address.key.startswith(folder.key) for folder in folders
        )
    )
