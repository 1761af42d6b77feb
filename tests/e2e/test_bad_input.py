from pathlib import Path

import pytest
from support.drawing import draw
from support.shells import Shell


def nothing_there(shell: Shell) -> bool:
    return "there is no project" in shell.run("versions", "list", "--local", expect=1).stderr


def lay_out(folder: Path, case: str) -> Path:
    folder.mkdir()
    if case == "one label":
        draw(folder, {"a": 5})
    elif case == "single image":
        draw(folder, {"a": 5, "b": 1})
    elif case == "text files":
        (folder / "a").mkdir()
        (folder / "a" / "notes.txt").write_text("text")
        (folder / "a" / "renamed.jpg").write_text("text")
    elif case in {"truncated", "bomb"}:
        draw(folder, {"a": 5, "b": 5})
        whole = (folder / "a" / "000.jpg").read_bytes()
        if case == "truncated":
            (folder / "a" / "half.jpg").write_bytes(whole[: len(whole) // 2])
        else:
            from PIL import Image

            Image.new("1", (20_000, 20_000)).save(folder / "a" / "bomb.png")
    elif case == "one side":
        draw(folder / "train", {"a": 5, "b": 5})
    return folder


@pytest.mark.parametrize(
    ("case", "says", "hints"),
    [
        ("empty", "holds no image that can be used", "a folder for each label"),
        ("one label", "holds one label only (a)", "add images"),
        ("single image", "label 'b' has a single image", "--label-map LABEL=, or its folder with --exclude"),
        ("text files", "a/renamed.jpg: no JPEG or PNG image", "a folder for each label"),
        ("truncated", "a/half.jpg: a broken JPEG file", "--skip-faulty"),
        ("bomb", "a/bomb.png: 20000×20000 pixels", "--skip-faulty"),
        ("one side", "with no image in its test part", "divide all images anew with --resplit"),
    ],
)
def test_images_that_cannot_be_trained_on_exit_4_before_anything_is_made(
    shell: Shell, case: str, says: str, hints: str
) -> None:
    folder = lay_out(shell.folder / "images", case)
    done = shell.run("train", str(folder), "--local", expect=4)
    assert done.stderr.count("error: ") == 1
    assert says in done.stderr
    assert hints in done.stderr
    assert nothing_there(shell)


def test_faulty_images_can_be_left_out_on_purpose(shell: Shell) -> None:
    folder = lay_out(shell.folder / "images", "truncated")
    done = shell.run("train", str(folder), "--local", "--skip-faulty", "--dry-run")
    assert "warning: a/half.jpg" in done.stderr


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (["--bucket", "no-such-bucket"], 1, "bucket no-such-bucket does not exist"),
        (["--project", "has blank"], 2, "'has blank' is no name for a project"),
        (["--version-name", "v 1"], 2, "'v 1' is no name for a version"),
        (["--version-name", "x" * 256], 2, "is no name for a version"),
        (["--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["--endpoint-url", "http://127.0.0.1:1"], 2, "exclude each other"),
    ],
)
def test_names_and_places_that_cannot_be_used_are_refused(
    shell: Shell, images: Path, flags: list[str], code: int, says: str
) -> None:
    done = shell.run("train", str(images), "--local", *flags, expect=code)
    assert done.stderr.count("error: ") == 1
    assert says in done.stderr
    assert nothing_there(shell)


def test_without_aws_credentials_the_way_on_is_named(shell: Shell, images: Path) -> None:
    done = shell.run("train", str(images), "--region", "eu-west-1", expect=2)
    assert "no bucket is set" in done.stderr
    assert "--local" in done.stderr
    done = shell.run("versions", "list", "--project", "x", expect=2)
    assert "no AWS region is set" in done.stderr


@pytest.mark.around
def test_a_name_that_is_taken_by_other_images_is_not_taken_for_them(shell: Shell, images: Path) -> None:
    shell.run("train", str(images), "--local", "--version-name", "v1", "--seed", "1")
    done = shell.run("train", str(images), "--local", "--version-name", "v1", "--seed", "2", expect=2)
    assert "was trained on other images" in done.stderr
