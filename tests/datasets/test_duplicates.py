import shutil
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageEnhance
from support.drawing import draw

from customlabels.datasets.duplicates import exact_duplicates, near_duplicates
from customlabels.datasets.model import Side
from customlabels.datasets.samples import make_samples
from customlabels.datasets.split import grouped, split, together
from customlabels.manifests.formats import load_dataset


def names(found: list) -> list[tuple[str, ...]]:  # type: ignore[type-arg]
    return [tuple(record.name for record in same.records) for same in found]


def test_the_same_bytes_are_found_within_and_across_labels(tmp_path: Path) -> None:
    draw(tmp_path, {"crack": 4, "ok": 4})
    shutil.copy(tmp_path / "crack/000.jpg", tmp_path / "crack/copy.jpg")
    shutil.copy(tmp_path / "crack/001.jpg", tmp_path / "ok/copy.jpg")
    # The same size, and the same bytes in the middle, but not the same image.
    body = bytearray((tmp_path / "ok/002.jpg").read_bytes())
    body[20] ^= 1
    (tmp_path / "ok/other.jpg").write_bytes(bytes(body))
    found = exact_duplicates(load_dataset(tmp_path, "folder").records)
    assert sorted(names(found)) == [("crack/000.jpg", "crack/copy.jpg"), ("crack/001.jpg", "ok/copy.jpg")]
    across = next(same for same in found if same.records[0].name == "crack/001.jpg")
    assert (across.kind, across.labels) == ("across labels", [("crack",), ("ok",)])
    within = next(same for same in found if same is not across)
    assert within.kind == "within a label"
    torn = replace(within, records=(replace(within.records[0], side=Side.TEST), within.records[1]))
    assert torn.kind == "across the split"


def test_pictures_of_the_same_thing_are_near_and_others_are_not(tmp_path: Path) -> None:
    make_samples(tmp_path, images=12)
    with Image.open(tmp_path / "crack/crack-0001.jpg") as image:
        image.resize((150, 150)).save(tmp_path / "crack/smaller.png")
        ImageEnhance.Brightness(image).enhance(1.2).save(tmp_path / "crack/brighter.jpg", quality=40)
    (tmp_path / "crack/torn.jpg").write_bytes((tmp_path / "crack/crack-0002.jpg").read_bytes()[:600] + b"\xff\xd9")
    dataset = load_dataset(tmp_path, "folder")
    found = near_duplicates(dataset.records)
    assert names(found) == [("crack/brighter.jpg", "crack/crack-0001.jpg", "crack/smaller.png")]
    whole = grouped(dataset, (same.records for same in found))
    for seed in range(20):
        divided = split(whole, fraction=0.3, seed=seed)
        assert together(divided, lambda record: record.group or record.name) == []
