"""Images found by the names that annotation files give them, and no other image in their place."""

import sys
import tempfile
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.datasets.files import MARKER, Finder, lies_apart

FOLDERS = st.sampled_from(["good", "bad", "Kratzer", "cam 1"])
IMAGES = st.builds("{}/{}.jpg".format, FOLDERS, st.integers(0, 3))


def tree(root: Path, names: set[str]) -> Finder:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return Finder(root)


def found(finder: Finder, name: str, subset: str | None = None) -> str | None:
    try:
        return finder.find(name, subset).relative_to(finder.root).as_posix()
    except ValueError:
        return None


@given(st.sets(IMAGES, min_size=1), IMAGES, st.sampled_from(["", "/home/me/set/", "s3://bucket/set/", "C:\\set\\"]))
def test_an_image_is_never_taken_for_one_of_a_folder_that_is_there_too(
    names: set[str], wanted: str, before: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        finder = tree(Path(folder), names)
        path = found(finder, before + wanted)
        there = {name.partition("/")[0] for name in names}
        if wanted.partition("/")[0] in there:
            # Of the paths of other machines the last part alone counts: it may be that of several.
            assert path in ({wanted, None} if wanted in names else {None})


@pytest.mark.parametrize("part", ["train", "train2017", "Train", "train_images"])
@pytest.mark.parametrize("other", ["val", "val2017", "Test", "test_images"])
def test_an_image_of_one_part_of_a_split_is_none_of_another(tmp_path: Path, part: str, other: str) -> None:
    assert found(tree(tmp_path, {f"{other}/a.jpg"}), f"{part}/a.jpg") is None
    assert found(tree(tmp_path, {f"images/{part}/a.jpg"}), f"{part}/a.jpg") == f"images/{part}/a.jpg"


@given(st.text(st.sampled_from("aéöñåЖ한ß1 "), min_size=1, max_size=6).map(str.strip).filter(bool))
def test_names_are_found_in_any_form_of_unicode_and_with_percent_signs(stem: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        name = unicodedata.normalize("NFD", f"{stem}.jpg")
        finder = tree(Path(folder), {f"images/{name}"})
        for form in ("NFC", "NFD"):
            spelt = unicodedata.normalize(form, name)
            for given_name in (
                spelt,
                f"images/{spelt}",
                quote(f"images/{spelt}"),
                f"https://host/{quote(spelt)}?sig=1",
            ):
                assert found(finder, given_name) == f"images/{name}", given_name


def test_case_counts_only_where_it_tells_two_images_apart(tmp_path: Path) -> None:
    finder = tree(tmp_path, {"images/IMG_1.JPG", "images/b.jpg", "more/B.jpg"})
    assert found(finder, "images/img_1.jpg") == "images/IMG_1.JPG"
    assert found(finder, "images/b.jpg") == "images/b.jpg"
    assert found(finder, "B.jpg") == "more/B.jpg"
    assert found(finder, "B.JPG") is None


@pytest.mark.parametrize(
    ("name", "path", "apart"),
    [
        ("batch1/a.jpg", "hall2/a.jpg", True),
        ("batch1/a.jpg", "batch1/a.jpg", False),
        ("train/a.jpg", "images/train/a.jpg", False),
        ("a.jpg", "photos/a.jpg", False),
        ("s3://bucket/photos/a.jpg", "Photos/a.jpg", False),
        ("C:\\x\\photos\\a.jpg", "a.jpg", False),
    ],
)
def test_what_is_found_by_its_name_alone_is_told(name: str, path: str, apart: bool) -> None:
    assert lies_apart(name, path) is apart


def test_who_looks_while_another_looks_for_the_first_time_finds_all_the_same(tmp_path: Path) -> None:
    names = {f"label-{number}/{number:04}.jpg" for number in range(300)}
    finder, begin, before = tree(tmp_path, names), Barrier(8), sys.getswitchinterval()

    def look(number: int) -> str | None:
        if number < 8:
            begin.wait()
        return found(finder, f"elsewhere/images/label-{number}/{number:04}.jpg")

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(look, range(300))) == names
    finally:
        sys.setswitchinterval(before)


def test_an_image_is_found_in_a_folder_that_we_wrote_where_it_is_nowhere_else(tmp_path: Path) -> None:
    finder = tree(tmp_path, {"photos/a.jpg", "out/images/a.jpg", "out/images/b.jpg", f"out/{MARKER}"})
    assert found(finder, "a.jpg") == "photos/a.jpg"
    assert found(finder, "b.jpg") == "out/images/b.jpg"
