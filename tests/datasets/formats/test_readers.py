"""Each format as other tools write it, and as nobody should."""

import csv
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats import csv_table
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, ImageRecord, Side
from customlabels.datasets.reading import Policy
from customlabels.manifests.formats import AUTO, find_format, load_dataset

WIDTH, HEIGHT = 120, 90
KEEP = Policy(allow_unlabelled=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, a.jpg and b.png, of 120 by 90 pixels."""
    for number, name in enumerate(["a.jpg", "b.png"]):
        drawn(0, number, WIDTH).crop((0, 0, WIDTH, HEIGHT)).save(tmp_path / name)
    return tmp_path


def written(path: Path, content: str | bytes | object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def found(dataset: Dataset) -> dict[str, list[tuple[object, ...]]]:
    """Labels, then boxes in whole pixels, of each image."""

    def boxes(record: ImageRecord) -> list[tuple[object, ...]]:
        return [(box.label, *(round(number) for number in box.corners)) for box in record.boxes or ()]

    return {record.name: [*((label,) for label in record.labels), *boxes(record)] for record in dataset.records}


def faults(dataset: Dataset) -> list[str]:
    return [f"{finding.name}: {finding.message}" for finding in dataset.findings if finding.fatal]


def load(source: Path, policy: Policy = KEEP, **options: object) -> Dataset:
    return load_dataset(source, AUTO, Options(**options), policy)  # type: ignore[arg-type]


CRACK = [("crack", 10, 20, 30, 50)]
CSV = {
    "the guide's sample, without header": "a.jpg,crack,wet\nb.png,ok\n",
    "a header and labels in one cell": "image,label\na.jpg,crack|wet\nb.png,ok\n",
    "several rows of an image, not together": "file;class\na.jpg;crack\nb.png;ok\na.jpg;wet\n",
    "tabs, quotes and columns in another order": 'Label\tFilename\n"crack;wet"\t"a.jpg"\nok\tb.png\n',
    "a byte order mark and Windows' line ends": b"\xef\xbb\xbfimage,label\r\na.jpg,crack\r\na.jpg,wet\r\nb.png,ok\r\n",
    "UTF-16": "image,label\na.jpg,crack|wet\nb.png,ok\n".encode("utf-16"),
    "blank lines and cells": "image,label\n\na.jpg, crack |wet|\n\nb.png,ok,\n",
    "AutoML's sets": "TRAIN,gs://x/a.jpg,crack,wet\nTEST,gs://x/b.png,ok\n",
}


@pytest.mark.parametrize("content", CSV.values(), ids=CSV.keys())
def test_csv_labels(folder: Path, content: str | bytes) -> None:
    dataset = load(written(folder / "parts.csv", content))
    assert found(dataset) == {"a.jpg": [("crack",), ("wet",)], "b.png": [("ok",)]}
    assert not faults(dataset)


BOXES = {
    "corners": "image,xmin,ymin,xmax,ymax,label\na.jpg,10,20,30,50,crack\nb.png,,,,,\n",
    "the images' sizes beside": "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,120,90,crack,10,20,30,50\n"
    "b.png,120,90,,,,,\n",
    "left, top, width, height": "image,left,top,width,height,label\na.jpg,10,20,20,30,crack\nb.png,,,,,\n",
    "x, y, w, h": "image,x,y,w,h,label\na.jpg,10,20,20,30,crack\nb.png,,,,,\n",
    "fractions": "image,xmin,ymin,xmax,ymax,label\na.jpg,0.083333,0.222222,0.25,0.555555,crack\nb.png,,,,,\n",
    "AutoML": "UNASSIGNED,a.jpg,crack,0.083333,0.222222,,,0.25,0.555555,,\nUNASSIGNED,b.png,,,,,,,,,\n",
}


@pytest.mark.parametrize("content", BOXES.values(), ids=BOXES.keys())
def test_csv_boxes(folder: Path, content: str) -> None:
    dataset = load(written(folder / "parts.csv", content))
    assert found(dataset) == {"a.jpg": CRACK, "b.png": []}
    assert not faults(dataset)


def test_csv_columns_are_named_or_counted(folder: Path) -> None:
    path = written(folder / "parts.csv", "no,photo,defect,tile\n1,a.jpg,crack,t1\n2,b.png,ok,t1\n")
    for columns in ({"image": "photo", "label": "defect", "group": "tile"}, {"image": "2", "label": "3", "group": "4"}):
        dataset = load(path, columns=columns)
        assert found(dataset) == {"a.jpg": [("crack",)], "b.png": [("ok",)]}
        assert {record.group for record in dataset.records} == {"t1"}


@given(st.lists(st.lists(st.sampled_from(["", " ", "a", "b|c", "é", '"']), max_size=4), min_size=1, max_size=5))
def test_csv_labels_side_by_side_are_those_of_any_columns(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labels.csv")
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([f"{number}.jpg", *row] for number, row in enumerate(rows))
        found = [
            [image.labels for image in csv_table.read(path, Options(columns={"image": "1", "label": places})).images]
            for places in ("2,3", "2,3,2")
        ]
    assert found[0] == found[1]


def test_csv_in_another_encoding(folder: Path) -> None:
    drawn(0, 3).save(folder / "Größe.jpg")
    text = "image,label\n" + "Größe.jpg,Riß\n" + "a.jpg,schön\n" * 3 + "b.png,für Übergröße\n"
    dataset = load(written(folder / "parts.csv", text.encode("cp1252")))
    assert found(dataset)["Größe.jpg"] == [("Riß",)]


def test_csv_rows_that_are_wrong_are_all_named(folder: Path) -> None:
    rows = ["image,xmin,ymin,xmax,ymax,label,split", "a.jpg,1,1,30,30,crack,train"]
    wrong = {
        ",1,1,5,5,crack,": "row 3: names no image",
        "e.jpg,1,x,30,30,crack,": "row 4: e.jpg: 'x' is no number",
        "e.jpg,1,,30,30,crack,": "row 5: e.jpg: a coordinate is missing",
        "e.jpg,1,1,30,30,,": "row 6: e.jpg: its box has no label",
        "e.jpg,nan,1,30,30,crack,": "row 7: e.jpg: 'nan' is no number",
        "e.jpg,1,1,30,30,crack,lest": "row 8: e.jpg: 'lest' is no part of a split",
        "b.png,-40,1,30,30,crack,": "row 9, b.png: box 1 (crack), -40, 1 to 30, 30: is not inside the image",
        "c.jpg,1,1,30,30,crack,": "row 10, c.jpg: no such image below",
        "../../etc/c.jpg,1,1,30,30,crack,": "row 11, ../../etc/c.jpg: leads out of",
        "/etc/passwd,1,1,30,30,crack,": "row 12, /etc/passwd: leads out of",
        "d\0.jpg,1,1,30,30,crack,": "its name holds a NUL character",
    }
    written(folder / "e.jpg", (folder / "a.jpg").read_bytes())
    dataset = load(written(folder / "parts.csv", "\n".join([*rows, *wrong]) + "\n"))
    assert list(found(dataset)) == ["a.jpg"]
    said = faults(dataset)
    assert len(said) == len(wrong)
    for part in wrong.values():
        assert any(part in fault for fault in said), (part, said)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"image,label\na.jpg,crack\n" + b"x" * 2_000_000, "line 3: is longer than 1,000,000 bytes"),
        (b'image,label\n"' + b"a" * 200_000 + b'",crack\n', "field larger than"),
        (b"image,xmin,ymin,label\na.jpg,1,1,crack\n", "columns of boxes are missing: xmax, ymax"),
    ],
)
def test_csv_files_that_cannot_be_read(folder: Path, content: bytes, says: str) -> None:
    with pytest.raises(LayoutError, match=says):
        load(written(folder / "parts.csv", content))


def coco(**changes: object) -> dict[str, object]:
    image = {"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}
    box = {"id": 1, "image_id": 1, "category_id": 7, "bbox": [10, 20, 20, 30], "iscrowd": 0, "area": 600}
    return {"images": [image], "annotations": [box], "categories": [{"id": 7, "name": "crack"}], **changes}


def test_of_coco_files_a_part_of_the_split_that_in_question_is_named(folder: Path) -> None:
    for part, image in (("train", "a.jpg"), ("test", "b.png")):
        (folder / part).mkdir()
        (folder / image).rename(folder / part / image)
        box = {"image_id": 1, "category_id": 9, "bbox": [10, 20, 20, 30]}
        document = coco(images=[{"id": 1, "file_name": image}], **({"annotations": [box]} if part == "test" else {}))
        (folder / part / "_annotations.coco.json").write_text(json.dumps(document))
    dataset = load_dataset(folder)
    assert [finding.name for finding in dataset.faults] == ["test/_annotations.coco.json, annotation 1, b.png"]


@pytest.mark.parametrize("line", ["no JSON", '{"source-ref": "s3://b/c.jpg", "source-ref": "s3://b/d.jpg"', "{}"])
def test_a_folder_for_each_label_is_no_advice_on_a_file_whose_lines_are_faulty(folder: Path, line: str) -> None:
    (folder / "x.manifest").write_text(f"{line}\n")
    with pytest.raises(LayoutError) as caught:
        load_dataset(folder / "x.manifest")
    assert str(caught.value).startswith(str(folder / "x.manifest"))
    assert "a folder for each label" not in str(caught.value.hint)


def test_coco_with_what_is_left_out_counted(folder: Path) -> None:
    document = coco(
        images=[{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}, {"id": 2, "file_name": "b.png"}],
        categories=[{"id": 7, "name": "crack"}, {"id": 8, "name": "wet"}, {"id": 9, "name": "never"}],
        annotations=[
            {"image_id": 1, "category_id": 7, "bbox": [10, 20, 20, 30], "segmentation": [[1, 2, 3, 4, 5, 6]]},
            {"image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 50], "iscrowd": 1, "segmentation": {"counts": []}},
            {"image_id": 2, "category_id": 8},
        ],
    )
    dataset = load(written(folder / "boxes.json", document))
    assert found(dataset) == {"a.jpg": CRACK, "b.png": [("wet",)]}
    assert [finding.message for finding in dataset.findings] == [
        "1 annotations of crowds (iscrowd) left out",
        "categories without images: never",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"annotations": [{"image_id": 5, "category_id": 7, "bbox": [1, 1, 9, 9]}]}, "image 5 is not in the file"),
        ({"annotations": [{"image_id": 1, "category_id": 5, "bbox": [1, 1, 9, 9]}]}, "category 5 is not in the file"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 9]}]}, "bbox has to hold left"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": []}]}, "bbox has to hold left"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 9, 9, 9]}]}, "bbox has to hold left"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, -9, 9]}]}, "has no width or height"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 900, 9]}]}, "is not inside the image"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 1, 1]}]}, "is too small"),
        ({"categories": [{"id": 7, "name": "x"}, {"id": 7, "name": "y"}]}, "category 7 is there twice"),
        ({"categories": [{"id": 7, "name": "x" * 300}]}, "more than 255 characters"),
        ({"categories": [{"id": 7, "name": " "}]}, "an empty label"),
        ({"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "a.jpg"}]}, "is the same file as that of"),
        ({"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.png"}]}, "has the same id"),
        ({"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}]}, "are for 640×480 pixels"),
        (
            {"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 9, 9]}] * 51},
            "51 boxes; the service takes 50",
        ),
    ],
)
def test_coco_faults(folder: Path, changes: dict[str, object], says: str) -> None:
    written(folder / "other" / "ok" / "c.jpg", (folder / "a.jpg").read_bytes())
    document = coco(**changes)
    try:
        said = faults(load(written(folder / "boxes.json", document)))
    except LayoutError as error:
        said = [*error.details]
    assert any(says in one for one in said), said


@pytest.mark.parametrize(
    "content",
    [b"[]", b"{", b'{"images": 5, "categories": [], "annotations": []}', b'{"images":' + b"[" * 200_000, b"\0" * 100],
)
def test_what_is_no_coco_is_refused_in_a_sentence(folder: Path, content: bytes) -> None:
    with pytest.raises(LayoutError, match="no COCO JSON"):
        load_dataset(written(folder / "boxes.json", content), "coco")


def test_coco_folders_with_a_file_a_part(folder: Path) -> None:
    image = (folder / "a.jpg").read_bytes()
    root = folder / "set"
    for part in ("train", "val"):
        written(root / f"images/{part}2017/000001.jpg", image)
        document = coco(images=[{"id": 1, "file_name": "000001.jpg", "width": WIDTH, "height": HEIGHT}])
        written(root / f"annotations/instances_{part}2017.json", document)
    dataset = load(root)
    assert {record.name: record.side for record in dataset.records} == {
        "images/train2017/000001.jpg": Side.TRAIN,
        "images/val2017/000001.jpg": Side.TEST,
    }


VOC = """<annotation><folder>x</folder><filename>a.jpg</filename><path>C:\\x\\a.jpg</path>
<size><width>120</width><height>90</height><depth>3</depth></size>
<object><name>crack</name><pose>Unspecified</pose><difficult>0</difficult>
<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>30.0</xmax><ymax>50</ymax></bndbox></object></annotation>"""
BILLION_LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotation><filename>&b;</filename></annotation>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/hostname">]>
<annotation><filename>&xxe;</filename></annotation>"""


@pytest.mark.parametrize("layout", ["{}.xml", "Annotations/{}.xml"])
def test_voc(folder: Path, layout: str) -> None:
    if "/" in layout:
        for name in ("a.jpg", "b.png"):
            (folder / "JPEGImages").mkdir(exist_ok=True)
            (folder / name).rename(folder / "JPEGImages" / name)
        written(folder / "ImageSets/Main/train.txt", "a\n")
        written(folder / "ImageSets/Main/val.txt", "b  1\n")
    written(folder / layout.format("a"), VOC)
    written(folder / layout.format("b"), "<annotation><filename>b.png</filename></annotation>")
    dataset = load(folder)
    assert sorted(found(dataset).values()) == [[], CRACK]
    if "/" in layout:
        assert [record.side for record in dataset.records] == [Side.TRAIN, Side.TEST]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BILLION_LAUGHS, "declares XML entities"),
        (OUTSIDE, "declares XML entities"),
        ("<annotation>", "no XML"),
        ("\0\0", "no XML"),
        ("<other/>", "no Pascal VOC file"),
        (VOC.replace("<xmin>10", "<xmin>ten"), "'ten' is no number"),
        (VOC.replace("<xmin>10</xmin>", ""), "a coordinate is missing"),
        (VOC.replace("<name>crack", "<name>"), "has no name"),
        (VOC.replace("a.jpg", "nowhere.jpg"), "no such image"),
    ],
)
def test_voc_faults(folder: Path, content: str, says: str) -> None:
    written(folder / "x.xml", content)
    written(folder / "b.xml", VOC.replace("a.jpg", "b.png"))
    dataset = load_dataset(folder, "voc", Options(), KEEP)
    assert any(says in fault for fault in faults(dataset)), faults(dataset)


