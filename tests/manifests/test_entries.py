import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.manifests.entries import read_entries, read_entry

META = {
    "class-name": "crack",
    "confidence": 1,
    "type": "groundtruth/image-classification",
    "human-annotated": "yes",
    "creation-date": "2026-01-31T08:00:00.000",
}


def line(**changes: Any) -> bytes:
    """A good line with parts of its metadata changed; None takes one away."""
    meta = {name: value for name, value in (META | changes).items() if value is not None}
    return json.dumps({"source-ref": "s3://plant-7/a.jpg", "x": 0, "x-metadata": meta}).encode()


def codes(text: bytes) -> list[str]:
    (entry,) = read_entries([text])
    return [fault.code for fault in entry.faults]


@pytest.mark.parametrize(
    "text",
    [
        line(),
        line(**{"job-name": "anything"}),
        line(**{"creation-date": "2026-01-31T08:00:00Z"}),
        line(**{"creation-date": "2026-01-31 08:00:00"}),
        line(confidence=0.25),
    ],
)
def test_good_lines_have_no_fault(text: bytes) -> None:
    assert codes(text) == []


BAD_META = ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"source-ref": "s3://plant-7/a.jpg"}', ["WARNING_UNANNOTATED_RECORD"]),
        (b'{"source-ref": "s3://plant-7/a.jpg", "cl-metadata": {"is_labeled": false}}', ["WARNING_UNANNOTATED_RECORD"]),
        (b"", ["ERROR_INVALID_JSON_LINE"]),
        (b"{", ["ERROR_INVALID_JSON_LINE"]),
        (b"[]", ["ERROR_INVALID_JSON_LINE"]),
        (b'{"source-ref": "\xff"}', ["ERROR_INVALID_JSON_LINE"]),
        (b'{"a": ' + b"[" * 90_000, ["ERROR_INVALID_JSON_LINE"]),
        (b'{"source-ref": "s3://plant-7/' + b"a" * 100_000 + b'"}', ["ERROR_INVALID_JSON_LINE"]),
        (b"{}", ["ERROR_MISSING_SOURCE_REF"]),
        (b'{"source-ref": "https://plant-7/a.jpg"}', ["ERROR_INVALID_SOURCE_REF_FORMAT"]),
        (b'{"source-ref": 7}', ["ERROR_INVALID_SOURCE_REF_FORMAT"]),
        (b'{"source-ref": "s3://plant-7/a.jpg", "labels": [{"label": "x"}]}', ["ERROR_NO_LABEL_ATTRIBUTES"]),
        (line(type="groundtruth/image-classification-multilabel"),
         ["ERROR_UNSUPPORTED_USE_CASE_TYPE", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]),
        (line(type=None), BAD_META),
        (line(**{"class-name": None}), BAD_META),
        (line(confidence="1"), BAD_META),
        (line(confidence=1.5), BAD_META),
        (line(**{"human-annotated": "maybe"}), BAD_META),
        (line(**{"creation-date": "yesterday"}), BAD_META),
        (line(**{"class-name": "x" * 256}), ["ERROR_INVALID_LABEL_NAME_LENGTH", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]),
    ],
)  # fmt: skip
def test_each_fault_has_the_services_code(text: bytes, expected: list[str]) -> None:
    assert codes(text) == expected


def boxed(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (640, 480), **changes: Any) -> bytes:
    """A line with boxes of (left, top, width, height); `changes` to the value and the metadata, None taking away."""
    width, height = size
    annotations = [
        {"class_id": 0, "left": left, "top": top, "width": across, "height": down} for left, top, across, down in boxes
    ]
    value = {"image_size": [{"width": width, "height": height, "depth": 3}], "annotations": annotations}
    meta = {
        "objects": [{"confidence": 1} for _ in boxes],
        "class-map": {"0": "crack"} if boxes else {},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2026-01-31T08:00:00",
    }
    for place in (value, meta):
        place |= {name: change for name, change in changes.items() if name in place}
    kept = [{name: item for name, item in place.items() if item is not None} for place in (value, meta)]
    return json.dumps({"source-ref": "s3://plant-7/a.jpg", "b": kept[0], "b-metadata": kept[1]}).encode()


