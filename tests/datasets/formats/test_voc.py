"""Pascal VOC as its tools write it: names without endings, images elsewhere, turned boxes."""

from collections import Counter
from pathlib import Path

import pytest
from support.drawing import drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, Side
from customlabels.datasets.reading import ELSEWHERE
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format, load_dataset

BOX = "<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>30</xmax><ymax>50</ymax></bndbox>"


def written(path: Path, file_name: str, *objects: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    marked = "".join(f"<object>{marks}</object>" for marks in objects or (f"<name>crack</name>{BOX}",))
    path.write_text(f"<annotation><filename>{file_name}</filename>{marked}</annotation>")


def photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(0, seed, 128).save(path)


def sides(dataset: Dataset) -> Counter[Side | None]:
    return Counter(record.side for record in dataset.records for _ in record.boxes or ())


@pytest.mark.parametrize("ending", ["", ".jpg"])
def test_images_and_annotations_in_folders_of_their_own_meet_by_stem(tmp_path: Path, ending: str) -> None:
    for part, first in (("train", 0), ("validation", 100)):
        for label in ("crazing", "inclusion"):
            for number in range(first, first + 2):
                photo(tmp_path / f"{part}/images/{label}/{label}_{number}.jpg", number)
                written(tmp_path / f"{part}/annotations/{label}_{number}.xml", f"{label}_{number}{ending}")
    dataset = load_dataset(tmp_path)
    assert sides(dataset) == {Side.TRAIN: 4, Side.TEST: 4}
    assert not dataset.findings


def test_an_image_that_its_file_calls_otherwise_is_found_by_the_name_of_the_file(tmp_path: Path) -> None:
    photo(tmp_path / "pictures/0001.png")
    written(tmp_path / "marks/0001.xml", "IMG_2041.JPG")
    assert [record.name for record in load_dataset(tmp_path).records] == ["pictures/0001.png"]


def test_a_stem_that_several_images_have_is_a_fault(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        photo(tmp_path / f"{folder}/1.jpg", len(folder))
    written(tmp_path / "marks/1.xml", "1")
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path)
    assert any("there are several images of that name" in detail for detail in caught.value.details)


def test_where_no_image_is_found_the_flag_for_their_folder_is_named(tmp_path: Path) -> None:
    photo(tmp_path / "elsewhere/1.jpg")
    written(tmp_path / "marks/1.xml", "1")
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path / "marks")
    assert "--images" in str(caught.value.hint)
    assert load_dataset(tmp_path / "marks", options=Options(images=tmp_path / "elsewhere")).records


def test_turned_boxes_give_the_rectangle_around_them(tmp_path: Path) -> None:
    turned = "<robndbox><cx>60</cx><cy>60</cy><w>40</w><h>20</h><angle>1.5707963267948966</angle></robndbox>"
    photo(tmp_path / "a.jpg")
    written(tmp_path / "a.xml", "a.jpg", f"<type>robndbox</type><name>crack</name>{turned}")
    (record,) = load_dataset(tmp_path).records
    assert [tuple(map(round, box.corners)) for box in record.boxes or ()] == [(50, 40, 70, 80)]


def test_an_image_with_a_faulty_object_is_not_used_without_it(tmp_path: Path) -> None:
    for number, name in enumerate("ab"):
        photo(tmp_path / f"{name}.jpg", number)
        written(tmp_path / f"{name}.xml", f"{name}.jpg")
    written(tmp_path / "b.xml", "b.jpg", f"<name>crack</name>{BOX}", f"<name></name>{BOX}")
    dataset = load_dataset(tmp_path)
    assert [record.name for record in dataset.records] == ["a.jpg"]
    assert [(finding.name, finding.message) for finding in dataset.faults] == [("b.xml, object 2", "has no name")]