CVAT = """<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta/>
<image id="0" name="a.jpg" width="120" height="90">
<box label="crack" occluded="0" xtl="10" ytl="20" xbr="30" ybr="50" z_order="0"/>
<polygon label="pit" points="60,10;80,10;70,40"/><box label="turned" xtl="40" ytl="50" xbr="60" ybr="70" rotation="45"/>
<mask label="spot" rle="1, 2" left="90" top="60" width="10" height="20"/><polyline label="x" points="1,1;2,2"/></image>
<image id="1" name="b.png" width="120" height="90"><tag label="ok"/></image></annotations>"""


def test_cvat(folder: Path) -> None:
    dataset = load(written(folder / "annotations.xml", CVAT))
    assert found(dataset) == {
        "a.jpg": [*CRACK, ("pit", 60, 10, 80, 40), ("turned", 36, 46, 64, 74), ("spot", 90, 60, 100, 80)],
        "b.png": [("ok",)],
    }
    assert [one.message for one in dataset.findings] == ["1 lines left out"]
    broken = CVAT.replace('xtl="10"', 'xtl="nan"').replace("60,10;80,10;70,40", "60,10;80")
    assert len(faults(load(written(folder / "annotations.xml", broken)))) == 2
    with pytest.raises(LayoutError, match="tracks of a video"):
        load(written(folder / "annotations.xml", CVAT.replace("<meta/>", "<meta/><track/>")))


