"""Masks as known data sets lay them out, and as a person's own lie: read as they are, never as images."""

import json
import tempfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.drawing import drawn

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.formats.mask_pairs import find_pairs
from customlabels.datasets.formats.mask_pixels import Names, read_spots
from customlabels.datasets.formats.masks import WHOLE
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, Side
from customlabels.datasets.reading import Policy
from customlabels.datasets.split import split
from customlabels.datasets.structure import GOOD
from customlabels.manifests.formats import AUTO, find_format, load_dataset

SIDE = 128
SPOT = (20, 30, 60, 70)
KEEP = Policy(allow_unlabelled=True)
Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(0, seed + sum(map(ord, str(path))), SIDE).save(path)


def spots(*boxes: tuple[int, int, int, int], value: int = 255) -> Pixels:
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = value
    return pixels


def mask(path: Path, pixels: Pixels | None = None, palette: list[int] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(spots(SPOT) if pixels is None else pixels)
    if palette is not None:
        image = Image.fromarray(np.asarray(image))
        image.putpalette(palette)
    image.save(path)


def boxes(dataset: Dataset) -> Counter[str]:
    return Counter(box.label for record in dataset.records for box in record.boxes or ())


def labels(dataset: Dataset) -> Counter[str]:
    return Counter(label for record in dataset.records for label in record.labels)


def faults(dataset: Dataset) -> list[str]:
    return [f"{finding.name}: {finding.message}" for finding in dataset.faults]


def mvtec(root: Path, defects: tuple[str, ...] = ("color", "cut"), test: str = "test") -> None:
    for number in range(6):
        photo(root / f"train/good/{number:03}.png", number)
    for number in range(3):
        photo(root / f"{test}/good/{number:03}.png", 50 + number)
    for defect in defects:
        for number in range(3):
            photo(root / f"{test}/{defect}/{number:03}.png", 90 + number)
            mask(root / f"ground_truth/{defect}/{number:03}_mask.png")


def mvtec_2(root: Path) -> None:
    for number in range(3):
        photo(root / f"train/good/{number:03}_regular.png", number)
        photo(root / f"test_public/good/{number:03}_regular.png", 50 + number)
        photo(root / f"test_public/bad/{number:03}_regular.png", 90 + number)
        mask(root / f"test_public/ground_truth/bad/{number:03}_regular_mask.png")


def loco(root: Path) -> None:
    for number in range(3):
        photo(root / f"train/good/{number:03}.png", number)
        photo(root / f"test/logical_anomalies/{number:03}.png", 50 + number)
        for place, at in enumerate((SPOT, (80, 80, 99, 99))):
            mask(root / f"ground_truth/logical_anomalies/{number:03}/{place:03}.png", spots(at, value=236 + place))


def visa(root: Path) -> None:
    for number in range(6):
        photo(root / f"Data/Images/Normal/{number:04}.JPG", number)
    for number in range(3):
        photo(root / f"Data/Images/Anomaly/{number:03}.JPG", 50 + number)
        mask(root / f"Data/Masks/Anomaly/{number:03}.png", spots(SPOT, value=1))


def dagm(root: Path) -> None:
    for part in ("Train", "Test"):
        for number in range(6):
            photo(root / f"{part}/{number:04}.PNG", number)
            if number % 2:
                mask(root / f"{part}/Label/{number:04}_label.PNG")


def ksdd(root: Path) -> None:
    for part in range(4):
        for number in range(3):
            photo(root / f"kos{part:02}/Part{number}.jpg", 10 * part + number)
            mask(root / f"kos{part:02}/Part{number}_label.bmp", spots(SPOT) if number == 1 else spots())


def ksdd2(root: Path) -> None:
    for part, names in (("train", (10, 11, 12)), ("test", (20, 21, 22))):
        for name in names:
            photo(root / f"{part}/{name}.png", name)
            mask(root / f"{part}/{name}_GT.png", spots(SPOT) if name % 2 else spots())


def btad(root: Path) -> None:
    for number in range(3):
        photo(root / f"train/ok/{number:04}.png", number)
        photo(root / f"test/ok/{number:04}.png", 50 + number)
        photo(root / f"test/ko/{number:04}.png", 90 + number)
        mask(root / f"ground_truth/ko/{number:04}.bmp")


def flat(root: Path) -> None:
    for number in range(8):
        photo(root / f"good/{number:03}.png", number)
    for defect in ("crack", "cut"):
        photo(root / f"{defect}/000.png", 50)
        mask(root / f"ground_truth/{defect}/000_mask.png")


def numbered_masks(root: Path) -> None:
    photo(root / "malignant/a (1).png")
    mask(root / "malignant/a (1)_mask.png")
    mask(root / "malignant/a (1)_mask_1.png", spots((80, 80, 99, 99)))


def trees_of_parts(root: Path) -> None:
    for part in ("train", "test"):
        photo(root / f"{part}_img/0.jpg")
        mask(root / f"{part}_lab/0.png")


FAMILY = {
    "MVTec AD": (mvtec, {"color": 3, "cut": 3}, 15),
    "MVTec AD 2": (mvtec_2, {"bad": 3}, 9),
    "MVTec LOCO": (loco, {"logical_anomalies": 6}, 6),
    "VisA": (visa, {"Anomaly": 3}, 9),
    "DAGM": (dagm, {"defect": 6}, 12),
    "Kolektor SDD": (ksdd, {"defect": 4}, 12),
    "Kolektor SDD2": (ksdd2, {"defect": 2}, 6),
    "BTAD": (btad, {"ko": 3}, 9),
    "parts flat": (flat, {"crack": 1, "cut": 1}, 10),
    "several masks beside an image": (numbered_masks, {"malignant": 2}, 1),
    "a tree a part of the split": (trees_of_parts, {"defect": 2}, 2),
}


@pytest.mark.parametrize(("write", "found", "images"), FAMILY.values(), ids=FAMILY)
def test_masks_give_boxes_and_are_no_images(tmp_path: Path, write, found: dict[str, int], images: int) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path)
    assert find_format(AUTO, tmp_path, Options()).name == "masks"
    dataset = load_dataset(tmp_path, policy=KEEP)
    assert boxes(dataset) == found
    assert len(dataset.records) == images
    assert not faults(dataset)


