"""Hugging Face image folders and Parquet files."""

import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from support.tool_files import dataset_of, image, marks_of, said, text

from customlabels.core.errors import LayoutError
from customlabels.datasets.model import Side
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format

BOX = [10, 20, 20, 30]
CRACK = [("crack", 10, 20, 30, 50)]


def lines(folder: Path, *rows: Any, name: str = "metadata.jsonl") -> Path:
    for picture in ("a.png", "b.png"):
        image(folder / picture)
    text(folder / name, "".join(f"{json.dumps(row)}\n" for row in rows))
    return folder / name


ROWS: dict[str, tuple[dict[str, Any], list[tuple[object, ...]]]] = {
    "a label": ({"label": "crack"}, [("crack",)]),
    "a number": ({"label": 3}, [("3",)]),
    "labels": ({"labels": ["crack", "wet"]}, [("crack",), ("wet",)]),
    "labels as a text": ({"labels": '["crack", "wet"]'}, [("crack",), ("wet",)]),
    "labels as Python's text": ({"label": "['crack', 'wet']"}, [("crack",), ("wet",)]),
    "boxes as a text": ({"objects": json.dumps({"bbox": [BOX], "categories": ["crack"]})}, CRACK),
    "another name": ({"diagnosis": "crack", "age": 7}, [("crack",)]),
    "boxes as lists": ({"objects": {"bbox": [BOX], "categories": ["crack"]}}, CRACK),
    "boxes, one category": ({"objects": {"bbox": [BOX], "category": ["crack"], "id": [7]}}, CRACK),
    "boxes as tables": ({"objects": [{"bbox": BOX, "category": "crack"}]}, CRACK),
    "both": ({"label": "wet", "objects": {"bbox": [BOX], "categories": ["crack"]}}, [("wet",), *CRACK]),
    "in a folder": ({"file_name": "./a.png", "label": "crack"}, [("crack",)]),
}


@pytest.mark.parametrize(("row", "marks"), ROWS.values(), ids=ROWS.keys())
def test_rows(tmp_path: Path, row: dict[str, Any], marks: object) -> None:
    source = lines(tmp_path, {"file_name": "a.png", **row})
    for place in (tmp_path, source):
        assert find_format(AUTO, place, DEFAULTS).name == "hugging-face"
        assert marks_of(place) == {"a.png": marks}
    if "age" in row:
        assert "columns taken: 'diagnosis' as label" in said(tmp_path)
        assert "columns not read: 'age'" in said(tmp_path)


