import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw

from customlabels import Dataset, LayoutError, Side


def table(rows: list[tuple[Any, ...]], columns: list[str]) -> Any:
    import pandas

    return pandas.DataFrame(rows, columns=columns)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw(tmp_path / "tiles", {"across": 2, "down": 1})


def test_a_table_of_labels_becomes_a_dataset_and_a_table_again(folder: Path) -> None:
    frame = table(
        [("across/000.jpg", "crack", "train"), ("across/000.jpg", "pit", "train"), ("down/000.jpg", None, "test")],
        columns=["file", "kind", "part"],
    )
    dataset = Dataset.from_pandas(frame, image="file", label="kind", side="part", root=folder, allow_unlabelled=True)
    assert [(record.name, record.labels, record.side) for record in dataset.records] == [
        ("across/000.jpg", ("crack", "pit"), Side.TRAIN),
        ("down/000.jpg", (), Side.TEST),
    ]
    back = dataset.to_pandas()
    assert back[["image", "label", "side"]].fillna("").values.tolist() == [
        ["across/000.jpg", "crack", "train"],
        ["across/000.jpg", "pit", "train"],
        ["down/000.jpg", "", "test"],
    ]


def test_a_table_of_boxes_becomes_a_dataset_with_boxes(folder: Path) -> None:
    frame = table(
        [("across/000.jpg", "crack", 1, 2, 30, 20), ("across/001.jpg", None, None, None, None, None)],
        columns=["image", "label", "x", "y", "w", "h"],
    )
    dataset = Dataset.from_pandas(
        frame, image="image", label="label", box=("x", "y", "w", "h"), root=folder, allow_unlabelled=True
    )
    first, second = dataset.records
    assert [(box.label, *box.corners) for box in first.boxes or ()] == [("crack", 1, 2, 31, 22)]
    assert second.boxes == ()
    assert dataset.to_pandas()["left"].tolist()[0] == 1


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"image": "file"}, "no column 'file'"),
        ({"image": "image", "label": "what"}, "no column 'what'"),
        ({"image": "image", "label": "label", "side": "label"}, "neither train nor test"),
        ({"image": "image", "label": "label", "box": ("image", "label", "label", "label")}, "no number"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_a_sentence(
    folder: Path, columns: dict[str, str], words: str
) -> None:
    frame = table([("across/000.jpg", "crack")], columns=["image", "label"])
    with pytest.raises(LayoutError, match=words):
        Dataset.from_pandas(frame, root=folder, **columns)


def test_an_image_that_is_not_there_is_among_the_findings(folder: Path) -> None:
    frame = table([("across/000.jpg", "a"), ("gone.jpg", "b")], columns=["image", "label"])
    dataset = Dataset.from_pandas(frame, image="image", label="label", root=folder)
    assert [record.name for record in dataset.records] == ["across/000.jpg"]
    assert "gone.jpg" in dataset.faults[0].name


def test_a_dataset_tells_of_itself_in_a_line(folder: Path) -> None:
    frame = table([("across/000.jpg", f"<l{n}>") for n in range(20)], columns=["image", "label"])
    dataset = Dataset.from_pandas(frame, image="image", label="label", root=folder)
    assert repr(dataset).startswith(f"<Dataset {folder.resolve()}: 1 images (<l0> 1, ")
    assert len(repr(dataset)) < 300
    assert "&lt;l0&gt;" in dataset._repr_html_()


def test_the_package_asks_for_no_pandas() -> None:
    script = "import sys, customlabels; customlabels.Dataset, customlabels.Session; sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1.0, None], ("1",)),
        ([["crack", "pit"], None], ("crack", "pit")),
        ([("crack", None), None], ("crack",)),
        (["['crack', 'pit']", None], ("crack", "pit")),
        (['["crack", "pit"]', None], ("crack", "pit")),
        (["1.50", None], ("1.50",)),
        ([" crack ", None], ("crack",)),
    ],
)
def test_cells_are_read_as_what_they_were_before_they_stood_in_a_table(
    folder: Path, labels: list[object], expected: tuple[str, ...]
) -> None:
    frame = table([("across/000.jpg", labels[0]), ("across/001.jpg", labels[1])], columns=["file", "kind"])
    dataset = Dataset.from_pandas(frame, image="file", label="kind", root=folder, allow_unlabelled=True)
    assert dataset.records[0].labels == expected


