"""COCO, Label Studio, CVAT and Labelme as their tools write more than plain boxes."""

import contextlib
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats.outlines import Runs, around_runs, rectangle_around
from customlabels.datasets.layout import UNCONFIRMED, Options, part_called
from customlabels.datasets.model import Dataset, Side
from customlabels.datasets.reading import Policy
from customlabels.manifests.formats import AUTO, load_dataset

SIDE = 100
KEEP = Policy(allow_unlabelled=True)
Marks = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, a.jpg and b.jpg, of 100 by 100 pixels."""
    for number, name in enumerate(["a.jpg", "b.jpg"]):
        drawn(0, number, SIDE).save(tmp_path / name)
    return tmp_path


def load(source: Path, policy: Policy = KEEP, **options: object) -> Dataset:
    return load_dataset(source, AUTO, Options(**options), policy)  # type: ignore[arg-type]


def marks(dataset: Dataset) -> Marks:
    """Labels, then boxes in whole pixels, of each image that was marked at all."""
    return {
        record.name: [
            *((label,) for label in record.labels),
            *((box.label, *(round(corner) for corner in box.corners)) for box in record.boxes or ()),
        ]
        for record in dataset.records
        if record.all_labels
    }


def messages(dataset: Dataset) -> list[str]:
    return [finding.message for finding in dataset.findings]


def coco(annotations: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    images = [
        {"id": number, "file_name": name, "width": SIDE, "height": SIDE}
        for number, name in enumerate(["a.jpg", "b.jpg"])
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "crack"}], **more}


def dumped(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def compressed(counts: list[int]) -> str:
    """Counts as COCO's own tools compress them."""
    text = ""
    for place, count in enumerate(counts):
        value = count - counts[place - 2] if place > 2 else count
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text += chr((bits | (0x20 if more else 0)) + 48)
    return text


COUNTS = [1020, 30, 70, 30]
"""Runs of a spot in columns 10 and 11, rows 20 to 49, of an image of 100 by 100 pixels."""


@pytest.mark.parametrize(
    ("outline", "corners"),
    [
        ([[10, 20, 30, 20, 30.5, 50]], (10, 20, 30, 50)),
        ([[10, 20, 30, 20, 30, 50], [50, 60, 70, 60, 70, 80]], (10, 20, 70, 80)),
        ([10, 20, 30, 20, 30, 50], (10, 20, 30, 50)),
        ({"size": [SIDE, SIDE], "counts": COUNTS}, (10, 20, 12, 50)),
        ({"size": [SIDE, SIDE], "counts": compressed(COUNTS)}, (10, 20, 12, 50)),
    ],
)
def test_a_coco_outline_without_a_box_gives_the_rectangle_around_it(
    folder: Path, outline: object, corners: tuple[int, ...]
) -> None:
    source = dumped(folder / "x.json", coco([{"image_id": 0, "category_id": 1, "segmentation": outline}]))
    assert marks(load(source)) == {"a.jpg": [("crack", *corners)]}


@pytest.mark.parametrize(
    ("outline", "says"),
    [
        ([], "without points"),
        ([[1, 2]], "without points"),
        ([[1, 2, "x", 3]], "without points"),
        ("x", "neither polygons nor"),
        ([[1, 2, 9, 2, 9, 9], {"size": [SIDE, SIDE], "counts": COUNTS}], "polygons and what is none"),
        ({"size": [SIDE, SIDE], "counts": [SIDE * SIDE]}, "of no pixel"),
        ({"size": [SIDE, SIDE], "counts": [0, SIDE * SIDE + 1]}, "more than its"),
        ({"size": [SIDE, SIDE], "counts": "€"}, "no text of counts"),
        ({"size": [SIDE, SIDE], "counts": "o"}, "breaks off"),
        ({"size": [10**9, 10**9], "counts": [1, 1]}, "of 1000000000×1000000000 pixels"),
        ({"counts": [1, 1]}, "no run-length encoding"),
    ],
)
def test_an_outline_that_is_none_is_a_fault_of_its_image(folder: Path, outline: object, says: str) -> None:
    other = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 20, 20]}
    source = dumped(folder / "x.json", coco([{"image_id": 0, "category_id": 1, "segmentation": outline}, other]))
    dataset = load(source)
    assert [record.name for record in dataset.records] == ["b.jpg"]
    assert any(says in finding.message and finding.fatal and "a.jpg" in finding.name for finding in dataset.findings)


