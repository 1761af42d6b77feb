"""Labelbox exports, of both kinds."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.tool_files import image, marks_of, said, text

from customlabels.core.errors import LayoutError
from customlabels.datasets.model import Dataset
from customlabels.manifests.formats import AUTO, DEFAULTS, FORMATS, find_format

BOX = {"name": "crack", "bounding_box": {"top": 20, "left": 10, "height": 30, "width": 20}}
CRACK = {"a.png": [("crack", 10, 20, 30, 50)]}


def answer(question: str, **answers: object) -> dict[str, object]:
    return {"name": question, **answers}


def row(*labels: dict[str, Any], name: str = "a.png", projects: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "data_row": {"id": "x1", "external_id": name},
        "media_attributes": {"width": 96, "height": 96},
        "projects": projects or {"p": {"name": "Parts", "labels": list(labels)}},
    }


def label(*objects: object, classifications: tuple[object, ...] = (), **changes: object) -> dict[str, Any]:
    return {"annotations": {"objects": list(objects), "classifications": list(classifications)}, **changes}


def export(folder: Path, *rows: object) -> Path:
    for name in ("a.png", "b.png"):
        image(folder / name)
    text(folder / "export.ndjson", "".join(f"{json.dumps(one)}\n" for one in rows))
    return folder / "export.ndjson"


POLYGON = {"name": "crack", "polygon": [{"x": 10, "y": 20}, {"x": 30, "y": 20}, {"x": 20, "y": 50}]}


@pytest.mark.parametrize("marked", [BOX, POLYGON])
def test_boxes_and_polygons_are_read_in_pixels(tmp_path: Path, marked: object) -> None:
    source = export(tmp_path, row(label(marked)))
    assert find_format(AUTO, source, DEFAULTS).name == "labelbox"
    assert marks_of(source) == CRACK


def test_the_older_export_is_an_array(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    old = {
        "ID": "1",
        "External ID": "a.png",
        "Labeled Data": "https://storage/a.png?x=1",
        "Label": {
            "objects": [{"title": "crack", "value": "crack", "bbox": BOX["bounding_box"]}],
            "classifications": [{"title": "state", "answer": {"title": "wet", "value": "wet"}}],
        },
    }
    text(tmp_path / "export.json", json.dumps([old, {**old, "External ID": "b.png", "Skipped": True}]))
    assert marks_of(tmp_path / "export.json") == {"a.png": [("wet",), *CRACK["a.png"]]}
    assert "has no label" in said(tmp_path / "export.json")


def test_answers_about_the_image_are_labels(tmp_path: Path) -> None:
    answers = (
        answer("state", radio_answer={"name": "wet", "value": "wet"}),
        answer("defects", checklist_answers=[{"name": "crack"}, {"name": "pit"}]),
        answer("remark", text_answer={"content": "hello"}),
    )
    source = export(tmp_path, row(label(classifications=answers)))
    assert marks_of(source) == {"a.png": [("crack",), ("pit",)]}
    assert "1 answers in words left out" in said(source)
    assert "1 answers to 'state' left out" in said(source)
    assert marks_of(source, columns={"label": "state"}) == {"a.png": [("wet",)]}
    assert "answers to 'defects' left out" in said(source, columns={"label": "state"})


def test_answers_to_several_questions_are_not_mixed(tmp_path: Path) -> None:
    state, place = answer("state", radio_answer={"name": "wet"}), answer("place", radio_answer={"name": "rim"})
    source = export(tmp_path, row(label(classifications=(state, place))), row(label(BOX), name="b.png"))
    assert list(marks_of(source)) == ["b.png"]
    assert "a.png: it is not plain which question holds the label; there are 'state', 'place'" in said(source)
    assert marks_of(source, columns={"label": "place"})["a.png"] == [("rim",)]
    source = export(tmp_path, row(label(classifications=(state,))), row(label(classifications=(place,)), name="b.png"))
    assert "labels are answers to several questions: 'state', 'place' (--column label=NAME)" in said(source)


def test_answers_about_answers_are_counted(tmp_path: Path) -> None:
    deep = {"name": "crack", "classifications": [answer("depth", radio_answer={"name": "deep"})]}
    source = export(tmp_path, row(label(classifications=(answer("defect", radio_answer=deep),))))
    assert marks_of(source) == {"a.png": [("crack",)]}
    assert "1 answers about answers left out" in said(source)


@pytest.mark.parametrize(
    ("labelled", "project"),
    [
        (label(BOX), {"project_details": {"workflow_status": "REWORK"}}),
        (label(BOX, label_details={"reviews": [{"score": 1}, {"score": -1}]}), {}),
    ],
)
def test_labels_that_a_review_did_not_take_are_used_and_named(
    tmp_path: Path, labelled: dict[str, Any], project: dict[str, Any]
) -> None:
    source = export(tmp_path, row(projects={"p": {"labels": [labelled], **project}}))
    assert marks_of(source) == CRACK
    assert "1 image whose labels a review rejected or sent back: used all the same" in said(source)


def test_the_folders_of_an_address_tell_images_of_one_name_apart(tmp_path: Path) -> None:
    for folder in ("day1", "day2"):
        image(tmp_path / folder / "c.png")
    one = row(label(BOX), name="c.png")
    one["data_row"]["row_data"] = "https://storage/x/day2/c.png?token=1"
    source = export(tmp_path, one)
    assert list(marks_of(source)) == ["day2/c.png"]
    (tmp_path / "day2/c.png").rename(tmp_path / "day2/d.png")
    assert "day1/c.png has its name, but lies in another folder" in said(source)


def test_of_several_labels_the_benchmark_holds_else_the_latest(tmp_path: Path) -> None:
    pit = {**BOX, "name": "pit"}
    old = label(pit, label_details={"created_at": "2026-01-01T00:00:00Z"})
    new = label(BOX, label_details={"created_at": "2026-02-01T00:00:00Z"})
    source = export(tmp_path, row(old, new))
    assert marks_of(source) == CRACK
    assert "1 labels that another one supersedes left out" in said(source)
    old["label_details"]["is_benchmark_reference"] = True
    assert marks_of(export(tmp_path, row(new, old)))["a.png"][0][0] == "pit"
    skipped = label(pit, performance_details={"skipped": True})
    assert marks_of(export(tmp_path, row(skipped, new))) == CRACK


def test_an_image_of_several_projects_is_a_fault_until_one_is_named(tmp_path: Path) -> None:
    projects = {"p1": {"name": "Parts", "labels": [label(BOX)]}, "p2": {"name": "Lots", "labels": [label(BOX)]}}
    source = export(tmp_path, row(projects=projects), row(label(BOX), name="b.png"))
    assert list(marks_of(source)) == ["b.png"]
    assert "is labelled in several projects: p1, p2 (--column project=NAME)" in said(source)
    assert list(marks_of(source, columns={"project": "Parts"})) == ["a.png", "b.png"]


def test_what_has_no_box_is_left_out_and_its_image_is_not_empty(tmp_path: Path) -> None:
    others = (
        {"name": "x", "line": [{"x": 1, "y": 2}]},
        {"name": "x", "point": {"x": 1, "y": 2}},
        {"name": "x", "mask": {"url": "https://…"}},
        {"name": "x", "annotation_kind": "ImageCuboid"},
    )
    source = export(tmp_path, row(label(*others)), row(label(BOX), name="b.png"))
    assert list(marks_of(source)) == ["b.png"]
    for what in ("lines", "points", "masks that Labelbox keeps", "objects of kind 'ImageCuboid'"):
        assert f"1 {what} left out" in said(source)
    assert "nothing is on it" not in said(source)


def test_faulty_objects_and_lines_are_faults(tmp_path: Path) -> None:
    broken = {"name": "crack", "bounding_box": {"top": 1}}
    source = export(tmp_path, row(label(BOX, broken)), row(label(BOX), name="b.png"), ["no", "object"])
    assert list(marks_of(source)) == ["b.png"]
    assert "object 2: a.png: left is missing" in said(source)
    assert "image 3: is no JSON object" in said(source)


def test_it_is_not_written(tmp_path: Path) -> None:
    assert not FORMATS["labelbox"].writes
    with pytest.raises(LayoutError, match="labelbox is read, and not written"):
        FORMATS["labelbox"].save(Dataset(tmp_path, ()))