OF_CATEGORIES = {name: FAMILY[name] for name in ("MVTec AD", "MVTec AD 2", "MVTec LOCO", "VisA", "DAGM", "BTAD")}


@pytest.mark.parametrize(("write", "found", "images"), OF_CATEGORIES.values(), ids=OF_CATEGORIES)
def test_below_a_download_of_several_categories_one_can_be_chosen(  # type: ignore[no-untyped-def]
    tmp_path: Path, write, found: dict[str, int], images: int
) -> None:
    for category in ("carpet", "grid"):
        write(tmp_path / category)
    dataset = load_dataset(tmp_path, policy=KEEP)
    assert boxes(dataset) == {label: 2 * count for label, count in found.items()}
    one = load_dataset(tmp_path, options=Options(category="grid"), policy=KEEP)
    assert boxes(one) == found
    assert all(record.name.startswith("grid/") for record in one.records)
    left_out = [finding for finding in one.findings if finding.message.startswith("of another category")]
    files = [path for path in (tmp_path / "carpet").rglob("*") if path.is_file()]
    assert sum(finding.count for finding in left_out) == len(files)
    with pytest.raises(LayoutError, match="no category 'leather'"):
        load_dataset(tmp_path, options=Options(category="leather"))


def test_a_category_of_what_has_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parts.csv").write_text("image,label\na.jpg,crack\n")
    with pytest.raises(SettingsError, match="read as csv, which has none"):
        load_dataset(tmp_path / "parts.csv", options=Options(category="carpet"))


def test_a_damaged_mask_elsewhere_is_named_with_its_path(tmp_path: Path) -> None:
    for number in range(2):
        photo(tmp_path / f"photos/crack/{number}.png", number)
        mask(tmp_path / f"elsewhere/crack/{number}.png")
    broken = tmp_path / "elsewhere/crack/1.png"
    broken.write_bytes(broken.read_bytes()[:40])
    dataset = load_dataset(tmp_path / "photos", options=Options(masks=tmp_path / "elsewhere"))
    assert faults(dataset) == [f"{broken}: the mask of crack/1.png: a damaged PNG file"]


