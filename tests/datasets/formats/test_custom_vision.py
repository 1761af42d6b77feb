"""Tagged images of Azure Custom Vision, as its API gives them."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.tool_files import image, marks_of, said, text

from customlabels.manifests.formats import AUTO, DEFAULTS, find_format

REGION = {"regionId": "r", "tagName": "crack", "left": 10 / 96, "top": 20 / 96, "width": 20 / 96, "height": 30 / 96}
TAGGED = {
    "id": "f3b1",
    "width": 96,
    "height": 96,
    "originalImageUri": "https://irisprod.blob/i-12/f3b1.png?sv=2020&sig=x",
    "tags": [{"tagId": "t", "tagName": "crack"}],
    "regions": [REGION],
}
SNAKE = {
    "id": "f3b1",
    "original_image_uri": "https://x/y",
    "tags": [{"tag_id": "t", "tag_name": "crack"}],
    "regions": [{"tag_name": "crack", **{key: REGION[key] for key in ("left", "top", "width", "height")}}],
}
FILES: dict[str, Any] = {
    "the API's": [TAGGED],
    "its Python client's": [SNAKE],
    "under a name": {"images": [TAGGED]},
    "found by its address": [{**TAGGED, "id": "1"}],
}


def export(folder: Path, document: Any) -> Path:
    for name in ("f3b1.png", "b.png"):
        image(folder / "images" / name)
    text(folder / "export.json", json.dumps(document))
    return folder / "export.json"


@pytest.mark.parametrize("document", FILES.values(), ids=FILES.keys())
def test_regions_are_fractions_by_their_corner(tmp_path: Path, document: Any) -> None:
    source = export(tmp_path, document)
    for place in (tmp_path, source):
        assert find_format(AUTO, place, DEFAULTS).name == "custom-vision"
        assert marks_of(place) == {"images/f3b1.png": [("crack", 10, 20, 30, 50)]}


def test_tags_of_images_without_regions_are_their_labels(tmp_path: Path) -> None:
    tags = [{"tagName": "ok"}, {"tagName": "wet"}]
    source = export(tmp_path, [{**TAGGED, "regions": None, "tags": tags}, {"id": "b", "tags": [], "regions": []}])
    assert marks_of(source) == {"images/f3b1.png": [("ok",), ("wet",)]}
    assert "images/b.png: has no label" in said(source)


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    other = {**TAGGED, "id": "b", "originalImageUri": "https://x/b.png"}
    source = export(
        tmp_path,
        [
            {**TAGGED, "tags": [{"tagName": "crack"}, {"tagName": "lonely"}]},
            {**other, "regions": [REGION, {**REGION, "width": None}]},
            {"tags": [{"tagName": "x"}]},
        ],
    )
    assert list(marks_of(source)) == ["images/f3b1.png"]
    assert "1 tags without a region left out" in said(source)
    assert "image 2, region 2: images/b.png: width: None is no number" in said(source)
    assert "image 3: names no image" in said(source)


def test_the_negative_tag_is_a_label_and_what_it_means_is_said(tmp_path: Path) -> None:
    negative = {"id": "b", "originalImageUri": "https://x/b.png", "tags": [{"tagId": "n", "tagName": "Negative"}]}
    source = export(tmp_path, [{**TAGGED, "regions": []}, negative])
    assert any("1 image tagged Negative" in sentence for sentence in said(source).splitlines())


def test_an_image_of_the_name_in_a_folder_that_the_address_does_not_tell_is_another(tmp_path: Path) -> None:
    for name in ("day1/c.png", "day2/c.png", "day2/d.png"):
        image(tmp_path / name)
    source = export(tmp_path, [TAGGED, {**TAGGED, "id": "1", "originalImageUri": "https://x/day2/c.png?sig=1"}])
    assert list(marks_of(source)) == ["day2/c.png", "images/f3b1.png"]
    (tmp_path / "day2/c.png").unlink()
    assert "day1/c.png has its name, but lies in another folder" in said(source)
    (tmp_path / "day2/d.png").unlink()
    assert "image 2, day2/c.png: lies in another folder than is said" in said(source)


def test_regions_of_an_image_of_another_shape_are_a_fault(tmp_path: Path) -> None:
    source = export(tmp_path, [TAGGED, {**TAGGED, "id": "b", "originalImageUri": "https://x/b.png", "width": 48}])
    assert list(marks_of(source)) == ["images/f3b1.png"]
    assert "its boxes are parts of 48×96 pixels, but the image has 96×96" in said(source)
