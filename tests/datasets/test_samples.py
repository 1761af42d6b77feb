import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from customlabels.core.errors import LayoutError
from customlabels.datasets.model import label_counts
from customlabels.datasets.samples import LABELS, make_samples
from customlabels.manifests.formats import load_dataset


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_label_gets_its_images(tmp_path: Path) -> None:
    assert make_samples(tmp_path / "a", images=3, size=96) == 12
    dataset = load_dataset(tmp_path / "a", "folder")
    assert label_counts(dataset.records) == dict.fromkeys(sorted(LABELS), 3)
    assert {(record.info.width, record.info.height, record.info.format) for record in dataset.records} == {
        (96, 96, "JPEG")
    }
    assert not dataset.faults


def test_the_same_seed_gives_the_same_bytes_and_another_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_samples(tmp_path / name, images=2, size=64, seed=seed)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["crack/crack-0001.jpg"] != contents(tmp_path / "c")["crack/crack-0001.jpg"]


def test_more_images_leave_the_first_ones_as_they_were(tmp_path: Path) -> None:
    make_samples(tmp_path / "a", images=2, size=64)
    make_samples(tmp_path / "b", images=4, size=64)
    few, many = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert all(many[name] == body for name, body in few.items() if name.endswith(".jpg"))


@pytest.mark.parametrize("size", [64, 200])
def test_boxes_lie_inside_the_image_and_around_what_stands_out(tmp_path: Path, size: int) -> None:
    make_samples(tmp_path / "a", images=10, size=size)
    boxes = json.loads((tmp_path / "a" / "boxes.json").read_bytes())
    images = {image["id"]: image for image in boxes["images"]}
    names = {category["id"]: category["name"] for category in boxes["categories"]}
    contrasts = []
    for annotation in boxes["annotations"]:
        left, top, width, height = annotation["bbox"]
        image = images[annotation["image_id"]]
        assert 0 <= left < left + width <= size
        assert 0 <= top < top + height <= size
        assert image["file_name"].startswith(names[annotation["category_id"]])
        pixels = np.asarray(Image.open(tmp_path / "a" / image["file_name"]).convert("L"), dtype=float)
        inside = pixels[top : top + height, left : left + width]
        contrasts.append(np.abs(inside - np.median(pixels)).max() / pixels.std())
    assert np.median(contrasts) > 2
    with_boxes = {images[annotation["image_id"]]["file_name"].split("/")[0] for annotation in boxes["annotations"]}
    assert with_boxes == {"crack", "scratch", "pit"}


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(LayoutError, match="nothing was written"):
        make_samples(tmp_path, images=1, size=64)
    assert contents(tmp_path) == {"mine.txt": b"mine"}


def test_a_set_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_samples(tmp_path / "a", images=2, size=64, step=stop)
    make_samples(tmp_path / "a", images=2, size=64)
    make_samples(tmp_path / "b", images=2, size=64)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize(("images", "size"), [(0, 200), (1, 63), (1, 4097)])
def test_figures_out_of_range_are_refused(tmp_path: Path, images: int, size: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make_samples(tmp_path, images=images, size=size)
