"""Labelled images that are in S3 already: a folder a label, looked at there, never downloaded.

Of each image the first bytes are read, for its size in pixels; its ETag stands for its content.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3_folders
from customlabels.aws.s3 import archived_in
from customlabels.aws.s3_reading import beginning
from customlabels.core.addresses import S3Address, bucket_and_key, join_key
from customlabels.core.errors import LayoutError, ServiceError, SettingsError
from customlabels.core.threads import in_threads
from customlabels.datasets.formats.mask_pairs import named_as_masks
from customlabels.datasets.headers import CutOff, parse
from customlabels.datasets.layout import IMAGE_ENDINGS, SUBSETS
from customlabels.datasets.model import Dataset, Finding, Hashes, ImageInfo, ImageRecord, Side
from customlabels.datasets.probe import doubts, service_fault
from customlabels.datasets.reading import told_of_validation, without_image
from customlabels.datasets.structure import labels_of, part_of
from customlabels.manifests.remote import Remote as Remote

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HEADS = (8_192, 262_144)
"""Bytes that are read of an image; more only where its header goes on behind the first."""

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object that was looked at: its name below the address, and its header, or why it cannot be used."""

    name: str
    etag: str
    size: int
    info: ImageInfo | str


@dataclass(frozen=True, slots=True)
class _Held:
    name: str
    etag: str
    size: int
    archived: str


def folder_address(text: str) -> S3Address:
    """Bucket and folder of s3://bucket/folder; the folder may be empty.

    Raises
    ------
    SettingsError
    """
    bucket, folder = bucket_and_key(text)
    if not text.startswith("s3://") or not bucket:
        raise SettingsError(f"{text!r} is not of the form s3://bucket/folder")
    return S3Address(bucket, folder.strip("/"))


def read_remote(
    s3: "S3Client",
    address: S3Address,
    *,
    label_from: str = "top",
    label_map: dict[str, str] | None = None,
    wanted: Callable[[str], bool] = lambda name: True,
    step: Callable[[], None] = lambda: None,
) -> Remote:
    """The labelled images below an address; what cannot be used is among the dataset's findings.

    Parameters
    ----------
    label_from : top, parent or path, as for folders
    wanted : whether an image of that name is meant
    step : called after each image that was looked at

    Raises
    ------
    LayoutError : there is none
    """
    return arrange(address, see(s3, address, wanted, step), label_from=label_from, label_map=label_map)


def see(
    s3: "S3Client", address: S3Address, wanted: Callable[[str], bool], step: Callable[[], None] = lambda: None
) -> Iterator[Sighting]:
    """The objects below an address that are named like images, in order of their keys, each looked at."""

    def seen(held: _Held) -> Sighting:
        return Sighting(held.name, held.etag, held.size, _look(s3, address, held))

    for sighting in in_threads(seen, (held for held in _listed(s3, address) if wanted(held.name)), _THREADS):
        step()
        yield sighting


def arrange(
    address: S3Address, seen: Iterable[Sighting], *, label_from: str = "top", label_map: dict[str, str] | None = None
) -> Remote:
    """The labelled images that were seen; they come in order of their keys.

    Raises
    ------
    LayoutError : there is none
    """
    held = list(seen)
    if not held:
        raise LayoutError(f"{address}: holds no JPEG or PNG image", hint="name a folder that holds a folder a label")
    masks = named_as_masks([image.name for image in held])
    held = [image for image in held if image.name not in masks]
    tops = {sighting.name.split("/")[0].lower() for sighting in held if "/" in sighting.name}
    subsets = {SUBSETS.get(top) for top in tops}
    divided = None not in subsets and subsets >= {"train", "test"}
    records: list[ImageRecord] = []
    findings = [Finding(mask, "a mask of an image, left out", fatal=False) for mask in sorted(masks)]
    findings += told_of_validation(subsets) if divided else []
    unmapped = set(label_map or ())
    for sighting in held:
        info = sighting.info
        parts = sighting.name.split("/")[:-1]
        side = None
        if divided and parts:
            part = SUBSETS[parts[0].lower()]
            side = Side.TEST if part == "test" else Side.TRAIN
            while parts and part_of(parts[0]) == part:
                # Archives unpack into a folder of their own name.
                parts = parts[1:]
        label = labels_of(parts, label_from)
        unmapped.discard(label)
        renamed = (label_map or {}).get(label, label)
        if label and not renamed:
            findings.append(Finding(sighting.name, f"label {label!r} is left out", fatal=False))
            continue
        label = renamed
        if isinstance(info, str):
            findings.append(Finding(sighting.name, info, fatal=True))
        elif not label:
            findings.append(Finding(sighting.name, "lies in no folder that is a label", fatal=True))
        else:
            findings += [Finding(sighting.name, doubt, fatal=False) for doubt in doubts(info)]
            records.append(ImageRecord(sighting.name, Path(sighting.name), (label,), info, side))
    findings += without_image(unmapped)
    name = address.key.rpartition("/")[2] or address.bucket
    hashes = {sighting.name: Hashes(f"etag-{sighting.etag}-{sighting.size}", sighting.etag) for sighting in held}
    return Remote(address, Dataset(Path(name), tuple(records), tuple(findings)), hashes)


def _listed(s3: "S3Client", address: S3Address) -> Iterator[_Held]:
    stem = f"{address.key}/" if address.key else ""
    for stored in s3_folders.listed(s3, address.bucket, address.key):
        name = stored.address.key.removeprefix(stem)
        if stored.address.key.startswith(stem) and Path(name).suffix.lower() in IMAGE_ENDINGS:
            yield _Held(name, stored.etag, stored.size, stored.archived)


def _look(s3: "S3Client", address: S3Address, held: _Held) -> ImageInfo | str:
    """The image's header, or why it cannot be used."""
    if held.archived:
        return archived_in(held.archived)
    image = S3Address(address.bucket, join_key(address.key, held.name))
    for head in _HEADS:
        try:
            body = beginning(s3, image, head).body if held.size else b""
        except ServiceError as error:
            if error.code != "InvalidObjectState":
                raise
            return archived_in("a tier of INTELLIGENT_TIERING")
        try:
            info = parse(body, held.size)
        except CutOff:
            continue
        except ValueError as error:
            return str(error)
        return service_fault(info) or info
    return "its header is longer than 256 KB"
