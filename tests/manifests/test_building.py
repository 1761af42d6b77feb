"""Manifests of images in S3 that nobody looks at: their names are keys, each once, and their labels are told apart."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats import coco, csv_table
from customlabels.datasets.layout import Format, Options
from customlabels.datasets.model import Finding
from customlabels.manifests.building import Remote, build

REMOTE = Remote("s3://bucket/line/")


def built(
    source: Path, format: Format = csv_table.FORMAT, remote: Remote = REMOTE
) -> tuple[list[dict[str, Any]], list[Finding]]:
    target = source.with_suffix(".manifest")
    _, findings = build(source, format, Options(), remote, target)
    return [json.loads(line) for line in target.read_text().splitlines()], findings


def table(folder: Path, *names: str, label: str = "ok") -> Path:
    path = folder / "x.csv"
    path.write_text("image,label\n" + "".join(f"{name},{label}\n" for name in names))
    return path


WRONG = {
    "/home/me/a.jpg": "a path of the machine",
    "C:\\me\\a.jpg": "a path of the machine",
    "\\\\server\\share\\a.jpg": "a path of the machine",
    "../a.jpg": "a path of the machine",
    "sub/../../a.jpg": "a path of the machine",
    "https://host/a.jpg": "is an address, and not one of S3",
    "gs://bucket/a.jpg": "is an address, and not one of S3",
    "a.bmp": "a BMP file; the service takes JPEG and PNG",
    "a.HEIC": "a HEIC file; the service takes JPEG and PNG",
}


@pytest.mark.parametrize(("name", "says"), WRONG.items(), ids=WRONG.keys())
def test_a_name_that_is_no_key_below_the_folder_is_a_fault(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(LayoutError, match="1 faults") as caught:
        built(table(tmp_path, name, "b.jpg"))
    assert says in caught.value.message
    lines, _ = built(table(tmp_path, name, "b.jpg"), remote=Remote("s3://bucket/line/", skip_faulty=True))
    assert [line["source-ref"] for line in lines] == ["s3://bucket/line/b.jpg"]


PARTS = st.lists(st.sampled_from(["a", "b c", "é", "x.y"]), min_size=1, max_size=3)


@settings(deadline=None)
@given(PARTS, st.sampled_from(["", "./", ".\\"]), st.sampled_from("/\\"))
def test_a_path_below_is_the_same_key_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], start: str, slash: str
) -> None:
    folder = tmp_path_factory.mktemp("x")
    ((line,), _) = built(table(folder, f"{start}{slash.join(parts)}.jpg"))
    assert line["source-ref"] == f"s3://bucket/line/{'/'.join(parts)}.jpg"


@pytest.mark.parametrize("other", ["./a.jpg", ".\\a.jpg"])
def test_an_image_that_is_named_twice_is_a_fault(tmp_path: Path, other: str) -> None:
    with pytest.raises(LayoutError, match="is named before: of several lines of an image an import keeps one"):
        built(table(tmp_path, "a.jpg", "b.jpg", other))


def test_rows_of_one_image_stay_one_line_wherever_they_stand(tmp_path: Path) -> None:
    lines, _ = built(table(tmp_path, "a.jpg", "b.jpg", "a.jpg"))
    assert [line["source-ref"][-5:] for line in lines] == ["a.jpg", "b.jpg"]


def test_images_that_share_a_name_in_coco_are_a_fault(tmp_path: Path) -> None:
    images = [{"id": number, "file_name": "a.jpg", "width": 100, "height": 100} for number in (1, 2)]
    annotations = [{"image_id": number, "category_id": 1, "bbox": [1, 1, 20, 20]} for number in (1, 2)]
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": " crack "}]}
    source = tmp_path / "x.json"
    source.write_text(json.dumps(document))
    with pytest.raises(LayoutError, match="is named before"):
        built(source, coco.FORMAT)
    source.write_text(json.dumps(document | {"images": images[:1], "annotations": annotations[:1]}))
    ((line,), _) = built(source, coco.FORMAT)
    assert line["boxes-metadata"]["class-map"] == {"0": "crack"}


def test_names_without_an_ending_and_labels_that_look_alike_are_told(tmp_path: Path) -> None:
    path = table(tmp_path, "a", "b", "c.jpg")
    path.write_text(f"{path.read_text()}d.jpg,OK\n")
    lines, findings = built(path)
    assert len(lines) == 4
    assert [(finding.message, finding.count) for finding in findings] == [
        ("'OK', 'ok' differ in case or blanks alone (--label-map)", 1),
        ("has no ending of an image: taken as the key of one all the same", 2),
    ]