@pytest.mark.parametrize("below", ["", "carpet"])
def test_the_folders_of_such_data_are_labels_where_these_are_asked_for(tmp_path: Path, below: str) -> None:
    mvtec(tmp_path / below)
    if below:
        mvtec(tmp_path / "grid")
    dataset = load_dataset(tmp_path, "folder")
    times = 2 if below else 1
    assert labels(dataset) == {"good": 9 * times, "color": 3 * times, "cut": 3 * times}
    assert not [record.name for record in dataset.records if "ground_truth" in record.name]
    assert not faults(dataset)
    notes = [finding for finding in dataset.findings if finding.message == "a mask of an image, left out"]
    assert sum(finding.count for finding in notes) == 6 * times


@pytest.mark.parametrize("format", ["masks", "folder"])
def test_defects_in_test_alone_are_not_trained_on_and_resplit_is_named(tmp_path: Path, format: str) -> None:
    mvtec(tmp_path)
    dataset = load_dataset(tmp_path, format)
    assert {record.side for record in dataset.records if record.boxes or "good" not in record.labels} == {Side.TEST}
    with pytest.raises(LayoutError) as caught:
        split(dataset, fraction=0.2, seed=0)
    assert "--resplit" in str(caught.value.hint)


def test_an_image_in_a_folder_of_defects_without_its_mask_is_a_fault(tmp_path: Path) -> None:
    mvtec(tmp_path)
    (tmp_path / "ground_truth/cut/001_mask.png").unlink()
    dataset = load_dataset(tmp_path, policy=KEEP)
    assert faults(dataset) == ["test/cut/001.png: has no mask, though others in its folder have"]
    assert boxes(dataset) == {"color": 3, "cut": 2}


def test_a_mask_without_its_image_is_a_fault_and_no_other_image_gets_it(tmp_path: Path) -> None:
    mvtec(tmp_path)
    (tmp_path / "test/cut/001.png").unlink()
    dataset = load_dataset(tmp_path)
    assert faults(dataset) == ["ground_truth/cut/001_mask.png: a mask, but its image is not there"]
    assert boxes(dataset) == {"color": 3, "cut": 2}


def test_images_that_are_in_no_folder_of_defects_were_never_looked_at(tmp_path: Path) -> None:
    mvtec_2(tmp_path)
    photo(tmp_path / "test_private/000_mixed.png")
    assert faults(load_dataset(tmp_path)) == [
        "test_private/000_mixed.png: has no label (--allow-unlabelled keeps such images)"
    ]


def test_spots_that_are_too_small_are_counted_and_their_image_is_not_empty(tmp_path: Path) -> None:
    for name, pixels in (("a", spots(SPOT, (80, 80, 82, 82))), ("b", spots((80, 80, 82, 82))), ("c", spots())):
        photo(tmp_path / f"{name}.jpg")
        mask(tmp_path / f"{name}.png", pixels)
    dataset = load_dataset(tmp_path, "masks")
    assert [record.name for record in dataset.records] == ["a.jpg"]
    said = {finding.name: finding.message for finding in dataset.findings}
    assert said["b.jpg"] == "left out with all that marks it: spots of fewer than 9 pixels (--min-area)"
    assert said["a.jpg, b.jpg"] == "2 spots of fewer than 9 pixels (--min-area) left out"
    assert said["c.jpg"].startswith("nothing is on it")