GOOD, OFF, TINY = (10, 10, 50, 50), (600, 10, 50, 50), (10, 10, 1, 50)
NONE_LEFT = "ERROR_NO_VALID_LABEL_ATTRIBUTES"


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        (boxed(GOOD), 1, []),
        (boxed((0, 0, 640, 480)), 1, []),
        (boxed(GOOD, GOOD), 2, []),
        (boxed(GOOD, OFF), 1, ["ERROR_INVALID_BOUNDING_BOX"]),
        (boxed(GOOD, (-1, 0, 20, 20)), 1, ["ERROR_INVALID_BOUNDING_BOX"]),
        (boxed(GOOD, TINY), 1, ["ERROR_BOUNDING_BOX_TOO_SMALL"]),
        (boxed((10, 10, 3, 3), size=(2560, 2000)), 1, []),
        (boxed((10, 10, 2, 50), size=(2560, 2000)), 0,
         ["ERROR_BOUNDING_BOX_TOO_SMALL", "ERROR_NO_VALID_ANNOTATIONS", NONE_LEFT]),
        (boxed(*[GOOD] * 50), 50, []),
        (boxed(*[GOOD] * 51), 0, ["ERROR_TOO_MANY_BOUNDING_BOXES", NONE_LEFT]),
        (boxed(), 0, ["WARNING_NO_ATTRIBUTE_ANNOTATIONS", "WARNING_NO_ANNOTATIONS"]),
        (boxed(annotations=None), 0, ["WARNING_NO_ATTRIBUTE_ANNOTATIONS", "WARNING_NO_ANNOTATIONS"]),
        (boxed(GOOD, objects=[]), 0, ["ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", NONE_LEFT]),
        (boxed(GOOD, objects=[{}]), 0, ["ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", NONE_LEFT]),
        (boxed(GOOD, **{"class-map": {"1": "x"}}), 0, ["ERROR_MISSING_CLASS_MAP_ID", NONE_LEFT]),
        (boxed(GOOD, **{"class-map": {"0": "x" * 256}}), 0, ["ERROR_INVALID_LABEL_NAME_LENGTH", NONE_LEFT]),
        (boxed(GOOD, **{"class-map": None}), 0, BAD_META),
        (boxed(GOOD, **{"human-annotated": None}), 0, BAD_META),
        (boxed(GOOD, image_size={"width": 640, "height": 480, "depth": 3}), 0,
         ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", NONE_LEFT]),
        (boxed(GOOD, annotations=[{"class_id": 0, "left": 1.5}]), 0,
         ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", NONE_LEFT]),
        (boxed(GOOD, size=(63, 480)), 0, ["ERROR_INVALID_IMAGE_DIMENSION", NONE_LEFT]),
        (boxed(GOOD, size=(4097, 480)), 0, ["ERROR_INVALID_IMAGE_DIMENSION", NONE_LEFT]),
    ],
)  # fmt: skip
def test_boxes_are_checked_one_by_one(text: bytes, labels: int, expected: list[str]) -> None:
    (entry,) = read_entries([text])
    assert entry.boxes == ("crack",) * labels
    assert [fault.code for fault in entry.faults] == expected


def test_a_line_may_hold_both_kinds_and_a_fault_in_one_leaves_the_other() -> None:
    both = {**json.loads(line()), **json.loads(boxed(GOOD))}
    (entry,) = read_entries([json.dumps(both).encode()])
    assert (entry.labels, entry.boxes, entry.faults) == (("crack",), ("crack",), ())
    both["b"]["annotations"][0]["left"] = 700
    (entry,) = read_entries([json.dumps(both).encode()])
    assert (entry.labels, entry.boxes, entry.invalid) == (("crack",), (), False)


@given(st.binary(max_size=300) | st.builds(lambda value: json.dumps(value).encode(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["source-ref", "a", "a-metadata", "annotations", "image_size", "type", "class-map", "objects"]),
        inner, max_size=6),
    max_leaves=20)))  # fmt: skip
def test_no_line_however_odd_raises(text: bytes) -> None:
    (entry,) = read_entries([text])
    assert entry.labelled or entry.faults


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["width", "height", "depth", "class_id", "left", "top", "confidence", "0"]), inner, max_size=5),
    max_leaves=15), st.sampled_from(["image_size", "annotations", "objects", "class-map"]))  # fmt: skip
def test_no_box_attribute_however_odd_raises(value: Any, name: str) -> None:
    read_entry(1, boxed(GOOD, **{name: value}))
