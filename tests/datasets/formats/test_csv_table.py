"""CSV files as people and tools write them: columns guessed from what is in them, and said."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.formats import csv_table
from customlabels.datasets.formats.csv_cells import boxes_of_runs, shapes_of
from customlabels.datasets.formats.csv_rules import parse_rule
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, ImageRecord, Side
from customlabels.datasets.reading import Policy
from customlabels.manifests.formats import AUTO, find_format, load_dataset

WIDTH, HEIGHT = 120, 90


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, a.jpg and b.png, of 120 by 90 pixels."""
    for number, name in enumerate(["a.jpg", "b.png"]):
        image(tmp_path / name, number)
    return tmp_path


def image(path: Path, number: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(0, number, WIDTH).crop((0, 0, WIDTH, HEIGHT)).save(path)


def written(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def load(source: Path, **options: object) -> Dataset:
    return load_dataset(source, AUTO, Options(**options), Policy())  # type: ignore[arg-type]


def marks(dataset: Dataset) -> dict[str, list[tuple[object, ...]]]:
    """Labels, then boxes in whole pixels, of each image."""

    def boxes(record: ImageRecord) -> list[tuple[object, ...]]:
        return [(box.label, *(round(number) for number in box.corners)) for box in record.boxes or ()]

    return {record.name: [*((label,) for label in record.labels), *boxes(record)] for record in dataset.records}


def notes(dataset: Dataset) -> str:
    return "\n".join(f"{finding.name}: {finding.message}" for finding in dataset.findings)


LABELS: dict[str, tuple[str, str]] = {
    "a label column named otherwise": ("image,defect\na.jpg,crack\nb.png,ok\n", "'defect' as label"),
    "names in another language": ("Datei;Klasse\na.jpg;crack\nb.png;ok\n", "'Datei' as image; 'Klasse' as label"),
    "the one column of words": ("photo,colour,no\na.jpg,crack,17\nb.png,ok,18\n", "'colour' as label"),
    "one-hot columns, blanks after commas": ("filename, crack, ok\na.jpg, 1, 0\nb.png, 0, 1\n", "'crack', 'ok'"),
    "one-hot columns of other words": ("filename,crack,ok\na.jpg,True,False\nb.png,0,1.0\n", "labels where they are 1"),
    "names without ending": ("id_code,diagnosis\na,crack\nb,ok\n", "'id_code' as image; 'diagnosis' as label"),
    "names without ending and no header": ("a,crack\nb,ok\n", ""),
    "blanks between cells": ("a.jpg crack\nb.png ok\n", ""),
    "aligned columns": ("a.jpg    0.5\t  crack\nb.png\t  1.0  ok\n", "column 3 as label"),
    "AutoML's with no set": (",gs://x/y/a.jpg,crack\n,gs://x/y/b.png,ok\n", ""),
    "labels as a JSON list": ('image,labels\na.jpg,"[""crack""]"\nb.png,"[\'ok\']"\n', ""),
    "a split without a header": ("a.jpg,crack,train\nb.png,ok,test\n", "column 3 as side"),
    "points that are no boxes": ("image,label,x,y\na.jpg,crack,10,20\nb.png,ok,,\n", "not read: 'x', 'y'"),
    "a column of masks": ("image,label,mask\na.jpg,crack,m/a.png\nb.png,ok,\n", "that name files, not read: 'mask'"),
    "Label Studio's, rows and their makers numbered": (
        "image,id,choice,annotator,annotation_id,created_at,updated_at,lead_time\n"
        "/data/upload/1/a.jpg,1,crack,1,1,2024-01-01,2024-01-01,1.2\n/data/upload/1/b.png,0,ok,1,0,2024-01-02,2024-01-02,1\n",
        "'choice' as label",
    ),
    "Label Studio's, by another control": (
        "image,id,state,annotator,annotation_id,created_at,updated_at,lead_time\n"
        "a.jpg,1,crack,ann@x.com,1,2024-01-01,2024-01-01,1.2\nb.png,2,ok,bo@x.com,2,2024-01-02,2024-01-02,1\n",
        "'state' as label",
    ),
    "Label Studio's, several choices": (
        'image,choice,id,annotator\na.jpg,"{""choices"": [""crack""]}",1,1\nb.png,"{""choices"": [""ok""]}",0,1\n',
        "'choice' as label",
    ),
    "ones that tell nothing": ("image,colour,version,attempt\na.jpg,crack,1,1\nb.png,ok,1,1\n", "'colour' as label"),
    "numbers beside words": ("a.jpg,0.25,crack\nb.png,0.5,ok\n", "not read: column 2"),
    "images that are called otherwise": ("name,photo,label\nJo,a.jpg,crack\nAl,b.png,ok\n", "'photo' as image"),
}


@pytest.mark.parametrize(("content", "said"), LABELS.values(), ids=LABELS.keys())
def test_columns_are_guessed_from_what_is_in_them_and_said(folder: Path, content: str, said: str) -> None:
    dataset = load(written(folder / "parts.csv", content))
    assert marks(dataset) == {"a.jpg": [("crack",)], "b.png": [("ok",)]}
    assert said in notes(dataset)
    assert not dataset.faults


def test_what_label_studio_draws_is_no_label_of_a_table(folder: Path) -> None:
    area = '"[{""x"": 10, ""y"": 10, ""width"": 20, ""height"": 20, ""rectanglelabels"": [""crack""]'
    rows = f'image,id,label,annotator\na.jpg,1,{area}, ""original_width"": 120}}]",1\n'
    with pytest.raises(LayoutError, match="'label' holds areas that Label Studio drew") as caught:
        load(written(folder / "areas.csv", rows))
    assert "export JSON" in str(caught.value.hint)
    rows = 'image,label\nb.png,ok\na.jpg,"{""taxonomy"": [[""crack"", ""deep""]]}"\n'
    assert "is JSON, not a label" in notes(load(written(folder / "paths.csv", rows)))


BOXES: dict[str, tuple[str, str]] = {
    "keras-retinanet's, without header": ("a.jpg,10,20,30,50,crack\nb.png,,,,,\n", "column 2 as xmin"),
    "left, top, width, height without header": (
        "a.jpg,crack,10,20,20,30\na.jpg,crack,90,70,20,15\nb.png,,,,,\n",
        "column 5 as box_width",
    ),
    "centres": ("file,label,x_center,y_center,width,height\na.jpg,crack,20,35,20,30\nb.png,,,,,\n", ""),
    "centres as fractions": (
        "file,class,xcenter,ycenter,w,h\na.jpg,crack,0.1666667,0.3888889,0.1666667,0.3333333\nb.png,,,,,\n",
        "",
    ),
    "a list in a cell": (
        'image_id,width,height,bbox,class\na.jpg,120,90,"[10.0, 20.0, 20.0, 30.0]",crack\nb.png,120,90,,\n',
        "the numbers of 'bbox' as left, top, width, height (--column corners=bbox",
    ),
    "a tuple in a cell": ('image,label,box\na.jpg,crack,"(10, 20, 20, 30)"\nb.png,,\n', "left, top, width, height"),
    "four numbers in a cell": ("image,label,where\na.jpg,crack,10 20 20 30\nb.png,,\n", "'where' as bbox"),
    "an array in a cell": ("image,label,bbox\na.jpg,crack,[10. 20. 20. 30.]\nb.png,,[]\n", ""),
    "names in a cell": (
        'image,label,bbox\na.jpg,crack,"{""xmin"": 10, ""ymin"": 20, ""xmax"": 30, ""ymax"": 50}"\nb.png,,\n',
        "",
    ),
    "corners, which lead out of the image as sizes": (
        'image,label,bbox,image_width,image_height\na.jpg,crack,"[10, 20, 30, 50]",120,90\n'
        'a.jpg,crack,"[90, 60, 110, 80]",120,90\nb.png,,,,\n',
        "left, top, right, bottom (--column bbox=bbox",
    ),
    "a polygon in a cell": ('image,label,bbox\na.jpg,crack,"[[10,20],[30,20],[15,50]]"\nb.png,,\n', ""),
    "run lengths": ("ImageId,ClassId,EncodedPixels\na.jpg,crack,{runs}\nb.png,,\n", "'ClassId' as label"),
    "run lengths with the label in the name": ("ImageId_ClassId,EncodedPixels\na.jpg_crack,{runs}\nb.png_crack,\n", ""),
}
RUNS = " ".join(f"{column * HEIGHT + 21} 30" for column in range(10, 30))
"""Left 10, top 20, right 30, bottom 50: thirty pixels from the twenty-first of each of those columns."""


@pytest.mark.parametrize(("content", "said"), BOXES.values(), ids=BOXES.keys())
def test_boxes_are_read_wherever_they_stand(folder: Path, content: str, said: str) -> None:
    dataset = load(written(folder / "parts.csv", content.replace("{runs}", RUNS)))
    assert marks(dataset)["a.jpg"][0] == ("crack", 10, 20, 30, 50)
    assert list(marks(dataset)) == ["a.jpg"]
    assert "row" in notes(dataset)
    assert "nothing is on it" in notes(dataset)
    assert said in notes(dataset)
    assert not dataset.faults


REFUSED: dict[str, tuple[str, str]] = {
    "boxes without labels": (
        'image_id,width,height,bbox,source\na.jpg,120,90,"[1, 2, 30, 40]",arvalis\n',
        "its boxes have no label.*it may be 'source'",
    ),
    "coordinates without labels": ("a.jpg,10,20,30,50\nb.png,1,2,30,40\n", "its boxes have no label"),
    "numbers that may be labels or not": ("a.jpg,10,20\nb.png,1,2\n", "may be column 2 or column 3"),
    "a score before boxes": ("a.jpg,crack,0.9,1,2,30,50\nb.png,ok,0.8,1,2,30,40\n", "four of which may be boxes"),
    "numbers of rows": ("".join(f"{number},a.jpg\n" for number in range(20)), "known to hold labels"),
    "files in place of labels": ("a.jpg a.txt\nb.png b.txt\n", "no column is known to hold labels"),
    "several columns of words": ("image,shift,line\na.jpg,x,y\nb.png,y,x\n", "may be 'shift' or 'line'"),
    "half a box": ("image,label,xmin,ymin\na.jpg,crack,1,2\n", "missing: xmax, ymax"),
    "a column that is not there": ("image,label\na.jpg,crack\n", "has no column 'part'"),
}


@pytest.mark.parametrize(("content", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_may_be_several_things_is_refused_with_the_columns(folder: Path, content: str, says: str) -> None:
    columns = {"group": "part"} if "part" in says else {}
    with pytest.raises(LayoutError, match=says) as error:
        load(written(folder / "parts.csv", content), columns=columns)
    assert "--column" in (error.value.hint or "") or "columns are" in error.value.message


FAULTS = {
    "coordinates after the first rows": ("a.jpg,crack,,\n" * 600 + "b.png,ok,10,20\n", "'10' is a number, where"),
    "one-hot cells of other words": ("image,crack,ok\na.jpg,1,0\n" + "a.jpg,0,1\n" * 600 + "b.png,2,0\n", "neither 0"),
    "a box without a label": ("image,label,xmin,ymin,xmax,ymax\na.jpg,x,1,2,30,40\nb.png,,1,2,30,40\n", "has no label"),
    "no box in a cell": ('image,label,bbox\na.jpg,x,"[1, 2, 30, 40]"\nb.png,x,"[1, 2]"\n', "'\\[1, 2\\]' is no box"),
    "a whole number that no float holds": (
        f'image,label,bbox\na.jpg,x,"[1, 2, 30, 40]"\nb.png,x,"[1, 2, 30, 1{"0" * 400}]"\n',
        "is no box",
    ),
    "runs out of the image": (
        f"image,label,rle\na.jpg,x,{{runs}}\nb.png,x,{WIDTH * HEIGHT} 2\n",
        "lead to pixel 10,801",
    ),
    "runs that are none": ("image,label,rle\na.jpg,x,{runs}\nb.png,x,9 8 7\n", "are no run lengths"),
}


@pytest.mark.parametrize(("content", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_faulty_cell_is_a_fault_of_its_image(folder: Path, content: str, says: str) -> None:
    dataset = load(written(folder / "parts.csv", content.replace("{runs}", RUNS)))
    assert list(marks(dataset)) == ["a.jpg"]
    (fault,) = dataset.faults
    assert says.replace("\\", "") in fault.message
    assert "b.png" in fault.message


def test_an_image_with_a_faulty_box_is_not_used_without_it(folder: Path) -> None:
    rows = "image,label,xmin,ymin,xmax,ymax\na.jpg,crack,10,20,30,50\na.jpg,crack,10,x,30,50\nb.png,ok,1,1,30,30\n"
    dataset = load(written(folder / "parts.csv", rows))
    assert list(marks(dataset)) == ["b.png"]


HEADERS = {
    "with one": ("file,label\na.jpg,crack\nb.png,ok\n", {"image": "1", "label": "2"}),
    "without one": ("a.jpg,crack\nb.png,ok\n", {"image": "1", "label": "2"}),
    "without one, names without ending": ("a,crack\nb,ok\n", {"image": "1", "label": "2"}),
    "without one, the image last": ("1,crack,a.jpg\n2,ok,b.png\n", {"image": "3", "label": "2"}),
    "with one of unknown words": ("foto,etikette\na.jpg,crack\nb.png,ok\n", {"image": "1", "label": "2"}),
}


@pytest.mark.parametrize(("content", "columns"), HEADERS.values(), ids=HEADERS.keys())
def test_the_first_row_is_a_header_only_where_it_is_one(folder: Path, content: str, columns: dict[str, str]) -> None:
    dataset = load(written(folder / "parts.csv", content), columns=columns)
    assert marks(dataset) == {"a.jpg": [("crack",)], "b.png": [("ok",)]}
    assert not dataset.faults


@pytest.mark.parametrize("first", ["foto,etikette", "z,crack"])
def test_a_first_row_that_may_be_a_header_is_told(folder: Path, first: str) -> None:
    dataset = load(written(folder / "parts.csv", f"{first}\na,7\nb,7\n"), columns={"image": "1", "label": "2"})
    assert marks(dataset) == {"a.jpg": [("7",)], "b.png": [("7",)]}
    assert f"named by row 1 ({first.replace(',', ', ')}), which is taken for no image" in notes(dataset)


@settings(max_examples=50, deadline=None)
@example(rows=[("a", "crack"), ("a", "7")], headed=False, ending=False, delimiter=",")
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["crack", "ok", "7"])), min_size=1),
    st.booleans(),
    st.booleans(),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_no_row_goes_lost_to_a_header(rows: list[tuple[str, str]], headed: bool, ending: bool, delimiter: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for stem in "abc":
            image(folder / f"{stem}.jpg")
        lines = [f"{stem}{'.jpg' if ending else ''}{delimiter}{label}\n" for stem, label in rows]
        table = written(folder / "t.csv", f"{f'image{delimiter}label' * headed}\n" * headed + "".join(lines))
        layout = csv_table.stream(table, Options(columns={"image": "1", "label": "2"}))
        assert [image.labels for image in layout.images] == [(label,) for _, label in rows]


def test_a_comma_divides_labels_where_it_is_asked_to(folder: Path) -> None:
    table = written(folder / "parts.csv", 'image,label\na.jpg,"crack, wet"\nb.png,ok\n')
    assert "label 'crack, wet' holds a comma and is taken as one (--label-separator ," in notes(load(table))
    dataset = load(table, label_separator=",")
    assert marks(dataset)["a.jpg"] == [("crack",), ("wet",)]
    assert "comma" not in notes(dataset)


def test_a_table_a_side_is_read_with_the_others(tmp_path: Path) -> None:
    for side in ("train", "valid"):
        for name in ("0.jpg", "1.jpg"):
            image(tmp_path / side / name)
        written(tmp_path / side / "_annotations.csv", "filename,class,xmin,ymin,xmax,ymax\n0.jpg,crack,10,20,30,50\n")
    dataset = load(tmp_path)
    crack = [("crack", 10, 20, 30, 50)]
    assert marks(dataset) == {"train/0.jpg": crack, "valid/0.jpg": crack}
    assert [record.side for record in dataset.records] == [Side.TRAIN, Side.TEST]
    assert "train/1.jpg: an image that no annotation names" in notes(dataset)


def test_tables_of_a_folder_that_are_no_sides_are_refused_with_their_names(folder: Path) -> None:
    for name in ("old.csv", "new.csv"):
        written(folder / name, "image,label\na.jpg,crack\n")
    with pytest.raises(LayoutError, match=r"several tables name its images: new\.csv, old\.csv"):
        load(folder)


def test_a_table_of_the_images_below_is_that_of_the_folder(tmp_path: Path) -> None:
    image(tmp_path / "images/a.jpg")
    written(tmp_path / "parts.csv", "image,label\na.jpg,crack\n")
    written(tmp_path / "prices.csv", "part,price\n1,2\n")
    dataset = load(tmp_path)
    assert marks(dataset) == {"images/a.jpg": [("crack",)]}
    assert "prices.csv: no file of this format" in notes(dataset)


def test_a_table_beside_folders_of_labels_is_named_and_none_of_both_is_guessed(tmp_path: Path) -> None:
    image(tmp_path / "crack/a.jpg")
    written(tmp_path / "parts.csv", "image,label\na.jpg,ok\n")
    with pytest.raises(LayoutError, match=r"parts\.csv names the images"):
        find_format(AUTO, tmp_path, Options())


RULES = {
    "two sides of a number": ("x: probability >= 0.5", "y: probability < 0.5"),
    "a column by its number": ("x: 2 >= 0.5", "y: 2 < 0.5"),
    "a word": ("x: type == mono", "y: type != mono"),
    "several conditions": ("x: probability > 0.3 and type == mono", "y: probability <= 0.3"),
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
def test_rules_make_labels_of_numbers(folder: Path, rules: tuple[str, ...]) -> None:
    table = written(folder / "parts.csv", "image,probability,type\na.jpg,0.6666,mono\nb.png,0.3,poly\n")
    assert marks(load(table, label_rules=rules)) == {"a.jpg": [("x",)], "b.png": [("y",)]}


def test_rules_need_numbers_and_a_form_of_their_own(folder: Path) -> None:
    table = written(folder / "parts.csv", "image,probability\na.jpg,0.6\nb.png,none\n")
    dataset = load(table, label_rules=("defect: probability >= 0.5",))
    assert marks(dataset) == {"a.jpg": [("defect",)]}
    assert "'none' in 'probability' is no number" in notes(dataset)
    for text in ("", "defect:", "defect: probability", ": probability > 1", "x: probability > high"):
        with pytest.raises(SettingsError, match="--label-rule"):
            parse_rule(text)


def test_a_rule_without_a_condition_labels_everything(folder: Path) -> None:
    table = written(
        folder / "parts.csv", 'image_id,bbox,source\na.jpg,"[10, 20, 20, 30]",x\nb.png,"[10, 20, 20, 30]",x\n'
    )
    crack = [("crack", 10, 20, 30, 50)]
    assert marks(load(table, label_rules=("crack",))) == {"a.jpg": crack, "b.png": crack}


def test_names_tell_labels_by_a_pattern(tmp_path: Path) -> None:
    for name in ("crack_1.jpg", "crack_2.jpg", "ok_1.jpg", "17.jpg"):
        image(tmp_path / name)
    dataset = load(tmp_path, label_from="name", label_pattern=r"([a-z]+)_\d+")
    assert marks(dataset) == {"crack_1.jpg": [("crack",)], "crack_2.jpg": [("crack",)], "ok_1.jpg": [("ok",)]}
    assert "17.jpg: --label-pattern" in notes(dataset)
    with pytest.raises(SettingsError, match="no regular expression"):
        load(tmp_path, label_from="name", label_pattern="(")


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_run_lengths_of_a_rectangle_are_its_box(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    pixels = np.zeros((height, width), np.uint8)
    pixels[top:bottom, left:right] = 1
    # An encoder of its own: down the columns, counted from 1.
    edges = np.flatnonzero(np.diff(np.concatenate([[0], pixels.flatten(order="F"), [0]])))
    runs = " ".join(f"{start + 1} {end - start}" for start, end in zip(edges[::2], edges[1::2], strict=True))
    (box,), specks = boxes_of_runs(runs, "crack", (width, height), 1)
    assert (box.corners, specks) == ((left, top, right, bottom), 0)


def test_specks_are_named_and_their_image_is_not_called_empty(folder: Path) -> None:
    table = written(folder / "parts.csv", f"ImageId,label,EncodedPixels\na.jpg,crack,1 3\nb.png,crack,{RUNS}\n")
    dataset = load(table)
    assert list(marks(dataset)) == ["b.png"]
    assert "1 spots under 9 pixels (--min-area) left out" in notes(dataset)
    assert "nothing is on it" not in notes(dataset)


def test_a_table_of_images_in_s3_needs_no_images(tmp_path: Path) -> None:
    table = written(tmp_path / "parts.csv", json.dumps("image,x")[1:-1] + "\ns3://b/1.jpg,crack\ns3://b/2.jpg,ok\n")
    images = list(csv_table.read(table, Options()).images)
    assert [(image.name, image.labels) for image in images] == [("s3://b/1.jpg", ("crack",)), ("s3://b/2.jpg", ("ok",))]


def test_faults_of_rows_are_ordered_by_their_numbers(folder: Path) -> None:
    rows = "image,label\na.jpg,crack\n" + "".join(f"gone{number}.jpg,ok\n" for number in range(12))
    dataset = load(written(folder / "parts.csv", rows))
    assert [finding.name.split(",")[1] for finding in dataset.faults] == [f" row {number}" for number in range(3, 15)]


def test_what_stands_beyond_the_header_is_a_fault_or_a_label(folder: Path) -> None:
    table = written(folder / "parts.csv", "image,label\na.jpg,crack,wet\nb.png,ok,\n")
    dataset = load(table)
    assert marks(dataset) == {"b.png": [("ok",)]}
    assert "'wet' stands beyond the last column" in notes(dataset)
    assert marks(load(table, label_separator=",")) == {"a.jpg": [("crack",), ("wet",)], "b.png": [("ok",)]}


def test_several_boxes_in_a_cell_have_a_label_each(folder: Path) -> None:
    row = '"[[10, 20, 20, 30], [50, 20, 20, 30], [80, 20, 20, 30]]","[""crack"", ""pit"", ""crack""]"'
    dataset = load(written(folder / "parts.csv", f"image,bbox,labels\na.jpg,{row}\n"))
    assert [label for label, *_ in marks(dataset)["a.jpg"]] == ["crack", "pit", "crack"]
    fewer = row.replace(', ""crack""]', "]")
    table = written(folder / "parts.csv", f"image,bbox,labels\na.jpg,{fewer}\nb.png,{row}\n")
    assert "3 boxes have 2 labels" in notes(load(table))


def test_a_label_column_that_is_blank_gives_way_to_one_that_is_not(folder: Path) -> None:
    table = written(folder / "parts.csv", "image,class,defect\na.jpg,,crack\nb.png,,ok\n")
    assert marks(load(table)) == {"a.jpg": [("crack",)], "b.png": [("ok",)]}
    late = written(folder / "late.csv", "image,label\n" + "a.jpg,\n" * 300 + "b.png,ok\n")
    assert marks(load(late)) == {"b.png": [("ok",)]}


def test_blanks_in_a_column_of_labels_are_told(folder: Path) -> None:
    table = written(folder / "parts.csv", "image,labels\na.jpg,crack wet\nb.png,ok\n")
    assert "label 'crack wet' holds blanks and is taken as one (--label-separator ' '" in notes(load(table))
    assert marks(load(table, label_separator=" "))["a.jpg"] == [("crack",), ("wet",)]


NAMED = [
    ("xmin,ymin,xmax,ymax", "10,20,30,50"),
    ("min_x,min_y,max_x,max_y", "10,20,30,50"),
    ("bbox_xmin,bbox_ymin,bbox_xmax,bbox_ymax", "10,20,30,50"),
    ("topleft_x,topleft_y,bottomright_x,bottomright_y", "10,20,30,50"),
    ("left,top,right,bottom", "10,20,30,50"),
    ("x0,y0,x1,y1", "10,20,30,50"),
    ("x1,y1,x2,y2", "10,20,30,50"),
    ("XMin,XMax,YMin,YMax", "10,30,20,50"),
    ("x,y,w,h", "10,20,20,30"),
    ("X,Y,Width,Height", "10,20,20,30"),
    ("x1,y1,w,h", "10,20,20,30"),
    ("xmin,ymin,width,height", "10,20,20,30"),
    ("bbox_x,bbox_y,bbox_width,bbox_height", "10,20,20,30"),
    ("cx,cy,w,h", "20,35,20,30"),
    ("x_center,y_center,box_width,box_height", "20,35,20,30"),
]


@pytest.mark.parametrize(("names", "cells"), NAMED, ids=[names for names, _ in NAMED])
def test_boxes_go_by_many_names(folder: Path, names: str, cells: str) -> None:
    dataset = load(written(folder / "parts.csv", f"image,{names},label\na.jpg,{cells},crack\n"))
    assert marks(dataset) == {"a.jpg": [("crack", 10, 20, 30, 50)]}
    assert not notes(dataset)


NUMBERS = st.integers() | st.floats() | st.integers(300, 900).map(lambda digits: 10**digits)


@given(st.recursive(NUMBERS | st.text(max_size=3), lambda parts: st.lists(parts, max_size=7), max_leaves=20))
def test_whatever_list_a_cell_holds_has_finite_shapes_or_none(value: object) -> None:
    shapes = shapes_of(json.dumps(value)) or ()
    assert all(np.isfinite(shape).all() for shape in shapes)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(8)), st.sampled_from([",", ";", "\t"]))
def test_the_order_of_columns_means_nothing_under_a_header(order: list[int], delimiter: str) -> None:
    rows = [
        ["file", "class", "xmin", "ymin", "xmax", "ymax", "split", "operator"],
        ["a.jpg", "crack", "10", "20", "30", "50", "train", "Jo"],
        ["b.jpg", "pit", "11", "21", "31", "51", "test", "Al"],
    ]
    with tempfile.TemporaryDirectory() as name:
        lines = [delimiter.join(row[place] for place in order) for row in rows]
        table = written(Path(name) / "t.csv", "\n".join(lines))
        images = list(csv_table.read(table, Options()).images)
    assert [
        (image.name, image.subset, [(box.label, *box.corners) for box in image.boxes or ()]) for image in images
    ] == [
        ("a.jpg", "train", [("crack", 10, 20, 30, 50)]),
        ("b.jpg", "test", [("pit", 11, 21, 31, 51)]),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("image,label,bx,by,bw,bh\na.jpg,crack,10,20,30,40\n", "'bx', 'by', 'bw', 'bh' may be boxes"),
        ("image,crack,ok\na.jpg,0.9,0.1\n", "no column is known to hold labels"),
    ],
)
def test_numbers_that_sound_like_more_are_not_left_unread(folder: Path, content: str, says: str) -> None:
    with pytest.raises(LayoutError, match=says) as error:
        load(written(folder / "parts.csv", content))
    assert "--label-rule 'LABEL: crack >= 0.5'" in (error.value.hint or "") or "bx" in content


def test_what_nobody_could_tell_is_a_fault_of_its_image(folder: Path) -> None:
    dataset = load(written(folder / "parts.csv", "image,edema,fracture\na.jpg,1.0,-1.0\nb.png,1.0,\n"))
    assert marks(dataset) == {"b.png": [("edema",)]}
    assert "'-1.0' in column 'fracture' is neither 0 nor 1" in notes(dataset)


def plainly(number: float) -> str:
    return f"{number:.1f}"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 400)] * 2, *[st.integers(20, 400)] * 2), min_size=1, max_size=4))