@pytest.mark.parametrize("given", ["photos/gt", "gt", "/absolute"])
def test_masks_that_a_person_names_mean_the_same_however_they_are_written(
    tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        photo(tmp_path / f"photos/crack/{number}.png", number)
        mask(tmp_path / f"photos/gt/crack/{number}.png")
    masks = tmp_path / "photos/gt" if given == "/absolute" else Path(given)
    dataset = load_dataset(Path("photos"), options=Options(masks=masks))
    assert [record.name for record in dataset.records] == [f"crack/{number}.png" for number in range(3)]
    assert boxes(dataset) == {"crack": 3}


def test_masks_elsewhere_are_found_too(tmp_path: Path) -> None:
    for number in range(3):
        photo(tmp_path / f"photos/crack/{number}.png", number)
        mask(tmp_path / f"elsewhere/crack/{number}_label.png")
    dataset = load_dataset(tmp_path / "photos", options=Options(masks=tmp_path / "elsewhere"))
    assert boxes(dataset) == {"crack": 3}


PALETTE = [0] * 768
PALETTE[3:9] = [128, 0, 0, 0, 128, 0]
VOID = [*PALETTE[:765], 224, 224, 192]


def of_classes() -> Pixels:
    """A spot of class 1 and one of class 2, each with a border of 255, as Pascal VOC draws them."""
    pixels = spots((18, 28, 62, 72), (78, 78, 102, 102))
    pixels[30:70, 20:60] = 1
    pixels[80:100, 80:100] = 2
    return pixels


NAMES: dict[str, str] = {
    "labels.json": '{"1": "crack", "2": "pit"}',
    "labels.txt": "__ignore__\n_background_\ncrack\npit\n",
    "class_names.txt": "_background_\ncrack\npit\n",
    "labelmap.txt": "0 unlabeled\n1 crack\n2 pit\n",
}


@pytest.mark.parametrize("file", NAMES)
def test_classes_of_a_palette_are_named_and_void_is_void_where_the_palette_says_so(tmp_path: Path, file: str) -> None:
    for number in range(2):
        photo(tmp_path / f"JPEGImages/{number}.jpg", number)
        mask(tmp_path / f"SegmentationClass/{number}.png", of_classes(), VOID)
        mask(tmp_path / f"SegmentationObject/{number}.png", of_classes(), VOID)
    (tmp_path / file).write_text(NAMES[file])
    dataset = load_dataset(tmp_path)
    assert boxes(dataset) == {"crack": 2, "pit": 2}
    assert {box.corners for record in dataset.records for box in record.boxes or ()} == {
        (20, 30, 60, 70),
        (80, 80, 100, 100),
    }
    assert [finding.count for finding in dataset.findings if "masks of instances" in finding.message] == [2]


def test_a_value_that_nothing_names_is_a_fault_where_no_palette_calls_it_void(tmp_path: Path) -> None:
    for number in range(2):
        photo(tmp_path / f"images/{number}.jpg", number)
        mask(tmp_path / f"masks/{number}.png", of_classes() if number else spots(SPOT, value=1))
    (tmp_path / "labels.json").write_text(NAMES["labels.json"])
    dataset = load_dataset(tmp_path)
    assert faults(dataset) == [
        "masks/1.png: the mask of images/1.jpg: pixel values that labels.json does not name: 255"
    ]


def test_classes_that_nothing_names_are_refused(tmp_path: Path) -> None:
    photo(tmp_path / "JPEGImages/0.jpg")
    mask(tmp_path / "SegmentationClass/0.png", of_classes(), VOID)
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path)
    assert any("pixel values 1, 2 that nothing names; labels.json has to" in detail for detail in caught.value.details)


@pytest.mark.parametrize(
    "first", ["background", "bg", "none", "Unlabeled", "unlabelled", "void", "ignore", "0 background"]
)
def test_a_list_that_begins_with_a_word_for_nothing_begins_at_0_and_says_so(tmp_path: Path, first: str) -> None:
    photo(tmp_path / "images/0.jpg")
    mask(tmp_path / "masks/0.png", spots(SPOT, value=1))
    (tmp_path / "class_names.txt").write_text(f"{first}\ncrack\nvoid\n")
    dataset = load_dataset(tmp_path)
    assert boxes(dataset) == {"crack": 1}
    said = "its lines name pixel values: 1 crack, 2 void; 0 is background"
    assert said in [finding.message for finding in dataset.findings]


def test_each_mask_has_the_label_of_its_own_folder(tmp_path: Path) -> None:
    for name, labels in {"a": ["crack"], "b": ["pit"], "c": ["crack", "pit"]}.items():
        photo(tmp_path / f"images/{name}.jpg")
        for label in labels:
            mask(tmp_path / f"ground_truth/{label}/{name}.png", spots(SPOT))
    found = {record.name: [box.label for box in record.boxes or ()] for record in load_dataset(tmp_path).records}
    assert found == {"images/a.jpg": ["crack"], "images/b.jpg": ["pit"], "images/c.jpg": ["crack", "pit"]}


@pytest.mark.parametrize(
    ("values", "dtype", "says"),
    [
        ((128, 255), np.uint8, "pixel values 128, 255 that nothing names"),
        ((256, 512), np.uint16, "256, 512 of 16 bits"),
    ],
)
def test_grey_classes_are_refused_whatever_their_values(
    tmp_path: Path, values: tuple[int, int], dtype: type[np.uint8], says: str
) -> None:
    pixels = np.zeros((SIDE, SIDE), dtype)
    pixels[20:40, 20:40], pixels[60:90, 60:90] = values
    photo(tmp_path / "images/0.jpg")
    (tmp_path / "masks").mkdir()
    Image.fromarray(pixels).save(tmp_path / "masks/0.png")
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path)
    assert any(says in detail for detail in caught.value.details)


