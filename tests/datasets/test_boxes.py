"""Turned boxes: the rectangle around them, whichever tool wrote them."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.datasets.boxes import around_turned
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Box
from customlabels.manifests.formats import FORMATS

BOXES = st.builds(Box, st.just("crack"), *[st.integers(30, 40).map(float)] * 2, *[st.integers(10, 30).map(float)] * 2)
DEGREES = st.floats(-720, 720)


@given(BOXES, DEGREES)
def test_the_rectangle_touches_the_turned_corners_and_keeps_the_centre(box: Box, degrees: float) -> None:
    around, turn = around_turned(box, degrees), math.radians(degrees)
    across, down = box.left + box.width / 2, box.top + box.height / 2
    corners = [
        (
            across + x * math.cos(turn) - y * math.sin(turn),
            down + x * math.sin(turn) + y * math.cos(turn),
        )
        for x in (-box.width / 2, box.width / 2)
        for y in (-box.height / 2, box.height / 2)
    ]
    left, top, right, bottom = around.corners
    assert left == pytest.approx(min(x for x, _ in corners))
    assert right == pytest.approx(max(x for x, _ in corners))
    assert top == pytest.approx(min(y for _, y in corners))
    assert bottom == pytest.approx(max(y for _, y in corners))


def as_coco(box: Box, degrees: float) -> tuple[str, str]:
    annotation = {
        "image_id": 1,
        "category_id": 1,
        "bbox": [box.left, box.top, box.width, box.height],
        "attributes": {"occluded": False, "rotation": degrees},
    }
    images, categories = [{"id": 1, "file_name": "a.jpg"}], [{"id": 1, "name": "crack"}]
    return "instances.json", json.dumps({"images": images, "annotations": [annotation], "categories": categories})


def as_cvat(box: Box, degrees: float) -> tuple[str, str]:
    corners = " ".join(f'{key}="{value}"' for key, value in zip(("xtl", "ytl", "xbr", "ybr"), box.corners, strict=True))
    marked = f'<box label="crack" {corners} rotation="{degrees}"/>'
    return "annotations.xml", f'<annotations><image id="0" name="a.jpg">{marked}</image></annotations>'


def as_voc(box: Box, degrees: float) -> tuple[str, str]:
    keys = zip(("xmin", "ymin", "xmax", "ymax"), box.corners, strict=True)
    corners = "".join(f"<{key}>{value}</{key}>" for key, value in keys)
    rotation = f"<attributes><attribute><name>rotation</name><value>{degrees}</value></attribute></attributes>"
    marked = f"<object><name>crack</name><bndbox>{corners}</bndbox>{rotation}</object>"
    return "a.xml", f"<annotation><filename>a.jpg</filename>{marked}</annotation>"


@settings(max_examples=20, deadline=None)
@given(BOXES, DEGREES)
def test_all_formats_of_cvat_say_the_same_of_a_turned_box(box: Box, degrees: float) -> None:
    for format, write in (("coco", as_coco), ("cvat", as_cvat), ("voc", as_voc)):
        with tempfile.TemporaryDirectory() as folder:
            name, text = write(box, degrees)
            drawn(0, 0, 120).save(Path(folder) / "a.jpg")
            (Path(folder) / name).write_text(text)
            (image,) = FORMATS[format].read(Path(folder), Options()).images
            assert image.boxes is not None
            assert image.boxes[0].corners == pytest.approx(around_turned(box, degrees).corners), format
