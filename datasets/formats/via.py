"""VGG Image Annotator, versions 1 to 3, its JSON and its CSV: the rectangles around regions, and attributes of files.

The attribute that holds the label is the only one, the one that is called so, or `--column label=NAME`.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.formats.documents import Document, below, layout_of_files, looks_like
from customlabels.datasets.formats.label_names import label_name, label_of_all, others
from customlabels.datasets.formats.via_files import Image, Region, images_of, is_one
from customlabels.datasets.formats.via_shapes import box_of, box_of_numbers
from customlabels.datasets.layout import ELSEWHERE, Annotated, Format, Layout, Options, below_side
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord, Side

FILE = "via_region_data.json"
"""As VIA calls what it exports."""

_ATTRIBUTE = "label"
_WHAT = "file of the VGG Image Annotator"
_ENDINGS = (".json", ".csv")


def recognises(source: Path, _: Options) -> bool:
    return looks_like(source, _ENDINGS, is_one)


def read(source: Path, options: Options) -> Layout:
    """The images of a file, or of the files of a folder, one a side.

    Raises
    ------
    LayoutError : there is no such file, it is none of VIA's, or it is not plain which attribute holds the label
    """
    layout, files = layout_of_files(source, options, _ENDINGS, is_one, _WHAT)
    images = [(image, name, subset) for file, name, subset in files for image in images_of(file, name)]
    label = label_of_all(options)
    of_regions, of_files = None, None
    if label is None:
        of_regions, of_files = _label_attributes([image for image, *_ in images], options, str(source), layout.findings)
    layout.images = _annotated(images, of_regions, of_files, label)
    return layout


def _label_attributes(
    images: list[Image], options: Options, source: str, findings: list[Finding]
) -> tuple[str | None, str | None]:
    """The attribute of regions that holds their label, and that of files, which counts where no region has one."""
    of_regions = [name for image in images for region in image.regions for name in _filled(region.attributes)]
    of_files = [name for image in images for name in _filled(image.attributes)]
    has_regions = any(image.regions for image in images)
    chosen = options.columns.get("label")
    if has_regions and (chosen is None or chosen in of_regions or chosen not in of_files):
        region = label_name(of_regions, options, source, "attribute of regions")
        if region is None:
            raise LayoutError(
                f"{source}: its regions have no attributes, so that no label is known",
                hint="where all are of one kind, name it: --label-rule LABEL",
            )
        file = region if region in of_files else None
    else:
        region, file = None, label_name(of_files, options, source, "attribute of files")
    for what, names, taken in (("regions", of_regions, region), ("files", of_files, file)):
        unread = others(names, taken)
        if taken and (unread or taken != _ATTRIBUTE):
            findings.append(Finding("attributes", f"label of {what}: taken from {taken!r}", fatal=False))
        if unread:
            findings.append(Finding("attributes", f"of {what}, not read: {unread} (--column label=NAME)", fatal=False))
    return region, file


def _filled(attributes: Document) -> list[str]:
    return [name for name, value in attributes.items() if _labels(value)]


def _labels(value: object) -> list[str]:
    """The labels in a value: a text, or what of a table of checkboxes is true."""
    if isinstance(value, dict):
        return [str(name) for name, is_set in value.items() if is_set is True or str(is_set).lower() in ("true", "1")]
    text = "" if value is None or isinstance(value, bool | list) else str(value).strip()
    return [text] if text else []


def _annotated(
    images: list[tuple[Image, str, str | None]], of_regions: str | None, of_files: str | None, label: str | None
) -> Iterator[Annotated]:
    for image, file, subset in images:
        name = below(image.name.replace("\\", "/"), file)
        boxes: list[Box] = []
        faults, left_out = [], [*image.left_out]
        if image.fault:
            faults.append(Finding(image.where, f"{name}: {image.fault}", fatal=True))
        for number, region in enumerate(image.regions, 1):
            try:
                for box in _boxes(region, of_regions, label):
                    if isinstance(box, str):
                        left_out.append(box)
                    else:
                        boxes.append(box)
            except ValueError as error:
                faults.append(Finding(f"{image.where}, region {number}", f"{name}: {error}", fatal=True))
        labels = tuple(_labels(image.attributes.get(of_files))) if of_files else ()
        located = None if labels and not boxes else tuple(boxes)
        yield Annotated(
            name, image.where, labels, located, subset=subset, faults=tuple(faults), left_out=tuple(left_out)
        )


def _boxes(region: Region, attribute: str | None, label: str | None) -> list[Box | str]:
    """A box for each label of a region; what it is, in the plural, where a rectangle around it would say nothing."""
    shape = region.shape
    labels = [label] if label else _labels(region.attributes.get(attribute or ""))
    if label is None and attribute is None:
        return ["regions without a label"]
    boxes = [
        box_of_numbers(label, shape) if isinstance(shape, list) else box_of(label, shape) for label in labels or [""]
    ]
    if not labels and not isinstance(boxes[0], str):
        raise ValueError(f"its region has no {attribute!r}")
    return boxes if labels else boxes[:1]


def place(record: ImageRecord) -> str:
    return below_side(record)


def save(dataset: Dataset) -> None:
    """Writes via_region_data.json as version 2 exports it, one a side where there are sides."""
    for side in (None, *Side):
        records = [record for record in dataset.records if record.side is side]
        if records:
            folder = f"{side.value}/" if side else ""
            document = dict(_entry(record, record.name.removeprefix(folder)) for record in records)
            with written_aside(dataset.root / folder / FILE) as file:
                file.write(msgspec.json.encode(document))


def _entry(record: ImageRecord, name: str) -> tuple[str, Document]:
    size = record.info.size
    return f"{name}{size}", {
        "filename": name,
        "size": size,
        "regions": [
            {
                "shape_attributes": {
                    "name": "rect",
                    "x": box.left,
                    "y": box.top,
                    "width": box.width,
                    "height": box.height,
                },
                "region_attributes": {_ATTRIBUTE: box.label},
            }
            for box in record.boxes or ()
        ],
        "file_attributes": {_ATTRIBUTE: dict.fromkeys(record.labels, True)} if record.labels else {},
    }


FORMAT = Format(
    "via",
    "VGG Image Annotator, JSON and CSV",
    recognises,
    read,
    place,
    save,
    tells=True,
    takes=ELSEWHERE | {"label_rules"},
    roles=frozenset({"label"}),
)
