"""What the deployed function looks at every hour: each day once, and a notice once for the same."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import draw
from support.inspected import make_table
from support.local_services import Service, client
from support.production import Seeing, write_production

from customlabels.core.errors import LayoutError
from customlabels.inspection import claims, records
from customlabels.inspection.attributes import attributes
from customlabels.inspection.claims import Claim, Key, State, Table
from customlabels.inspection.functions.hourly import Hour, judge_days, notice
from customlabels.inspection.functions.knowledge import Version
from customlabels.inspection.golden import Shown, golden_of, unpacked
from customlabels.inspection.golden_images import MOST_IMAGES, packed
from customlabels.inspection.told_brightness import told_by
from customlabels.inspection.watching import DRIFTED, watched

NOON = datetime(2026, 6, 20, 12, tzinfo=UTC)
DAYS = {16: (260, 0.1), 17: (260, 0.1), 18: (70, 0.1), 19: (70, 0.8), 20: (70, 0.1), 21: (70, 0.8)}
"""Images, and the part of them that is cracked, by the day of June."""


def production(version: str = "v1", most: int = 260) -> Iterator[Seeing]:
    rng = np.random.default_rng(0)
    for day, (images, share) in DAYS.items():
        for number in range(min(most, images)):
            confidence = float(rng.uniform(60, 99) if rng.random() < share else rng.uniform(5, 30))
            at = datetime(2026, 6, day, tzinfo=UTC) + timedelta(minutes=number)
            yield Seeing(f"{version}/{day}/{number}.jpg", at, {"crack": confidence}, version=version)


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    """Production of two versions, of which `few` saw few images."""
    made = make_table(client(service, "dynamodb"), "hourly")
    write_production(made, "line", [*production(), *production("few", 20)])
    yield made
    made.dynamodb.delete_table(TableName="hourly")


def hour_of(table: Table, now: datetime = NOON, version: str = "v1") -> Hour:
    return Hour(
        "surface",
        table,
        Version(version, "arn"),
        {"crack": 50.0},
        deadline=timedelta(hours=4),
        kept=timedelta(days=8),
        now=now,
        lasts=timedelta(minutes=15),
    )


@pytest.mark.around
def test_a_day_is_judged_once_it_is_over_and_once_when_no_image_of_it_can_wait_any_more(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[str, Sequence[str]]] = []

    def judged(now: datetime) -> list[int]:
        days = judge_days(hour_of(table, now), lambda about, lines: told.append((about, lines)))
        return [day.day.day for day in days]

    night = datetime(2026, 6, 20, 0, 5, tzinfo=UTC)
    # Of the 18th, no image can be waiting any more; it is quiet.
    assert judged(night) == [19, 18]
    assert judged(night + timedelta(hours=1)) == []
    assert judged(night + timedelta(hours=4)) == [19]
    assert judged(night + timedelta(hours=5)) == []
    ((about, lines),) = told
    assert about == "images of 2026-06-19 have changed"
    assert any(line.startswith("share of crack: ") for line in lines)
    figures = [json.loads(line)[DRIFTED] for line in capsys.readouterr().out.splitlines()]
    assert [figure > 0 for figure in figures] == [True, False, True]


@pytest.mark.around
def test_an_hour_that_fails_or_is_killed_leaves_its_day_to_the_next(table: Table) -> None:
    night = datetime(2026, 6, 22, 0, 5, tzinfo=UTC)

    def fails(about: str, lines: Sequence[str]) -> None:
        raise OSError("the topic is gone")

    with pytest.raises(OSError, match="gone"):
        judge_days(hour_of(table, night), fails)
    held = hour_of(table, night)
    at = round(1000 * night.timestamp())
    claim = claims.claim(
        table, Key("watch#v1", "over#2026-06-21"), now=at, until=at + 900_000, expires=at // 1000 + 9000
    )
    assert isinstance(claim, Claim)
    told: list[str] = []
    # Somebody is at it, or was until it was killed.
    assert [day.day.day for day in judge_days(held, lambda about, _: told.append(about))] == [20]
    later = hour_of(table, night + timedelta(hours=1))
    assert [day.day.day for day in judge_days(later, lambda about, _: told.append(about))] == [21]
    assert told == ["images of 2026-06-21 have changed"]


@pytest.mark.around
def test_too_few_images_are_no_drift_and_no_news(table: Table) -> None:
    assert judge_days(hour_of(table, version="few"), lambda *_: pytest.fail("told")) == []


@pytest.mark.around
def test_brightness_and_sharpness_are_those_that_the_analyzer_told_by_its_present_model(table: Table) -> None:
    dynamodb, items = table.dynamodb, []
    for seeing in production():
        image = records.by_etag(seeing.key.encode().hex(), seeing.size)
        key = records.analysis_key(image, "3.0", "properties")
        figures = {"brightness": 80.0 if seeing.at.day == 19 else 40.0 + seeing.at.minute % 7, "sharpness": 50.0}
        items.append({"pk": key.pk, "sk": key.sk, "state": State.DONE, "labels": [], "figures": figures})
    about = {"now": NOON, "since": NOON - timedelta(days=2), "oldest": NOON - timedelta(days=9)}
    plain = watched(table, "v1", {}, **about, measured=told_by(table))
    assert not {signal.kind for day in plain.days for signal in day.signals} & {"brightness", "sharpness"}
    for first in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": attributes(item)}} for item in items[first : first + 25]]
        dynamodb.batch_write_item(RequestItems={table.name: requests})  # type: ignore[dict-item] # plain dictionaries
    dynamodb.put_item(TableName=table.name, Item=attributes({"pk": "model#properties", "sk": "-", "model": "3.0"}))
    told = watched(table, "v1", {}, **about, last=NOON.date() - timedelta(days=1), measured=told_by(table))
    assert [day.day.day for day in told.days] == [18, 19]
    assert [("brightness" in {signal.kind for signal in day.drifted}) for day in told.days] == [False, True]
    # What another model said is on another scale, and says nothing of the images.
    dynamodb.put_item(TableName=table.name, Item=attributes({"pk": "model#properties", "sk": "-", "model": "4.0"}))
    other = watched(table, "v1", {}, **about, measured=told_by(table))
    assert not {signal.kind for day in other.days for signal in day.signals} & {"brightness", "sharpness"}


LABELS = st.frozensets(st.sampled_from(["crack", "pit", "ok"]))


@given(st.lists(st.tuples(LABELS, st.dictionaries(st.sampled_from(["crack", "pit"]), st.floats(0, 100)))))
def test_an_image_is_right_where_exactly_its_labels_count(
    images: list[tuple[frozenset[str], dict[str, float]]],
) -> None:
    shown = [Shown(str(number), truth, best) for number, (truth, best) in enumerate(images)]
    golden = golden_of(shown, {"crack": 30.0})
    right = [
        truth == {label for label, confidence in best.items() if confidence >= {"crack": 30.0}.get(label, 50.0)}
        for truth, best in images
    ]
    assert (golden.images, len(golden.wrong)) == (len(images), right.count(False))
    if golden.confidence is not None:
        assert 0 <= golden.confidence <= 100
    failed = golden_of([replace(image, error="is damaged") for image in shown], {})
    assert failed.wrong == tuple(f"{image.name}: is damaged" for image in shown)


def test_golden_images_are_packed_and_unpacked_whole(tmp_path: Path) -> None:
    photos = draw(tmp_path / "golden", {"across": 2, "down": 1})
    body = packed(photos)
    assert packed(photos) == body
    images = unpacked(body)
    assert sorted((sorted(image.labels), image.body) for image in images) == sorted(
        ([path.parent.name], path.read_bytes()) for path in photos.rglob("*.jpg")
    )


def test_golden_images_that_cannot_be_shown_every_hour_are_named(tmp_path: Path) -> None:
    photos = draw(tmp_path / "golden", {"across": 2, "down": 1})
    large = next(photos.rglob("*.jpg"))
    large.write_bytes(large.read_bytes() + bytes(5_000_000))
    with pytest.raises(LayoutError, match="1 image over 4,000,000 bytes") as raised:
        packed(photos)
    assert list(raised.value.details) == [f"{large.parent.name}/{large.name}: {large.stat().st_size:,} bytes"]
    for number in range(MOST_IMAGES):
        (photos / "down" / f"more-{number}.jpg").write_bytes(large.read_bytes()[: 5_000 + number])
    with pytest.raises(LayoutError, match=f"holds {MOST_IMAGES + 3} labelled images, and {MOST_IMAGES} at most"):
        packed(photos)


def test_a_notice_names_what_changed_and_does_not_grow_without_end() -> None:
    about, text = notice("surface", "v1", "40 of 50 golden images wrong", [f"{number}.jpg" for number in range(50)])
    assert about == "customlabels surface: 40 of 50 golden images wrong"
    assert text.startswith("surface, version v1: 40 of 50 golden images wrong\n\n0.jpg\n")
    assert "39.jpg\nand 10 more\n\ncustomlabels inspection watch shows more" in text
