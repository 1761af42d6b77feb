"""Sources that are no folder a label, as a person gives them: read right, or refused with what to do."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.drawing import draw, drawn
from support.shells import Shell


@pytest.fixture(scope="module")
def carpet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A category as MVTec AD has it: good parts to train with, defects and their masks to test with."""
    root = tmp_path_factory.mktemp("mvtec") / "carpet"
    draw(root / "train", {"good": 6}, ".png")
    draw(root / "test", {"good": 2, "color": 4, "cut": 4}, ".png")
    for defect in ("color", "cut"):
        for number in range(4):
            path = root / f"ground_truth/{defect}/{number:03}_mask.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.zeros((96, 96), np.uint8)
            pixels[20:50, 10:40] = 255
            Image.fromarray(pixels).save(path)
    return root


def test_a_category_gives_boxes_a_split_only_when_asked_and_labels_as_folders(shell: Shell, carpet: Path) -> None:
    summary = shell.json("dataset", "inspect", str(carpet))
    assert {label: counts["boxes"] for label, counts in summary["labels"].items()} == {"color": 4, "cut": 4}
    told = [finding for finding in summary["findings"] if "nothing is on it" in finding["message"]]
    assert sum(finding["count"] for finding in told) == 8
    refused = shell.run("dataset", "split", str(carpet), expect=4).stderr
    assert "--resplit" in refused
    divided = shell.json("dataset", "split", str(carpet), "--resplit")
    assert len(divided["train"]) + len(divided["test"]) == 8
    labels = shell.json("dataset", "inspect", str(carpet), "--format", "folder")["labels"]
    assert {label: counts["images"] for label, counts in labels.items()} == {"good": 8, "color": 4, "cut": 4}


def test_of_a_download_of_several_one_category_is_read(shell: Shell, carpet: Path) -> None:
    root = str(carpet.parent)
    assert shell.json("dataset", "inspect", root, "--category", "carpet")["boxes"] == 8
    refused = shell.run("dataset", "inspect", root, "--category", "leather", expect=4).stderr
    assert "no category 'leather'" in refused


def test_folders_of_a_tool_are_refused_before_anything_is_planned(shell: Shell, tmp_path: Path) -> None:
    draw(tmp_path, {"images": 3})
    for command in (("dataset", "inspect"), ("train", "--dry-run", "--bucket", "plant-7")):
        refused = shell.run(*command, str(tmp_path), expect=4).stderr
        assert "images lie in images/, which is the structure of a tool" in refused
        assert "--format folder" in refused
    assert shell.json("dataset", "inspect", str(tmp_path), "--format", "folder")["images"] == 3


def archives(folder: Path) -> dict[str, Path]:
    with zipfile.ZipFile(folder / "photos.zip", "w") as packed:
        packed.writestr("crack/a.jpg", b"x")
    with tarfile.open(folder / "photos.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("crack/a.jpg"), io.BytesIO(b""))
    with tarfile.open(folder / "photos.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("crack/a.jpg"), io.BytesIO(b""))
    (folder / "table.xlsx").write_bytes((folder / "photos.zip").read_bytes())
    return {
        "is a zip archive": folder / "photos.zip",
        "is a tar archive": folder / "photos.tar",
        "is a gzip archive": folder / "photos.tgz",
        "is a spreadsheet": folder / "table.xlsx",
    }


def test_an_archive_is_called_one(shell: Shell, tmp_path: Path) -> None:
    for says, path in archives(tmp_path).items():
        refused = shell.run("dataset", "inspect", str(path), expect=4).stderr
        assert says in refused
        assert "unpack it" in refused or "save it as CSV" in refused


def test_masks_below_the_source_are_named_from_there(shell: Shell, tmp_path: Path) -> None:
    for number in range(3):
        for folder in ("crack", "painted/crack"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        drawn(0, number).save(tmp_path / f"crack/{number}.png")
        pixels = np.zeros((96, 96), np.uint8)
        pixels[20:50, 10:40] = 255
        Image.fromarray(pixels).save(tmp_path / f"painted/crack/{number}.png")
    for masks in ("painted", str(tmp_path / "painted")):
        summary = shell.json("dataset", "inspect", str(tmp_path), "--masks", masks)
        assert (summary["images"], summary["boxes"]) == (3, 3)
    assert "no such folder" in shell.run("dataset", "inspect", str(tmp_path), "--masks", "gone", expect=2).stderr
