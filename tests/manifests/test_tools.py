"""Manifests built, described, merged, converted and repaired."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.core.errors import LayoutError, ManifestError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Box
from customlabels.datasets.reading import Policy
from customlabels.manifests.building import Remote, build, remote_dataset
from customlabels.manifests.describing import describe
from customlabels.manifests.entries import read_entries
from customlabels.manifests.formats import FORMATS, load_dataset
from customlabels.manifests.ground_truth import resolved, split_labels
from customlabels.manifests.lines import entry_line
from customlabels.manifests.merging import merged
from customlabels.manifests.repairing import repaired
from customlabels.manifests.rewriting import Conversion, Kind

PREFIX = "s3://plant-7/parts/"
SIZE = (640, 480, 3)
CRACK = (Box("crack", 10, 20, 30, 40),)
BOTH = entry_line(f"{PREFIX}both.jpg", ("wet",), (*CRACK, Box("pit", 100, 100, 20, 20)), SIZE)
OK = entry_line(f"{PREFIX}ok.jpg", ("ok",))
NEGATIVE = entry_line(f"{PREFIX}none.jpg", (), (), SIZE)
UNLABELLED = entry_line(f"{PREFIX}new.jpg", ())
SHARED = {"human-annotated": "yes", "creation-date": "2026-01-01T00:00:00", "job-name": "labeling-job/x"}


def line(name: str, **attributes: object) -> bytes:
    value: dict[str, object] = {"source-ref": f"{PREFIX}{name}"}
    for attribute, (content, metadata) in attributes.items():  # type: ignore[misc]
        value |= {attribute: content, f"{attribute}-metadata": {**metadata, **SHARED}}
    return json.dumps(value).encode() + b"\n"


def multi_label(*numbers: object, classes: dict[str, str] | None = None) -> tuple[object, object]:
    metadata = {
        "type": "groundtruth/image-classification-multilabel",
        "class-map": {"1": "wet", "4": "crack"} if classes is None else classes,
        "confidence-map": {"1": 0.9},
    }
    return list(numbers), metadata


def labels(lines: Iterable[bytes]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(entry.labels, entry.boxes) for entry in read_entries(lines) if not entry.has_errors]


def test_labels_and_boxes_stand_on_one_line_with_class_ids_as_told() -> None:
    value = json.loads(entry_line(f"{PREFIX}a.jpg", ("wet",), CRACK, SIZE, class_ids={"x": 0, "crack": 1}))
    assert value["boxes"] == {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [{"class_id": 1, "left": 10, "top": 20, "width": 30, "height": 40}],
    }
    assert value["boxes-metadata"]["class-map"] == {"1": "crack"}
    assert value["boxes-metadata"]["objects"] == [{"confidence": 1}]
    (entry,) = read_entries([BOTH])
    assert (entry.labels, entry.boxes, entry.faults) == (("wet",), ("crack", "pit"), ())


def test_negative_and_unlabelled_images_are_what_the_service_calls_warnings() -> None:
    codes = [[fault.code for fault in entry.faults] for entry in read_entries([NEGATIVE, UNLABELLED])]
    assert codes == [["WARNING_NO_ATTRIBUTE_ANNOTATIONS", "WARNING_NO_ANNOTATIONS"], ["WARNING_UNANNOTATED_RECORD"]]


edges = st.floats(-1, 641)


@given(st.lists(st.tuples(edges, edges, edges, edges), min_size=1, max_size=5))
def test_boxes_are_whole_pixels_inside_the_image(corners: list[tuple[float, float, float, float]]) -> None:
    boxes = [Box("x", min(a, c), min(b, d) * 0.75, abs(c - a) + 2, abs(d - b) * 0.75 + 2) for a, b, c, d in corners]
    located = json.loads(entry_line(f"{PREFIX}a.jpg", (), boxes, SIZE))["boxes"]["annotations"]
    for one, box in zip(located, boxes, strict=True):
        left, top, right, bottom = one["left"], one["top"], one["left"] + one["width"], one["top"] + one["height"]
        assert 0 <= left < right <= 640
        assert 0 <= top < bottom <= 480
        if box.left >= 0 and box.left + box.width <= 640:
            assert abs(left - box.left) <= 0.5
            assert abs(right - box.left - box.width) <= 0.5


def built(folder: Path, content: str, name: str = "parts.csv", **options: object) -> list[bytes]:
    (folder / name).write_text(content)
    remote = Remote(**{"prefix": PREFIX, **options})  # type: ignore[arg-type]
    build(folder / name, FORMATS["csv"], Options(), remote, folder / "out.manifest")
    return (folder / "out.manifest").read_bytes().splitlines(keepends=True)


def test_a_csv_file_becomes_a_manifest_without_the_images(tmp_path: Path) -> None:
    rows = ["a b+é%.jpg,crack,wet", "s3://other/b.jpg,ok", "c.jpg,wet,crack", "c.jpg,wet"]
    lines = built(tmp_path, "\n".join(rows))
    assert [json.loads(one)["source-ref"] for one in lines] == [
        f"{PREFIX}a b+é%.jpg",
        "s3://other/b.jpg",
        f"{PREFIX}c.jpg",
    ]
    assert labels(lines) == [(("crack", "wet"), ()), (("ok",), ()), (("wet", "crack"), ())]


def test_rows_of_an_image_that_lie_apart_are_joined_all_the_same(tmp_path: Path) -> None:
    lines = built(tmp_path, "a.jpg,crack\nb.jpg,ok\na.jpg,wet\n")
    assert labels(lines) == [(("crack", "wet"), ()), (("ok",), ())]


def test_boxes_without_the_image_need_its_size(tmp_path: Path) -> None:
    header = "image,image_width,image_height,xmin,ymin,xmax,ymax,label\n"
    assert labels(built(tmp_path, header + "a.jpg,640,480,1,1,9,9,crack\n")) == [((), ("crack",))]
    with pytest.raises(LayoutError, match="boxes need the image's width and height"):
        built(tmp_path, header + "a.jpg,,,1,1,9,9,crack\n")


def test_faults_are_all_named_and_nothing_is_written(tmp_path: Path) -> None:
    rows = ["image,label", "a.jpg,ok", ",ok", "b.jpg,", f"c.jpg,{'x' * 256}", "d.jpg,a\tb"]
    with pytest.raises(LayoutError) as caught:
        built(tmp_path, "\n".join(rows))
    said = [caught.value.message, *caught.value.details]
    assert len(said) == 4
    assert "parts.csv, row 3: names no image" in said[0]
    assert not (tmp_path / "out.manifest").exists()
    assert labels(built(tmp_path, "\n".join(rows), skip_faulty=True)) == [(("ok",), ())]


def test_a_name_without_an_address_needs_a_prefix(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"row 1, a\.jpg: is no s3:// address"):
        built(tmp_path, "a.jpg,ok\n", prefix="")


def test_labels_are_renamed_only_when_asked(tmp_path: Path) -> None:
    rows = "a.jpg, Crack \nb.jpg,draft,ok\n"
    assert labels(built(tmp_path, rows)) == [(("Crack",), ()), (("draft", "ok"), ())]
    renamed = built(tmp_path, rows, label_map={"Crack": "crack", "draft": ""})
    assert labels(renamed) == [(("crack",), ()), (("ok",), ())]


def test_images_in_s3_are_a_dataset_that_can_be_divided(tmp_path: Path) -> None:
    (tmp_path / "parts.csv").write_text("image,label,split\na.jpg,ok,train\nb.jpg,crack,val\n")
    found = remote_dataset(tmp_path / "parts.csv", FORMATS["csv"], Options(), Remote(PREFIX))
    assert [(record.name, record.side) for record in found.records] == [("a.jpg", "train"), ("b.jpg", "test")]


@pytest.mark.parametrize("parts", [("train", "val"), ("train", "val", "test"), ("val", "test"), ("train", None)])
def test_a_split_says_the_same_of_images_here_and_in_s3(tmp_path: Path, parts: tuple[str | None, ...]) -> None:
    rows = [f"{number}.jpg,ok,{part or ''}" for number, part in enumerate(parts)]
    (tmp_path / "parts.csv").write_text("\n".join(["image,label,split", *rows]))
    for number in range(len(parts)):
        drawn(0, number, 64).save(tmp_path / f"{number}.jpg")
    source = tmp_path / "parts.csv"
    remote = remote_dataset(source, FORMATS["csv"], Options(), Remote(PREFIX))
    here = load_dataset(source, "csv", Options(), Policy())
    assert [(record.name, record.side) for record in remote.records] == [(r.name, r.side) for r in here.records]
    assert remote.findings == here.findings
    assert ("are trained on" in str(here.findings)) == ({"val", "test"} <= set(parts))


def test_images_in_s3_are_told_of_as_those_here(tmp_path: Path) -> None:
    rows = ["a.jpg,crack,1,1,40,40", "a.jpg,crack,1,1,40,40", "a.jpg,Crack,1,1,40,40", "b.jpg,pit,5,5,20,20"]
    with_sizes = [f"{row},64,64" for row in rows]
    source = tmp_path / "parts.csv"
    source.write_text("\n".join(["image,label,xmin,ymin,xmax,ymax,image_width,image_height", *with_sizes]))
    for number, name in enumerate(["a.jpg", "b.jpg"]):
        drawn(0, number, 64).save(tmp_path / name)
    remote = remote_dataset(source, FORMATS["csv"], Options(), Remote(PREFIX))
    _, streamed = build(source, FORMATS["csv"], Options(), Remote(PREFIX), tmp_path / "x.manifest")
    here = load_dataset(source, "csv", Options(), Policy())
    assert set(remote.findings) == set(here.findings)
    assert set(streamed) == set(here.findings)
    for words in ("same box twice", "in the same place", "differ in case"):
        assert words in str(here.findings)


def test_rows_of_an_image_that_differ_in_its_size_are_a_fault(tmp_path: Path) -> None:
    source = tmp_path / "parts.csv"
    rows = "a.jpg,crack,1,1,40,40,64,64\na.jpg,pit,1,1,20,20,128,128\n"
    source.write_text(f"image,label,xmin,ymin,xmax,ymax,image_width,image_height\n{rows}")
    for make in (
        lambda: remote_dataset(source, FORMATS["csv"], Options(), Remote(PREFIX)),
        lambda: build(source, FORMATS["csv"], Options(), Remote(PREFIX), tmp_path / "x.manifest"),
    ):
        with pytest.raises(LayoutError, match=r"its size is 128×128 pixels, but 64×64 pixels in parts\.csv, row 2"):
            make()


def test_what_a_manifest_holds_is_counted() -> None:
    lines = [BOTH, OK, NEGATIVE, UNLABELLED, b"{}\n", line("m.jpg", kinds=multi_label(1, 4))]
    found = describe(lines)
    assert {key: found[key] for key in ("lines", "faulty", "unlabelled", "nothing_on_them", "labels_and_boxes")} == {
        "lines": 6,
        "faulty": 2,
        "unlabelled": 1,
        "nothing_on_them": 1,
        "labels_and_boxes": 1,
    }
    assert found["labels"] == {
        "crack": {"images": 1, "boxes": 1},
        "ok": {"images": 1, "boxes": 0},
        "pit": {"images": 1, "boxes": 1},
        "wet": {"images": 1, "boxes": 0},
    }
    assert found["kinds"] == {"image-level": 2, "boxes": 2, "multi-label": 1}
    assert found["sizes"] == {"640×480": 2}
    assert found["dates"] == ["2000-01-01T00:00:00.000000", "2026-01-01T00:00:00"]


def test_merging_unites_what_does_not_contradict() -> None:
    more = entry_line(f"{PREFIX}ok.jpg", ("ok", "wet"), job="another")
    boxed = entry_line(f"{PREFIX}ok.jpg", (), CRACK, SIZE)
    lines = list(merged([("a", [OK, BOTH]), ("b", [more, BOTH]), ("c", [boxed])]))
    assert labels(lines) == [(("ok", "wet"), ("crack",)), (("wet",), ("crack", "pit"))]


def test_merging_names_every_contradiction_and_broken_line() -> None:
    other = entry_line(f"{PREFIX}ok.jpg", ("crack",))
    moved = entry_line(f"{PREFIX}both.jpg", ("wet",), CRACK, SIZE)
    with pytest.raises(ManifestError) as caught:
        list(merged([("a", [OK, BOTH]), ("b", [other, moved, b"{\n"])]))
    said = [caught.value.message, *caught.value.details]
    assert len(said) == 3
    assert "b, line 1: s3://plant-7/parts/ok.jpg: label_0 says 'crack', not 'ok', unlike a, line 1" in said[0]
    assert "boxes says 1 box, not 2 boxes" in said[1]
    assert "b, line 3: The JSON Line has an invalid format." in said[2]


def test_merging_tells_of_images_in_several_buckets() -> None:
    said: list[str] = []
    elsewhere = entry_line("s3://plant-9/parts/ok.jpg", ("ok",))
    assert list(merged([("a", [OK]), ("b", [elsewhere])], said.append)) == [OK, elsewhere]
    assert [sentence.partition(", and")[0] for sentence in said] == ["the images lie in 2 buckets, plant-7, plant-9"]
    assert list(merged([("a", [OK]), ("b", [BOTH])], pytest.fail)) == [OK, BOTH]


@given(st.permutations([OK, BOTH, NEGATIVE, UNLABELLED]), st.integers(0, 4))
def test_merging_with_itself_changes_nothing(lines: list[bytes], cut: int) -> None:
    assert list(merged([("a", lines), ("b", lines[cut:])])) == lines


def test_an_attribute_and_its_metadata_are_merged_from_one_line() -> None:
    whole = json.loads(OK)
    failed = {"failure-reason": "timed out", "type": "groundtruth/image-classification", **SHARED}
    half = {"source-ref": whole["source-ref"], "label_0-metadata": failed}
    said: list[str] = []
    for first, second in ((half, whole), (whole, half)):
        (merged_line,) = merged(
            [("a", [json.dumps(first).encode()]), ("b", [json.dumps(second).encode()])], said.append
        )
        assert json.loads(merged_line) == whole
    assert (
        said
        == [
            "label_0-metadata, half an attribute, is left out of 1 line: another says it otherwise",
        ]
        * 2
    )


def test_boxes_that_two_manifests_name_otherwise_are_told_of() -> None:
    said: list[str] = []
    again = BOTH.replace(b'"boxes', b'"marks').replace(b'"label_0', b'"label_1')
    (line,) = merged([("a", [BOTH]), ("b", [again])], said.append)
    assert labels([line]) == [(("wet",), ("crack", "pit") * 2)]
    assert "2 boxes named twice now, in boxes and marks" in said[0]


TWICE = OK.replace(b',"label_0-', b',"label_0":0,"label_0-metadata":{"class-name":"crack"},"label_0-')


def test_a_key_twice_on_a_line_is_neither_merged_nor_repaired() -> None:
    with pytest.raises(ManifestError, match="stands on the line again"):
        list(merged([("a", [TWICE]), ("b", [OK])]))
    (result,) = repaired([TWICE])
    assert result.line is None
    assert "stands on the line again" in result.changes[-1]


NAMES = st.sampled_from(["m", "m0", "m1", "m00"])


@given(st.dictionaries(NAMES, st.one_of(st.just("ok"), st.lists(st.sampled_from("abc"), unique=True)), min_size=1))
def test_labels_are_the_same_after_splitting_whatever_their_keys(told: dict[str, str | list[str]]) -> None:
    value: dict[str, object] = {"source-ref": f"{PREFIX}a.jpg"}
    for name, says in told.items():
        classes = {str(number): label for number, label in enumerate(says)}
        several = {"class-map": classes, "type": "groundtruth/image-classification-multilabel", **SHARED}
        single = {"class-name": says, "confidence": 1, "type": "groundtruth/image-classification", **SHARED}
        value[name] = list(range(len(says))) if isinstance(says, list) else 0
        value[f"{name}-metadata"] = several if isinstance(says, list) else single
    named = [label for says in told.values() for label in ([says] if isinstance(says, str) else says)]
    split = split_labels(value)
    assert [split[key]["class-name"] for key in split if key.endswith("-metadata")] == named  # type: ignore[index]


def converted(lines: list[bytes], kind: Kind) -> tuple[list[bytes], int]:
    conversion = Conversion("x", kind)
    return list(conversion.lines(lines)), conversion.left_out


def test_multi_label_jobs_become_what_the_service_takes_and_back() -> None:
    source = line("m.jpg", kinds=multi_label("1", 4))
    lines, _ = converted([source, line("e.jpg", kinds=multi_label())], Kind.CUSTOM_LABELS)
    value = json.loads(lines[0])
    assert value["kinds0"] == 0
    assert value["kinds1-metadata"] == {
        "class-name": "crack",
        "confidence": 1,
        "type": "groundtruth/image-classification",
        **SHARED,
    }
    assert value["kinds0-metadata"]["confidence"] == 0.9
    assert labels(lines) == [(("wet", "crack"), ())]
    back, _ = converted(lines, Kind.MULTI_LABEL)
    again = json.loads(back[0])
    assert {again["labels-metadata"]["class-map"][str(number)] for number in again["labels"]} == {"wet", "crack"}
    assert labels([resolved(back[0].rstrip(b"\n")).line]) == [(("wet", "crack"), ())]


def test_boxes_become_labels_and_only_boxes_stay() -> None:
    lines, left_out = converted([BOTH, NEGATIVE], Kind.IMAGE_LEVEL)
    assert labels(lines) == [(("wet", "crack", "pit"), ())]
    assert left_out == 1
    lines, left_out = converted([BOTH, OK, NEGATIVE], Kind.BOXES)
    assert (labels(lines), left_out) == ([((), ("crack", "pit")), ((), ())], 1)


def test_lines_that_cannot_be_converted_are_all_named() -> None:
    bad = [b"{\n", line("m.jpg", kinds=multi_label(9)), line("n.jpg", kinds=("x", multi_label()[1]))]
    with pytest.raises(ManifestError) as caught:
        converted([OK, *bad], Kind.CUSTOM_LABELS)
    assert [one.partition(":")[0] for one in [caught.value.message, *caught.value.details]] == [
        "x, line 2",
        "x, line 3",
        "x, line 4",
    ]


def boxed(name: str, boxes: list[dict[str, object]], **changes: object) -> bytes:
    metadata = {"type": "groundtruth/object-detection", "class-map": {"0": "crack"}, "objects": [{"confidence": 1}]}
    size: object = [{"width": 640, "height": 480, "depth": 3}]
    content = {"image_size": size, "annotations": boxes} | {k: v for k, v in changes.items() if k == "image_size"}
    return line(name, boxes=(content, metadata | {k: v for k, v in changes.items() if k != "image_size"}))


def box(**changes: object) -> dict[str, object]:
    return {"class_id": 0, "left": 10, "top": 10, "width": 20, "height": 20, **changes}


REPAIRS = [
    (b"\xef\xbb\xbf" + OK, "took off a byte order mark"),
    (line("c.jpg", kinds=multi_label(1)), "made an attribute a label of kinds"),
    (
        OK.replace(b"ok.jpg", b"d.jpg").replace(b'"label_0":0', b'"label_0":"x"'),
        'filled in /label_0: 0 in the place of "x"',
    ),
    (
        OK.replace(b"ok.jpg", b"e.jpg").replace(b'"confidence":1', b'"confidence":7'),
        "filled in /label_0-metadata/confidence: 1 in the place of 7, which is required and not read",
    ),
    (boxed("f.jpg", [box(left=9.6)]), "rounded coordinates"),
    (boxed("g.jpg", [box()], objects=[]), 'filled in /boxes-metadata/objects: [{"confidence":1}] in the place of []'),
    (
        boxed("h.jpg", [box()], image_size={"width": 640, "height": 480}),
        "put /boxes/image_size into a list",
    ),
    (
        boxed("i.jpg", [box(), box(left=700)], objects=[{"confidence": 1}] * 2),
        "box 2 taken out: /boxes/annotations/1/width: 20 (has to be at most -60",
    ),
    (OK.replace(b"ok.jpg", b"j.jpg").replace(b'"label_0":0', b'"cl-errors":[],"label_0":0'), "took out cl-errors"),
]
DROPPED = [
    (b"\n", "a blank line"),
    (b"{\n", "The JSON Line has an invalid format."),
    (b'{"a": 1}\n', "The source-ref key is missing."),
    (b'{"source-ref": "https://x/y.jpg"}\n', "The format of the source-ref value is invalid."),
    (OK, "its image is on line 1 already"),
]


def test_a_repaired_manifest_has_no_errors_and_every_change_is_told() -> None:
    lines = [*(raw for raw, _ in REPAIRS), *(raw for raw, _ in DROPPED), NEGATIVE, UNLABELLED]
    results = list(repaired(lines))
    for (_, says), result in zip([*REPAIRS, *DROPPED], results, strict=False):
        assert any(says in change for change in result.changes), (says, result)
    kept = [result.line for result in results if result.line is not None]
    assert len(kept) == len(REPAIRS) + 2
    assert not any(entry.has_errors for entry in read_entries(kept))
    assert kept[-2:] == [NEGATIVE.rstrip(), UNLABELLED.rstrip()]
    assert [result.changes for result in repaired(kept)] == [()] * len(kept)


def test_an_attribute_that_the_service_could_not_use_is_taken_out() -> None:
    (result,) = repaired([line("a.jpg", x=(0, {"type": "groundtruth/other"}), y=json.loads(OK)["label_0-metadata"] and (
        0, {k: v for k, v in json.loads(OK)["label_0-metadata"].items() if k not in SHARED}))])  # fmt: skip
    assert result.line is not None
    assert labels([result.line]) == [(("ok",), ())]
    assert 'x taken out: /x-metadata/type: "groundtruth/other"' in result.changes[0]