def test_yolo_as_ultralytics_and_roboflow_write_it(folder: Path) -> None:
    written(folder / "train/images/a.jpg", (folder / "a.jpg").read_bytes())
    written(folder / "valid/images/b.png", (folder / "b.png").read_bytes())
    written(folder / "train/labels/a.txt", "1 0.1666667 0.3888889 0.1666667 0.3333333\n0 0.5 0.2 0.6 0.2 0.55 0.5\n\n")
    written(folder / "valid/labels/b.txt", "")
    written(folder / "data.yaml", "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['pit', 'crack']\n")
    dataset = load(folder)
    assert found(dataset) == {
        "train/images/a.jpg": [*CRACK, ("pit", 60, 18, 72, 45)],
        "valid/images/b.png": [],
    }
    assert [record.side for record in dataset.records] == [Side.TRAIN, Side.TEST]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("7 0.5 0.5 0.1 0.1", "class 7 is not among the 2 names"),
        ("-1 0.5 0.5 0.1 0.1", "class -1 is not among"),
        ("0 0.5 0.5 0.1", "has 4 cells"),
        ("0 nan 0.5 0.1 0.1", "'nan' is no number"),
        ("0 0.5 0.5 1.5 0.1", "is not inside the image"),
        (b"\xff\xfe\x00", "cannot be read as text"),
    ],
)
def test_yolo_faults(folder: Path, labels: str | bytes, says: str) -> None:
    for name in ("a.jpg", "b.png"):
        written(folder / "images" / name, (folder / name).read_bytes())
    written(folder / "labels/a.txt", labels)
    written(folder / "labels/b.txt", "0 0.5 0.5 0.2 0.2")
    written(folder / "data.yaml", "path: .\ntrain: images\nnames: {0: pit, 1: crack}\n")
    assert any(says in fault for fault in faults(load(folder))), faults(load(folder))