@given(
    st.integers(1, 6).flatmap(
        lambda height: st.lists(st.lists(st.booleans(), min_size=height, max_size=height), min_size=1, max_size=6)
    )
)
def test_the_rectangle_around_runs_is_that_around_their_pixels(columns: list[list[bool]]) -> None:
    pixels = np.array(columns).T
    flat = [bool(pixel) for column in columns for pixel in column]
    counts = [len(list(group)) for _, group in itertools.groupby([False, *flat])]
    counts[0] -= 1
    sizes = (pixels.shape[0], pixels.shape[1])
    for form in (counts, compressed(counts)):
        if not pixels.any():
            with pytest.raises(ValueError, match="of no pixel"):
                around_runs(Runs(sizes, form))
            continue
        rows, across = np.nonzero(pixels)
        expected = (across.min(), rows.min(), across.max() + 1, rows.max() + 1)
        assert around_runs(Runs(sizes, form)) == expected


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.integers() | st.floats() | st.text("size count", max_size=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["size", "counts"]), inner),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_outline_however_odd_raises_anything_else(outline: bytes) -> None:
    with contextlib.suppress(ValueError):
        rectangle_around(outline)


def test_of_coco_files_of_the_same_images_the_instances_are_read_and_the_others_named(folder: Path) -> None:
    box = {"image_id": 0, "category_id": 1, "bbox": [10, 20, 30, 40]}
    person = [{"id": 1, "name": "person", "keypoints": ["nose"]}]
    within = folder / "annotations"
    dumped(within / "instances_train2017.json", coco([box]))
    dumped(within / "captions_train2017.json", coco([{"image_id": 0, "caption": "a crack"}]) | {"categories": []})
    dumped(within / "person_keypoints_train2017.json", coco([box | {"keypoints": [1, 2, 2]}], categories=person))
    dumped(within / "panoptic_train2017.json", coco([{"image_id": 0, "segments_info": [{"id": 7, "category_id": 1}]}]))
    dataset = load(folder)
    assert marks(dataset) == {"a.jpg": [("crack", 10, 20, 40, 60)]}
    assert sorted(messages(dataset)) == ["captions, left out", "keypoints, left out", "panoptic segments, left out"]
    for name in ("instances", "captions", "panoptic"):
        (within / f"{name}_train2017.json").unlink()
    assert marks(load(folder)) == {"a.jpg": [("person", 10, 20, 40, 60)]}


def test_a_coco_list_of_images_says_nothing_of_what_is_on_them(folder: Path) -> None:
    document = coco([])
    del document["annotations"]
    with pytest.raises(LayoutError) as caught:
        load(dumped(folder / "x.json", document), Policy())
    assert all("has no label" in detail for detail in caught.value.details)


