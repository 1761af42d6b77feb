"""VGG Image Annotator, versions 1 to 3, JSON and CSV."""

import json
import math
from pathlib import Path

import pytest
from support.tool_files import image, marks_of, said, text

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.formats.via_shapes import box_of
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format

CRACK = {"a.png": [("crack", 10, 20, 30, 50)]}
RECT = {"name": "rect", "x": 10, "y": 20, "width": 20, "height": 30}


def region(shape: dict[str, object] = RECT, **attributes: object) -> dict[str, object]:
    return {"shape_attributes": shape, "region_attributes": attributes or {"defect": "crack"}}


def entry(*regions: object, **changes: object) -> dict[str, object]:
    return {"filename": "a.png", "size": 1, "regions": list(regions), "file_attributes": {}, **changes}


CSV = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
    'a.png,1,"{}",1,0,"{""name"":""rect"",""x"":10,""y"":20,""width"":20,""height"":30}","{""defect"":""crack""}"\n'
)
CSV_3 = (
    "# Exported using VGG Image Annotator\n# SHAPE_ID = {}\n"
    '# ATTRIBUTE = {"1":{"aname":"defect","options":{"0":"crack","1":"pit"}}}\n'
    "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,metadata\n"
    '"1_a","[""a.png""]",0,"[]","[2,10,20,20,30]","{""1"":""0""}"\n'
)
PROJECT_3 = {
    "project": {"pid": "x", "vid_list": ["1", "2"]},
    "attribute": {"1": {"aname": "defect", "type": 4, "options": {"0": "crack", "1": "pit"}}},
    "file": {"1": {"fid": "1", "fname": "a.png", "type": 2}, "2": {"fid": "2", "fname": "film.mp4", "type": 4}},
    "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": ["2"]}},
    "metadata": {"1_a": {"vid": "1", "z": [], "xy": [2, 10, 20, 20, 30], "av": {"1": "0"}}},
}
FILES = {
    "version 1": ("v.json", json.dumps({"a.png1": entry(regions={"0": region()}, fileref="", base64_img_data="")})),
    "version 2": ("v.json", json.dumps({"a.png1": entry(region())})),
    "a project of version 2": (
        "v.json",
        json.dumps({"_via_settings": {"ui": {}}, "_via_img_metadata": {"a.png1": entry(region())}}),
    ),
    "version 3": ("v.json", json.dumps(PROJECT_3)),
    "CSV of version 2": ("v.csv", CSV),
    "CSV of version 1": ("v.csv", f"#{CSV}"),
    "CSV of version 3": ("v.csv", CSV_3),
}


@pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize("folder", [True, False])
def test_each_version_is_recognised_and_read(tmp_path: Path, name: str, content: str, folder: bool) -> None:
    image(tmp_path / "a.png")
    text(tmp_path / name, content)
    source = tmp_path if folder else tmp_path / name
    assert find_format(AUTO, source, DEFAULTS).name == "via"
    assert marks_of(source) == CRACK
    assert "label of regions: taken from 'defect'" in said(source)
    if name == "v.json" and "film" in content:
        assert "film.mp4: is no image" in said(source)


SHAPES = {
    "rectangle": (RECT, (10, 20, 30, 50)),
    "circle": ({"name": "circle", "cx": 20, "cy": 30, "r": 5}, (15, 25, 25, 35)),
    "ellipse": ({"name": "ellipse", "cx": 20, "cy": 30, "rx": 10, "ry": 4}, (10, 26, 30, 34)),
    "turned": ({"name": "ellipse", "cx": 20, "cy": 30, "rx": 10, "ry": 4, "theta": math.pi / 2}, (16, 20, 24, 40)),
    "polygon": ({"name": "polygon", "all_points_x": [10, 30, 20], "all_points_y": [20, 25, 50]}, (10, 20, 30, 50)),
}


@pytest.mark.parametrize(("shape", "corners"), SHAPES.values(), ids=SHAPES.keys())
def test_shapes_give_the_rectangle_around_them(shape: dict[str, object], corners: tuple[float, ...]) -> None:
    box = box_of("x", shape)
    assert not isinstance(box, str)
    assert box.corners == pytest.approx(corners)


