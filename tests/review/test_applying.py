"""Answers made into a dataset."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.drawing import draw

from customlabels.core.errors import LayoutError
from customlabels.core.watching import UNWATCHED
from customlabels.datasets.model import Box, Dataset, Hashes, ImageInfo, ImageRecord, Side
from customlabels.manifests.formats import FORMATS, load_dataset
from customlabels.review.agreement import Outcome, Resolution
from customlabels.review.answers import Answer, Region, add_answers
from customlabels.review.applied_folder import apply_to
from customlabels.review.applying import Asked, apply, test_digest
from customlabels.review.images import image_key, keys_of
from customlabels.review.pick import Group, Stratum
from customlabels.review.tasks import Known, Task, add_tasks

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
INFO = ImageInfo(100, 50, "PNG", 1000)
RIGHT = Resolution(Outcome.RESOLVED, (), 1, ("crack",))


def record(name: str, side: Side, *labels: str, boxes: tuple[Box, ...] | None = None) -> ImageRecord:
    return ImageRecord(name, Path("/images") / name, labels, INFO, side, boxes, hashes=Hashes("", name))


def asked(
    name: str,
    resolution: Resolution = RIGHT,
    stratum: Stratum = Stratum.RANDOM,
    *,
    known: Known | None = None,
    fault: str = "",
) -> Asked:
    image = image_key(name, INFO.size)
    task = Task(image, name, f"/images/{name}", "v", (), (), Group.REST, stratum, 0.1, NOON, known=known)
    return Asked(task, resolution, Path("/images") / name, None if fault else INFO, fault)


def dataset(*records: ImageRecord) -> Dataset:
    return Dataset(Path("/images"), records)


def like(*groups: str):  # type: ignore[no-untyped-def]
    """Images whose names end in the same letters look the same."""
    return lambda records: [
        group for ending in groups if len(group := [entry for entry in records if entry.name.endswith(ending)]) > 1
    ]


TESTED = record("tested.png", Side.TEST, "ok")


@pytest.mark.parametrize(
    "image",
    [
        asked("a.png", Resolution(Outcome.OPEN, (), 2)),
        asked("a.png", Resolution(Outcome.DISPUTED, (), 3)),
        asked("a.png", Resolution(Outcome.UNRESOLVED, (), 5)),
        asked("a.png", known=Known(("crack",))),
    ],
)
def test_what_is_not_agreed_on_or_known_anyway_enters_no_dataset(image: Asked) -> None:
    applied = apply(dataset(TESTED), [image], like())
    assert applied.dataset.records == (TESTED,)
    assert applied.refused == ()


def test_answers_are_trained_on_and_correct_what_is_trained_on_already() -> None:
    trained = record("old.png", Side.TRAIN, "ok")
    same = record("same.png", Side.TRAIN, "crack")
    applied = apply(dataset(TESTED, trained, same), [asked("new.png"), asked("old.png"), asked("same.png")], like())
    by_name = {entry.name: entry for entry in applied.dataset.records}
    assert (applied.added, applied.corrected, applied.unchanged) == (("reviewed/new.png",), ("old.png",), 1)
    assert by_name["old.png"].labels == by_name["reviewed/new.png"].labels == ("crack",)
    assert by_name["reviewed/new.png"].side is Side.TRAIN


def test_a_test_image_keeps_its_labels_and_is_named() -> None:
    applied = apply(dataset(TESTED), [asked("tested.png")], like())
    assert applied.dataset.records == (TESTED,)
    assert [refused.name for refused in applied.refused] == ["tested.png"]


def test_an_image_alike_to_one_that_is_tested_on_is_refused() -> None:
    applied = apply(dataset(TESTED), [asked("new-ed.png"), asked("other.png")], like("ed.png"))
    assert applied.added == ("reviewed/other.png",)
    assert [(refused.name, refused.why) for refused in applied.refused] == [
        ("reviewed/new-ed.png", "looks like tested.png, which is tested on")
    ]


def test_the_test_set_grows_by_random_images_alone_and_has_another_digest() -> None:
    images = [asked(f"{number}.png") for number in range(5)]
    images += [asked(f"n{number}.png", stratum=Stratum.NEAR) for number in range(20)]
    before = dataset(TESTED)
    applied = apply(before, images, like(), to_test=8)
    assert sorted(applied.tested) == [f"reviewed/{number}.png" for number in range(5)]
    assert len(applied.added) == 20
    assert test_digest(applied.dataset) != test_digest(before)
    assert test_digest(apply(before, images, like()).dataset) == test_digest(before)


def test_no_image_that_looks_like_another_is_moved_to_the_test_set() -> None:
    applied = apply(dataset(TESTED), [asked("a-x.png"), asked("b-x.png"), asked("c.png")], like("x.png"), to_test=3)
    assert applied.tested == ("reviewed/c.png",)


BOXED = record("boxed.png", Side.TRAIN, boxes=(Box("crack", 10, 10, 20, 10),))


def test_boxes_are_in_pixels_and_images_without_enter_no_dataset_with_boxes() -> None:
    region = Resolution(Outcome.RESOLVED, (), 1, (), (Region("crack", 0.1, 0.2, 0.5, 0.4),))
    nothing = Resolution(Outcome.RESOLVED, (), 1, (), ())
    applied = apply(dataset(BOXED), [asked("a.png", region), asked("b.png", nothing), asked("c.png")], like())
    by_name = {entry.name: entry for entry in applied.dataset.records}
    assert by_name["reviewed/a.png"].boxes == (Box("crack", 10, 10, 50, 20),)
    assert by_name["reviewed/b.png"].boxes == ()
    assert [refused.name for refused in applied.refused] == ["c.png"]


def test_of_boxes_a_dataset_without_any_takes_the_labels() -> None:
    region = Resolution(Outcome.RESOLVED, (), 1, (), (Region("crack", 0.1, 0.2, 0.5, 0.4),))
    nothing = Resolution(Outcome.RESOLVED, (), 1, (), ())
    applied = apply(dataset(TESTED), [asked("a.png", region), asked("b.png", nothing)], like())
    assert {entry.name: (entry.labels, entry.boxes) for entry in applied.dataset.records}["reviewed/a.png"] == (
        ("crack",),
        None,
    )
    assert [refused.name for refused in applied.refused] == ["b.png"]


def test_an_image_that_the_service_would_not_take_is_named() -> None:
    applied = apply(dataset(), [asked("a.png", fault="no image")], like())
    assert [(refused.name, refused.why) for refused in applied.refused] == [("a.png", "no image")]


def tasks_of(paths: Sequence[Path]) -> list[Task]:
    return [
        Task(key, f"{path.parent.name}/{path.name}", str(path), "v", (), (), Group.REST, Stratum.RANDOM, 1.0, NOON)
        for key, path in zip(keys_of(paths), paths, strict=True)
    ]


def test_a_folder_with_the_answers_in_it_is_a_source_and_the_same_answers_change_nothing(tmp_path: Path) -> None:
    paths = sorted(draw(tmp_path / "line", {"across": 3, "down": 3}).rglob("*.jpg"))
    tasks = tasks_of(paths)
    add_tasks(tmp_path / "review", tasks)
    add_answers(tmp_path / "review", [Answer(task.image, "ada", NOON, ("across",)) for task in tasks[:4]])
    manifest = FORMATS["manifest"]

    def applied_to(source: Path | None, target: Path) -> Dataset:
        read = None if source is None else load_dataset(source)
        apply_to(tmp_path / "review", read, target, manifest, s3=_no_s3, watch=UNWATCHED)
        return load_dataset(target)

    first = applied_to(None, tmp_path / "first")
    assert [(entry.labels, entry.side) for entry in first.records] == [(("across",), Side.TRAIN)] * 4
    again = applied_to(tmp_path / "first", tmp_path / "again")
    assert [entry.labels for entry in again.records] == [entry.labels for entry in first.records]
    with pytest.raises(LayoutError, match="holds the images"):
        applied_to(tmp_path / "first", tmp_path / "first")
    assert len(load_dataset(tmp_path / "first").records) == 4


def _no_s3() -> None:
    raise AssertionError("S3 is not asked")


def test_what_is_gone_or_another_image_by_now_is_named_and_the_others_are_applied(tmp_path: Path) -> None:
    paths = sorted(draw(tmp_path / "line", {"across": 3, "down": 2}).rglob("*.jpg"))
    tasks = tasks_of(paths)
    add_tasks(tmp_path / "review", tasks)
    add_answers(tmp_path / "review", [Answer(task.image, "ada", NOON, ("across",)) for task in tasks])
    paths[0].write_bytes(paths[4].read_bytes())
    paths[1].unlink()
    written = apply_to(tmp_path / "review", None, tmp_path / "made", FORMATS["manifest"], s3=_no_s3, watch=UNWATCHED)
    why = {refused.name: refused.why for refused in written.applied.refused}
    assert sorted(why) == [tasks[0].name, tasks[1].name]
    assert "is another image than the one that was asked about" in why[tasks[0].name]
    assert "cannot be read" in why[tasks[1].name]
    assert len(load_dataset(tmp_path / "made").records) == 3


def test_a_label_that_the_images_did_not_have_is_named() -> None:
    images = [asked("a.png"), asked("b.png"), asked("c.png", Resolution(Outcome.RESOLVED, (), 1, ("ok",)))]
    assert apply(dataset(TESTED), images, like()).strangers == {"crack": 2}
    assert apply(dataset(), images, like()).strangers == {}