def test_an_image_with_crowds_alone_is_never_one_with_nothing_on_it(folder: Path) -> None:
    crowd = {"image_id": 0, "category_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1, "segmentation": {"counts": []}}
    box = {"image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40]}
    dataset = load(dumped(folder / "x.json", coco([crowd, box])), Policy())
    assert marks(dataset) == {"b.jpg": [("crack", 10, 20, 40, 60)]}
    assert sorted(messages(dataset)) == [
        "1 annotations of crowds (iscrowd) left out",
        "left out with all that marks it: annotations of crowds (iscrowd)",
    ]


SHAPE = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0}
BOX = (10, 20, 40, 60)


def result(kind: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    sized = {"original_width": SIDE, "original_height": SIDE}
    return {"type": kind, "value": value, "id": "r1", "to_name": "image", "from_name": "x", **sized, **more}


def rectangle(label: str, **more: Any) -> dict[str, Any]:
    return result("rectanglelabels", SHAPE | {"rectanglelabels": [label]}, **more)


def tasks(*results: dict[str, Any], data: dict[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
    data = data or {"image": "/data/upload/1/0a1b2c3d-a.jpg"}
    return [{"id": 1, "data": data, "annotations": [{"id": 1, "result": list(results)}], **more}]


MIDDLE = {"x": 50, "y": 50}
VERTICES = [{"x": 10, "y": 20}, {"x": 40, "y": 60}]
PAIR = {"before": "/data/upload/1/a.jpg", "after": "/data/upload/1/b.jpg"}
LABEL_STUDIO: dict[str, tuple[list[dict[str, Any]], Marks]] = {
    "two images a task, by the name of the tag": (
        tasks(rectangle("crack", to_name="before"), rectangle("pit", to_name="after", id="r2"), data=PAIR),
        {"a.jpg": [("crack", *BOX)], "b.jpg": [("pit", *BOX)]},
    ),
    "two images a task, by the number in it": (
        tasks(
            rectangle("crack", to_name="image-1"),
            rectangle("pit", to_name="image-2", id="r2"),
            data={"img1": "/data/upload/1/a.jpg", "img2": "/data/upload/1/b.jpg"},
        ),
        {"a.jpg": [("crack", *BOX)], "b.jpg": [("pit", *BOX)]},
    ),
    "several images of one key": (
        tasks(
            rectangle("crack", item_index=0),
            rectangle("pit", item_index=1, id="r2"),
            data={"pages": ["a.jpg", "b.jpg"]},
        ),
        {"a.jpg": [("crack", *BOX)], "b.jpg": [("pit", *BOX)]},
    ),
    "a picture beside that nothing is drawn on": (
        tasks(rectangle("crack"), data={"thumbnail": "b.jpg", "image": "a.jpg"}),
        {"a.jpg": [("crack", *BOX)]},
    ),
    "a rectangle and its labels": (
        tasks(result("rectangle", SHAPE), result("labels", SHAPE | {"labels": ["crack"]})),
        {"a.jpg": [("crack", *BOX)]},
    ),
    "a rectangle and labels without a shape": (
        tasks(result("rectangle", SHAPE), result("labels", {"labels": ["crack", "pit"]})),
        {"a.jpg": [("crack", *BOX), ("pit", *BOX)]},
    ),
    "two labels of a region": (
        tasks(result("rectanglelabels", SHAPE | {"rectanglelabels": ["crack", "pit"]})),
        {"a.jpg": [("crack", *BOX), ("pit", *BOX)]},
    ),
    "two controls on a region": (
        tasks(rectangle("crack"), rectangle("deep")),
        {"a.jpg": [("crack", *BOX), ("deep", *BOX)]},
    ),
    "two regions that share nothing": (
        tasks(rectangle("crack"), rectangle("pit", id="r2"), result("choices", {"choices": ["bad"]}, id="r3")),
        {"a.jpg": [("bad",), ("crack", *BOX), ("pit", *BOX)]},
    ),
    "an ellipse that is turned": (
        tasks(result("ellipselabels", MIDDLE | {"radiusX": 20, "radiusY": 10, "rotation": 90, "ellipselabels": ["x"]})),
        {"a.jpg": [("x", 40, 30, 60, 70)]},
    ),
    "a vector that is closed": (
        tasks(result("vectorlabels", {"closed": True, "vertices": VERTICES, "vectorlabels": ["pit"]})),
        {"a.jpg": [("pit", *BOX)]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LABEL_STUDIO)
def test_label_studio(folder: Path, case: str) -> None:
    document, expected = LABEL_STUDIO[case]
    dataset = load(dumped(folder / "export.json", document))
    assert marks(dataset) == expected
    assert not dataset.faults


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (tasks(rectangle("x", to_name="third"), data=PAIR), "which of the task's images that is, is not said"),
        (tasks(rectangle("x", to_name="img"), data=PAIR), "is not said: before, after (--column image=KEY)"),
        (tasks(rectangle("x"), data={"image": ["a.jpg", "b.jpg"]}), "which of the task's images that is, is not said"),
        (tasks(result("choices", {"choices": ["x"]}, to_name="text"), data={"image": "a.jpg", "text": "fine"}),
         "1 results on 'text' left out"),
        (tasks(rectangle("x"), data={"image": "a.jpg", "mould": "b.jpg"}),
         "1 image under 'mould', on which nothing is marked: not read"),
        (tasks(rectangle("x", original_width=2 * SIDE)), "its boxes are parts of 200×100 pixels"),
        (tasks(rectangle("x"), data={"image": "a.jpg", "split": "holdout"}), "'holdout' is no part of a split"),
        ([{"id": 1, "data": {"image": "a.jpg"},
           "annotations": [{"result": [rectangle("x")], "reviews": [{"accepted": False}]}]}],
         "1 annotation that a review did not accept: used all the same"),
        (tasks(result("rectangle", SHAPE)), "has no label"),
        (tasks(result("choices", {"choices": []})), "has no choice"),
        (tasks(result("rectanglelabels", SHAPE | {"x": "1o", "rectanglelabels": ["x"]})), "could not convert"),
        (tasks(rectangle("x", image_rotation=90)), "was drawn on an image turned by 90 degrees"),
        (tasks(result("brushlabels", {"rle": [1], "brushlabels": ["x"]})), "1 brush strokes left out"),
        (tasks(result("brushlabels", {"rle": [1]})), "left out with all that marks it: brush strokes"),
        (tasks(result("keypointlabels", MIDDLE | {"keypointlabels": ["x"]})), "1 key points left out"),
        (tasks(result("taxonomy", {"taxonomy": [["a", "b"]]})), "1 taxonomies left out"),
        (tasks(rectangle("x"), result("choices", {"choices": ["deep"]})), "1 answers about regions left out"),
        (tasks(rectangle("x"), {"type": "relation", "from_id": "r1", "to_id": "r2"}), "1 relations left out"),
        (tasks(rectangle("x"), predictions=[{"result": []}, 7]), "2 predictions, which nobody confirmed, left out"),
        ([{"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": [], "was_cancelled": True}]}],
         "left out with all that marks it: cancelled annotations"),
    ],
)  # fmt: skip
def test_what_label_studio_has_beside_areas_is_named(folder: Path, document: list[dict[str, Any]], says: str) -> None:
    (folder / "c.jpg").write_bytes((folder / "b.jpg").read_bytes())
    document.append(tasks(rectangle("ok"), data={"image": "c.jpg"})[0])
    dataset = load(dumped(folder / "export.json", document), Policy())
    assert marks(dataset)["c.jpg"] == [("ok", *BOX)]
    assert any(says in message for message in messages(dataset)), messages(dataset)


def test_which_of_several_images_is_marked_the_stated_size_tells_or_the_person(folder: Path) -> None:
    drawn(0, 2, 2 * SIDE).crop((0, 0, 2 * SIDE, SIDE)).save(folder / "c.jpg")
    data = {"reference": "a.jpg", "photo": "c.jpg"}
    sized = dumped(folder / "x.json", tasks(rectangle("x", to_name="img", original_width=2 * SIDE), data=data))
    assert marks(load(sized)) == {"c.jpg": [("x", 20, 20, 80, 60)]}
    unsized = dumped(folder / "x.json", tasks(rectangle("x", to_name="img"), data=PAIR))
    assert marks(load(unsized, columns={"image": "after"})) == {"b.jpg": [("x", *BOX)]}


def test_answers_to_several_questions_are_not_mixed(folder: Path) -> None:
    answers = [
        result("choices", {"choices": [choice]}, from_name=question, id=question)
        for question, choice in (("state", "wet"), ("place", "rim"))
    ]
    source = dumped(folder / "x.json", tasks(*answers))
    with pytest.raises(LayoutError, match="which question about images holds the label; there are 'state', 'place'"):
        load(source)
    dataset = load(source, columns={"label": "place"})
    assert marks(dataset) == {"a.jpg": [("rim",)]}
    assert "1 answers to 'state' left out" in messages(dataset)
    dataset = load(dumped(folder / "x.json", tasks(rectangle("crack"), answers[0])))
    assert "answers to 'state' are labels of whole images beside what is drawn on them" in messages(dataset)


ADDRESSES = ["https://h.x/day2/c.jpg?sig=1", "gs://b/day2/c.jpg", "azure-blob://c/day2/c.jpg", "s3://b/day2/c.jpg"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_folders_of_an_address_tell_images_of_one_name_apart(folder: Path, address: str) -> None:
    for name in ("day1/c.jpg", "day2/c.jpg", "day2/d.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        drawn(0, 5, SIDE).save(folder / name)
    document = [*tasks(rectangle("crack"), data={"image": address}), *tasks(rectangle("ok"), data={"image": "a.jpg"})]
    source = dumped(folder / "x.json", document)
    assert list(marks(load(source))) == ["a.jpg", "day2/c.jpg"]
    (folder / "day2/c.jpg").unlink()
    assert list(marks(load(source))) == ["a.jpg"]
    assert any("day1/c.jpg has its name, but lies in another folder" in message for message in messages(load(source)))


def test_of_several_annotations_that_marked_as_ground_truth_counts(folder: Path) -> None:
    done = [
        {"result": [rectangle("crack")], "ground_truth": True, "updated_at": "2026-01-01"},
        {"result": [], "updated_at": "2026-01-02"},
        {"result": [rectangle("pit")], "was_cancelled": True, "updated_at": "2026-01-03"},
    ]
    dataset = load(dumped(folder / "x.json", [{"id": 1, "data": {"image": "a.jpg"}, "annotations": done}]), Policy())
    assert marks(dataset) == {"a.jpg": [("crack", *BOX)]}
    assert "a.jpg: has 2 annotations; that marked as ground truth is taken" in messages(dataset)
    assert "1 cancelled annotations left out" in messages(dataset)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"label": [SHAPE | {"rectanglelabels": ["crack"], "original_width": SIDE}]}, [("crack", *BOX)]),
        ({"choice": "bad"}, [("bad",)]),
        ({"defect_type": "bad"}, [("bad",)]),
        ({"defect": {"choices": ["bad", "deep"]}}, [("bad",), ("deep",)]),
        ({"choice": "bad", "label": [SHAPE | {"rectanglelabels": ["crack"]}]}, [("bad",), ("crack", *BOX)]),
    ],
)
def test_label_studios_short_form(folder: Path, answers: dict[str, Any], expected: list[tuple[object, ...]]) -> None:
    row = {"image": "/data/upload/1/a.jpg", "id": 3, "annotator": 1, "annotation_id": 4, "lead_time": 2.5, **answers}
    assert marks(load(dumped(folder / "min.json", [row]))) == {"a.jpg": expected}
    (folder / "min.json").write_text(json.dumps([row], indent=2))
    assert marks(load(folder / "min.json")) == {"a.jpg": expected}


