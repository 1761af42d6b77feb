"""Folders that are a tool's structure are no labels; labels are, whatever they are called."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawing import draw, drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.evidence import structure
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Side
from customlabels.manifests.formats import AUTO, find_format, load_dataset


def made(root: Path, files: dict[str, str | None]) -> Path:
    """Images, where there is no text, and text files."""
    for number, (name, text) in enumerate(files.items()):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            drawn(0, number).save(root / name)
        else:
            (root / name).write_text(text)
    return root


def some(*names: str, text: str | None = None) -> dict[str, str | None]:
    return dict.fromkeys((name.format(number) for name in names for number in range(3)), text)


STRUCTURE = [
    *("images", "Images", "imgs", "img", "image", "JPEGImages", "SegmentationClass", "labels", "obj_train_data"),
    *("obj_valid_data", "image_2", "ann", "ds1", "Data", "dataset", "train_images", "images_train", "ground_truth"),
    *("masks", "annotations", "photos", "jpg", "PNG"),
]


@pytest.mark.parametrize("folder", STRUCTURE)
def test_folders_of_tools_are_no_labels(tmp_path: Path, folder: str) -> None:
    made(tmp_path, some(f"{folder}/{{}}.jpg"))
    with pytest.raises(LayoutError, match="is the structure of a tool") as caught:
        find_format(AUTO, tmp_path, Options())
    assert "--format folder" in str(caught.value.hint)
    assert find_format("folder", tmp_path, Options()).name == "folder"


CERTAIN = ["images", "JPEGImages", "SegmentationClass", "labels", "obj_train_data", "image_2", "ground_truth", "masks"]


@pytest.mark.parametrize("folder", CERTAIN)
def test_some_are_none_even_beside_labels(tmp_path: Path, folder: str) -> None:
    made(tmp_path, some("crack/{}.jpg", "ok/{}.jpg", f"{folder}/{{}}x.jpg"))
    with pytest.raises(LayoutError, match=f"images lie in {folder}/"):
        find_format(AUTO, tmp_path, Options())


@pytest.mark.parametrize("label", ["data", "label", "mask", "image", "default", "raw", "photo", "group12000"])
def test_a_label_may_share_its_name_with_structure_among_other_labels(tmp_path: Path, label: str) -> None:
    draw(tmp_path, {label: 2, "crack": 2})
    assert Counter(record.labels for record in load_dataset(tmp_path).records) == {(label,): 2, ("crack",): 2}


@pytest.mark.parametrize("above", ["images", "data"])
def test_labels_below_structure_are_pointed_to(tmp_path: Path, above: str) -> None:
    draw(tmp_path / above, {"crack": 2, "ok": 2})
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path)
    assert f"name {tmp_path / above} as SOURCE" in str(caught.value.hint)
    assert {record.labels for record in load_dataset(tmp_path / above).records} == {("crack",), ("ok",)}
    by_parent = load_dataset(tmp_path, options=Options(label_from="parent"))
    assert {record.labels for record in by_parent.records} == {("crack",), ("ok",)}


def test_labels_below_parts_of_a_split_are_labels(tmp_path: Path) -> None:
    for part in ("train_images", "test_images"):
        draw(tmp_path / part, {"crack": 2, "ok": 2})
    dataset = load_dataset(tmp_path)
    assert Counter(record.labels for record in dataset.records) == {("crack",): 4, ("ok",): 4}
    assert Counter(record.side for record in dataset.records) == {Side.TRAIN: 4, Side.TEST: 4}


OWN = {
    "a text file beside each": (some("part/{}.jpg") | some("part/{}.txt", text="466 441 493 470 3\n"), "part/0.txt"),
    "one in a twin tree": (some("line/{}.jpg") | some("line_not/{}.txt", text="4 4 9 9 3\n"), "line_not/0.txt"),
    "JSON of an unknown kind": (some("part/{}.jpg") | some("part/{}.json", text='{"a": 1}'), "part/0.json"),
    "JSON named after the whole image": (some("part/{}.jpg") | some("note/{}.jpg.json", text="{}"), "note/0.jpg.json"),
    "XML of an unknown kind": (some("part/{}.jpg") | some("part/{}.xml", text="<x/>"), "part/0.xml"),
    "files of pairs, as of DeepPCB": (
        some("group1/1/{}_test.jpg", "group1/1/{}_temp.jpg") | some("group1/1_not/{}.txt", text="4 4 9 9 3\n"),
        "group1/1_not/0.txt",
    ),
    "MATLAB's files": (some("crack/{}.jpg") | some("truth/{}.mat", text="x"), "truth/0.mat"),
}


@pytest.mark.parametrize(("files", "named"), OWN.values(), ids=OWN)
def test_images_with_files_of_their_own_are_not_labelled_by_folders(
    tmp_path: Path, files: dict[str, str | None], named: str
) -> None:
    with pytest.raises(LayoutError, match="images have a file of their own") as caught:
        load_dataset(made(tmp_path, files))
    assert named in caught.value.message
    assert "--format folder" in str(caught.value.hint)


NAMING = {
    "a table by name": ("train.csv", "image,label\n0.jpg,x\n1.jpg,y\n2.jpg,x\n"),
    "a table by stem": ("train.csv", "id,label\n0,x\n1,y\n2,x\n"),
    "a table by stem in another column": ("about.csv", "lot,image_id,kind\nA,0,x\nA,1,y\nB,2,x\n"),
    "a table that is elsewhere": ("sets/all.tsv", "0.jpg\tx\n1.jpg\ty\n"),
    "paths of another machine": ("list.txt", "C:\\set\\0.jpg 1\nC:\\set\\1.jpg 2\n"),
    "a list of images that are not there": ("trainval.txt", "group1/7.jpg group1/7.txt\ngroup1/8.jpg group1/8.txt\n"),
    "JSON lines": ("export.ndjson", '{"file": "0.jpg"}\n{"file": "1.jpg"}\n'),
    "JSON": (
        "via.json",
        json.dumps({f"{number}.jpg9": {"filename": f"{number}.jpg"} for number in range(3)}, indent=1),
    ),
}


@pytest.mark.parametrize(("file", "text"), NAMING.values(), ids=NAMING)
def test_images_that_a_table_names_are_not_labelled_by_folders(tmp_path: Path, file: str, text: str) -> None:
    made(tmp_path, some("group1/{}.jpg") | {file: text})
    with pytest.raises(LayoutError, match=f"{file} names the images") as caught:
        load_dataset(tmp_path)
    assert str(tmp_path / file) in str(caught.value.hint)
    assert load_dataset(tmp_path, options=Options(exclude=(file,))).records


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("readme.txt", "Photographs of the line, see 0.jpg for one.\nTaken in May.\nBy us.\nAll of them.\n"),
        ("counts.csv", "label,images\ncrack,3\nok,3\n"),
        ("notes.json", '{"camera": "A"}'),
        ("crack/notes.txt", "crack of line 1"),
        ("customlabels.toml", "[dataset]\n"),
    ],
)
def test_other_files_beside_labels_are_left_out_and_named(tmp_path: Path, file: str, text: str) -> None:
    made(tmp_path, some("crack/{}a.jpg", "ok/{}b.jpg") | {file: text})
    dataset = load_dataset(tmp_path)
    assert {record.labels for record in dataset.records} == {("crack",), ("ok",)}
    assert [(finding.name, finding.fatal) for finding in dataset.findings] == [(file, False)]


labels = st.text("abcdefghijklmnopqrstuvwxyz -_", min_size=1, max_size=12).filter(
    lambda label: label.strip(" .") == label and structure([f"{label}/x.jpg"]) is None and not label.startswith("-")
)


@given(st.lists(labels, min_size=2, max_size=5, unique=True), st.sampled_from(["data", "mask", "label", "image"]))
@settings(max_examples=200)
def test_structure_is_told_from_labels_by_all_folders_together(names: list[str], shared: str) -> None:
    assert structure([f"{label}/x.jpg" for label in (*names, shared)]) is None
    assert structure([f"{label}/x.jpg" for label in (*names, "JPEGImages")]) == "JPEGImages"
    assert structure([f"{shared}/{label}/x.jpg" for label in names]) == shared


UNEVEN = {
    "a copy inside": (*(f"xray/{part}/{label}/{{}}.jpg" for part in ("train", "test") for label in ("ok", "crack")),
                      "xray/xray/train/ok/{}.jpg"),
    "a part beside": ("data1/train/ok/{}.jpg", "data1/test/crack/{}.jpg", "data2/ok/{}.jpg", "data2/crack/{}.jpg"),
    "labels beside lines": ("crack/{}.jpg", "line1/ok/{}.jpg", "line1/crack/{}.jpg"),
}  # fmt: skip


@pytest.mark.parametrize("names", UNEVEN.values(), ids=UNEVEN)
def test_folders_that_hold_labels_of_others_are_no_labels(tmp_path: Path, names: tuple[str, ...]) -> None:
    made(tmp_path, some(*names))
    with pytest.raises(LayoutError, match="images lie at several depths") as caught:
        load_dataset(tmp_path)
    assert "--label-from parent" in str(caught.value.hint)
    by_parent = load_dataset(tmp_path, options=Options(label_from="parent"))
    assert {label for record in by_parent.records for label in record.labels} == {"ok", "crack"}
    asked = load_dataset(tmp_path, "folder")
    assert any("is the label of others" in finding.message for finding in asked.findings)


PARTS = [("train-set", "test-set"), ("train", "tests"), ("train", "eval"), ("seg_train", "seg_test"),
         ("Training", "Validierung")]  # fmt: skip


@pytest.mark.parametrize("parts", PARTS)
def test_labels_that_look_like_parts_of_a_split_are_named(tmp_path: Path, parts: tuple[str, str]) -> None:
    dataset = load_dataset(
        made(tmp_path, some(*(f"{part}/{label}/{{}}.jpg" for part in parts for label in ("a", "b"))))
    )
    assert {label for record in dataset.records for label in record.labels} == {*parts}
    assert any("look like parts of a split" in finding.message for finding in dataset.findings)


@pytest.mark.parametrize("labels", [("train", "tram", "bus"), ("test", "crack"), ("dev", "prod")])
def test_labels_that_only_sound_like_a_part_are_labels(tmp_path: Path, labels: tuple[str, ...]) -> None:
    assert not load_dataset(made(tmp_path, some(*(f"{label}/{{}}.jpg" for label in labels)))).findings


BOXED = {"x1": 1, "y1": 2, "x2": 30, "y2": 40}
FOREIGN: dict[str, tuple[str, str, str]] = {
    "Datumaro": (
        "annotations/default.json",
        json.dumps({"info": {}, "categories": {"label": {"labels": [{"name": "crack"}]}}, "items": [{"id": "0"}]}),
        "a Datumaro export",
    ),
    "BDD100K": (
        "labels/det_train.json",
        json.dumps([{"name": "0.jpg", "labels": [{"category": "car", "box2d": BOXED}]}]),
        "BDD100K",
    ),
    "FiftyOne, samples": (
        "samples.json",
        json.dumps({"samples": [{"filepath": "data/0.jpg", "ground_truth": {"_cls": "Detections"}}]}),
        "FiftyOne",
    ),
    "FiftyOne, labels": ("labels.json", json.dumps({"classes": ["crack"], "labels": {"0": 0}}), "FiftyOne"),
    "PaliGemma": (
        "_annotations.train.jsonl",
        json.dumps({"image": "0.jpg", "prefix": "detect", "suffix": "<loc0001><loc0002><loc0003><loc0004> crack"}),
        "PaliGemma",
    ),
    "YOLOv4": ("_annotations.txt", "0.jpg 10,20,60,70,0 70,20,100,60,1\n1.jpg 10,20,60,70,0\n", "YOLOv4"),
    "WIDER FACE": ("wider_face_train_bbx_gt.txt", "group1/0.jpg\n1\n10 20 30 40 0 0 0 0 0 0 \n", "WIDER FACE"),
    "CrowdHuman": (
        "annotation_train.odgt",
        json.dumps({"ID": "0", "gtboxes": [{"tag": "person", "fbox": [1, 2, 30, 40]}]}),
        "CrowdHuman",
    ),
    "MOT Challenge": ("group1/gt/gt.txt", "1,1,10,20,40,50,1,1,0.8\n2,1,11,20,40,50,1,1,0.8\n", "MOT Challenge"),
    "TensorFlow": ("train.tfrecord", "x", "TensorFlow's records"),
}


@pytest.mark.parametrize(("file", "text", "what"), FOREIGN.values(), ids=FOREIGN)
def test_files_of_tools_that_are_not_read_are_called_by_name(tmp_path: Path, file: str, text: str, what: str) -> None:
    made(tmp_path, some("group1/{}.jpg") | {file: text})
    for source in (tmp_path, tmp_path / file):
        with pytest.raises(LayoutError, match=f"{what}.*which is not read") as caught:
            load_dataset(source)
        assert caught.value.hint
    assert load_dataset(tmp_path, options=Options(exclude=(file,))).records


def test_an_xml_file_of_one_image_points_to_its_folder(tmp_path: Path) -> None:
    made(tmp_path, {"a.xml": "<annotation><filename>a.jpg</filename></annotation>"})
    with pytest.raises(LayoutError, match="an XML file of Pascal VOC") as caught:
        load_dataset(tmp_path / "a.xml")
    assert "name the folder" in str(caught.value.hint)
