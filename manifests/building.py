"""Manifests for images that lie in S3 already and are not looked at: taken as their annotation file tells."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from customlabels.core.errors import LayoutError
from customlabels.datasets.accounting import Tallies, Tally, gathered, left_out, tally
from customlabels.datasets.files import ending_of, is_image
from customlabels.datasets.formats import csv_table
from customlabels.datasets.layout import CONVERTIBLE_ENDINGS, Annotated, Format, Layout, Options
from customlabels.datasets.model import Dataset, Finding, ImageInfo, ImageRecord
from customlabels.datasets.reading import (
    LabelMap,
    alike,
    boxes_in_pixels,
    label_faults,
    labelled,
    labels_of,
    repeated,
    seen_whole,
    sides_of,
    told_of_validation,
    unlabelled,
    without_image,
)
from customlabels.manifests.lines import entry_line, write_manifest

_CHANNELS = 3
"""What a line has to state and nobody reads."""

_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_NOTHING: list[str] = []
_USUAL = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
_ENDLESS = "has no ending of an image: taken as the key of one all the same"


@dataclass(frozen=True, slots=True)
class Remote:
    """Images in S3.

    Parameters
    ----------
    prefix : s3://bucket/folder/, put before each name that is no such address itself; may be empty then
    """

    prefix: str
    label_map: LabelMap | None = None
    allow_unlabelled: bool = False
    skip_faulty: bool = False
    job: str = "customlabels"

    def source_ref(self, name: str) -> str:
        return name if name.startswith("s3://") else f"{self.prefix}{name}"


def build(source: Path, format: Format, options: Options, remote: Remote, target: Path) -> tuple[int, list[Finding]]:
    """Writes one manifest of all images, in the order of their file; the number of lines, and what was found.

    Of a CSV file rows are written as they come, so that memory grows by the images' names alone. Only where rows of
    one image do not follow each other is the file read again, and held.

    Raises
    ------
    LayoutError : the source has faults; nothing is written
    """
    if format is csv_table.FORMAT:
        layout = csv_table.stream(source, options)
        layout.images = csv_table.joined_neighbours(layout.images)
        try:
            return write_manifest(target, _lines(layout, remote, joined=True)), gathered(layout.findings)
        except csv_table.Scattered:
            pass
    layout = format.read(source, options)
    return write_manifest(target, _lines(layout, remote)), gathered(layout.findings)


def remote_dataset(source: Path, format: Format, options: Options, remote: Remote) -> Dataset:
    """The dataset of all images, with no more known of them than their file tells.

    Raises
    ------
    LayoutError : the source has faults, or names no image
    """
    layout = format.read(source, options)
    images = list(_checked(layout, remote))
    _refuse(layout, remote)
    subsets = {image.subset for image in images}
    sides = sides_of(subsets)
    records = []
    for image in images:
        info = ImageInfo(*(image.size or (0, 0)), "", 0, _CHANNELS)
        side = sides[image.subset]
        records.append(ImageRecord(image.name, layout.root, image.labels, info, side, image.boxes, image.group))
    if not records:
        raise LayoutError(f"{source}: names no image")
    records.sort(key=lambda record: record.name)
    return Dataset(layout.root, tuple(records), (*gathered(layout.findings), *told_of_validation(subsets)))


def _lines(layout: Layout, remote: Remote, *, joined: bool = False) -> Iterator[bytes]:
    class_ids = defaultdict[str, int](count().__next__)
    job = remote.job
    for image in _checked(layout, remote, joined=joined):
        source_ref = remote.source_ref(image.name)
        if image.boxes is None or (not image.boxes and image.size is None):
            # Where nothing is on an image, and its size is not known, there is no line of boxes to be written.
            yield entry_line(source_ref, image.labels, job=job)
            continue
        width, height = image.size or (0, 0)
        yield entry_line(
            source_ref, image.labels, image.boxes, (width, height, _CHANNELS), class_ids=class_ids, job=job
        )
    _refuse(layout, remote)


def _refuse(layout: Layout, remote: Remote) -> None:
    faults = [f"{finding.name}: {finding.message}" for finding in layout.findings if finding.fatal]
    if faults and not remote.skip_faulty:
        raise LayoutError(
            f"{len(faults)} faults: {faults[0]}", details=faults[1:], hint="mend them, or go on with --skip-faulty"
        )


def _checked(layout: Layout, remote: Remote, *, joined: bool = False) -> Iterator[Annotated]:
    """The images without faults, their boxes in pixels.

    Parameters
    ----------
    joined : whether no name comes twice, as long as all are spelt alike; names are not held then

    Raises
    ------
    Scattered : names of a joined layout are not spelt alike
    """
    findings, label_map = layout.findings, remote.label_map
    needs_prefix = not remote.prefix
    tallies: Tallies = {}
    endless = Tally()
    kinds: set[tuple[str, ...]] = set()
    bare: set[str] = set()
    located: set[str] = set()
    names: set[str] = set()
    unmapped = set(label_map or ())
    for given in layout.images:
        if unmapped:
            unmapped -= labels_of(given)
        image, of_name = given, _NOTHING
        of_boxes = {box.label for box in given.boxes} if given.boxes else bare
        if label_map or not of_boxes <= bare or not _are_bare(given.labels):
            image = labelled(given, label_map)
            of_boxes = {box.label for box in image.boxes or ()}
            if not label_map:
                bare |= of_boxes
        if not _is_plain(image.name):
            image, of_name = _below_prefix(image)
            if not is_image(image.name):
                endless.add(f"{image.where}, {image.name}")
        if joined and image.name != given.name:
            raise csv_table.Scattered
        if not joined:
            if image.name in names:
                of_name = [*of_name, "is named before: of several lines of an image an import keeps one"]
            names.add(image.name)
        if image.boxes is None:
            faults = _image_level_faults(image.labels)
        else:
            image, faults = _located(image)
        if of_name:
            faults = [*of_name, *faults]
        if needs_prefix and not image.name.startswith("s3://"):
            faults = [*faults, "is no s3:// address; say where it lies with --s3-images s3://bucket/folder/"]
        if image.left_out:
            tally(tallies, image)
        if faults or image.faults:
            where = f"{image.where}, {image.name}"
            findings += [*image.faults, *(Finding(where, fault, fatal=True) for fault in faults)]
        elif image.labels or image.boxes or remote.allow_unlabelled:
            kinds.add(image.labels)
            if image.boxes:
                located |= of_boxes
                if len(image.boxes) > 1:
                    where = f"{image.where}, {image.name}"
                    findings += [Finding(where, message, fatal=False) for message in repeated(image.boxes)]
            yield seen_whole(image)
        else:
            findings.append(unlabelled(given, image, f"{image.where}, {image.name}"))
    findings += [
        *left_out(tallies),
        *without_image(unmapped),
        *alike({*located, *(label for labels in kinds for label in labels)}),
    ]
    if endless.count:
        findings.append(Finding(endless.where, _ENDLESS, fatal=False, count=endless.count))


@lru_cache(maxsize=4096)
def _are_bare(labels: tuple[str, ...]) -> bool:
    return all(label == label.strip() for label in labels)


def _is_plain(name: str) -> bool:
    """Whether a name is, without a look at its parts, that of a JPEG or PNG file below a folder."""
    odd = name.startswith("/") or "\\" in name or "./" in name or "//" in name or ":/" in name
    return not odd and name.endswith(_USUAL)


def _below_prefix(image: Annotated) -> tuple[Annotated, list[str]]:
    """An image with the key that it has in S3, and why its name is none."""
    name = image.name
    if name.startswith("s3://"):
        return image, []
    if "://" in name:
        return image, ["is an address, and not one of S3"]
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or _DRIVE.match(name) or ".." in parts:
        return image, ["is a path of the machine on which the file was written, not one below --s3-images"]
    image = replace(image, name="/".join(part for part in parts if part not in ("", ".")))
    if ending_of(name) in CONVERTIBLE_ENDINGS:
        return image, [
            f"a {ending_of(name)[1:].upper()} file; the service takes JPEG and PNG (customlabels dataset convert)"
        ]
    return image, []


@lru_cache(maxsize=4096)
def _image_level_faults(labels: tuple[str, ...]) -> list[str]:
    return label_faults(Annotated("", "", labels))


def _located(image: Annotated) -> tuple[Annotated, list[str]]:
    """The image with its boxes in pixels, and what is wrong with it."""
    faults = label_faults(image)
    if not image.boxes:
        return image, faults
    if image.size is None:
        return image, [*faults, "boxes need the image's width and height, which its file does not tell"]
    boxes, more = boxes_in_pixels(image.boxes or (), *image.size, image.relative)
    return replace(image, boxes=boxes, relative=False), faults + more