@pytest.mark.parametrize("ground", [(255, 255, 255, 0), (0, 0, 0, 0), (90, 0, 0, 0)])
@pytest.mark.parametrize("mark", [(255, 255, 255, 255), (0, 0, 0, 255), (255, 0, 0, 255)])
def test_what_is_transparent_is_background(tmp_path: Path, ground: tuple[int, ...], mark: tuple[int, ...]) -> None:
    image = Image.new("RGBA", (SIDE, SIDE), ground)
    image.paste(mark, (20, 30, 60, 70))
    photo(tmp_path / "images/0.jpg")
    (tmp_path / "masks").mkdir()
    image.save(tmp_path / "masks/0.png")
    ((box,),) = [record.boxes for record in load_dataset(tmp_path).records]
    assert box.corners == (20, 30, 60, 70)


def test_a_mask_that_marks_the_whole_image_is_named(tmp_path: Path) -> None:
    photo(tmp_path / "images/0.jpg")
    mask(tmp_path / "masks/0.png", 255 - spots(SPOT))
    assert WHOLE in [finding.message for finding in load_dataset(tmp_path).findings]


def test_masks_of_cityscapes_are_no_images_of_a_label(tmp_path: Path) -> None:
    for number, part in enumerate(("train", "val")):
        photo(tmp_path / f"leftImg8bit/{part}/x/x_{number}_leftImg8bit.png", number)
        mask(tmp_path / f"gtFine/{part}/x/x_{number}_gtFine_labelIds.png", spots(SPOT, value=7))
    with pytest.raises(LayoutError, match="masks lie among the images"):
        load_dataset(tmp_path)
    assert len(load_dataset(tmp_path, "folder", Options(exclude=("*_labelIds.png",)), KEEP).records) == 2


def test_a_folder_that_is_called_no_good_is_not_good() -> None:
    folders = ["not_ok", "no_good", "ok", "line_ok", "no_defects"]
    assert [folder for folder in folders if GOOD.fullmatch(folder)] == ["ok", "line_ok", "no_defects"]


COLOURS = {
    "labels.json": json.dumps({"#ffffff": "BACKGROUND", "#2ca02c": "crack", "#FF0000": "pit"}),
    "an internal-color-map": json.dumps(
        {
            "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0},
            "1": {"class-name": "crack", "hex-color": "#2ca02c", "confidence": 0},
            "2": {"class-name": "pit", "hex-color": "#ff0000", "confidence": 0},
        }
    ),
    "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:255,255,255::\ncrack:44,160,44::\npit:255,0,0::\n",
}


@pytest.mark.parametrize("how", COLOURS)
@pytest.mark.parametrize("in_palette", [True, False])
def test_classes_that_are_colours_are_told_by_colour(tmp_path: Path, how: str, in_palette: bool) -> None:
    colours = np.full((SIDE, SIDE, 3), 255, np.uint8)
    colours[30:70, 20:60] = (0x2C, 0xA0, 0x2C)
    colours[80:100, 80:100] = (255, 0, 0)
    photo(tmp_path / "images/0.jpg")
    image = Image.fromarray(colours)
    (tmp_path / "masks").mkdir()
    (image.quantize(8) if in_palette else image).save(tmp_path / "masks/0.png")
    (tmp_path / (how if how.endswith(".txt") else "labels.json")).write_text(COLOURS[how])
    assert boxes(load_dataset(tmp_path)) == {"crack": 1, "pit": 1}


def test_a_colour_that_nothing_names_is_a_fault(tmp_path: Path) -> None:
    colours = np.zeros((SIDE, SIDE, 3), np.uint8)
    colours[30:70, 20:60] = (0x2C, 0xA0, 0x2C)
    colours[80:100, 80:100] = (255, 0, 0)
    photo(tmp_path / "images/0.jpg")
    (tmp_path / "masks").mkdir()
    Image.fromarray(colours).save(tmp_path / "masks/0.png")
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path)
    assert any(
        "several colours, #2ca02c, #ff0000; labels.json has to name them" in detail for detail in caught.value.details
    )
    (tmp_path / "labels.json").write_text('{"#ff0000": "pit"}')
    with pytest.raises(LayoutError) as caught:
        load_dataset(tmp_path)
    assert any("colours that labels.json does not name: #2ca02c" in detail for detail in caught.value.details)