@pytest.mark.parametrize(
    "content",
    ["[", "names: 5\ntrain: images", "train: images", "names: [a]", "names: [a]\ntrain: ../../../etc", "&a [*a]"],
)
def test_a_yolo_description_that_is_none(folder: Path, content: str) -> None:
    (folder / "images").mkdir()
    with pytest.raises(LayoutError, match=r"data\.yaml"):
        load(written(folder / "data.yaml", content).parent)


def labelme(**changes: object) -> dict[str, object]:
    shapes = [
        {"label": "crack", "points": [[30, 50], [10, 20]], "shape_type": "rectangle", "group_id": None},
        {"label": "pit", "points": [[60, 10], [80, 10], [70, 40]], "shape_type": "polygon"},
        {"label": "hole", "points": [[50, 60], [50, 70]], "shape_type": "circle"},
        {"label": "edge", "points": [[0, 0], [5, 5]], "shape_type": "line"},
    ]
    shared = {"imagePath": "..\\x\\a.jpg", "imageData": "QUJD", "imageWidth": WIDTH, "imageHeight": HEIGHT}
    return {"version": "5.0.1", "flags": {"wet": True, "dry": False}, "shapes": shapes, **shared, **changes}


def test_labelme(folder: Path) -> None:
    written(folder / "a.json", labelme())
    dataset = load(folder)
    assert found(dataset) == {
        "a.jpg": [("wet",), *CRACK, ("pit", 60, 10, 80, 40), ("hole", 40, 50, 60, 70)],
        "b.png": [],
    }
    written(
        folder / "a.json", labelme(shapes=[{"label": "x", "points": [[1, 2]]}, {"label": "", "points": [[1, 2]] * 2}])
    )
    assert len(faults(load(folder))) == 2
    written(folder / "a.json", labelme())
    written(folder / "b.json", b'{"shapes": 7}')
    assert any("no Labelme file" in fault for fault in faults(load(folder)))


