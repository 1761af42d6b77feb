"""Files of annotation tools as tests write them: images whose marks are valid, faulty or foreign (left out)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.drawing import drawn

SIDE = 96
VALID, FAULTY, FOREIGN = "valid", "faulty", "foreign"
Marks = Mapping[str, Sequence[str]]
"""The image's name, without ending, to the kinds of what marks it."""


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(0, sum(path.stem.encode()), SIDE).save(path)


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def write_coco(folder: Path, marks: Marks) -> Path:
    shapes: dict[str, dict[str, object]] = {
        VALID: {"category_id": 1, "segmentation": [[10, 20, 30, 20, 30, 50]]},
        FAULTY: {"category_id": 7, "bbox": [10, 20, 20, 30]},
        FOREIGN: {"category_id": 1, "bbox": [0, 0, 90, 90], "iscrowd": 1},
    }
    images = [{"id": number, "file_name": f"{name}.png"} for number, name in enumerate(marks)]
    annotations = [{"image_id": number, **shapes[kind]} for number, name in enumerate(marks) for kind in marks[name]]
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "crack"}]}
    for name in marks:
        image(folder / f"images/{name}.png")
    text(folder / "annotations/instances.json", json.dumps(document))
    return folder


def write_cvat(folder: Path, marks: Marks) -> Path:
    shapes = {
        VALID: '<ellipse label="pit" cx="40" cy="40" rx="10" ry="20"/>',
        FAULTY: '<box label="pit" xtl="x" ytl="1" xbr="9" ybr="9"/>',
        FOREIGN: '<polyline label="scratch" points="1,1;9,9"/>',
    }
    rows = []
    for name, kinds in marks.items():
        image(folder / f"images/{name}.png")
        marked = "".join(shapes[kind] for kind in kinds)
        rows.append(f'<image name="{name}.png" width="{SIDE}" height="{SIDE}">{marked}</image>')
    text(folder / "annotations.xml", f"<annotations>{''.join(rows)}</annotations>")
    return folder


def write_labelme(folder: Path, marks: Marks) -> Path:
    corners = [[20, 20], [60, 30], [55, 50], [15, 40]]
    shapes: dict[str, dict[str, object]] = {
        VALID: {"label": "crack", "points": corners, "shape_type": "oriented_rectangle"},
        FAULTY: {"label": "", "points": corners, "shape_type": "polygon"},
        FOREIGN: {"label": "scratch", "points": corners, "shape_type": "linestrip"},
    }
    for name, kinds in marks.items():
        image(folder / f"{name}.png")
        text(folder / f"{name}.json", json.dumps({"shapes": [shapes[kind] for kind in kinds]}))
    return folder


def write_label_studio(folder: Path, marks: Marks) -> Path:
    shape = {"x": 10, "y": 20, "width": 30, "height": 40}
    results: dict[str, dict[str, object]] = {
        VALID: {"type": "rectanglelabels", "value": {**shape, "rectanglelabels": ["crack"]}},
        FAULTY: {"type": "rectangle", "value": shape},
        FOREIGN: {"type": "brushlabels", "value": {"format": "rle", "rle": [0, 1], "brushlabels": ["crack"]}},
    }
    tasks = []
    for name, kinds in marks.items():
        image(folder / f"{name}.png")
        result = [{"id": f"r{number}", "to_name": "image", **results[kind]} for number, kind in enumerate(kinds)]
        tasks.append({"data": {"image": f"/data/upload/1/{name}.png"}, "annotations": [{"result": result}]})
    text(folder / "project-1.json", json.dumps(tasks))
    return folder


def write_manifest(folder: Path, marks: Marks) -> Path:
    shared = {"human-annotated": "yes", "creation-date": "2026-01-01T00:00:00"}
    lefts = {VALID: 10, FAULTY: 90}
    lines = []
    for name, kinds in marks.items():
        image(folder / f"{name}.png")
        located = [lefts[kind] for kind in kinds if kind in lefts]
        line: dict[str, object] = {"source-ref": f"s3://plant-7/{name}.png"}
        if located or FOREIGN not in kinds:
            line["boxes"] = {
                "image_size": [{"width": SIDE, "height": SIDE, "depth": 3}],
                "annotations": [
                    {"class_id": 0, "left": left, "top": 20, "width": 20, "height": 30} for left in located
                ],
            }
            classes = {"objects": [{"confidence": 1}] * len(located), "class-map": {"0": "crack"}}
            line["boxes-metadata"] = {**classes, "type": "groundtruth/object-detection", **shared}
        for number in range(list(kinds).count(FOREIGN)):
            verdict = {"class-name": "good", "type": "groundtruth/label-verification", **shared}
            line |= {f"verified-{number}": "1", f"verified-{number}-metadata": verdict}
        lines.append(json.dumps(line))
    text(folder / "train.manifest", "".join(f"{line}\n" for line in lines))
    return folder