def test_texts_of_the_short_form_that_are_not_read_are_named(folder: Path) -> None:
    about = {"id": 3, "annotator": 1, "annotation_id": 4}
    rows = [
        {"image": "a.jpg", **about, "label": [SHAPE | {"rectanglelabels": ["crack"]}]},
        {"image": "b.jpg", **about, "id": 4, "line": "north"},
    ]
    dataset = load(dumped(folder / "min.json", rows), Policy())
    assert marks(dataset) == {"a.jpg": [("crack", *BOX)]}
    assert "texts that are not read: 'line' (--column label=NAME)" in messages(dataset)
    assert "left out with all that marks it: texts" in messages(dataset)


def test_a_name_that_an_upload_changed_is_found_all_the_same(folder: Path) -> None:
    (folder / "a.jpg").rename(folder / "my part (1).jpg")
    source = dumped(
        folder / "x.json", tasks(rectangle("crack"), data={"image": "/data/upload/1/0a1b2c3d-my_part_1.jpg"})
    )
    assert marks(load(source)) == {"my part (1).jpg": [("crack", *BOX)]}


def cvat(*shapes: str) -> str:
    images = [f'<image name="{name}" width="{SIDE}" height="{SIDE}">' for name in ("a.jpg", "b.jpg")]
    other = '<box label="ok" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    return f"<annotations>{images[0]}{''.join(shapes)}</image>{images[1]}{other}</image></annotations>"


