"""Manifests as a layout of labelled images: image-level, several labels an image, boxes, chained jobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from customlabels.datasets.layout import Annotated, Format, Layout, Options, below_images, subset_of
from customlabels.datasets.model import Box, Dataset, Finding, Side
from customlabels.manifests.entries import Entry, read_entry
from customlabels.manifests.files import manifest_lines
from customlabels.manifests.lines import BOXES, entry_line, write_manifest
from customlabels.manifests.rewriting import as_custom_labels

ENDINGS = {".manifest", ".jsonl"}
BUCKET = "bucket"
"""What stands for one in the source-refs of a manifest that is saved beside its images."""


def recognises(source: Path, _: Options) -> bool:
    return bool(_files(source))


def read(source: Path, options: Options) -> Layout:
    """The images of a manifest, or of all in a folder: train.manifest and test.manifest are sides of a split.

    Images are found below the folder of the manifest (or `options.images`) by the end of their key.
    """
    files = _files(source) or [source]
    root = options.images or (source if source.is_dir() else source.parent)
    layout = Layout(root.resolve(), ())
    layout.images = (image for file in files for image in _images(file, layout.findings))
    return layout


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(path for path in source.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    return [source] if source.suffix.lower() in ENDINGS else []


def _images(file: Path, findings: list[Finding]) -> Iterator[Annotated]:
    subset = subset_of(file.stem)
    for number, line in enumerate(manifest_lines(file), 1):
        entry = read_entry(number, as_custom_labels(line.rstrip(b"\r\n")))
        where = f"{file.name}, line {number}"
        errors = [fault for fault in entry.faults if not fault.is_warning]
        if errors:
            findings += [Finding(where, fault.message, fatal=True) for fault in errors]
        elif entry.source_ref is not None:
            yield _annotated(entry, where, subset)


def _annotated(entry: Entry, where: str, subset: str | None) -> Annotated:
    """The image of an entry without errors."""
    value = orjson.loads(entry.line)
    boxes: list[Box] | None = None
    size: tuple[int, int] | None = None
    for name, content in value.items():
        metadata: Any = value.get(f"{name}-metadata")
        if isinstance(metadata, dict) and metadata.get("type") == BOXES:
            found = [
                Box(metadata["class-map"][str(one["class_id"])], one["left"], one["top"], one["width"], one["height"])
                for one in content["annotations"]
            ]
            boxes = [*(boxes or ()), *found]
            size = (content["image_size"][0]["width"], content["image_size"][0]["height"])
    return Annotated(
        str(entry.source_ref), where, entry.labels, None if boxes is None else tuple(boxes), False, size, subset
    )


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


FORMAT = Format("manifest", "Ground Truth manifests", recognises, read, below_images, save)
