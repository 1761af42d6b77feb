"""Lines of the usual kind are read by a way of their own; it comes to what the examination of every line comes to."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.manifests.entries import examined, read_entry
from customlabels.manifests.plain_lines import read_plain

SHARED = {"human-annotated": "yes", "creation-date": "2026-01-31T08:00:00.000", "job-name": "labeling-job/tiles"}
CLASSIFIED = {
    "source-ref": "s3://plant-7/a.jpg",
    "x": 0,
    "x-metadata": {"class-name": "crack", "confidence": 1, "type": "groundtruth/image-classification", **SHARED},
}
BOXED = {
    "source-ref": "s3://plant-7/b.jpg",
    "boxes": {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [
            {"class_id": 0, "left": 1, "top": 2, "width": 90, "height": 60},
            {"class_id": 7, "left": 0, "top": 0, "width": 640, "height": 480},
        ],
    },
    "boxes-metadata": {
        "objects": [{"confidence": 1}, {"confidence": 0.25}],
        "class-map": {"0": "dent", "7": "Kratzer ä"},
        "type": "groundtruth/object-detection",
        **SHARED,
    },
}
BOTH = CLASSIFIED | BOXED | {"y": 3, "y-metadata": CLASSIFIED["x-metadata"]}

ODD: list[Any] = [
    *(
        None,
        True,
        False,
        "",
        " ",
        "0",
        "yes",
        "no",
        "crack",
        "2026-01-31",
        "2026-01-31 08:00",
        "groundtruth/object-detection",
    ),
    *(0, -1, 1, 63, 64, 640, 641, 4096, 4097, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**30),
    *(0.0, -0.0, 0.5, 1.0, 1.5, 1e300, "x" * 255, "x" * 256, "ä" * 255, "😀" * 256, "s3://b", "a/b.jpg", "\ud800"),
    *(
        [],
        [1],
        [[]],
        {},
        {"confidence": 1},
        {"a": {}},
        [{"confidence": 1}],
        {"0": "dent"},
        {"width": 64, "height": 64, "depth": 3},
    ),
]
EDITS = [
    b"",
    b" ",
    b"\\",
    b'"',
    b"\x00",
    b"\x1f",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\u0000",
    b"\\ud800",
    b",",
    b"}",
    b"1",
    b".",
    b"e5",
    b"-",
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each key in each table or list of a document, with what holds it."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A plain line with some of its values changed, taken away, doubled or written otherwise, or with other bytes."""
    value = json.loads(json.dumps(draw(st.sampled_from([CLASSIFIED, BOXED, BOTH]))))
    for _ in range(draw(st.integers(0, 2))):
        holder, key = draw(st.sampled_from(list(places(value))))
        match draw(st.sampled_from(["change", "change", "remove", "double", "add", "nudge"])):
            case "change":
                holder[key] = draw(st.sampled_from(ODD))
            case "remove":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.append(holder[key])
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["cl-metadata", "z", "z-metadata", "adjustment-status", "depth"]))] = (
                    holder[key]
                )
            case "nudge" if type(holder[key]) is int:
                holder[key] += draw(st.sampled_from([-1, 1, 400, 640]))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([None, (",", ":")])))
    line = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.sampled_from(EDITS)) + line[at + draw(st.integers(0, 2)) :]
    if draw(st.integers(0, 9)) == 0:
        line = line.replace(b"{", b'{"x": 1, ', 1)
    return line


@given(lines(), st.booleans())
def test_a_line_comes_to_the_same_whichever_way_it_is_read(line: bytes, paths: bool) -> None:
    assert read_entry(3, line, paths=paths) == examined(3, line, paths=paths)


@given(st.sampled_from([CLASSIFIED, BOXED, BOTH]), st.sampled_from([CLASSIFIED, BOXED, BOTH]), st.data())
def test_so_it_does_with_a_key_that_stands_twice(document: Any, other: Any, data: st.DataObject) -> None:
    pairs = list(document.items())
    key = data.draw(st.sampled_from(list(document)))
    again = data.draw(st.sampled_from([*other.values(), *document.values()]))
    pairs.insert(data.draw(st.integers(0, len(pairs))), (key, again))
    line = ("{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}").encode()
    assert read_entry(3, line) == examined(3, line)


@given(st.sampled_from([CLASSIFIED, BOXED, BOTH]), st.data())
def test_a_key_that_stands_twice_at_any_depth_and_says_two_things_is_named(document: Any, data: st.DataObject) -> None:
    value = json.loads(json.dumps(document))
    holder, key = data.draw(st.sampled_from([(holder, key) for holder, key in places(value) if isinstance(key, str)]))
    again = data.draw(st.sampled_from(ODD).filter(lambda odd: odd != holder[key]))
    holder["<again>"] = again
    line = json.dumps(value).replace('"<again>"', json.dumps(key)).encode()
    if data.draw(st.booleans()):
        line = line.replace(b".jpg", rb"\u0022\u0022.jpg")
    assert len(examined(3, line).doubled) == (examined(3, line).source_ref is not None)
    assert read_entry(3, line) == examined(3, line)


@given(st.sampled_from([CLASSIFIED, BOXED, BOTH]), st.data())
def test_so_it_does_with_every_single_odd_value(document: Any, data: st.DataObject) -> None:
    value = json.loads(json.dumps(document))
    holder, key = data.draw(st.sampled_from(list(places(value))))
    for odd in ODD:
        holder[key] = odd
        line = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        assert read_entry(1, line) == examined(1, line), odd


@pytest.mark.parametrize("value", [CLASSIFIED, BOXED, BOTH])
@pytest.mark.parametrize("separators", [None, (",", ":")])
def test_usual_lines_are_read_the_quick_way(value: Any, separators: Any) -> None:
    line = json.dumps(value, separators=separators).encode()
    entry = examined(1, line)
    assert read_plain(line) == (entry.source_ref, entry.labels, entry.boxes)
    assert entry.faults == ()