LINE = '<polyline label="scratch" points="10,20;25,60;40,30"/>'


@pytest.mark.parametrize(
    ("shape", "lines", "expected"),
    [
        ('<ellipse label="pit" cx="50" cy="60" rx="10" ry="20"/>', "out", [("pit", 40, 40, 60, 80)]),
        ('<ellipse label="pit" cx="50" cy="60" rx="10" ry="20" rotation="90"/>', "out", [("pit", 30, 50, 70, 70)]),
        (LINE, "boxes", [("scratch", 10, 20, 40, 60)]),
        (LINE, "out", "lines"),
        ('<points label="x" points="1,1"/>', "boxes", "points"),
        ('<skeleton label="x"><points label="y" points="1,1"/></skeleton>', "out", "skeletons"),
        ('<cuboid label="x" xtl1="1"/>', "out", "cuboids"),
    ],
)
def test_shapes_of_cvat(folder: Path, shape: str, lines: str, expected: list[tuple[object, ...]] | str) -> None:
    (folder / "annotations.xml").write_text(cvat(shape))
    dataset = load(folder, Policy(), lines=lines)
    if isinstance(expected, str):
        assert sorted(messages(dataset)) == [f"1 {expected} left out", f"left out with all that marks it: {expected}"]
        expected = []
    assert marks(dataset).get("a.jpg", []) == expected


