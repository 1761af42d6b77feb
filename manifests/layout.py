"""Manifests as a layout of labelled images: what labelling jobs write and what Custom Labels takes.

Image-level labels, several an image, boxes, masks made into boxes, chains of jobs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from customlabels.core.addresses import is_address, parse_address
from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.datasets.files import Finder, read_bounded
from customlabels.datasets.layout import (
    ELSEWHERE,
    UNCONFIRMED,
    Annotated,
    Format,
    Layout,
    Options,
    below_images,
    subset_of,
)
from customlabels.datasets.model import Box, Dataset, Finding, Side
from customlabels.manifests.codes import FOLLOWING
from customlabels.manifests.entries import Entry, read_entry
from customlabels.manifests.faults import BOX, MISSING, pointer, wrong
from customlabels.manifests.files import manifest_lines, refuse_other_shape
from customlabels.manifests.ground_truth import Resolved, resolved
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, entry_line, write_manifest
from customlabels.manifests.repairing import is_mended
from customlabels.manifests.segmentation import MAX_BYTES, boxes_by_color

ENDINGS = {".manifest", ".jsonl"}
BUCKET = "bucket"
"""What stands for one in the source-refs of a manifest that is saved beside its images."""

_PEEK = 1 << 16
MENDS = "customlabels manifest validate FILE --fix NEW.manifest"
"""Mends what takes no guess; it is named where it would."""


def recognises(source: Path, _: Options) -> bool:
    return bool(_files(source)) or (source.is_file() and _names_images(source))


def read(source: Path, options: Options) -> Layout:
    """The images of a manifest, or of all in a folder: train.manifest and test.manifest are sides of a split.

    Images and masks are found below the folder of the manifest (or `options.images`) by the end of their key.

    Raises
    ------
    LayoutError : a file is no JSON lines, or no line has an attribute of `options.attributes`
    """
    files = _files(source) or [source]
    for file in files:
        refuse_other_shape(file)
    root = options.images or (source if source.is_dir() else source.parent)
    layout = Layout(root.resolve(), (), files={file.name for file in files})
    masks = Masks(source.resolve(), layout, options)
    layout.images = (image for file in files for image in _images(file, layout, options, masks))
    return layout


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        below = sorted(path for path in source.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
        return [path for path in below if path.suffix.lower() == ".manifest" or _names_images(path)]
    return [source] if source.suffix.lower() == ".manifest" else []


def _names_images(file: Path) -> bool:
    """Whether a file of another ending begins as a manifest does."""
    try:
        with file.open("rb") as opened:
            beginning = opened.read(_PEEK).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return False
    return beginning.startswith((b"{", b"[")) and b'"source-ref"' in beginning


def _images(file: Path, layout: Layout, options: Options, masks: "Masks") -> Iterator[Annotated]:
    subset, chosen = subset_of(file.stem), options.attributes
    used = False
    others: set[str] = set()
    jobs: set[tuple[str, ...]] = set()
    by_machine = 0
    for number, raw in enumerate(manifest_lines(file), 1):
        where = f"{file.name}, line {number}"
        line = raw.rstrip(b"\r\n")
        output = resolved(line, chosen)
        entry = read_entry(number, output.line, paths=True)
        if entry.source_ref is None:
            sentences = [cause.sentence for cause in output.causes] or [fault.sentence for fault in entry.faults]
            layout.findings += [Finding(where, sentence, fatal=True) for sentence in sentences]
            continue
        used = used or entry.labelled or bool(output.masks)
        others |= output.others
        image, together = _annotated(entry, output, line, where, masks)
        jobs.add(together)
        by_machine += b'"no"' in line and _has_machine_labels(entry.line)
        yield replace(image, subset=subset)
    if by_machine:
        message = f"{counted(by_machine, 'line')} with labels of no human (human-annotated: no): {UNCONFIRMED}"
        layout.findings.append(Finding(file.name, message, fatal=False, count=by_machine))
    if chosen and not used:
        known = f"; there are {', '.join(sorted(others))}" if others else ""
        raise LayoutError(f"{file}: no line has labels in {' or '.join(chosen)} (--attribute){known}")
    for names in sorted(names for names in jobs if len(names) > 1):
        message = f"labels of {' and '.join(names)} on one image are used together (--attribute NAME takes some)"
        layout.findings.append(Finding(file.name, message, fatal=False))


def _has_machine_labels(line: bytes) -> bool:
    """Whether some label of a line was given by a machine, as labelling jobs and prelabels say it."""
    return any(
        isinstance(content, dict) and content.get("human-annotated") == "no" for content in orjson.loads(line).values()
    )


def _annotated(
    entry: Entry, output: Resolved, line: bytes, where: str, masks: "Masks"
) -> tuple[Annotated, tuple[str, ...]]:
    """The image of an entry, and the jobs that gave it labels as a whole."""
    value = orjson.loads(entry.line)
    errors = [fault for fault in entry.faults if not fault.is_warning and fault.code not in FOLLOWING]
    # What an import would use without the faulty attribute is used so here; see Entry.usable.
    given = entry if output.line is line else read_entry(entry.number, line, paths=True)
    in_part = entry.usable and given.usable
    faults = [cause.sentence for cause in (*output.causes, *given.doubled)]
    left_out = [*output.left_out, *(f"halves of attributes, {cause.sentence}," for cause in entry.halves)]
    if in_part:
        left_out += [f"attributes with a fault, {fault.sentence}," for fault in errors]
    elif errors:
        mends = f"; {MENDS} mends it" if is_mended(entry.line) else ""
        faults += [f"{fault.sentence}{mends}" for fault in errors]
    lost = {fault.attribute for fault in errors if fault.scope != BOX}
    bad = {(fault.attribute, fault.box) for fault in errors if fault.scope == BOX}
    boxes: list[Box] | None = None
    sizes: set[tuple[int, int]] = set()
    jobs: dict[str, None] = {}
    for name, content in value.items():
        metadata: Any = value.get(f"{name}-metadata", MISSING)
        if entry.boxes and metadata is MISSING and isinstance(content, dict) and "annotations" in content:
            # As in Entry.usable: what lost boxes show would be trained on as background.
            faults.append(wrong(pointer(f"{name}-metadata"), MISSING, f"beside the boxes in {pointer(name)}").sentence)
        if name in lost or not isinstance(metadata, dict):
            continue
        if metadata.get("type") == IMAGE_LEVEL:
            jobs[str(metadata.get("job-name"))] = None
        elif metadata.get("type") == BOXES:
            good = [box for number, box in enumerate(content.get("annotations", ())) if (name, number) not in bad]
            boxes = [*(boxes or ()), *_boxes(good, metadata["class-map"])]
            (size,) = content["image_size"]
            sizes.add((size["width"], size["height"]))
    for mask in output.masks:
        try:
            spots, size, small = boxes_by_color(masks.read(mask.address), mask.colors, masks.min_area)
            boxes = [*(boxes or ()), *spots]
            left_out += [f"spots of fewer than {masks.min_area} pixels (--min-area)"] * small
            sizes.add(size)
        except ValueError as error:
            faults.append(f"{pointer(mask.attribute)}: {mask.address}: {error}")
    if len(sizes) > 1:
        stated = ", ".join(f"{width}×{height}" for width, height in sorted(sizes))
        faults.append(f"its attributes are for images of different sizes: {stated}")
    image = Annotated(
        str(entry.source_ref),
        where,
        entry.labels,
        None if boxes is None else tuple(boxes),
        size=next(iter(sizes), None),
        faults=tuple(Finding(f"{where}, {entry.source_ref}", fault, fatal=True) for fault in faults),
        left_out=tuple(left_out),
    )
    return image, tuple(sorted(jobs))


def _boxes(annotations: list[dict[str, int]], classes: dict[str, str]) -> Iterator[Box]:
    for box in annotations:
        yield Box(classes[str(box["class_id"])], box["left"], box["top"], box["width"], box["height"])


class Masks:
    """Masks that lines name, found below the root of the images, or else fetched from S3."""

    def __init__(self, source: Path, layout: Layout, options: Options) -> None:
        self.min_area = options.min_area
        self._fetch = options.fetch
        self._finder = Finder(layout.root)
        self._source = source
        self._files = layout.files

    def read(self, address: str) -> bytes:
        """
        Raises
        ------
        ValueError : there is none, or it is too large
        """
        try:
            path = self._finder.find(address)
        except ValueError:
            if self._fetch is None or not is_address(address):
                raise
            return self._fetch(parse_address(address))
        if path.is_relative_to(self._source):
            self._files.add(path.relative_to(self._source).as_posix())
        return read_bounded(path, MAX_BYTES)


def save(dataset: Dataset) -> None:
    """Writes train.manifest and test.manifest, or images.manifest where there are no sides."""
    class_ids = class_numbers(dataset)
    for side in (None, *Side):
        records = [record for record in dataset.records if record.side is side]
        if records:
            lines = (
                entry_line(
                    f"s3://{BUCKET}/{record.name}",
                    record.labels,
                    record.boxes,
                    (record.info.width, record.info.height, record.info.channels),
                    class_ids=class_ids,
                )
                for record in records
            )
            write_manifest(dataset.root / f"{side.value if side else 'images'}.manifest", lines)


def class_numbers(dataset: Dataset) -> dict[str, int]:
    """A number for each label of boxes, the same on every line of both manifests."""
    labels = sorted({box.label for record in dataset.records for box in record.boxes or ()})
    return {label: number for number, label in enumerate(labels)}


FORMAT = Format(
    "manifest",
    "Ground Truth manifests",
    recognises,
    read,
    below_images,
    save,
    tells=True,
    takes=ELSEWHERE | {"min_area", "attributes"},
)