def label_studio() -> list[dict[str, object]]:
    shared = {"original_width": WIDTH, "original_height": HEIGHT, "from_name": "l", "to_name": "i", "image_rotation": 0}
    box = {
        "x": 10 / 1.2,
        "y": 20 / 0.9,
        "width": 20 / 1.2,
        "height": 30 / 0.9,
        "rotation": 0,
        "rectanglelabels": ["crack"],
    }
    polygon = {"points": [[50, 10], [60, 10], [55, 40]], "polygonlabels": ["pit"], "closed": True}
    turned = {"x": 50, "y": 50, "width": 20 / 1.2, "height": 10 / 0.9, "rotation": 90, "rectanglelabels": ["turned"]}
    result = [
        {"type": "rectanglelabels", "value": box, **shared},
        {"type": "polygonlabels", "value": polygon, **shared},
        {"type": "rectanglelabels", "value": turned, **shared},
        {"type": "textarea", "value": {"text": ["hello"]}},
    ]
    choice = {"type": "choices", "value": {"choices": ["ok"]}}
    return [
        {
            "id": 1,
            "data": {"image": "/data/upload/3/0a1b2c3d-a.jpg"},
            "file_upload": "0a1b2c3d-a.jpg",
            "annotations": [
                {"result": [choice], "was_cancelled": True, "updated_at": "2026-02-02T00:00:00Z"},
                {"result": result, "was_cancelled": False, "updated_at": "2026-01-02T00:00:00Z"},
            ],
        },
        {"id": 2, "data": {"image": "s3://bucket/some/b.png"}, "annotations": [{"result": [choice]}]},
    ]