TURNED = [[20, 20], [60, 30], [55, 50], [15, 40]]


@pytest.mark.parametrize(
    ("kind", "lines", "expected"),
    [
        ("oriented_rectangle", "out", [("x", 15, 20, 60, 50)]),
        ("rotation", "out", [("x", 15, 20, 60, 50)]),
        ("quadrilateral", "out", [("x", 15, 20, 60, 50)]),
        (None, "out", [("x", 15, 20, 60, 50)]),
        ("mask", "out", [("x", 15, 20, 61, 51)]),
        ("linestrip", "boxes", [("x", 15, 20, 60, 50)]),
        ("linestrip", "out", "lines"),
        ("points", "boxes", "points"),
        ("cuboid", "out", "shapes of type cuboid"),
    ],
)
def test_shapes_of_labelme(
    folder: Path, kind: str | None, lines: str, expected: list[tuple[object, ...]] | str
) -> None:
    shapes = [{"label": "x", "points": TURNED, "shape_type": kind}]
    dumped(folder / "a.json", {"shapes": shapes, "imagePath": "a.jpg", "imageData": None})
    dumped(folder / "b.json", {"shapes": [{"label": "ok", "points": TURNED}], "imagePath": "b.jpg"})
    dataset = load(folder, Policy(), lines=lines)
    if isinstance(expected, str):
        assert sorted(messages(dataset)) == [f"1 {expected} left out", f"left out with all that marks it: {expected}"]
        expected = []
    assert marks(dataset).get("a.jpg", []) == expected


