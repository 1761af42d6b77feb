"""Manifests as a person has them: checked, repaired, and sources whose images lie in S3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.drawing import draw
from support.local_services import QUICK, connect
from support.shells import Shell

from customlabels.aws.clients import LOCAL_BUCKET
from customlabels.emulator.server import address

DATE = "2026-03-01T10:00:00"


def label(name: str, **changes: Any) -> tuple[object, dict[str, Any]]:
    shared = {"type": "groundtruth/image-classification", "human-annotated": "yes", "creation-date": DATE}
    return 0, {"class-name": name, "confidence": 1, **shared, **changes}


def line(source_ref: str, **attributes: tuple[object, dict[str, Any]]) -> str:
    value: dict[str, Any] = {"source-ref": source_ref}
    for name, (content, metadata) in attributes.items():
        value |= {name: content, f"{name}-metadata": metadata}
    return json.dumps(value)


def written(path: Path, *lines: str) -> str:
    path.write_text("".join(f"{text}\n" for text in lines))
    return path.name


def test_validate_names_field_and_value_in_table_json_and_repair(shell: Shell) -> None:
    lines = [line(f"s3://plant-7/{number}.jpg", cls=label("ab"[number % 2])) for number in range(9)]
    lines.append(line("s3://plant-7/9.jpg", cls=label("a", **{"creation-date": "yesterday", "confidence": None})))
    file = written(shell.folder / "x.manifest", *lines)
    table = " ".join(shell.run("manifest", "validate", file).stdout.split())
    assert '/cls-metadata/creation-date: "yesterday"' in table
    document = shell.json("manifest", "validate", file)
    assert document["used"] == {"training": 9}
    (row,) = [row for row in document["lines"] if row["code"] == "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]
    assert [(cause["field"], cause["value"], cause["first_lines"]) for cause in row["causes"]] == [
        ("/cls-metadata/confidence", "null", [10]),
        ("/cls-metadata/creation-date", '"yesterday"', [10]),
    ]
    changes = shell.json("manifest", "validate", file, "--fix", "fixed.manifest")["changes"]
    assert [change["line"] for change in changes] == [10, 10]
    assert 'in the place of "yesterday"' in changes[0]["change"]
    assert "/cls-metadata/confidence: 1" in changes[1]["change"]
    assert shell.json("manifest", "validate", "fixed.manifest")["used"] == {"training": 10}


def test_other_shapes_are_rewritten_and_nothing_empty_is_ever_written(shell: Shell) -> None:
    values = [json.loads(line(f"s3://plant-7/{number}.jpg", cls=label("ab"[number % 2]))) for number in range(4)]
    array = written(shell.folder / "array.manifest", json.dumps(values))
    told = " ".join(shell.run("manifest", "validate", array, expect=4).stdout.split())
    assert "the file holds one JSON array, not one object a line; --fix writes it so" in told
    assert "--fix" in shell.run("dataset", "inspect", array, expect=4).stderr
    spread = written(shell.folder / "spread.manifest", *(json.dumps(value, indent=2) for value in values))
    for file in (array, spread):
        target = f"fixed-{file}"
        shell.run("manifest", "validate", file, "--fix", target)
        assert [json.loads(text) for text in (shell.folder / target).read_text().splitlines()] == values
    broken = written(shell.folder / "broken.manifest", "{'source-ref': 1}", "")
    refused = shell.run("manifest", "validate", broken, "--fix", "none.manifest", expect=4).stderr
    assert "nothing would be left of it; nothing was written" in refused
    assert "line 1: dropped: /: {'source-ref': 1}" in refused
    assert not (shell.folder / "none.manifest").exists()


def test_paths_stay_where_images_are_found_and_are_a_source(shell: Shell) -> None:
    draw(shell.folder / "photos", {"a": 2, "b": 2})
    names = [f"{name}/{number:03}.jpg" for name in "ab" for number in range(2)]
    lines = [line(name, cls=label(name[0], confidence=None)) for name in [*names, "gone.jpg"]]
    file = written(shell.folder / "paths.manifest", *lines)
    done = shell.run("manifest", "validate", file, "--images", "photos", "--fix", "kept.manifest", expect=4).stdout
    assert 'dropped: /source-ref: "gone.jpg": no such image' in " ".join(done.split())
    kept = [json.loads(text)["source-ref"] for text in (shell.folder / "kept.manifest").read_text().splitlines()]
    assert kept == names
    summary = shell.json("dataset", "inspect", "kept.manifest", "--images", "photos")
    assert {name: counts["images"] for name, counts in summary["labels"].items()} == {"a": 2, "b": 2}
    refused = shell.run("train", file, "--images", "photos", "--dry-run", "--bucket", "plant-7", expect=4).stderr
    assert "/cls-metadata/confidence: null" in refused
    assert "hint:  customlabels manifest validate FILE --fix NEW.manifest" in refused
    assert "--skip-faulty" not in refused


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """One service for all tests of this module; each writes files of its own."""
    made = Shell(tmp_path_factory.mktemp("manifests"))
    address.start(made.state, QUICK)
    yield made
    address.stop(made.state)


@pytest.fixture(scope="module")
def plant(shell: Shell) -> str:
    """A folder in the local service's bucket that has images a label, and a mask."""
    s3 = connect(shell.state).s3
    s3.create_bucket(Bucket=LOCAL_BUCKET)
    draw(shell.folder / "plant", {"ok": 6, "crack": 6})
    mask = Image.new("RGB", (96, 96), "#ffffff")
    mask.paste(Image.new("RGB", (30, 20), "#2ca02c"), (40, 50))
    mask.save(shell.folder / "plant/m.png")
    for path in sorted((shell.folder / "plant").rglob("*.*g")):
        s3.upload_file(str(path), LOCAL_BUCKET, path.relative_to(shell.folder).as_posix())
    return f"s3://{LOCAL_BUCKET}/plant"


