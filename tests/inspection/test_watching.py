"""The results table read for drift; images looked at; what was found put into CloudWatch."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.inspected import make_table
from support.local_services import Service, client
from support.production import Seeing, write_production

from customlabels.inspection.brightness import measured_by
from customlabels.inspection.claims import Table
from customlabels.inspection.drift import Day, Reference, Signal, Watched
from customlabels.inspection.golden import Golden
from customlabels.inspection.quality import quality
from customlabels.inspection.watching import CONFIDENCE, DRIFTED, WRONG, publish, watched

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
BUCKET, DAYS, A_DAY = "line-watched", 4, 60
THRESHOLDS = {"crack": 50.0}
ABOUT: dict[str, Any] = {"now": NOW, "oldest": NOW - timedelta(days=6), "first_images": 100}


def jpeg(light: int, *, blurred: bool = False) -> bytes:
    rng = np.random.default_rng(light)
    noise = rng.normal(0, 2 if blurred else 30, (64, 64))
    body = io.BytesIO()
    Image.fromarray(np.clip(light + noise, 0, 255).astype(np.uint8)).save(body, "JPEG", quality=95)
    return body.getvalue()


def production() -> Iterator[Seeing]:
    """Two days for the reference, a quiet one, one with cracks everywhere; another version looked at some before."""
    rng = np.random.default_rng(0)
    for day in range(DAYS):
        share = 0.8 if day == 3 else 0.1
        for number in range(A_DAY):
            at = NOW - timedelta(days=DAYS - day, minutes=number)
            confidence = float(rng.uniform(60, 99) if rng.random() < share else rng.uniform(5, 30))
            key = f"in/{day}/{number}.jpg"
            yield Seeing(key, at, {"crack": confidence}, refused=number % 50 == 0)
            if 1 <= number <= 3:
                # The same bytes under another key, and another version.
                yield Seeing(f"in/{day}/again {number}.jpg", at, {"crack": confidence}, content=key)
                yield Seeing(key, at - timedelta(days=1), {"crack": 1.0}, version="v0")


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    made = make_table(client(service, "dynamodb"), "watched")
    write_production(made, BUCKET, production())
    yield made
    made.dynamodb.delete_table(TableName="watched")


def test_a_version_is_watched_from_its_own_first_images_on(table: Table) -> None:
    found = watched(table, "v1", THRESHOLDS, since=NOW - timedelta(days=30), **ABOUT)
    assert found.reference == Reference(NOW.date() - timedelta(4), NOW.date() - timedelta(3), 116, 4)
    assert [(day.images, day.refused) for day in found.days] == [(58, 2), (58, 2)]
    assert [sorted({signal.kind for signal in day.drifted}) for day in found.days] == [[], ["confidence", "share"]]
    (last,) = watched(table, "v1", THRESHOLDS, since=NOW - timedelta(days=1), **ABOUT).days
    assert last == found.days[1]
    assert watched(table, "v9", {}, since=NOW - timedelta(days=30), **ABOUT) == Watched(None, (), 0)


def test_images_are_fetched_some_of_each_day_and_those_that_are_gone_say_nothing(
    service: Service, table: Table
) -> None:
    service.s3.create_bucket(Bucket=BUCKET)
    for day, light in enumerate((120, 120, 120, 200)):
        for number in range(A_DAY - 5):
            service.s3.put_object(Bucket=BUCKET, Key=f"in/{day}/{number}.jpg", Body=jpeg(light))
    looked: list[int] = []
    measured = measured_by(service.s3, A_DAY, looked.append)
    found = watched(table, "v1", THRESHOLDS, since=NOW - timedelta(days=30), measured=measured, **ABOUT)
    assert sum(looked) == DAYS * (A_DAY - 2)
    quiet, bright = found.days
    assert "brightness" not in {signal.kind for signal in quiet.drifted}
    assert "brightness" in {signal.kind for signal in bright.drifted}


def test_brightness_and_sharpness_are_those_of_the_pixels() -> None:
    dark, light = quality(jpeg(60)), quality(jpeg(190))
    assert (dark[0], light[0]) == pytest.approx((60 / 2.55, 190 / 2.55), abs=2)
    assert quality(jpeg(120))[1] > quality(jpeg(120, blurred=True))[1] + 1
    for body in (b"", b"no image", jpeg(60)[:200]):
        with pytest.raises(ValueError, match="decoded"):
            quality(body)


def test_figures_are_put_into_cloudwatch_by_the_project(service: Service) -> None:
    cloudwatch = client(service, "cloudwatch")
    drifted = Signal("share", "crack", 0.1, 0.6, 1e-20, True)
    found = Watched(None, (Day(NOW.date(), 200, 0, (drifted,)),), 200)
    told = publish(cloudwatch, "surface", NOW, found, Golden(4, ("a.jpg is ok, the version says crack",), 81.5))
    assert told == {DRIFTED: 1, WRONG: 1, CONFIDENCE: 81.5}
    for name, value in told.items():
        points = cloudwatch.get_metric_statistics(
            Namespace="customlabels",
            MetricName=name,
            Dimensions=[{"Name": "Project", "Value": "surface"}],
            StartTime=NOW - timedelta(hours=1),
            EndTime=NOW + timedelta(hours=1),
            Period=3600,
            Statistics=["Maximum"],
        )["Datapoints"]
        assert [point["Maximum"] for point in points] == [value]
    assert publish(cloudwatch, "surface", NOW, Watched(None, (), 0), None) == {}