def test_an_image_that_no_file_describes_is_named(tmp_path: Path) -> None:
    for number, name in enumerate("ab"):
        photo(tmp_path / f"{name}.jpg", number)
    written(tmp_path / "a.xml", "a.jpg")
    dataset = load_dataset(tmp_path)
    assert [(finding.name, finding.message) for finding in dataset.findings] == [
        ("b.jpg", "an image that no annotation names, left out")
    ]


def messages(dataset: Dataset) -> list[str]:
    return [finding.message for finding in dataset.findings]


def test_parts_and_deleted_objects_are_left_out_and_named(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    part = f"<part><name>head</name>{BOX}</part>"
    deleted = f"<name>crack</name><deleted>1</deleted>{BOX}"
    written(tmp_path / "a.xml", "a.jpg", f"<name>person</name>{BOX}{part}{part}", deleted)
    dataset = load_dataset(tmp_path, "voc")
    assert [[box.label for box in record.boxes or ()] for record in dataset.records] == [["person"]]
    assert {"2 parts of objects left out", "1 deleted objects left out"} <= set(messages(dataset))


def test_a_file_that_names_another_image_which_is_there_too_is_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"{name}.jpg")
    written(tmp_path / "a.xml", "b.jpg")
    written(tmp_path / "b.xml", "elsewhere/stale.jpg")
    dataset = load_dataset(tmp_path, "voc")
    assert [record.name for record in dataset.records] == ["a.jpg", "b.jpg"]
    ((finding, name),) = [(finding.message, finding.name) for finding in dataset.findings]
    assert (name, "is another image that is there too" in finding) == ("a.xml", True)


def test_an_image_of_the_name_in_another_folder_is_another_or_told(tmp_path: Path) -> None:
    for name in ("line1/a.jpg", "line2/b.jpg"):
        photo(tmp_path / name)
    written(tmp_path / "line2/a.xml", "a.jpg")
    written(tmp_path / "line2/b.xml", "b.jpg")
    dataset = load_dataset(tmp_path)
    assert [record.name for record in dataset.records] == ["line2/b.jpg"]
    assert any("line1/a.jpg has its name, but lies in another folder" in message for message in messages(dataset))
    (tmp_path / "line2").rename(tmp_path / "marks")
    (tmp_path / "marks/b.jpg").rename(tmp_path / "line1/b.jpg")
    dataset = load_dataset(tmp_path)
    assert [record.name for record in dataset.records] == ["line1/a.jpg", "line1/b.jpg"]
    assert set(messages(dataset)) == {ELSEWHERE}


@pytest.mark.parametrize("told", ["<folder>line2</folder>", "<path>C:\\me\\line2\\a.jpg</path>"])
def test_of_several_images_of_a_name_the_folder_that_a_file_tells_holds_it(tmp_path: Path, told: str) -> None:
    for name in ("line1/a.jpg", "line2/a.jpg"):
        photo(tmp_path / name)
    written(tmp_path / "annotations/a.xml", "a.jpg")
    path = tmp_path / "annotations/a.xml"
    path.write_text(path.read_text().replace("<filename>", f"{told}<filename>"))
    assert [record.name for record in load_dataset(tmp_path).records] == ["line2/a.jpg"]


LISTS: dict[str, tuple[dict[str, str], dict[str, Side | None]]] = {
    "trainval is what is trained on": (
        {"trainval": "a\nb\n", "test": "c\n"},
        {"a": Side.TRAIN, "b": Side.TRAIN, "c": Side.TEST},
    ),
    "but what train and val say counts": (
        {"trainval": "a\nb\n", "train": "a\n", "val": "b\n"},
        {"a": Side.TRAIN, "b": Side.TEST, "c": None},
    ),
    "with endings, folders and a byte order mark": (
        {"train": "\ufeffa.jpg\n./JPEGImages/b.jpg\n", "test": "Annotations/c.xml\n"},
        {"a": Side.TRAIN, "b": Side.TRAIN, "c": Side.TEST},
    ),
    "an image of two parts is not used": ({"train": "a\nb\n", "test": "b\nc\n"}, {"a": Side.TRAIN, "c": Side.TEST}),
}