def test_a_manifest_whose_images_lie_in_s3_is_a_source(shell: Shell, plant: str) -> None:
    names = [f"{name}/{number:03}.jpg" for name in ("ok", "crack") for number in range(6)]
    lines = [line(f"{plant}/{name}", cls=label(name.partition("/")[0])) for name in names]
    (shell.folder / "apart").mkdir(exist_ok=True)
    written(shell.folder / "apart/labels.manifest", *lines, line(f"{plant}/ok/gone.jpg", cls=label("ok")))
    source = "apart/labels.manifest"
    summary = shell.json("--local", "dataset", "inspect", source, expect=4)
    assert {name: counts["images"] for name, counts in summary["labels"].items()} == {"crack": 6, "ok": 6}
    assert [finding["message"] for finding in summary["findings"]] == [f"{plant}/ok/gone.jpg: no such image"]
    divided = shell.json("--local", "dataset", "split", source, "--skip-faulty")
    assert sorted(divided["train"] + divided["test"]) == sorted(names)
    shell.run("--local", "manifest", "build", source, "--skip-faulty", "--to", "out")
    shell.run("--local", "manifest", "validate", "out/train.manifest", "--test", "out/test.manifest", "--images", "s3")
    built = [
        json.loads(text)["source-ref"]
        for side in ("train", "test")
        for text in (shell.folder / f"out/{side}.manifest").read_text().splitlines()
    ]
    assert sorted(built) == sorted(f"{plant}/{name}" for name in names)
    plan = shell.run("--local", "train", source, "--skip-faulty", "--dry-run").stderr
    assert f"images in {plant}," in plan
    refused = shell.run("--local", "dataset", "convert", source, "--to", "new", expect=2).stderr
    assert "its images lie in S3, and only files here are converted" in refused
    copies = shell.json("dataset", "inspect", source, "--images", "plant", expect=4)
    assert copies["labels"] == summary["labels"]


def test_a_manifest_in_s3_itself_and_masks_there_are_read(shell: Shell, plant: str) -> None:
    colors = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
        "1": {"class-name": "spot", "hex-color": "#2ca02c"},
    }
    shared = {"type": "groundtruth/semantic-segmentation", "human-annotated": "yes", "creation-date": DATE}
    masked = (f"{plant}/m.png", {"internal-color-map": colors, **shared})
    lines = [line(f"{plant}/crack/{number:03}.jpg", **{"seg-ref": masked}) for number in range(6)]
    written(shell.folder / "seg.manifest", *lines)
    connect(shell.state).s3.upload_file(str(shell.folder / "seg.manifest"), LOCAL_BUCKET, "lists/seg.manifest")
    source = f"s3://{LOCAL_BUCKET}/lists/seg.manifest"
    summary = shell.json("--local", "dataset", "inspect", source)
    assert summary["labels"]["spot"]["boxes"] == 6
    plan = shell.run("--local", "train", source, "--dry-run").stderr
    assert f"images in {plant}/crack," in plan


def test_what_build_takes_for_images_in_s3_inspect_takes_too(shell: Shell, plant: str) -> None:
    shape = {"x": 10, "y": 20, "width": 30, "height": 40, "rectanglelabels": ["spot"]}
    region = {"type": "rectanglelabels", "value": shape, "original_width": 96, "original_height": 96}
    tasks = [
        {"id": number, "data": {"image": f"{plant}/crack/{number:03}.jpg"}, "annotations": [{"result": [region]}]}
        for number in range(6)
    ]
    written(shell.folder / "tasks.json", json.dumps(tasks))
    written(shell.folder / "labels.csv", "image,label", *(f"{plant}/ok/{number:03}.jpg,ok" for number in range(3)))
    (shell.folder / "apart").mkdir(exist_ok=True)
    for name, count in (("tasks.json", 6), ("labels.csv", 3)):
        (shell.folder / name).rename(shell.folder / "apart" / name)
        source = f"apart/{name}"
        assert shell.json("--local", "dataset", "inspect", source)["images"] == count
        shell.run("manifest", "build", source, "--s3-images", plant, "--to", "built.manifest")
        assert len((shell.folder / "built.manifest").read_text().splitlines()) == count
