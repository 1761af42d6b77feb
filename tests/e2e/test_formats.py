"""Labelled images of every kind on their way to a manifest, as a person takes them there."""

import json
from pathlib import Path

import pytest
from PIL import Image
from support.drawing import draw
from support.shells import Shell

from customlabels.manifests.formats import FORMATS


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample images, a folder a label, and boxes.json."""
    folder = tmp_path_factory.mktemp("samples") / "surface"
    Shell(folder.parent).run("sample", str(folder), "--images", "5")
    return folder


def test_a_folder_beside_a_coco_file_is_taken_as_folders_and_the_file_as_coco(shell: Shell, samples: Path) -> None:
    done = shell.run("dataset", "inspect", str(samples))
    assert f"taken as folder (a folder a label); {samples}/boxes.json can be read too, as coco" in done.stderr
    assert "finding" not in done.stdout
    found = shell.json("dataset", "inspect", str(samples / "boxes.json"))
    assert (found["images"], sorted(found["labels"])) == (15, ["crack", "pit", "scratch"])
    assert found["boxes"] > 15


@pytest.mark.around
def test_boxes_go_through_every_format_and_are_the_same(shell: Shell, samples: Path) -> None:
    before = source = str(samples / "boxes.json")
    for format in (name for name, format in FORMATS.items() if name != "folder" and format.writes):
        shell.run("dataset", "convert", source, "--as", format, "--to", format)
        source = format
    found, first = (shell.json("dataset", "inspect", name) for name in (source, before))
    assert (found["labels"], found["boxes"]) == (first["labels"], first["boxes"])
    shell.run("-q", "manifest", "build", source, "--bucket", "plant-7", "--to", "manifests", "--test-fraction", "0.4")
    done = shell.json("manifest", "validate", "manifests/train.manifest", "--test", "manifests/test.manifest")
    assert done["summary"]["statistics"]["training"]["use_case"] == "OBJECT_LOCALIZATION"
    assert not done["fails"]


def test_manifests_are_merged_described_converted_and_repaired(shell: Shell, samples: Path) -> None:
    for name, source in (("labels", samples), ("boxes", samples / "boxes.json")):
        shell.run("-q", "manifest", "build", str(source), "--bucket", "plant-7", "--to", name, "--project", "surface")
    every = [f"{name}/{side}.manifest" for name in ("labels", "boxes") for side in ("train", "test")]
    shell.run("manifest", "merge", *every, "--to", "all.manifest")
    found = shell.json("manifest", "describe", "all.manifest")
    assert (found["lines"], found["labels_and_boxes"]) == (20, 15)
    done = shell.run("manifest", "convert", "all.manifest", "--as", "boxes", "--to", "boxes.manifest")
    assert "15 lines; 5 without anything of that kind left out" in done.stdout
    path = shell.folder / "all.manifest"
    path.write_bytes(path.read_bytes() + b"garbage\n")
    done = shell.run("manifest", "validate", "all.manifest", "--fix", "fixed.manifest")
    assert "dropped: /: garbage (has to be JSON; character 1: unexpected character" in done.stdout
    assert "The JSON Line has an invalid format." in done.stdout
    assert len((shell.folder / "fixed.manifest").read_bytes().splitlines()) == 20
    assert (
        "is there already"
        in shell.run("manifest", "validate", "all.manifest", "--fix", "fixed.manifest", expect=2).stderr
    )


def test_a_table_of_images_in_s3_becomes_manifests_without_the_images(shell: Shell) -> None:
    rows = [f"{label}/{number}.jpg,{label}" for label in ("crack", "ok") for number in range(50)]
    (shell.folder / "parts.csv").write_text("\n".join(["file,label", *rows]))
    words = ("manifest", "build", "parts.csv", "--s3-images", "s3://plant-7/parts")
    shell.run(*words, "--to", "parts.manifest")
    lines = [json.loads(line) for line in (shell.folder / "parts.manifest").read_text().splitlines()]
    assert [line["source-ref"] for line in lines[:2]] == [
        "s3://plant-7/parts/crack/0.jpg",
        "s3://plant-7/parts/crack/1.jpg",
    ]
    written = shell.json(*words, "--to", "divided")
    assert sum(written.values()) == len(rows)
    (shell.folder / "parts.csv").write_text(
        "\n".join(["file,label,colour", *[f"{row},red" for row in rows], ",ok,red"])
    )
    told = shell.run(*words, "--to", "divided", "--skip-faulty").stderr
    assert "notes and skipped faults: 2" in told
    assert "parts.csv, row 102: names no image" in told
    shell.run("manifest", "validate", "divided/train.manifest", "--test", "divided/test.manifest")
    assert (
        "has to be s3://bucket/folder/"
        in shell.run("manifest", "build", "parts.csv", "--s3-images", "plant-7", expect=2).stderr
    )


def test_a_table_with_many_bad_rows_names_them_all_and_writes_nothing(shell: Shell) -> None:
    rows = [",ok" if number % 3 == 0 else f"{number}.jpg,ok" for number in range(300)]
    (shell.folder / "parts.csv").write_text("\n".join(["file,label", *rows]))
    done = shell.run("manifest", "build", "parts.csv", "--s3-images", "s3://plant-7/x", "--to", "x.manifest", expect=4)
    assert "100 faults: parts.csv, row 2: names no image" in done.stderr
    assert "… and 49 more" in done.stderr
    assert [path.name for path in shell.folder.iterdir() if path.suffix == ".manifest"] == []


def test_settings_say_how_a_source_is_read_and_flags_win(shell: Shell) -> None:
    draw(shell.folder / "photos" / "line-1", {"crack": 3, "ok": 3})
    (shell.folder / "customlabels.toml").write_text(
        '[dataset]\nsource = "photos"\nlabel_from = "parent"\nlabel_map = { crack = "defect" }\n'
    )
    assert sorted(shell.json("dataset", "inspect")["labels"]) == ["defect", "ok"]
    found = shell.json(
        "dataset", "inspect", "--label-from", "path", "--label-separator", ".", "--label-map", "line-1.ok="
    )
    assert sorted(found["labels"]) == ["line-1.crack"]


def test_the_same_image_under_two_labels_is_a_fault(shell: Shell) -> None:
    folder = draw(shell.folder / "photos", {"crack": 3, "ok": 3})
    (folder / "ok" / "copy.jpg").write_bytes((folder / "crack" / "000.jpg").read_bytes())
    done = shell.run("dataset", "inspect", str(folder), expect=4)
    assert "same, across labels" in done.stdout
    assert "crack or ok" in done.stdout


def test_training_warns_of_near_duplicates_on_both_sides(shell: Shell) -> None:
    folder = draw(shell.folder / "photos", {"crack": 10, "ok": 10})
    for number in range(10):
        with Image.open(folder / "ok" / f"00{number}.jpg") as image:
            image.save(folder / "ok" / f"again-{number}.jpg", quality=60)
    done = shell.run("train", str(folder), "--local", "--dry-run")
    assert "look nearly like one on the other side of the split" in done.stderr
    done = shell.run("train", str(folder), "--local", "--dry-run", "--group-by", "near-duplicates")
    assert "look nearly like" not in done.stderr


def test_labels_come_from_rules_and_from_names(shell: Shell) -> None:
    folder = draw(shell.folder / "photos", {"crack": 2, "ok": 2})
    for label in ("crack", "ok"):
        for number, path in enumerate(sorted((folder / label).iterdir())):
            path.rename(shell.folder / f"{label}_{number}.jpg")
    rows = [f"{label}_{number}.jpg,{0.2 + 0.6 * (label == 'crack')}" for label in ("crack", "ok") for number in (0, 1)]
    (shell.folder / "cells.csv").write_text("\n".join(["image,probability", *rows]))
    rules = ("--label-rule", "defect: probability >= 0.5", "--label-rule", "fine: probability < 0.5")
    assert sorted(shell.json("dataset", "inspect", "cells.csv", *rules)["labels"]) == ["defect", "fine"]
    (shell.folder / "customlabels.toml").write_text(
        "[dataset]\nsource = \"cells.csv\"\nlabel_rules = ['defect: probability >= 0.5', 'fine: probability < 0.5']\n"
    )
    assert sorted(shell.json("dataset", "inspect")["labels"]) == ["defect", "fine"]
    (shell.folder / "cells.csv").unlink()
    (shell.folder / "customlabels.toml").unlink()
    named = ("dataset", "inspect", ".", "--exclude", "photos/*", "--label-from", "name")
    found = shell.json(*named, "--label-pattern", r"([a-z]+)_\d+")
    assert {label: counts["images"] for label, counts in found["labels"].items()} == {"crack": 2, "ok": 2}
    assert "takes --label-pattern" in shell.run(*named, expect=2).stderr


def test_a_format_that_is_only_read_says_so_before_anything_is_written(shell: Shell) -> None:
    draw(shell.folder / "photos", {"crack": 1})
    box = {"name": "crack", "bounding_box": {"top": 20, "left": 10, "height": 30, "width": 20}}
    annotations = {"annotations": {"objects": [box], "classifications": []}}
    row = {"data_row": {"external_id": "000.jpg"}, "projects": {"p": {"labels": [annotations]}}}
    (shell.folder / "export.ndjson").write_text(json.dumps(row))
    words = ("dataset", "convert", "export.ndjson", "--images", "photos", "--to", "out")
    assert "labelbox is read, and not written" in shell.run(*words, expect=2).stderr
    assert not (shell.folder / "out").exists()
    shell.run(*words, "--as", "via")
    assert shell.json("dataset", "inspect", "out")["boxes"] == 1


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("dataset", "convert", "photos", "-o", "out"), "-o"),
        (("manifest", "convert", "a.manifest", "--as", "boxes", "-o", "out"), "-o"),
        (("manifest", "merge", "a.manifest", "b.manifest", "-o", "out"), "-o"),
        (("schedule", "simulate", "--page", "week.html"), "--page"),
        (("manifest", "convert", "a.manifest", "--to", "out"), "'--as'. Choose from: custom-labels, image-level"),
        (("dataset", "convert", "photos"), "--to"),
    ],
)
def test_where_a_result_goes_and_what_it_is_are_said_one_way(shell: Shell, words: tuple[str, ...], meant: str) -> None:
    assert meant in shell.run(*words, expect=2).stderr


@pytest.mark.parametrize(
    "words",
    [
        ("dataset", "convert", "photos", "--to", "photos/out"),
        ("dataset", "convert", "parts.csv", "--images", "photos", "--to", "photos/crack/out"),
        ("review", "apply", "photos", "--to", "photos/new"),
        ("manifest", "build", "photos", "--bucket", "plant-7", "--to", "photos"),
        ("manifest", "build", "photos", "--s3-images", "s3://plant-7/", "--to", "photos/all.manifest"),
        ("detect", "photos", "--draw", "photos/drawn"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_where_it_would_be_read_the_next_time(shell: Shell, words: tuple[str, ...]) -> None:
    draw(shell.folder / "photos", {"crack": 2, "ok": 2})
    (shell.folder / "parts.csv").write_text("image,label\ncrack/000.jpg,crack\n")
    before = sorted((shell.folder / "photos").rglob("*"))
    assert "the next time" in shell.run("--local", *words, expect=2).stderr
    assert sorted((shell.folder / "photos").rglob("*")) == before


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("via", "via does not read what was written"),
        ("createml", "createml does not read what was written"),
        ("yolo", "2 sides of the split not kept"),
        ("folder", "--format folder reads it"),
    ],
)
def test_what_is_lost_of_a_set_that_is_divided_in_part_is_said(shell: Shell, to: str, says: str) -> None:
    draw(shell.folder / "photos", {"crack": 2, "ok": 2})
    rows = [f"photos/{label}/00{number}.jpg" for label in ("crack", "ok") for number in range(2)]
    sides = ("train", "", "test", "")
    table = [f"{row},10,20,40,50,crack,{side}" for row, side in zip(rows, sides, strict=True)]
    (shell.folder / "parts.csv").write_text("\n".join(["image,xmin,ymin,xmax,ymax,label,split", *table]))
    assert says in shell.run("dataset", "convert", "parts.csv", "--as", to, "--to", "out").stderr