def test_lines_and_points_are_left_out_and_their_image_is_not_empty(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    line = {"name": "polyline", "all_points_x": [1, 2], "all_points_y": [1, 2]}
    point = {"name": "point", "cx": 1, "cy": 2}
    entries = {"a": entry(region(), region(line)), "b": entry(region(point), region(line), filename="b.png")}
    text(tmp_path / "via.json", json.dumps(entries))
    assert marks_of(tmp_path) == CRACK
    assert "2 lines left out" in said(tmp_path)
    assert "1 points left out" in said(tmp_path)
    assert "nothing is on it" not in said(tmp_path)


def test_checkboxes_give_a_box_for_each_that_is_set(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    text(tmp_path / "via.json", json.dumps({"a": entry(region(RECT, kind={"crack": True, "pit": True, "ok": False}))}))
    assert marks_of(tmp_path) == {"a.png": [("crack", 10, 20, 30, 50), ("pit", 10, 20, 30, 50)]}


def test_of_several_attributes_the_one_called_so_or_named_is_the_label(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    text(tmp_path / "via.json", json.dumps({"a": entry(region(RECT, depth="2", label="crack"))}))
    assert marks_of(tmp_path) == CRACK
    assert "of regions, not read: 'depth'" in said(tmp_path)
    assert marks_of(tmp_path, columns={"label": "depth"}) == {"a.png": [("2", 10, 20, 30, 50)]}
    text(tmp_path / "via.json", json.dumps({"a": entry(region(RECT, depth="2", width="crack"))}))
    with pytest.raises(LayoutError, match="not plain which attribute of regions holds the label; there are 'depth'"):
        marks_of(tmp_path)


def test_attributes_of_files_are_labels_where_there_are_no_regions(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    attributes = {"caption": "x", "public_domain": "no", "quality": "good"}
    text(tmp_path / "via.json", json.dumps({"a": entry(file_attributes=attributes)}))
    assert marks_of(tmp_path) == {"a.png": [("good",)]}


FAULTS = {
    "a region without the attribute": (entry(region(), region(RECT, defect="", x="y")), "has no 'defect'"),
    "a coordinate that is none": (entry(region(), region({**RECT, "x": "left"})), "x: 'left' is no number"),
    "no name": (entry(region(), filename=""), "names no file"),
}


@pytest.mark.parametrize(("faulty", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_an_image_with_a_faulty_region_is_not_used(tmp_path: Path, faulty: object, says: str) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    text(tmp_path / "via.json", json.dumps({"b": entry(region(), filename="b.png"), "a": faulty}))
    assert list(marks_of(tmp_path)) == ["b.png"]
    assert says in said(tmp_path)


def test_regions_without_any_attribute_are_refused(tmp_path: Path) -> None:
    text(tmp_path / "via.json", json.dumps({"a": {**entry(region()), "regions": [{"shape_attributes": RECT}]}}))
    with pytest.raises(LayoutError, match="have no attributes") as error:
        marks_of(tmp_path)
    assert "--label-rule LABEL" in (error.value.hint or "")
    image(tmp_path / "a.png")
    assert marks_of(tmp_path, label_rules=("crack",)) == CRACK
    with pytest.raises(SettingsError, match="is for columns of a CSV file"):
        marks_of(tmp_path, label_rules=("crack: depth > 1",))


def test_several_exports_of_a_folder_are_named(tmp_path: Path) -> None:
    text(tmp_path / "via.json", json.dumps({"a": entry(region())}))
    text(tmp_path / "via.csv", CSV)
    with pytest.raises(LayoutError, match=r"there are several: via\.csv, via\.json"):
        marks_of(tmp_path)


def test_files_a_side_are_read_together(tmp_path: Path) -> None:
    for side in ("train", "val"):
        image(tmp_path / side / "a.png")
        text(tmp_path / side / "via_region_data.json", json.dumps({"a": entry(region())}))
    assert marks_of(tmp_path) == {f"{side}/a.png": CRACK["a.png"] for side in ("train", "val")}
