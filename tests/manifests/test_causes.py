"""Every fault names the field and the value that it is about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.manifests.codes import MESSAGES
from customlabels.manifests.entries import read_entry
from customlabels.manifests.lines import entry_line
from customlabels.manifests.report import validate
from customlabels.manifests.validation import read_part

DATE = "2026-01-31T08:00:00"


def label() -> dict[str, Any]:
    """A right line with an image-level label."""
    shared = {"type": "groundtruth/image-classification", "human-annotated": "yes", "creation-date": DATE}
    return {
        "source-ref": "s3://plant-7/a.jpg",
        "x": 0,
        "x-metadata": {"class-name": "crack", "confidence": 1, **shared},
    }


def boxes() -> dict[str, Any]:
    """A right line with two boxes."""
    annotations = [{"class_id": 0, "left": left, "top": 10, "width": 50, "height": 50} for left in (0, 100)]
    content = {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": annotations}
    shared = {"type": "groundtruth/object-detection", "human-annotated": "yes", "creation-date": DATE}
    metadata = {"objects": [{"confidence": 1}, {"confidence": 1}], "class-map": {"0": "crack"}, **shared}
    return {"source-ref": "s3://plant-7/b.jpg", "bb": content, "bb-metadata": metadata}


GONE = object()


def line(make: Callable[[], dict[str, Any]], *path: str | int, to: Any = GONE) -> bytes:
    """A line with the field at `path` changed, or taken away."""
    value = make()
    place: Any = value
    for key in path[:-1]:
        place = place[key]
    if to is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return json.dumps(value).encode()


FORMAT, META = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
LENGTH, CONFIDENCE = "ERROR_INVALID_LABEL_NAME_LENGTH", "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"
OFF, SMALL = "ERROR_INVALID_BOUNDING_BOX", "ERROR_BOUNDING_BOX_TOO_SMALL"
SIZE = "ERROR_INVALID_IMAGE_DIMENSION"
CAUSES = [
    (b"{broken", "ERROR_INVALID_JSON_LINE", "/", "{broken"),
    (b"[1]", "ERROR_INVALID_JSON_LINE", "/", "[1]"),
    (b"", "ERROR_INVALID_JSON_LINE", "/", ""),
    (line(label, "source-ref"), "ERROR_MISSING_SOURCE_REF", "/source-ref", "missing"),
    (line(label, "source-ref", to="x.jpg"), "ERROR_INVALID_SOURCE_REF_FORMAT", "/source-ref", '"x.jpg"'),
    (line(label, "x-metadata"), "ERROR_NO_LABEL_ATTRIBUTES", "/x-metadata", "missing"),
    (line(label, "x"), "ERROR_NO_LABEL_ATTRIBUTES", "/x", "missing"),
    (line(label, "x", to="0"), FORMAT, "/x", '"0"'),
    (line(label, "x-metadata", to=7), META, "/x-metadata", "7"),
    (line(label, "x-metadata", "type"), META, "/x-metadata/type", "missing"),
    (line(label, "x-metadata", "type", to="other"), "ERROR_UNSUPPORTED_USE_CASE_TYPE", "/x-metadata/type", '"other"'),
    (line(label, "x-metadata", "class-name"), META, "/x-metadata/class-name", "missing"),
    (line(label, "x-metadata", "class-name", to="y" * 300), LENGTH, "/x-metadata/class-name", f'"{"y" * 59}…'),
    (line(label, "x-metadata", "confidence"), META, "/x-metadata/confidence", "missing"),
    (line(label, "x-metadata", "confidence", to=2), META, "/x-metadata/confidence", "2"),
    (line(label, "x-metadata", "human-annotated", to="maybe"), META, "/x-metadata/human-annotated", '"maybe"'),
    (line(boxes, "bb-metadata", "creation-date", to="yesterday"), META, "/bb-metadata/creation-date", '"yesterday"'),
    (line(boxes, "bb-metadata", "objects"), META, "/bb-metadata/objects", "missing"),
    (line(boxes, "bb-metadata", "class-map", to=[]), META, "/bb-metadata/class-map", "[]"),
    (line(boxes, "bb-metadata", "class-map", "0", to=3), META, "/bb-metadata/class-map/0", "3"),
    (line(boxes, "bb-metadata", "class-map", "0"), "ERROR_MISSING_CLASS_MAP_ID", "/bb-metadata/class-map/0", "missing"),
    (line(boxes, "bb-metadata", "objects", 1), CONFIDENCE, "/bb-metadata/objects", '[{"confidence":1}]'),
    (line(boxes, "bb-metadata", "objects", 1, to={}), CONFIDENCE, "/bb-metadata/objects/1/confidence", "missing"),
    (line(boxes, "bb", to=5), FORMAT, "/bb", "5"),
    (line(boxes, "bb", "image_size", to=[]), FORMAT, "/bb/image_size", "[]"),
    (line(boxes, "bb", "image_size", 0, "depth"), FORMAT, "/bb/image_size/0/depth", "missing"),
    (line(boxes, "bb", "image_size", 0, "width", to=63), SIZE, "/bb/image_size/0/width", "63"),
    (line(boxes, "bb", "annotations", to={}), FORMAT, "/bb/annotations", "{}"),
    (line(boxes, "bb", "annotations", 1, "left", to=1.5), FORMAT, "/bb/annotations/1/left", "1.5"),
    (line(boxes, "bb", "annotations", 1, "left", to=-3), OFF, "/bb/annotations/1/left", "-3"),
    (line(boxes, "bb", "annotations", 1, "width", to=541), OFF, "/bb/annotations/1/width", "541"),
    (line(boxes, "bb", "annotations", 0, "height", to=1), SMALL, "/bb/annotations/0/height", "1"),
    (line(boxes, "bb", "annotations", to=[]), "WARNING_NO_ATTRIBUTE_ANNOTATIONS", "/bb/annotations", "[]"),
    (line(boxes, "bb", "annotations", to=[]), "WARNING_NO_ANNOTATIONS", "/bb/annotations", "[]"),
    (b'{"source-ref": "s3://plant-7/a.jpg"}', "WARNING_UNANNOTATED_RECORD", "/source-ref", '"s3://plant-7/a.jpg"'),
    (line(label, "x", to="0"), "ERROR_NO_VALID_LABEL_ATTRIBUTES", "/x", '"0"'),
    (json.dumps({"source-ref": "s3://plant-7/a.jpg", "a/b~c\x1b": 1}).encode(), "ERROR_NO_LABEL_ATTRIBUTES",
     "/a~1b~0c\\x1b-metadata", "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "field", "value"), CAUSES)
def test_a_fault_names_field_and_value(text: bytes, code: str, field: str, value: str) -> None:
    causes = [cause for fault in read_entry(1, text).faults if fault.code == code for cause in fault.causes]
    assert (field, value) in [(cause.field, cause.shown) for cause in causes]


def test_every_code_of_a_line_is_among_them() -> None:
    elsewhere = {"ERROR_INVALID_IMAGE", "ERROR_TOO_MANY_BOUNDING_BOXES", "ERROR_NO_VALID_ANNOTATIONS"}
    of_files = {
        code for code in MESSAGES if "MANIFEST" in code or "OVERLAP" in code or "_FOR_" in code or "BUCKET" in code
    }
    of_files.add("ERROR_TOO_MANY_RECORDS_IN_ERROR")
    assert {code for _, code, _, _ in CAUSES} | elsewhere == MESSAGES.keys() - of_files


def test_all_fields_that_are_wrong_are_named_in_one_go() -> None:
    value = label()
    value["x-metadata"] |= {"confidence": "high", "human-annotated": None, "creation-date": 2026}
    (fault, _) = read_entry(1, json.dumps(value).encode()).faults
    assert [cause.field.rpartition("/")[2] for cause in fault.causes] == [
        "confidence",
        "human-annotated",
        "creation-date",
    ]


def test_too_many_boxes_and_none_that_is_valid_are_named_too() -> None:
    value = boxes()
    value["bb"]["annotations"] *= 26
    value["bb-metadata"]["objects"] *= 26
    (fault, _) = read_entry(1, json.dumps(value).encode()).faults
    assert (fault.causes[0].field, fault.causes[0].why) == (
        "/bb/annotations",
        "has to be at most 50 boxes; they are 52",
    )
    value = boxes()
    for box in value["bb"]["annotations"]:
        box["left"] = 640
    faults = {fault.code: fault for fault in read_entry(1, json.dumps(value).encode()).faults}
    assert [cause.field for cause in faults["ERROR_NO_VALID_ANNOTATIONS"].causes] == [
        "/bb/annotations/0/width",
        "/bb/annotations/1/width",
    ]


odd = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
fields = st.sampled_from([
    ("source-ref",), ("bb",), ("bb-metadata",), *(("bb-metadata", key) for key in boxes()["bb-metadata"]),
    ("bb", "image_size"), ("bb", "image_size", 0), ("bb", "image_size", 0, "width"), ("bb", "annotations"),
    ("bb", "annotations", 1), *(("bb", "annotations", 1, key) for key in boxes()["bb"]["annotations"][0]),
])  # fmt: skip


@given(fields, odd)
def test_a_field_that_is_changed_is_the_one_that_is_named(path: tuple[str | int, ...], value: object) -> None:
    entry = read_entry(1, line(boxes, *path, to=value))
    assert all(fault.causes for fault in entry.faults)
    where = "/" + "/".join(map(str, path))
    # A class_id that its map lacks, and a side that is too long for the image, are named where they do not fit.
    beside = {"class_id": "/bb-metadata/class-map", "left": "/bb/annotations/1", "top": "/bb/annotations/1"}
    allowed = (where, beside.get(str(path[-1]), where), "/bb/image_size" if "image_size" in path else where)
    within = ("/bb/annotations",) if "image_size" in path else ()
    for fault in entry.faults:
        assert any(cause.field.startswith((*allowed, *within)) for cause in fault.causes), (path, value, fault)


def test_of_many_lines_each_kind_of_field_is_told_once_with_its_count(tmp_path: Path) -> None:
    texts = [line(boxes, "bb", "annotations", number % 2, "left", to=-1) for number in range(8)]
    texts += [line(boxes, "bb-metadata", "creation-date", to="yesterday")] * 3
    path = tmp_path / "x.manifest"
    path.write_bytes(b"\n".join(texts))
    codes = validate(path, None).parts["training"].codes
    told = {
        (code, cause.field): (occurrence.count, occurrence.lines)
        for code in ("ERROR_INVALID_BOUNDING_BOX", META)
        for cause, occurrence in codes[code].causes.values()
    }
    assert told == {
        (OFF, "/bb/annotations/0/left"): (8, [1, 2, 3, 4, 5]),
        (META, "/bb-metadata/creation-date"): (3, [9, 10, 11]),
    }


def test_a_manifest_with_endless_names_of_attributes_is_held_in_little() -> None:
    texts = (
        f'{{"source-ref": "s3://plant-7/{n}.jpg", "a{n}x": "0", "a{n}x-metadata": {{}}}}'.encode() for n in range(500)
    )
    part = read_part(texts)
    assert part.codes[META].count == 500
    assert len(part.codes[META].causes) <= 20


def test_right_lines_have_no_causes() -> None:
    for text in (json.dumps(label()).encode(), json.dumps(boxes()).encode(), entry_line("s3://plant-7/a.jpg", ("x",))):
        assert read_entry(1, text.rstrip()).faults == ()