@pytest.mark.parametrize(("lists", "expected"), LISTS.values(), ids=LISTS.keys())
def test_lists_of_image_sets(tmp_path: Path, lists: dict[str, str], expected: dict[str, Side | None]) -> None:
    for number, name in enumerate("abc"):
        photo(tmp_path / f"JPEGImages/{name}.jpg", number)
        written(tmp_path / f"Annotations/{name}.xml", f"{name}.jpg")
    for part, names in lists.items():
        path = tmp_path / f"ImageSets/Main/{part}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{names}gone\n" if part == "train" else names)
    dataset = load_dataset(tmp_path)
    assert {record.path.stem: record.side for record in dataset.records} == expected
    assert ("names what has no XML file: gone" in messages(dataset)) == ("train" in lists)
    assert any("several parts of the split: train.txt and test.txt" in message for message in messages(dataset)) == (
        "b" not in expected
    )


@pytest.mark.parametrize(
    ("annotations", "images"), [("Annotations/{}", "JPEGImages/{}"), ("images/{}", "images/{}"), ("x/{}", "x/{}")]
)
def test_folders_of_parts_below_the_first_level_are_sides(tmp_path: Path, annotations: str, images: str) -> None:
    for number, part in enumerate(("train", "test")):
        photo(tmp_path / images.format(part) / f"{part}1.jpg", number)
        written(tmp_path / annotations.format(part) / f"{part}1.xml", f"{part}1.jpg")
    assert sides(load_dataset(tmp_path)) == {Side.TRAIN: 1, Side.TEST: 1}


def test_tags_may_be_in_a_namespace(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    written(tmp_path / "a.xml", "a.jpg")
    path = tmp_path / "a.xml"
    path.write_text(path.read_text().replace("<annotation>", '<annotation xmlns="http://example.com/voc">'))
    assert [box.label for record in load_dataset(tmp_path).records for box in record.boxes or ()] == ["crack"]


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (f"<name>crack</name>{BOX}{BOX}", "has several boxes (<bndbox>)"),
        ("<name>x</name><polygon><pt><x>2</x><y>2</y></pt></polygon>", "as LabelMe's web tool writes it"),
    ],
)
def test_objects_of_other_shapes_are_faults_that_name_them(tmp_path: Path, marks: str, says: str) -> None:
    for number, name in enumerate("ab"):
        photo(tmp_path / f"{name}.jpg", number)
    written(tmp_path / "a.xml", "a.jpg")
    written(tmp_path / "b.xml", "b.jpg", marks)
    dataset = load_dataset(tmp_path, "voc")
    assert [record.name for record in dataset.records] == ["a.jpg"]
    assert says in "".join(messages(dataset))


@pytest.mark.parametrize("devkits", [("VOC2007",), ("VOC2007", "VOC2012"), ("sets/VOC2012",)])
def test_each_devkit_below_a_folder_has_its_own_split(tmp_path: Path, devkits: tuple[str, ...]) -> None:
    for folder in devkits:
        for number, part in enumerate(("train", "train", "val"), len(folder)):
            photo(tmp_path / f"{folder}/JPEGImages/{number}.jpg", number)
            written(tmp_path / f"{folder}/Annotations/{number}.xml", f"{number}.jpg")
            listed = tmp_path / f"{folder}/ImageSets/Main/{part}.txt"
            listed.parent.mkdir(parents=True, exist_ok=True)
            with listed.open("a") as file:
                file.write(f"{number}\n")
    dataset = load_dataset(tmp_path)
    assert sides(dataset) == {Side.TRAIN: 2 * len(devkits), Side.TEST: len(devkits)}
    assert not dataset.findings


def test_a_devkit_is_recognised_behind_other_xml_files(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.xml").write_text("<settings/>")
    photo(tmp_path / "pictures/x/1.jpg")
    written(tmp_path / "marks/y/1.xml", "1.jpg")
    assert find_format(AUTO, tmp_path, DEFAULTS).name == "voc"