def test_metadata_may_be_csv(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    objects = json.dumps({"bbox": [BOX], "categories": ["crack"]}).replace('"', '""')
    text(tmp_path / "metadata.csv", f'file_name,label,objects\na.png,wet,"{objects}"\n')
    assert marks_of(tmp_path) == {"a.png": [("wet",), *CRACK]}


def test_labels_of_a_csv_are_divided_as_those_of_any_table(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    text(tmp_path / "metadata.csv", "file_name,label\na.png,\"['crack','pit']\"\nb.png,crack|pit\n")
    assert marks_of(tmp_path) == {name: [("crack",), ("pit",)] for name in ("a.png", "b.png")}


@pytest.mark.parametrize(
    "objects",
    [
        {"bbox": [BOX, [1, 1, 30, 30]], "categories": ["crack", "pit"], "iscrowd": [0, 1]},
        [{"bbox": BOX, "category": "crack"}, {"bbox": [1, 1, 30, 30], "category": "pit", "iscrowd": True}],
    ],
)
def test_crowds_are_left_out_and_named(tmp_path: Path, objects: object) -> None:
    source = lines(tmp_path, {"file_name": "a.png", "objects": objects})
    assert marks_of(source) == {"a.png": CRACK}
    assert "1 annotations of crowds (iscrowd) left out" in said(source)


def test_a_column_that_is_blank_at_first_is_named(tmp_path: Path) -> None:
    rows = [{"file_name": "a.png", "label": "crack", "remark": None}] * 1000
    source = lines(tmp_path, *rows, {"file_name": "b.png", "label": "crack", "labels": ["pit"]})
    assert "metadata.jsonl, row 1001: columns not read, and blank in the first rows: 'labels'" in said(source)


def test_folders_are_the_sides(tmp_path: Path) -> None:
    for side in ("train", "test"):
        lines(tmp_path / side, {"file_name": "a.png", "label": "crack"})
    dataset = dataset_of(tmp_path)
    assert [(record.name, record.side) for record in dataset.records] == [
        ("test/a.png", Side.TEST),
        ("train/a.png", Side.TRAIN),
    ]


def test_files_that_say_the_same_are_one_and_others_a_fault(tmp_path: Path) -> None:
    lines(tmp_path, {"file_name": "a.png", "label": "crack"}, {"file_name": "b.png", "label": "ok"})
    text(tmp_path / "metadata.csv", "file_name,label\na.png,crack\nb.png,ok\n")
    assert sorted(marks_of(tmp_path)) == ["a.png", "b.png"]
    text(tmp_path / "metadata.csv", "file_name,label\na.png,crack\nb.png,pit\n")
    assert sorted(marks_of(tmp_path)) == ["a.png"]
    assert "b.png: is marked otherwise in metadata.csv, row 3" in said(tmp_path)


FAULTS = {
    "no name": ({"label": "x"}, "row 2: has no file_name"),
    "three numbers": (
        {"file_name": "b.png", "objects": {"bbox": [[1, 2, 3]], "categories": ["x"]}},
        "left, top, width",
    ),
    "no category": ({"file_name": "b.png", "objects": {"bbox": [BOX], "categories": [None]}}, "has no category"),
    "fewer categories": ({"file_name": "b.png", "objects": {"bbox": [BOX], "categories": []}}, "as many bbox as"),
    "a text of several boxes": ({"file_name": "b.png", "label": "[[1, 2], [3]]"}, "is JSON, not a label"),
    "a text of flags": ({"file_name": "b.png", "label": "[0, 1, 0]"}, "of which class each tells is not said"),
    "a label of another kind": ({"file_name": "b.png", "label": 0.5}, "label 0.5 is no label"),
}


@pytest.mark.parametrize(("row", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_faulty_row_is_a_fault_of_its_image(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    valid = {"file_name": "a.png", "label": "ok", "objects": {"bbox": [BOX], "categories": ["crack"]}}
    lines(tmp_path, valid, row)
    assert list(marks_of(tmp_path)) == ["a.png"]
    assert says in said(tmp_path)


@pytest.mark.parametrize("columns", [{"text": "a red part", "seed": "x"}, {"mode": "a", "shade": "b"}])
def test_columns_that_may_all_be_labels_are_refused(tmp_path: Path, columns: dict[str, str]) -> None:
    lines(tmp_path, {"file_name": "a.png", **columns})
    with pytest.raises(LayoutError, match="not plain which column holds the label"):
        marks_of(tmp_path)


def parquet(path: Path, rows: list[dict[str, Any]], features: dict[str, Any]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as files

    table = pyarrow.Table.from_pylist(rows)
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_table(table.replace_schema_metadata(metadata), path)


def packed(folder: Path, name: str) -> dict[str, Any]:
    image(folder / "source" / name)
    return {"bytes": (folder / "source" / name).read_bytes(), "path": name}


def test_parquet_holds_images_and_names_of_classes(tmp_path: Path) -> None:
    features = {
        "image": {"_type": "Image"},
        "label": {"names": ["ok", "wet"], "_type": "ClassLabel"},
        "objects": {
            "bbox": {},
            "category": {"feature": {"names": ["crack"], "_type": "ClassLabel"}, "_type": "Sequence"},
        },
    }
    for side, name in (("train", "a.png"), ("test", "../../b.png")):
        row = {"image": {**packed(tmp_path, "a.png"), "path": name}, "label": 1}
        objects = {"objects": {"bbox": [BOX], "category": [0]}}
        parquet(tmp_path / f"set/data/{side}-00000-of-00001.parquet", [{**row, **objects}], features)
    dataset = dataset_of(tmp_path / "set")
    assert [(record.name, record.side) for record in dataset.records] == [
        ("test-00000-of-00001/0000001-b.png", Side.TEST),
        ("train-00000-of-00001/0000001-a.png", Side.TRAIN),
    ]
    assert set(map(tuple, marks_of(tmp_path / "set").values())) == {(("wet",), *CRACK)}
    assert "its images are unpacked for as long as the command takes" in said(tmp_path / "set")


def test_lists_of_labels_in_parquet_may_be_texts(tmp_path: Path) -> None:
    row = {"image": packed(tmp_path, "a.png"), "labels": "['crack', 'wet']"}
    parquet(tmp_path / "set/data.parquet", [row], {})
    assert list(marks_of(tmp_path / "set").values()) == [[("crack",), ("wet",)]]


def test_a_parquet_file_alone_has_no_sides(tmp_path: Path) -> None:
    rows = [{"image": packed(tmp_path, "a.png"), "label": "ok"}, {"image": None, "label": "ok"}]
    parquet(tmp_path / "set/train-00000-of-00001.parquet", rows, {})
    source = tmp_path / "set/train-00000-of-00001.parquet"
    assert [(record.side, record.labels) for record in dataset_of(source).records] == [(None, ("ok",))]
    assert "row 2: holds no image" in said(source)


def test_parquet_without_images_or_in_pieces_is_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", [{"label": 1}], {})
    with pytest.raises(LayoutError, match="no column holds images"):
        marks_of(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(LayoutError, match="no Parquet file"):
        marks_of(tmp_path / "b.parquet")


def test_where_pyarrow_is_missing_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text(tmp_path / "a.parquet", "PAR1")
    real = builtins.__import__

    def missing(name: str, *arguments: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(LayoutError, match="pyarrow") as error:
        marks_of(tmp_path / "a.parquet")
    assert error.value.hint == "pip install 'customlabels[parquet]'"


def test_a_class_that_is_not_among_the_names_is_a_fault_and_minus_one_is_no_label(tmp_path: Path) -> None:
    features = {"label": {"names": ["ok", "wet"], "_type": "ClassLabel"}}
    rows = [{"image": packed(tmp_path, f"{number}.png"), "label": number} for number in (-1, 1, 7)]
    parquet(tmp_path / "set/train.parquet", rows, features)
    assert [record.labels for record in dataset_of(tmp_path / "set").records] == [("wet",)]
    assert "label {'no class': 7} is no label" in said(tmp_path / "set")
    assert "has no label (--allow-unlabelled keeps such images)" in said(tmp_path / "set")


def test_cells_beyond_the_header_are_a_fault_of_their_row(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    text(tmp_path / "metadata.csv", "file_name,label\na.png,crack,more\nb.png,crack,\n")
    assert [record.name for record in dataset_of(tmp_path).records] == ["b.png"]
    assert "row 2: 'more' stands beyond the last column" in said(tmp_path)