def test_an_array_of_labels_in_a_cell_is_several(folder: Path) -> None:
    import numpy

    frame = table([("across/000.jpg", numpy.array(["crack", "pit"]))], columns=["file", "kind"])
    dataset = Dataset.from_pandas(frame, image="file", label="kind", root=folder)
    assert dataset.records[0].labels == ("crack", "pit")


@pytest.mark.parametrize("column", ["side", "group"])
def test_rows_of_one_image_that_contradict_each_other_are_refused(folder: Path, column: str) -> None:
    rows = [("across/000.jpg", "crack", "train"), ("across/000.jpg", "pit", "test")]
    frame = table(rows, columns=["file", "kind", "part"])
    with pytest.raises(LayoutError, match="rows 1 and 2 of the table"):
        Dataset.from_pandas(frame, image="file", label="kind", root=folder, **{column: "part"})


def test_a_column_that_is_there_twice_is_refused(folder: Path) -> None:
    frame = table([("across/000.jpg", "crack", "pit")], columns=["file", "kind", "kind"])
    with pytest.raises(LayoutError, match="several columns 'kind'"):
        Dataset.from_pandas(frame, image="file", label="kind", root=folder)


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (("xmin", "ymin", "xmax", "ymax"), (10, 20, 40, 60)),
        (("x1", "x2", "y1", "y2"), (10, 40, 20, 60)),
        (("left", "top", "right", "bottom"), (10, 20, 40, 60)),
        (("x_center", "y_center", "w", "h"), (25, 40, 30, 40)),
        (("left", "top", "width", "height"), (10, 20, 30, 40)),
        (("a", "b", "c", "d"), (10, 20, 30, 40)),
    ],
)
def test_boxes_are_what_their_columns_are_called(folder: Path, names: tuple[str, ...], numbers: tuple[int]) -> None:
    frame = table([("across/000.jpg", "crack", *numbers)], columns=["image", "label", *names])
    dataset = Dataset.from_pandas(frame, image="image", label="label", box=names, root=folder)
    assert [box.corners for box in dataset.records[0].boxes or ()] == [(10, 20, 40, 60)]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (b"crack", "row 1 of the table: label holds b'crack'"),
        ({"crack": 0, "pit": 1}, "label holds {'crack': 0, 'pit': 1}, which is no text"),
        ([0, 1, 0], "label holds 0, 1, 0, of which class each tells is not said"),
        ("[0, 1, 0]", "row 1 of the table: .* of which class each tells is not said"),
        ("[0. 1. 0.]", "row 1 of the table: .* is a list that cannot be read"),
        ("[crack, pit]", "row 1 of the table: .* is a list that cannot be read"),
        ([["crack"], "pit"], r"label holds \['crack'\]"),
    ],
)
def test_cells_that_hold_no_labels_are_refused_with_their_row(folder: Path, cell: object, words: str) -> None:
    frame = table([("across/000.jpg", cell)], columns=["image", "label"])
    with pytest.raises(LayoutError, match=words):
        Dataset.from_pandas(frame, image="image", label="label", root=folder)


def test_columns_of_several_levels_are_refused_and_what_pandas_does_not_know_is_nothing(folder: Path) -> None:
    import numpy
    import pandas

    frame = table([("across/000.jpg", pandas.NA), ("across/001.jpg", "ok")], columns=["image", "label"])
    dataset = Dataset.from_pandas(frame, image="image", label="label", root=folder, allow_unlabelled=True)
    assert [record.labels for record in dataset.records] == [(), ("ok",)]
    frame = table([("across/000.jpg", numpy.array([True, False]))], columns=["image", "label"])
    with pytest.raises(LayoutError, match="of which class each tells"):
        Dataset.from_pandas(frame, image="image", label="label", root=folder)
    frame.columns = pandas.MultiIndex.from_tuples([("image", "x"), ("label", "y")])
    with pytest.raises(LayoutError, match="columns of several levels"):
        Dataset.from_pandas(frame, image="image", label="label", root=folder)