def test_the_path_in_a_labelme_file_leads_to_its_image(folder: Path) -> None:
    (folder / "day2").mkdir()
    drawn(0, 7, SIDE).save(folder / "day2/a.jpg")
    dumped(folder / "day1/a.json", {"shapes": [{"label": "x", "points": TURNED}], "imagePath": "..\\day2\\a.jpg"})
    drawn(0, 8, SIDE).save(folder / "day1/a.jpg")
    assert list(marks(load(folder))) == ["day2/a.jpg"]


def test_an_image_that_lies_inside_its_labelme_file_alone_is_named(folder: Path) -> None:
    shapes = [{"label": "x", "points": TURNED}]
    dumped(folder / "c.json", {"shapes": shapes, "imagePath": "c.jpg", "imageData": "QUJD"})
    dumped(folder / "settings.json", {"theme": "dark"})
    dataset = load(folder)
    assert any(
        "c.jpg is not there, only its pixels in the JSON file (imageData)" in message for message in messages(dataset)
    )
    assert [finding.fatal for finding in dataset.findings if finding.name == "settings.json"] == [False]


def box(**more: Any) -> dict[str, Any]:
    return {"image_id": 0, "category_id": 1, "bbox": [10, 20, 30, 40], **more}


LENIENT = {
    "ids as texts": [box(image_id="0", category_id="1")],
    "ids with points": [box(image_id=0.0, category_id=1.0)],
    "no crowd": [box(iscrowd=None, ignore=0)],
    "an empty box beside an outline": [box(bbox=[], segmentation=[[10, 20, 40, 20, 40, 60, 10, 60]])],
    "not turned": [box(attributes={"occluded": False, "rotation": 0.0})],
    "turned as far as an attribute of another kind says": [box(attributes={"rotation": "left"})],
}


@pytest.mark.parametrize("annotations", LENIENT.values(), ids=LENIENT.keys())
def test_coco_is_read_as_careless_writers_have_it(folder: Path, annotations: list[dict[str, Any]]) -> None:
    assert marks(load(dumped(folder / "x.json", coco(annotations)))) == {"a.jpg": [("crack", 10, 20, 40, 60)]}


def test_categories_may_be_called_by_numbers(folder: Path) -> None:
    document = coco([box()], categories=[{"id": "1", "name": 7}])
    assert marks(load(dumped(folder / "x.json", document))) == {"a.jpg": [("7", 10, 20, 40, 60)]}


def test_annotations_that_are_to_be_ignored_are_left_out_and_counted(folder: Path) -> None:
    dataset = load(dumped(folder / "x.json", coco([box(), box(ignore=1), box(image_id=1, ignore=True)])))
    assert marks(dataset) == {"a.jpg": [("crack", 10, 20, 40, 60)]}
    assert "2 annotations that are to be ignored (ignore) left out" in messages(dataset)
    assert [record.boxes for record in dataset.records if record.name == "b.jpg"] == [None]


@pytest.mark.parametrize("bbox", [[], [1], [1, 2, 3]])
def test_a_box_of_too_few_numbers_is_no_label_of_the_image(folder: Path, bbox: list[int]) -> None:
    dataset = load(dumped(folder / "x.json", coco([box(bbox=bbox), box(image_id=1)])))
    assert list(marks(dataset)) == ["b.jpg"]
    assert "bbox has to hold left, top, width and height" in messages(dataset)


