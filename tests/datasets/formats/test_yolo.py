"""YOLO as its many writers have it: Ultralytics, Darknet, CVAT, LabelImg, Roboflow, DOTA."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats.yolo_rows import looks_like_rows, read_rows
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, Side
from customlabels.manifests.formats import AUTO, find_format, load_dataset

SIDE = 128
ROW = "{} 0.5 0.5 0.25 0.25\n"
TURNED = "32 32 96 32 96 96 32 96 {} 0\n"


def made(root: Path, files: dict[str, str | None]) -> Path:
    """Images, where there is no text, and text files."""
    for number, (name, text) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            drawn(0, number, SIDE).save(path)
        else:
            path.write_text(text)
    return root


def labelled(images: str, texts: str, count: int = 4, row: str = ROW) -> dict[str, str | None]:
    numbers = range(count)
    return {images.format(number): None for number in numbers} | {
        texts.format(number): row.format(number % 2) for number in numbers
    }


def boxes(dataset: Dataset) -> Counter[tuple[str, Side | None]]:
    return Counter((box.label, record.side) for record in dataset.records for box in record.boxes or ())


def faults(dataset: Dataset) -> list[str]:
    return [f"{finding.name}: {finding.message}" for finding in dataset.faults]


UNDIVIDED = {("crack", None): 2, ("pit", None): 2}
DIVIDED = {("crack", Side.TRAIN): 2, ("pit", Side.TRAIN): 2, ("crack", Side.TEST): 1, ("pit", Side.TEST): 1}
DARKNET = {
    "obj.names": "crack\npit\n",
    "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
}
BESIDE = labelled("obj_train_data/{}.jpg", "obj_train_data/{}.txt")
HELD = labelled("obj_valid_data/v{}.jpg", "obj_valid_data/v{}.txt", 2)
LIST = "".join(f"data/obj_train_data/{number}.jpg\n" for number in range(4))
LISTS = {"train.txt": LIST, "valid.txt": "data/obj_valid_data/v0.jpg\ndata/obj_valid_data/v1.jpg\n"}
PARTED = {**DARKNET, "obj.data": DARKNET["obj.data"] + "valid = data/valid.txt\n"}

WRITERS = {
    "Darknet, and CVAT's YOLO 1.1": (DARKNET | BESIDE | {"train.txt": LIST}, UNDIVIDED),
    "CVAT with two parts": (PARTED | BESIDE | HELD | LISTS, DIVIDED),
    "CVAT whose list is not there": (DARKNET | BESIDE, UNDIVIDED),
    "Darknet, trained and tested on one list": (
        DARKNET | BESIDE | {"obj.data": PARTED["obj.data"].replace("valid.txt", "train.txt"), "train.txt": LIST},
        UNDIVIDED,
    ),
    "Darknet, with a copy of its list": (PARTED | BESIDE | {"train.txt": LIST, "valid.txt": LIST}, UNDIVIDED),
    "a part that is tested on twice": (
        labelled("train/images/{}.jpg", "train/labels/{}.txt")
        | labelled("valid/images/{}.jpg", "valid/labels/{}.txt", 2)
        | {"data.yaml": "train: train/images\nval: valid/images\ntest: valid/images\nnames: ['crack', 'pit']\n"},
        DIVIDED,
    ),
    "LabelImg": (labelled("{}.jpg", "{}.txt") | {"classes.txt": "crack\npit\n"}, UNDIVIDED),
    "Label Studio": (labelled("images/{}.jpg", "labels/{}.txt") | {"classes.txt": "crack\npit\n"}, UNDIVIDED),
    "names in labels/": (labelled("images/{}.jpg", "labels/{}.txt") | {"labels/classes.txt": "crack\npit"}, UNDIVIDED),
    "Roboflow's Darknet": (
        labelled("train/{}.jpg", "train/{}.txt")
        | labelled("valid/v{}.jpg", "valid/v{}.txt", 2)
        | {"train/_darknet.labels": "crack\npit", "valid/_darknet.labels": "crack\npit"},
        DIVIDED,
    ),
    "Roboflow, without the test part that it names": (
        labelled("train/images/{}.jpg", "train/labels/{}.txt")
        | labelled("valid/images/{}.jpg", "valid/labels/{}.txt", 2)
        | {
            "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
            "nc: 2\nnames: ['crack', 'pit']\n"
        },
        DIVIDED,
    ),
    "a description of another name": (
        labelled("images/{}.jpg", "labels/{}.txt")
        | {"parts.yaml": "train: images\nval: images\nnames: [crack, pit]\n"},
        UNDIVIDED,
    ),
    "DOTA": (labelled("images/{}.jpg", "labelTxt/{}.txt", row="imagesource:x\ngsd:1\n" + TURNED), None),
}


@pytest.mark.parametrize(("files", "counts"), WRITERS.values(), ids=WRITERS)
def test_boxes_are_read_as_they_lie(tmp_path: Path, files: dict[str, str | None], counts: dict[object, int]) -> None:
    made(tmp_path, files)
    assert find_format(AUTO, tmp_path, Options()).name == "yolo"
    dataset = load_dataset(tmp_path)
    assert boxes(dataset) == (counts or {("0", None): 2, ("1", None): 2})
    assert not faults(dataset)
    assert {box.corners for record in dataset.records for box in record.boxes or ()} <= {
        (48, 48, 80, 80),
        (32, 32, 96, 96),
    }


def test_an_image_in_two_parts_of_the_split_is_a_fault_and_one_named_twice_is_not(tmp_path: Path) -> None:
    again = LISTS["valid.txt"] + "data/obj_valid_data/v1.jpg\n"
    made(tmp_path, PARTED | BESIDE | HELD | {"train.txt": LIST, "valid.txt": again})
    dataset = load_dataset(tmp_path)
    assert boxes(dataset) == DIVIDED
    said = [(finding.name, finding.message, finding.fatal) for finding in dataset.findings]
    assert ("valid.txt, obj_valid_data/v1.jpg", "named before, left out", False) in said
    made(tmp_path, {"valid.txt": LISTS["valid.txt"] + "data/obj_train_data/0.jpg\n"})
    dataset = load_dataset(tmp_path)
    assert faults(dataset) == [
        "valid.txt, obj_train_data/0.jpg: is in train and in validation: it can be trained on or tested on"
    ]
    assert boxes(dataset) == DIVIDED


@pytest.mark.parametrize(
    "row", ["1.0 0.5 0.5 0.25 0.25", "1.000000e+00 5e-1 5e-1 2.5e-1 2.5e-1", "1, 0.5, 0.5, 0.25, 0.25"]
)
def test_a_class_may_be_written_as_any_whole_number(tmp_path: Path, row: str) -> None:
    made(tmp_path, {"images/a.jpg": None, "labels/a.txt": row, "data.yaml": "train: images\nnames: [crack, pit]\n"})
    (record,) = load_dataset(tmp_path).records
    assert [(box.label, *box.corners) for box in record.boxes or ()] == [("pit", 48, 48, 80, 80)]


@pytest.mark.parametrize("place", ["labels/{}.txt", "images/{}.txt"])
def test_numbers_that_nothing_names_are_refused_with_what_is_lacking(tmp_path: Path, place: str) -> None:
    made(tmp_path, labelled("images/{}.jpg", place))
    with pytest.raises(LayoutError, match="nothing names the classes of its text files, 0, 1") as caught:
        load_dataset(tmp_path)
    assert str(tmp_path / "classes.txt") in str(caught.value.hint)


def test_lists_of_names_that_differ_are_refused(tmp_path: Path) -> None:
    files = labelled("train/{}.jpg", "train/{}.txt") | {"train/classes.txt": "crack\npit", "classes.txt": "pit\ncrack"}
    with pytest.raises(LayoutError, match="name the classes differently"):
        load_dataset(made(tmp_path, files))


def test_a_part_to_train_on_that_is_not_there_is_fatal_and_no_other(tmp_path: Path) -> None:
    made(tmp_path, labelled("images/train/{}.jpg", "labels/train/{}.txt"))
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/val\ntest: gone\nnames: [crack, pit]\n")
    dataset = load_dataset(tmp_path)
    assert [(finding.name, finding.message) for finding in dataset.findings] == [
        ("data.yaml", "val: images/val is not there, left out"),
        ("data.yaml", "test: gone is not there, left out"),
    ]
    (tmp_path / "data.yaml").write_text("train: gone\nval: images/train\nnames: [crack, pit]\n")
    with pytest.raises(LayoutError, match="train: 'gone' is not below"):
        load_dataset(tmp_path)


def test_a_text_file_without_its_image_is_a_fault(tmp_path: Path) -> None:
    made(tmp_path, labelled("images/{}.jpg", "labels/{}.txt") | {"classes.txt": "crack\npit\n"})
    (tmp_path / "images/2.jpg").unlink()
    (tmp_path / "labels/notes.txt").write_text("by hand")
    dataset = load_dataset(tmp_path)
    assert faults(dataset) == ["labels/2.txt: its image is not there"]
    assert [finding.name for finding in dataset.findings if not finding.fatal] == ["labels/notes.txt"]


def test_an_image_with_a_faulty_row_is_not_used_without_it(tmp_path: Path) -> None:
    made(tmp_path, labelled("images/{}.jpg", "labels/{}.txt") | {"classes.txt": "crack\npit\n"})
    (tmp_path / "labels/2.txt").write_text(ROW.format(0) + ROW.format(9))
    dataset = load_dataset(tmp_path)
    assert faults(dataset) == ["labels/2.txt, row 2: class 9 is not among the 2 names"]
    assert "images/2.jpg" not in {record.name for record in dataset.records}


@given(st.text("0123456789 .-e,\nax", max_size=60), st.sampled_from([{}, {0: "crack"}]))
def test_any_text_is_rows_and_faults(text: str, names: dict[int, str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_text(text)
        rows = read_rows(path, "a.txt", names)
        looks_like_rows(path)
    told = len([row for row in text.replace(",", " ").splitlines() if row.strip()])
    assert len(rows.boxes) + len([fault for fault in rows.faults if ", row " in fault.name]) == told


@pytest.mark.parametrize(
    "name", ["no", "Yes", "on", "off", "null", "~", "true", "012", "1.10", "1e3", "0x1F", "2024-01-01", "1_0", "crack"]
)
@pytest.mark.parametrize("form", ["[{}, other]", "\n  0: {}\n  1: other", "\n- {}\n- other"])
def test_a_class_is_called_as_it_is_written_whatever_yaml_takes_it_for(tmp_path: Path, name: str, form: str) -> None:
    annotated(tmp_path, "0 0.5 0.5 0.25 0.25\n", f"train: images\nnames: {form.format(name)}\n")
    assert labels_of(tmp_path) == [name]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("numbers", [2, 3])
def test_the_key_points_of_a_pose_are_no_polygon(tmp_path: Path, count: int, numbers: int) -> None:
    points = " ".join(["0.9 0.1 2"[: 3 * numbers + numbers]] * count)
    shape = f"kpt_shape: [{count}, {numbers}]\n"
    annotated(tmp_path, f"0 0.5 0.5 0.25 0.25 {points}\n", f"train: images\n{shape}names: [crack]\n")
    dataset = load_dataset(tmp_path, "yolo")
    ((box,),) = [record.boxes for record in dataset.records]
    assert box.corners == (37.5, 37.5, 62.5, 62.5)
    assert "1 key points left out" in [finding.message for finding in dataset.findings]


def test_a_row_that_has_other_key_points_than_its_description_says_is_a_fault(tmp_path: Path) -> None:
    annotated(tmp_path, "0 0.5 0.5 0.25 0.25 0.9 0.1\n", "train: images\nkpt_shape: [2, 2]\nnames: [crack]\n")
    with pytest.raises(LayoutError, match="no image that can be used") as caught:
        load_dataset(tmp_path, "yolo")
    assert any("kpt_shape" in detail for detail in caught.value.details)


@pytest.mark.parametrize("shape", ["'2, 3'", "17", "[17]", "[a, b]", "{n: 17}"])
def test_a_shape_of_key_points_that_is_none_is_refused(tmp_path: Path, shape: str) -> None:
    annotated(tmp_path, "0 0.5 0.5 0.25 0.25\n", f"train: images\nkpt_shape: {shape}\nnames: [crack]\n")
    with pytest.raises(LayoutError, match="kpt_shape"):
        load_dataset(tmp_path, "yolo")


@pytest.mark.parametrize(("count", "faults"), [(1, 0), (2, 1)])
def test_fewer_names_than_classes_are_a_fault(tmp_path: Path, count: int, faults: int) -> None:
    annotated(tmp_path, "0 0.5 0.5 0.25 0.25\n", f"train: images\nnc: {count}\nnames: [crack]\n")
    assert len(load_dataset(tmp_path, "yolo").faults) == faults


def test_text_files_are_found_in_any_case(tmp_path: Path) -> None:
    annotated(tmp_path, "0 0.5 0.5 0.25 0.25\n", "train: Images\nnames: [crack]\n", images="Images", labels="LABELS")
    (tmp_path / "LABELS/a.txt").rename(tmp_path / "LABELS/a.TXT")
    assert labels_of(tmp_path) == ["crack"]


def annotated(root: Path, rows: str, description: str, images: str = "images", labels: str = "labels") -> None:
    """An image of 100 by 100 pixels with its text file."""
    for folder in (images, labels):
        (root / folder).mkdir()
    drawn(0, 0, 100).save(root / images / "a.jpg")
    (root / labels / "a.txt").write_text(rows)
    (root / "data.yaml").write_text(description)


def labels_of(root: Path) -> list[str]:
    (record,) = load_dataset(root, "yolo").records
    return [box.label for box in record.boxes or ()]


ODD_ROWS = [
    ("0 0.5 0.5 0.25 0.25 45", "ends in 45, which is no confidence", True),
    ("0 0.5 0.5 0.25 0.25 -0.785", "ends in -0.785, which is no confidence", True),
    ("0 0.5 0.5 0.25 0.25 0.9", "1 box of 1 text file with a confidence: a model made them", False),
    ("0 0.5 0.5 0.25 0.25 0.9 1", "can be a triangle, or a box with a confidence", True),
    ("0 0.5 0.5 0.25 0.25 0.9 7", "1 numbers of tracked objects left out", False),
    ("0" + " 0.4 0.4 0.6 0.6" * 3, "the only row of more than a box has 13 cells: taken for polygons", False),
    ("0 0.5 0.5 0.25 0.25 0.4 0.4 2", "is a box with 1 key point, of which data.yaml has to say so", True),
    ("0 0.5 0.5 0.25 0.25 0.4 0.4 2 0.6 0.6 1", "is a box with 2 key points", True),
    ("0 0.5 0.5 0.25 0.25" + " 0.4 0.4 1" * 3, "of a box with key points data.yaml has to say so", True),
    (
        "0" + " 0.4 0.4 0.6 0.6" * 3 + "\n0" + " 0.4 0.4 0.6 0.6" * 3,
        "all rows have 13 cells: taken for polygons",
        False,
    ),
]


@pytest.mark.parametrize(("rows", "says", "fatal"), ODD_ROWS)
def test_what_follows_a_box_is_read_refused_or_named(tmp_path: Path, rows: str, says: str, fatal: bool) -> None:
    made(tmp_path, {"images/a.jpg": None, "images/b.jpg": None, "labels/b.txt": ROW.format(1), "labels/a.txt": rows})
    (tmp_path / "classes.txt").write_text("crack\npit\n")
    dataset = load_dataset(tmp_path)
    assert any(says in finding.message and finding.fatal is fatal for finding in dataset.findings)
    assert len(dataset.records) == 2 - fatal


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"data.yaml": "train: images\nnames: [crack, pit]\n", "classes.txt": "pit\ncrack"}, "classes differently"),
        ({"data.yaml": "train: images\nnames:\n  0: crack\n  1: pit\n  0: scratch\n"}, "0 stands twice"),
        ({"data.yaml": "train: images\ntrain: more\nnames: [crack, pit]\n"}, "train stands twice"),
        (
            {"data.yaml": "train: train/images\nval: valid/images\nnames: [crack, pit]\n"},
            "train: 'train/images' is not",
        ),
    ],
)
def test_descriptions_that_contradict_are_refused(tmp_path: Path, files: dict[str, str | None], says: str) -> None:
    with pytest.raises(LayoutError, match=says):
        load_dataset(made(tmp_path, labelled("images/{}.jpg", "labels/{}.txt") | files))


@pytest.mark.parametrize(
    "text", ["# classes\ncrack\npit\n", "0 crack\n1 pit\n", "0: crack\n1: pit\n", "0\tcrack\n1\tpit"]
)
def test_comments_and_numbers_of_a_list_are_no_names(tmp_path: Path, text: str) -> None:
    dataset = load_dataset(made(tmp_path, labelled("images/{}.jpg", "labels/{}.txt") | {"classes.txt": text}))
    assert boxes(dataset) == UNDIVIDED
    assert ["its lines are numbered" in finding.message for finding in dataset.findings] == [True] * (text[0] == "0")


def test_other_images_are_not_taken_for_a_part_that_is_not_there(tmp_path: Path) -> None:
    made(tmp_path, labelled("train/images/{}.jpg", "train/labels/{}.txt") | {"images/x.jpg": None})
    (tmp_path / "data.yaml").write_text("train: ../train/images\nval: ../valid/images\nnames: [crack, pit]\n")
    dataset = load_dataset(tmp_path)
    assert {record.side for record in dataset.records} == {Side.TRAIN}
    assert "val: ../valid/images is not there, left out" in [finding.message for finding in dataset.findings]


def test_a_text_file_is_that_of_the_image_of_its_spelling(tmp_path: Path) -> None:
    made(tmp_path, {"images/A.jpg": None, "images/a.jpg": None, "labels/a.txt": ROW.format(0), "classes.txt": "crack"})
    assert [record.name for record in load_dataset(tmp_path).records] == ["images/a.jpg"]
