"""Files of annotation tools for tests: images of 96 by 96 pixels, each marked as a list of kinds tells.

`valid` is a box at 10, 20 to 30, 50 labelled crack, `faulty` what cannot be used, `foreign` what is left out.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, ImageRecord
from customlabels.datasets.reading import Policy
from customlabels.manifests.formats import AUTO, load_dataset
from support.drawing import drawn

SIDE = 96
Marks = dict[str, list[str]]
BOX = (10, 20, 20, 30)
"""Left, top, width, height."""


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(0, sum(path.stem.encode()), SIDE).save(path)


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def _images(folder: Path, marks: Marks) -> None:
    for name in marks:
        image(folder / f"{name}.png")


def _lines(folder: Path, file: str, marks: Marks, line: Callable[[str, list[str]], Any]) -> Path:
    _images(folder, marks)
    text(folder / file, "".join(f"{json.dumps(line(f'{name}.png', kinds))}\n" for name, kinds in marks.items()))
    return folder


def write_csv(folder: Path, marks: Marks) -> Path:
    _images(folder, marks)
    cells = {"valid": "10,20,30,50,crack", "faulty": "10,,30,50,crack"}
    rows = [f"{name}.png,{cells[kind]}\n" for name, kinds in marks.items() for kind in kinds]
    rows += [f"{name}.png,,,,,\n" for name, kinds in marks.items() if not kinds]
    text(folder / "labels.csv", "image,xmin,ymin,xmax,ymax,label\n" + "".join(rows))
    return folder


def write_via(folder: Path, marks: Marks) -> Path:
    rect = {"name": "rect", **dict(zip(("x", "y", "width", "height"), BOX, strict=True))}
    shapes = {"valid": rect, "faulty": rect | {"x": None}, "foreign": {"name": "polyline", "all_points_x": [1]}}
    _images(folder, marks)
    entries = {
        f"{name}.png100": {
            "filename": f"{name}.png",
            "size": 100,
            "regions": [{"shape_attributes": shapes[kind], "region_attributes": {"class": "crack"}} for kind in kinds],
            "file_attributes": {},
        }
        for name, kinds in marks.items()
    }
    text(folder / "via_region_data.json", json.dumps(entries))
    return folder


def write_createml(folder: Path, marks: Marks) -> Path:
    coordinates = {"x": 20, "y": 35, "width": 20, "height": 30}
    annotations = {
        "valid": {"label": "crack", "coordinates": coordinates},
        "faulty": {"label": "crack", "coordinates": coordinates | {"x": "left"}},
    }
    _images(folder, marks)
    entries = [{"image": f"{name}.png", "annotations": [annotations[kind] for kind in marks[name]]} for name in marks]
    text(folder / "_annotations.createml.json", json.dumps(entries))
    return folder


def write_vertex(folder: Path, marks: Marks) -> Path:
    corners = dict(zip(("xMin", "yMin", "xMax", "yMax"), (10 / 96, 20 / 96, 30 / 96, 50 / 96), strict=True))
    valid = {"displayName": "crack", **corners}

    def line(name: str, kinds: list[str]) -> Any:
        boxes = [valid if kind == "valid" else valid | {"xMax": "right"} for kind in kinds if kind != "foreign"]
        foreign = [{"displayName": "crack"}] * kinds.count("foreign")
        return {"imageGcsUri": f"gs://b/{name}", "boundingBoxAnnotations": boxes, "polygonAnnotations": foreign}

    return _lines(folder, "import.jsonl", marks, line)


def write_labelbox(folder: Path, marks: Marks) -> Path:
    box = dict(zip(("left", "top", "width", "height"), BOX, strict=True))
    objects = {
        "valid": {"name": "crack", "bounding_box": box},
        "faulty": {"name": "crack", "bounding_box": box | {"top": None}},
        "foreign": {"name": "crack", "line": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]},
    }

    def line(name: str, kinds: list[str]) -> Any:
        annotations = {"objects": [objects[kind] for kind in kinds], "classifications": []}
        return {"data_row": {"external_id": name}, "projects": {"p": {"labels": [{"annotations": annotations}]}}}

    return _lines(folder, "export.ndjson", marks, line)


def write_custom_vision(folder: Path, marks: Marks) -> Path:
    region = dict(zip(("left", "top", "width", "height"), (number / SIDE for number in BOX), strict=True))
    regions = {"valid": {"tagName": "crack", **region}, "faulty": {"tagName": "crack", **region, "width": "wide"}}
    _images(folder, marks)
    entries = [
        {
            "id": name,
            "originalImageUri": f"https://x/{name}?sv=1",
            "tags": [{"tagName": "crack"}] if "valid" in kinds else [],
            "regions": [regions[kind] for kind in kinds],
        }
        for name, kinds in marks.items()
    ]
    text(folder / "images.json", json.dumps(entries))
    return folder


def write_hugging_face(folder: Path, marks: Marks) -> Path:
    boxes = {"valid": [*BOX], "faulty": [10, 20, 20]}

    def line(name: str, kinds: list[str]) -> Any:
        objects = {"bbox": [boxes[kind] for kind in kinds], "categories": ["crack"] * len(kinds)}
        return {"file_name": name, "objects": objects}

    return _lines(folder, "metadata.jsonl", marks, line)


def write_supervisely(folder: Path, marks: Marks) -> Path:
    rectangle = {"classTitle": "crack", "geometryType": "rectangle"}
    objects = {
        "valid": rectangle | {"points": {"exterior": [[10, 20], [29, 49]], "interior": []}},
        "faulty": rectangle | {"points": {"exterior": [], "interior": []}},
        "foreign": rectangle | {"geometryType": "line", "points": {"exterior": [[1, 2], [3, 4]], "interior": []}},
    }
    for name, kinds in marks.items():
        image(folder / f"ds1/img/{name}.png")
        document = {"tags": [], "size": {"width": SIDE, "height": SIDE}, "objects": [objects[kind] for kind in kinds]}
        text(folder / f"ds1/ann/{name}.png.json", json.dumps(document))
    text(folder / "meta.json", json.dumps({"classes": [{"title": "crack", "shape": "rectangle"}], "tags": []}))
    return folder


def write_kitti(folder: Path, marks: Marks) -> Path:
    rows = {
        "valid": "crack 0 0 0 10 20 30 50 0 0 0 0 0 0 0",
        "faulty": "crack 0 0 0 10 20 30 50",
        "foreign": "DontCare -1 -1 -10 50 50 60 60 -1 -1 -1 -1000 -1000 -1000 -10",
    }
    for name, kinds in marks.items():
        image(folder / f"training/image_2/{name}.png")
        text(folder / f"training/label_2/{name}.txt", "".join(f"{rows[kind]}\n" for kind in kinds))
    return folder


def marks_of(source: Path, **options: Any) -> dict[str, list[tuple[object, ...]]]:
    """Labels, then boxes in whole pixels, of each usable image of a source, as auto reads it."""
    return {record.name: _marks(record) for record in dataset_of(source, **options).records}


def dataset_of(source: Path, **options: Any) -> Dataset:
    return load_dataset(source, AUTO, Options(**options), Policy())


def said(source: Path, **options: Any) -> str:
    """All findings on a source, a line each."""
    try:
        findings = dataset_of(source, **options).findings
    except LayoutError as error:
        return "\n".join((error.message, *error.details))
    return "\n".join(f"{finding.name}: {finding.message}" for finding in findings)


def _marks(record: ImageRecord) -> list[tuple[object, ...]]:
    boxes = [(box.label, *(round(number, 3) for number in box.corners)) for box in record.boxes or ()]
    return [*((label,) for label in record.labels), *boxes]
