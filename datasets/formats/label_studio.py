"""Label Studio's JSON export: one list of tasks.

Rectangles, and the rectangles around polygons, ellipses and turned boxes, all in percent of the image's sides; choices
are labels of the whole image. Source: https://labelstud.io/guide/export
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import is_image, read_bounded
from customlabels.datasets.layout import Annotated, Format, Layout, Options, below_side, rectangle, subset_of
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

FILE = "tasks.json"
_MAX_BYTES = 1_000_000_000
_UPLOADED = re.compile(r"[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""


class _Result(msgspec.Struct):
    type: str
    value: dict[str, Any] = {}
    original_width: int | None = None
    original_height: int | None = None


class _Annotation(msgspec.Struct):
    result: list[_Result]
    was_cancelled: bool | None = None
    updated_at: str | None = None


class _Task(msgspec.Struct):
    data: dict[str, Any]
    annotations: list[_Annotation]
    id: int | str = "?"
    file_upload: str | None = None


def recognises(source: Path, _: Options) -> bool:
    path = source / FILE if source.is_dir() else source
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        beginning = file.read(1 << 16).lstrip(b"\xef\xbb\xbf \t\r\n")
    return beginning.startswith(b"[") and b'"annotations"' in beginning and b'"result"' in beginning


def read(source: Path, options: Options) -> Layout:
    """The images of the tasks, each with its latest annotation that was not cancelled.

    Raises
    ------
    LayoutError : it cannot be read, or is no such export
    """
    path = source / FILE if source.is_dir() else source
    try:
        tasks = msgspec.json.decode(read_bounded(path, _MAX_BYTES).removeprefix(b"\xef\xbb\xbf"), type=list[_Task])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: no JSON export of Label Studio: {error}") from error
    layout = Layout((options.images or path.parent).resolve(), ())
    layout.images = _images(path.name, tasks, layout)
    return layout


def _images(file: str, tasks: list[_Task], layout: Layout) -> Iterator[Annotated]:
    findings = layout.findings
    for task in tasks:
        where = f"{file}, task {task.id}"
        name = _image_name(task, layout.root)
        if name is None:
            findings.append(Finding(where, "names no image in its data", fatal=True))
            continue
        subset = str(task.data.get("split") or task.data.get("subset") or "")
        done = [one for one in task.annotations if not one.was_cancelled]
        if not done:
            yield Annotated(name, where, subset=subset_of(subset))
            continue
        if len(done) > 1:
            findings.append(Finding(where, f"{name}: has {len(done)} annotations; the latest is taken", fatal=False))
        latest = max(done, key=lambda one: one.updated_at or "")
        labels: list[str] = []
        boxes: list[Box] = []
        others = 0
        size = None
        for result in latest.result:
            if result.original_width and result.original_height:
                size = (result.original_width, result.original_height)
            try:
                if result.type == "choices":
                    labels += [str(choice) for choice in result.value.get("choices", ())]
                elif found := _box(result):
                    boxes.append(found)
                else:
                    others += 1
            except (TypeError, ValueError, KeyError) as error:
                findings.append(Finding(where, f"{name}: a region of type {result.type}: {error}", fatal=True))
        if others:
            findings.append(Finding(where, f"{others} results that are no areas left out", fatal=False))
        relative = tuple(boxes) if boxes or not labels else None
        yield Annotated(name, where, tuple(dict.fromkeys(labels)), relative, True, size, subset_of(subset))


def _image_name(task: _Task, root: Path) -> str | None:
    """The image's name below the root, out of an address, a path of an upload, or a local file."""
    values = [value for value in task.data.values() if isinstance(value, str)]
    address = task.data.get("image") or next((value for value in values if is_image(urlsplit(value).path)), None)
    if not isinstance(address, str) or not address:
        return task.file_upload
    if address.startswith("s3://"):
        return address
    parts = urlsplit(address)
    served = parse_qs(parts.query).get("d")
    path = (served[0] if served else unquote(parts.path)).lstrip("/")
    base = PurePosixPath(path).name
    uploaded = "data/upload/" in f"/{path}"
    if uploaded and _UPLOADED.match(base) and not (root / base).is_file():
        return base[9:]
    return base if uploaded or parts.netloc else path


def _box(result: _Result) -> Box | None:
    """The box of a region, in fractions of the image; None where the region is no area."""
    value = result.value
    named = next((value[key] for key in value if key.endswith("labels") and value[key]), None)
    if "points" in value and named:
        return _fractions(rectangle(named[0], [(float(x), float(y)) for x, y in value["points"]]))
    if "radiusX" in value and named:
        wide, high = float(value["radiusX"]), float(value["radiusY"])
        return _fractions(Box(named[0], float(value["x"]) - wide, float(value["y"]) - high, 2 * wide, 2 * high))
    if not {"x", "y", "width", "height"} <= value.keys():
        return None
    if not named:
        raise ValueError("has no label")
    left, top, width, height = (float(value[key]) for key in ("x", "y", "width", "height"))
    turned = math.radians(float(value.get("rotation") or 0))
    if not turned:
        return _fractions(Box(named[0], left, top, width, height))
    # It is turned about its upper-left corner, in pixels: percent of unequal sides would shear it.
    shape = (result.original_width or 1) / (result.original_height or 1)
    across, down = math.cos(turned), math.sin(turned)
    corners = [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
    points = [(left + x * across - y / shape * down, top + x * shape * down + y * across) for x, y in corners]
    return _fractions(rectangle(named[0], points))


def _fractions(box: Box) -> Box:
    return Box(str(box.label).strip(), box.left / 100, box.top / 100, box.width / 100, box.height / 100)


def save(dataset: Dataset) -> None:
    """Writes tasks.json, in the form that can be imported as well."""
    with written_aside(dataset.root / FILE) as file:
        tasks = [_task(number, record) for number, record in enumerate(dataset.records, 1)]
        file.write(msgspec.json.encode(tasks))


def _task(number: int, record: ImageRecord) -> dict[str, object]:
    width, height = record.info.width, record.info.height
    shared = {"original_width": width, "original_height": height, "to_name": "image"}
    result: list[dict[str, object]] = []
    if record.labels:
        result.append({"type": "choices", "from_name": "choice", "value": {"choices": list(record.labels)}, **shared})
    for box in record.boxes or ():
        value = {
            "x": box.left / width * 100,
            "y": box.top / height * 100,
            "width": box.width / width * 100,
            "height": box.height / height * 100,
            "rotation": 0,
            "rectanglelabels": [box.label],
        }
        result.append({"type": "rectanglelabels", "from_name": "label", "value": value, **shared})
    looked_at = bool(record.labels) or record.boxes is not None
    data: dict[str, str] = {"image": f"/data/local-files/?d={_quoted(record.name)}"}
    return {
        "id": number,
        "data": data | ({"split": record.side.value} if record.side else {}),
        "annotations": [{"result": result}] if looked_at else [],
    }


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name)


FORMAT = Format("label-studio", "Label Studio's JSON export", recognises, read, below_side, save)