def test_runs_of_another_size_than_the_image_are_a_fault(folder: Path) -> None:
    outline = {"size": [SIDE, SIDE // 2], "counts": [10, 20, SIDE * SIDE // 2 - 30]}
    dataset = load(dumped(folder / "x.json", coco([box(bbox=None, segmentation=outline), box(image_id=1)])))
    assert list(marks(dataset)) == ["b.jpg"]
    assert any(message.startswith("a run-length encoding of height and width") for message in messages(dataset))


def test_parts_of_a_split_that_are_none_are_a_fault(folder: Path) -> None:
    (folder / "annotations.xml").write_text(cvat(LINE).replace('name="a.jpg"', 'name="a.jpg" subset="Holdout"'))
    dataset = load(folder / "annotations.xml", lines="boxes")
    assert list(marks(dataset)) == ["b.jpg"]
    assert any("subset 'Holdout' is no part of a split" in message for message in messages(dataset))
    (folder / "annotations.xml").write_text(cvat(LINE).replace('name="a.jpg"', 'name="a.jpg" subset="default"'))
    assert [record.side for record in load(folder / "annotations.xml", lines="boxes").records] == [None, None]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"),
        ("Train2017", "train"),
        ("test_set", "test"),
        ("testing-set", "test"),
        ("instances_train2017", "train"),
        ("_annotations.valid", "validation"),
        ("images_test", "test"),
        ("dev_board", None),
        ("bench_test", None),
        ("hardness-test", None),
        ("contest", None),
        ("dataset" * 30, None),
    ],
)
def test_a_name_is_that_of_a_part_where_it_is_the_word(name: str, part: str | None) -> None:
    assert part_called(name) == part


@pytest.mark.parametrize("names", [["hardness-test"], ["hardness-test", "hardness-train"]])
def test_words_in_names_of_files_are_sides_where_they_tell_files_apart(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        dumped(folder / f"{name}.json", coco([box()], images=[{"id": 0, "file_name": f"{'ab'[number]}.jpg"}]))
    expected = [None] if len(names) == 1 else [Side.TEST, Side.TRAIN]
    assert [record.side for record in load(folder).records] == expected


def test_labelme_has_sides_of_folders_below_the_first_level(folder: Path) -> None:
    for name, part in (("a", "train"), ("b", "test")):
        (folder / "images" / part).mkdir(parents=True)
        (folder / f"{name}.jpg").rename(folder / f"images/{part}/{name}.jpg")
        shapes = [{"label": "x", "points": TURNED}]
        dumped(folder / f"images/{part}/{name}.json", {"shapes": shapes, "imagePath": f"{name}.jpg"})
    assert [record.side for record in load(folder).records] == [Side.TEST, Side.TRAIN]


@pytest.mark.parametrize("rotation", [90, "90.0"])
def test_coco_boxes_are_turned_be_it_said_as_a_number_or_a_text(folder: Path, rotation: object) -> None:
    turned = box(bbox=[20, 40, 40, 20], attributes={"rotation": rotation})
    assert marks(load(dumped(folder / "x.json", coco([turned])))) == {"a.jpg": [("crack", 30, 30, 50, 70)]}


def test_shapes_that_a_model_made_are_told(folder: Path) -> None:
    shapes = [{"label": "x", "points": TURNED, "score": score} for score in (0.4, None)]
    dumped(folder / "a.json", {"shapes": shapes, "imagePath": "a.jpg"})
    assert f"1 annotation with a score: {UNCONFIRMED}" in messages(load(folder))
    (folder / "a.json").unlink()
    (folder / "annotations.xml").write_text(cvat('<box label="x" source="auto" xtl="1" ytl="1" xbr="9" ybr="9"/>'))
    assert f"1 annotation whose source is auto: {UNCONFIRMED}" in messages(load(folder / "annotations.xml"))


def test_lvis_says_where_coco_has_an_image_and_what_is_not_marked_whole(folder: Path) -> None:
    document = coco([{"id": 1, "image_id": 0, "category_id": 1, "bbox": [10, 20, 30, 40]}])
    for number, image in enumerate(document["images"]):
        image["coco_url"] = f"http://images.cocodataset.org/train2017/{image.pop('file_name')}"
        image["not_exhaustive_category_ids"] = [1] * number
    (folder / "lvis_v1_train.json").write_text(json.dumps(document))
    dataset = load(folder / "lvis_v1_train.json")
    assert marks(dataset) == {"a.jpg": [("crack", 10, 20, 40, 60)]}
    assert any("1 image: not all objects of some categories are marked" in message for message in messages(dataset))