def test_numbers_with_commas_are_those_with_points(boxes: list[tuple[int, int, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        image(Path(name) / "a.jpg")
        tables = []
        for point in ".,":
            rows = [
                f"a.jpg;{';'.join(plainly(number / 10).replace('.', point) for number in box)};crack" for box in boxes
            ]
            path = written(Path(name) / "x.csv", "\n".join(["image;left;top;box_width;box_height;label", *rows]))
            tables.append(marks(load(path)))
        assert tables[0] == tables[1]
        assert len(tables[0]["a.jpg"]) == len(boxes)


def test_labels_with_commas_stay_as_they_are_beside_numbers_with_commas(folder: Path) -> None:
    path = written(folder / "x.csv", "image;left;top;box_width;box_height;label\na.jpg;10,5;10;30,0;30;1,5 mm\n")
    assert marks(load(path)) == {"a.jpg": [("1,5 mm", 10, 10, 40, 40)]}


@pytest.mark.parametrize(
    "head", ["sep=;\n", "# made by a tool\n", "# a\n# b\n", "#\n"], ids=["Excel", "comment", "comments", "bare"]
)
@pytest.mark.parametrize("rows", ["image;label\na.jpg;crack\nb.png;pit\n"])
def test_lines_before_the_table_are_no_rows(folder: Path, head: str, rows: str) -> None:
    assert marks(load(written(folder / "x.csv", head + rows))) == {"a.jpg": [("crack",)], "b.png": [("pit",)]}
    faulty = load(written(folder / "x.csv", f"{head}{rows}c.png;pit\n")).faults
    assert [finding.name for finding in faulty] == [f"x.csv, row {head.count(chr(10)) + 4}, c.png"]


@pytest.mark.parametrize("label", ["Riß", "Größe „groß“", "GRÖSSE", "éraflure", "25 °C – ok"])
def test_western_letters_are_read_and_the_guess_is_said(folder: Path, label: str) -> None:
    path = folder / "x.csv"
    path.write_bytes(f"image;label\na.jpg;{label}\nb.png;gut\n".encode("cp1252"))
    dataset = load(path)
    assert marks(dataset)["a.jpg"] == [(label,)]
    assert "is not UTF-8: read as cp1252 (--encoding NAME takes another)" in notes(dataset)
    assert "is not UTF-8" not in notes(load(path, encoding="cp1252"))


WORDS = st.lists(st.text("abc' ", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=3, unique=True)


@settings(max_examples=30, deadline=None)
@given(WORDS, st.sampled_from(["python", "json", "numpy"]))
def test_lists_of_labels_are_read_as_python_json_and_numpy_write_them(labels: list[str], writer: str) -> None:
    cell = {"python": str, "json": json.dumps, "numpy": lambda texts: str(np.array(texts))}[writer](labels)
    with tempfile.TemporaryDirectory() as name:
        image(Path(name) / "a.jpg")
        quoted = '"' + cell.replace('"', '""') + '"'
        dataset = load(written(Path(name) / "x.csv", f"image,labels\na.jpg,{quoted}\n"))
        assert marks(dataset) == {"a.jpg": [(label,) for label in labels]}


def test_a_list_without_quotes_is_a_fault(folder: Path) -> None:
    dataset = load(written(folder / "x.csv", "image;labels\na.jpg;[crack, pit]\nb.png;crack\n"))
    assert marks(dataset) == {"b.png": [("crack",)]}
    assert "is a list that cannot be read" in notes(dataset)


def test_labels_that_open_images_says_are_not_there_are_left_out(folder: Path) -> None:
    rows = "a,verification,crack,1\na,verification,pit,0\nb,verification,pit,0\n"
    dataset = load(written(folder / "x.csv", f"ImageID,Source,LabelName,Confidence\n{rows}"))
    assert marks(dataset) == {"a.jpg": [("crack",)]}
    assert "2 labels that are not there (Confidence 0) left out" in notes(dataset)
    assert "nothing is on it" not in notes(dataset)


BLANK_AT_FIRST: dict[str, tuple[str, str, str, list[object], str]] = {
    "a side": ("image,label,split", "ok,", "crack,test", ["crack", Side.TEST], ""),
    "a group": ("image,label,group", "ok,", "crack,g7", ["crack", None], ""),
    "a second column of labels": ("image,label,tags", "ok,", "crack,pit", ["crack", "pit", None], "'label', 'tags' as"),
    "a rare class": ("image,crack,pit,rare", "0,1,", "0,0,1", ["rare", None], "'crack', 'pit' as labels"),
    "a remark": (
        "image,label,remark",
        "ok,",
        "crack,odd",
        ["crack", None],
        "row 202: 'remark' holds 'odd', but nothing",
    ),
    "a remark beside classes": ("image,crack,pit,note", "0,1,", "1,0,odd", ["crack", None], "'note' holds 'odd'"),
    "a column called like a label": ("image,label,label2", "ok,", "crack,pit", ["crack", None], "'label2' holds 'pit'"),
}


@pytest.mark.parametrize(
    ("heading", "first", "late", "held", "said"), BLANK_AT_FIRST.values(), ids=BLANK_AT_FIRST.keys()
)
def test_columns_that_are_blank_at_first_are_read_or_named(
    folder: Path, heading: str, first: str, late: str, held: list[object], said: str
) -> None:
    rows = [heading, *[f"b.png,{first}"] * 200, f"a.jpg,{late}", f"a.jpg,{late}"]
    dataset = load(written(folder / "parts.csv", "\n".join(rows)))
    (record,) = (record for record in dataset.records if record.name == "a.jpg")
    assert [*record.labels, record.side] == [*held[:-1], held[-1]]
    assert record.group == ("g7" if "group" in heading else None)
    assert notes(dataset).count(said) == 1 or not said


SEVERAL: dict[str, tuple[str, list[str], str]] = {
    "numbers and their names": (
        "image,label,label_name\na.jpg,0,crack\nb.png,1,ok\n",
        ["crack"],
        "taken: 'label_name' as label, of which 'label' is the number",
    ),
    "names before their numbers": (
        "image,category,class\na.jpg,crack,4\nb.png,ok,7\n",
        ["crack"],
        "'class' is the num",
    ),
    "labels and remarks": (
        "image,label,tags\na.jpg,crack,night;wet\nb.png,ok,day\n",
        ["crack", "night", "wet"],
        "taken: 'label', 'tags' as labels, all of them (--column label=label takes one)",
    ),
    "numbers of something else": (
        "image,label,class\na.jpg,crack,0\nb.png,ok,0\n",
        ["crack", "0"],
        "'label', 'class' as labels",
    ),
}


@pytest.mark.parametrize(("content", "labels", "said"), SEVERAL.values(), ids=SEVERAL.keys())
def test_of_several_columns_of_labels_those_that_are_read_are_named(
    folder: Path, content: str, labels: list[str], said: str
) -> None:
    dataset = load(written(folder / "parts.csv", content))
    assert marks(dataset)["a.jpg"] == [(label,) for label in labels]
    assert said in notes(dataset)


def test_the_label_of_a_box_is_in_one_column(folder: Path) -> None:
    heading = "image,class,category,xmin,ymin,xmax,ymax\n"
    numbered = load(written(folder / "parts.csv", f"{heading}a.jpg,0,crack,20,30,60,80\nb.png,1,pit,20,30,60,80\n"))
    assert marks(numbered) == {"a.jpg": [("crack", 20, 30, 60, 80)], "b.png": [("pit", 20, 30, 60, 80)]}
    with pytest.raises(LayoutError, match="'class', 'category' may each hold the label of a box") as caught:
        load(written(folder / "parts.csv", f"{heading}a.jpg,defect,crack,20,30,60,80\nb.png,defect,pit,20,30,60,80\n"))
    assert "--column label=class" in str(caught.value.hint)


@pytest.mark.parametrize(
    "content",
    [
        'image, label\n"a.jpg", "crack"\n"b.png", "ok"\n',
        'image; label\na.jpg; "crack"\n"b.png"; "ok"\n',
        'a.jpg, "crack"\nb.png, "ok"\n',
    ],
)
def test_quotes_behind_a_blank_are_quotes(folder: Path, content: str) -> None:
    assert marks(load(written(folder / "parts.csv", content))) == {"a.jpg": [("crack",)], "b.png": [("ok",)]}
    deep = load(written(folder / "parts.csv", content.replace("crack", "crack, deep").replace("a.jpg; ", "a.jpg;")))
    assert marks(deep)["a.jpg"] == [("crack, deep",)]


@pytest.mark.parametrize(
    ("left", "width", "box", "said"),
    [
        ("1,024", "50", (1024, 10, 1074, 30), "taken: '1,024' in 'left' as 1024"),
        ("10,125", "50,250", (10, 10, 60, 30), "taken: '10,125' in 'left', 'width' as 10.125"),
        ("10,5", "50,250", (10, 10, 61, 30), ""),
        ("0,125", "50", (0, 10, 50, 30), ""),
    ],
)
def test_commas_in_numbers_are_told_by_all_coordinates(
    tmp_path: Path, left: str, width: str, box: tuple[int, ...], said: str
) -> None:
    drawn(0, 0, 1200).save(tmp_path / "a.jpg")
    top, height = ("10,500", "20,000") if width == "50,250" and "125" in left else ("10", "20")
    rows = f"image\tlabel\tleft\ttop\twidth\theight\na.jpg\tcrack\t{left}\t{top}\t{width}\t{height}\n"
    dataset = load(written(tmp_path / "t.tsv", rows))
    ((_, *corners),) = marks(dataset)["a.jpg"]
    assert corners[::2] == [box[0], box[2]]
    assert said.replace("'left', 'width'", "'left', 'top', 'width', 'height'") in notes(dataset)


TURNED: dict[str, tuple[str, str, tuple[int, ...], str]] = {
    "four points": ("x1,y1,x2,y2,x3,y3,x4,y4", "20,30,60,40,55,80,15,70", (15, 30, 60, 80), "the rectangle around"),
    "four points from 0": ("x0,y0,x1,y1,x2,y2,x3,y3", "20,30,60,40,55,80,15,70", (15, 30, 60, 80), "four points"),
    "degrees": ("cx,cy,w,h,angle", "60,45,40,20,90", (50, 25, 70, 65), "'angle' as degrees"),
    "radians": ("cx,cy,w,h,radians", "60,45,40,20,1.5707963", (50, 25, 70, 65), "'radians' as radians"),
    "no turn": ("cx,cy,w,h,angle", "60,45,40,20,0", (40, 35, 80, 55), "'angle' as degrees"),
    "upright": ("left,top,width,height,angle", "40,35,40,20,90", (40, 35, 80, 55), "boxes as upright, though 'angle'"),
}


@pytest.mark.parametrize(("heading", "cells", "box", "said"), TURNED.values(), ids=TURNED.keys())
def test_the_rectangle_around_a_turned_box_is_taken_and_said(
    folder: Path, heading: str, cells: str, box: tuple[int, ...], said: str
) -> None:
    dataset = load(written(folder / "parts.csv", f"image,label,{heading}\na.jpg,crack,{cells}\n"))
    assert marks(dataset) == {"a.jpg": [("crack", *box)]}
    assert said in notes(dataset)


def test_boxes_of_no_known_unit_are_refused(folder: Path) -> None:
    source = written(folder / "parts.csv", "image,label,cx,cy,w,h,angle\na.jpg,crack,60,45,40,20,1.5707963\n")
    with pytest.raises(LayoutError, match="by degrees or by radians") as caught:
        load(source)
    assert "--column radians=angle" in str(caught.value.hint)
    assert marks(load(source, columns={"radians": "angle"})) == {"a.jpg": [("crack", 50, 25, 70, 65)]}
    source = written(folder / "parts.csv", "image,label,xmin,ymin,xmax,ymax\na.jpg,crack,20%,30%,60%,80%\n")
    with pytest.raises(LayoutError, match="'xmin' holds '20%', which is no number"):
        load(source)


def test_options_that_a_table_has_no_use_for_are_named(folder: Path) -> None:
    source = written(folder / "parts.csv", "image,label,lot\na.jpg,crack,\nb.png,ok,\n")
    told = notes(load(source, min_area=400, fractions=True, columns={"group": "lot"}))
    for words in (
        "--min-area is: it is not used",
        "--box-unit is: it is not used",
        "'lot' as group, which holds nothing",
    ):
        assert words in told


def test_of_several_annotations_of_label_studio_the_latest_is_taken(folder: Path) -> None:
    heading = "image,id,choice,annotator,annotation_id,created_at,updated_at,lead_time\n"
    rows = ["a.jpg,1,crack,1,1,2024,2024-01-03,1.2", "a.jpg,1,ok,2,2,2024,2024-01-02,1.2", "b.png,2,ok,2,3,2024,,1"]
    for ordered in (rows, rows[::-1]):
        dataset = load(written(folder / "parts.csv", "# exported\n" + heading + "\n".join(ordered)))
        assert marks(dataset) == {"a.jpg": [("crack",)], "b.png": [("ok",)]}
        assert notes(dataset).count("a.jpg: has 2 annotations; the latest is taken") == 1


def test_labels_that_may_be_none_or_the_same_are_named(folder: Path) -> None:
    told = notes(load(written(folder / "parts.csv", "image,label\na.jpg,1\na.jpg,nan\nb.png,1.0\nb.png,N/A\n")))
    for words in (
        "'1', '1.0' differ in how a number is written alone",
        "'nan' is taken for a label (--label-map nan= leaves it out)",
        "'N/A' is taken for a label",
    ):
        assert words in told
    told = notes(load(written(folder / "parts.csv", "image,target\na.jpg,16 0\nb.png,7\n")))
    assert "label '16 0' holds blanks and is taken as one" in told


def test_a_label_that_would_be_divided_when_it_is_read_is_not_written(folder: Path) -> None:
    rows = "image,label,xmin,ymin,xmax,ymax\na.jpg,crack|pit,1,1,40,40\n"
    dataset = load(written(folder / "parts.csv", rows), label_separator="/")
    with pytest.raises(LayoutError, match="which separate labels in a cell"):
        csv_table.save(dataset)


TRUTHS = [
    "WAHR FALSCH",
    "VRAI FAUX",
    "VERDADERO FALSO",
    "SÍ NO",
    "oui non",
    "Ja Nein",
    "ИСТИНА ЛОЖЬ",
    "はい いいえ",
    "y n",
]


@pytest.mark.parametrize("words", TRUTHS)
def test_a_column_a_class_holds_truth_in_any_language(folder: Path, words: str) -> None:
    yes, no = words.split()
    path = written(folder / "x.csv", f"image;crack;pit\na.jpg;{yes};{no}\nb.png;{no};{yes}\n")
    assert marks(load(path)) == {"a.jpg": [("crack",)], "b.png": [("pit",)]}


@pytest.mark.parametrize("above", ["Results of line 3\n", "Report 2026;;\n;;\n", "Operator;Smith\nLot;7\n\n", ";\n"])
def test_what_stands_above_the_header_is_named_and_left_out(folder: Path, above: str) -> None:
    path = written(folder / "x.csv", f"{above}image;label;shift\na.jpg;crack;early\nb.png;pit;late\n")
    dataset = load(path)
    assert marks(dataset) == {"a.jpg": [("crack",)], "b.png": [("pit",)]}
    assert ("what stands above its header" in notes(dataset)) == (above != ";\n")
    faulty = load(written(folder / "x.csv", f"{above}image;label\na.jpg;crack\nc.png;pit\n")).faults
    assert [finding.name for finding in faulty] == [f"x.csv, row {above.count(chr(10)) + 3}, c.png"]


def test_makesense_has_its_images_behind_their_boxes(folder: Path) -> None:
    path = written(folder / "x.csv", "crack,10,20,40,50,a.jpg,120,90\npit,5,6,7,8,b.png,120,90\n")
    assert marks(load(path)) == {"a.jpg": [("crack", 10, 20, 50, 70)], "b.png": [("pit", 5, 6, 12, 14)]}


SCRIPTS = {
    "shift_jis": "傷 汚れ キズ 良品",
    "big5": "裂縫 刮痕 不良",
    "gb18030": "裂纹 划痕 凹坑 脏污",
    "cp949": "균열 긁힘 정상 불량 찍힘 오염 양호 손상",
    "cp1251": "трещина царапина брак",
    "cp1253": "ρωγμή γρατζουνιά",
    "cp1252": "Riß größe éraflure Ärger",
}


@pytest.mark.parametrize("encoding", SCRIPTS)
def test_an_encoding_that_is_plain_is_read_and_said(folder: Path, encoding: str) -> None:
    words = SCRIPTS[encoding].split()
    path = folder / "x.csv"
    path.write_bytes(f"image;label\na.jpg;{'|'.join(words)}\nb.png;gut\n".encode(encoding))
    dataset = load(path)
    assert marks(dataset)["a.jpg"] == [(word,) for word in words]
    assert f"as in '{words[0]}" in notes(dataset)


@pytest.mark.parametrize(("encoding", "word"), [("gb2312", "划痕"), ("euc_kr", "균열"), ("gb2312", "不合格")])
def test_an_encoding_that_may_be_another_is_asked_for(folder: Path, encoding: str, word: str) -> None:
    path = folder / "x.csv"
    path.write_bytes(f"image;label\na.jpg;{word}\nb.png;{word}\n".encode(encoding) * 40)
    with pytest.raises(LayoutError, match="may be written in several encodings") as caught:
        load(path)
    assert f"{encoding} ({word})" in caught.value.message
    path.write_bytes(f"image;label\na.jpg;{word}\nb.png;ok\n".encode(encoding))
    assert marks(load(path, encoding=encoding))["a.jpg"] == [(word,)]


def test_sizes_behind_a_label_make_no_automl(folder: Path) -> None:
    path = written(folder / "x.csv", "a.jpg,10,20,50,70,crack,120,90\nb.png,5,6,12,14,pit,120,90\n")
    dataset = load(path)
    assert marks(dataset) == {"a.jpg": [("crack", 10, 20, 50, 70)], "b.png": [("pit", 5, 6, 12, 14)]}
    assert "taken: column 2 as xmin" in notes(dataset)


def test_numbers_of_classes_in_place_of_names_are_named(folder: Path) -> None:
    path = written(folder / "x.csv", "ImageID,LabelName,Confidence\na,/m/01g317,1\nb,/m/0199g,1\n")
    assert "'/m/01g317' is how Open Images numbers a class" in notes(load(path))


@pytest.mark.parametrize("cell", ["n01751748 11 18 89 102", "n01 1 2 3 4 n02 5 6 7 8 ", "opacity 0.9 1 2 3 4"])
def test_boxes_behind_their_labels_in_a_cell_are_no_label(folder: Path, cell: str) -> None:
    path = written(folder / "x.csv", f"ImageId,PredictionString\na,{cell}\nb,{cell}\n")
    with pytest.raises(LayoutError, match="holds boxes behind their labels"):
        load(path)


@pytest.mark.parametrize(("first", "is_said"), [("10.5,20,30,40", True), ("10,20,30,40", False), ("0,0,0.5,1", False)])
def test_coordinates_that_may_be_per_cent_are_said_to_be_pixels(folder: Path, first: str, is_said: bool) -> None:
    path = written(folder / "x.csv", f"image,x,y,w,h,label\na.jpg,{first},crack\n")
    assert ("taken as pixels, and not as per cent" in notes(load(path))) is is_said