def test_label_studio(folder: Path) -> None:
    dataset = load(written(folder / "export.json", label_studio()))
    assert found(dataset) == {
        "a.jpg": [*CRACK, ("pit", 60, 9, 72, 36), ("turned", 50, 45, 60, 65)],
        "b.png": [("ok",)],
    }
    assert not faults(dataset)
    tasks = label_studio()
    tasks[0]["annotations"][1]["result"][0]["value"]["x"] = "left"  # type: ignore[index]
    tasks.append({"id": 3, "data": {}, "annotations": []})
    said = faults(load(written(folder / "export.json", tasks)))
    assert len(said) == 2
    with pytest.raises(LayoutError, match="no JSON export of Label Studio"):
        load_dataset(written(folder / "export.json", b'[{"data": 5}]'), "label-studio")


def manifest_line(name: str, **attributes: object) -> str:
    line: dict[str, object] = {"source-ref": f"s3://plant-7/photos/{name}"}
    shared = {"human-annotated": "yes", "creation-date": "2026-01-01T00:00:00"}
    for attribute, (value, metadata) in attributes.items():  # type: ignore[misc]
        line |= {attribute: value, f"{attribute}-metadata": {**metadata, **shared}}
    return json.dumps(line) + "\n"


SIZE = {"width": WIDTH, "height": HEIGHT, "depth": 3}
LOCATED = (
    {"image_size": [SIZE], "annotations": [{"class_id": 4, "left": 10, "top": 20, "width": 20, "height": 30}]},
    {"type": "groundtruth/object-detection", "class-map": {"4": "crack"}, "objects": [{"confidence": 1}]},
)
CLASS = (0, {"type": "groundtruth/image-classification", "class-name": "ok", "confidence": 0.9})
SEVERAL = (
    [1, "4"],
    {"type": "groundtruth/image-classification-multilabel", "class-map": {"1": "ok", "4": "wet"}, "confidence-map": {}},
)


def test_manifests_image_level_boxes_chained_and_multi_label(folder: Path) -> None:
    lines = [manifest_line("a.jpg", first=CLASS, second=LOCATED), manifest_line("b.png", labels=SEVERAL)]
    path = written(folder / "output.manifest", "".join(lines))
    assert found(load(path)) == {"a.jpg": [("ok",), *CRACK], "b.png": [("ok",), ("wet",)]}
    images = folder / "elsewhere" / "photos"
    images.mkdir(parents=True)
    for name in ("a.jpg", "b.png"):
        (folder / name).rename(images / name)
    assert list(found(load(path, images=folder / "elsewhere"))) == ["photos/a.jpg", "photos/b.png"]


def test_a_manifest_with_broken_lines_names_them(folder: Path) -> None:
    lines = [manifest_line("a.jpg", first=CLASS), "{}\n", "\n", manifest_line("b.png", second=(LOCATED[0], CLASS[1]))]
    dataset = load(written(folder / "train.manifest", "".join(lines)))
    assert [record.side for record in dataset.records] == [Side.TRAIN]
    assert len(faults(dataset)) == 3


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"crack/a.jpg": b"", "ok/b.jpg": b""}, "folder"),
        ({"crack/a.jpg": b"", "boxes.json": json.dumps(coco())}, "folder"),
        ({"a.jpg": b"", "boxes.json": json.dumps(coco())}, "coco"),
        ({"train/a.jpg": b"", "train/_annotations.coco.json": json.dumps(coco())}, "coco"),
        ({"images/a.jpg": b"", "labels/a.txt": "", "classes.txt": "x"}, "yolo"),
        ({"data.yaml": "names: [x]"}, "yolo"),
        ({"a.jpg": b"", "a.xml": VOC}, "voc"),
        ({"annotations.xml": CVAT}, "cvat"),
        ({"a.jpg": b"", "a.json": json.dumps(labelme())}, "labelme"),
        ({"train.manifest": "", "test.manifest": ""}, "manifest"),
        ({"labels.csv": "a.jpg,x"}, "csv"),
    ],
)
def test_a_folder_is_recognised(tmp_path: Path, files: dict[str, str | bytes], name: str) -> None:
    for path, content in files.items():
        written(tmp_path / path, content)
    assert find_format(AUTO, tmp_path, Options()).name == name