def test_photographs_in_folders_named_like_masks_are_photographs(tmp_path: Path) -> None:
    for label in ("mask", "no_mask"):
        for number in range(3):
            photo(tmp_path / f"{label}/{number}.png", number)
    photo(tmp_path / "mask/portrait_label.png")
    assert labels(load_dataset(tmp_path)) == {"mask": 4, "no_mask": 3}


def test_a_photograph_that_was_saved_twice_is_no_mask(tmp_path: Path) -> None:
    for label in ("crack", "ok"):
        for number in range(3):
            photo(tmp_path / f"{label}/{number}.jpg", number)
            photo(tmp_path / f"{label}/{number}.png", number)
    assert labels(load_dataset(tmp_path)) == {"crack": 6, "ok": 6}


stems = st.text("abc", min_size=1, max_size=2)
folders = st.sampled_from(["", "crack/", "cut/", "line-1/crack/"])


@given(
    images=st.sets(st.tuples(folders, stems), min_size=1, max_size=6),
    tree=st.sampled_from(["masks", "Masks", "ground_truth", "Ground Truth", "label", "GT", "SegmentationClass"]),
    above=st.sampled_from(["", "images/", "Data/Images/", "test/"]),
    mark=st.sampled_from(["", "_mask", "-label", "_GT", ".mask"]),
    ending=st.sampled_from([".png", ".bmp", ".PNG", ".tif"]),
)
@settings(max_examples=200, deadline=None)
def test_each_mask_in_a_tree_is_that_of_the_image_in_the_same_place(
    images: set[tuple[str, str]], tree: str, above: str, mark: str, ending: str
) -> None:
    before = "Data/" if above.startswith("Data/") else ""
    wanted = {f"{above}{folder}{stem}.jpg": [f"{before}{tree}/{folder}{stem}{mark}{ending}"] for folder, stem in images}
    pairs = find_pairs([*wanted, *(mask for masks in wanted.values() for mask in masks)])
    # An image at the top and one of the same name in a folder are told apart by the folders of their masks alone.
    assert pairs.masks == wanted
    assert not pairs.lost


@given(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=12, max_size=12), st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_every_spot_is_a_box_or_counted_as_too_small(rows: list[list[bool]], min_area: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.png"
        Image.fromarray(np.array(rows, np.uint8) * 255).save(path)
        spots = read_spots(path, Names(), "crack", min_area)
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.array(rows, np.uint8), connectivity=8)
    large = [tuple(row[:4]) for row in stats[1:].tolist() if row[4] >= min_area]
    assert sorted((box.left, box.top, box.width, box.height) for box in spots.boxes) == sorted(large)
    assert spots.small == count - 1 - len(large)


def test_labels_of_masks_are_not_looked_for_in_names(tmp_path: Path) -> None:
    photo(tmp_path / "a.png")
    cv2.imwrite(str(tmp_path / "a_mask.png"), spots(SPOT))
    with pytest.raises(SettingsError, match="--label-from top, parent or path"):
        load_dataset(tmp_path, AUTO, Options(label_from="name", label_pattern="[a-z]"))


@pytest.mark.parametrize("sides", [("",), ("train/", "valid/")])
def test_roboflow_names_what_values_mean_beside_the_masks_of_each_side(tmp_path: Path, sides: tuple[str, ...]) -> None:
    for side in sides:
        photo(tmp_path / f"{side}a.jpg")
        cv2.imwrite(str(tmp_path / f"{side}a_mask.png"), spots(SPOT, value=2))
        (tmp_path / f"{side}_classes.csv").write_text("Pixel Value, Class\n0, background\n1, crack\n2, pit\n")
    dataset = load_dataset(tmp_path)
    assert [box.label for record in dataset.records for box in record.boxes or ()] == ["pit"] * len(sides)
    assert not dataset.findings
    (tmp_path / f"{sides[-1]}_classes.csv").write_text("Pixel Value, Class\n0, background\n1, pit\n2, crack\n")
    if len(sides) > 1:
        with pytest.raises(LayoutError, match="name the classes differently"):
            load_dataset(tmp_path)
