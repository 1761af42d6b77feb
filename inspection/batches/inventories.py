"""The images of an inventory of a bucket, a row after the other, once its files are what their checksums say.

Source: S3 user guide, "Amazon S3 Inventory list" and "Locating your inventory list": keys are URL-encoded;
manifest.checksum is the MD5 of manifest.json, whose `MD5checksum` is that of each file.
"""

import csv
import gzip
import hashlib
import io
import json
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from customlabels.aws.clients import explained
from customlabels.aws.s3 import archived, archived_in
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ManifestError
from customlabels.inspection.batches import candidates
from customlabels.inspection.batches.candidates import Left
from customlabels.inspection.records import Arrival

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_COLUMNS = ("Bucket", "Key", "Size", "ETag", "LastModifiedDate")
_OF_VERSIONS = ("IsLatest", "IsDeleteMarker")
_VERSION = "2016-11-30"
"""Of an inventory's manifest; there has been no other."""
_LARGEST_MANIFEST, _LARGEST_FILE = 64 << 20, 8 << 30
"""Bytes of an inventory's manifest, and of one of its files once it is unpacked."""


def images(s3: "S3Client", address: S3Address, left: Left) -> Iterator[Arrival]:
    """The newest of each key of an inventory.

    Raises
    ------
    ManifestError : it is not whole, or none that is read here
    ServiceError : S3 refuses to be read
    """
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
    if "StorageClass" not in names:
        left.told.append(
            f"{address} does not tell which images are archived, which fail: it has no column StorageClass"
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
                elif tier := archived(
                    {
                        "StorageClass": cells.get("StorageClass"),
                        "ArchiveStatus": cells.get("IntelligentTieringAccessTier"),
                    }
                ):
                    left.note(archived_in(tier), arrival.address)
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
        files = [(str(file["key"]), str(file["MD5checksum"])) for file in manifest["files"]]
        if len(dict(files)) < len(files):
            raise ManifestError(f"{address}: lists a file twice, whose images would be there twice")
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
    at, size = datetime.fromisoformat(row["LastModifiedDate"]), row["Size"]
    if not (size.isascii() and size.isdecimal()):
        raise ValueError(f"Size: {size!r} is no number of bytes")
    address = S3Address(row["Bucket"], unquote_plus(row["Key"]))
    return candidates.made(address, row["ETag"].strip('"'), int(size), at)
