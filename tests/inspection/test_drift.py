"""Drift: distances and their p-values as scipy has them, quiet months without alarms, and changes that are seen."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from customlabels.inspection.drift import (
    LEAST,
    Day,
    Reading,
    distance_p,
    fisher_p,
    ks_distance,
    watch,
)

START, DAY = date(2026, 1, 1), timedelta(days=1)
THRESHOLDS = {"part": 50.0, "crack": 50.0}
samples = st.lists(st.floats(0, 100) | st.sampled_from([0.0, 50.0]), min_size=2, max_size=60).map(sorted)


def images(
    rng: np.random.Generator, number: int, count: int = 300, mean: float = 0.75, rare: float = 0.03
) -> list[Reading]:
    """A day's: of the label `part` on all images, and of a crack on some."""
    part = 100 * rng.beta(8 * mean, 8 * (1 - mean), count)
    crack = 100 * np.where(rng.random(count) < rare, rng.beta(9, 2, count), rng.beta(1, 18, count))
    return [
        Reading(
            START + number * DAY,
            {"part": float(one)} | ({"crack": float(other)} if other >= 5 else {}),
            5.0,
            size=int(size),
        )
        for one, other, size in zip(part, crack, rng.integers(9_000, 11_000, count), strict=True)
    ]


def days(readings: list[Reading], number: int, **more: object) -> tuple[Day, ...]:
    return watch(readings, THRESHOLDS, today=START + number * DAY, **more).days  # type: ignore[arg-type]


@given(samples, samples)
def test_a_distance_is_that_of_the_distribution_functions_whichever_comes_first(
    first: list[float], second: list[float]
) -> None:
    distance = ks_distance(first, second)
    assert distance == pytest.approx(ks_distance(second, first))
    assert distance == pytest.approx(stats.ks_2samp(first, second, method="asymp").statistic, abs=1e-12)
    assert ks_distance(first, first) == 0


@pytest.mark.parametrize(("count", "other"), [(500, 200), (500, 1000), (2000, 5000)])
@pytest.mark.parametrize("distance", [0.03, 0.08, 0.12, 0.2])
def test_a_p_value_is_near_the_exact_one_and_rather_too_large_far_out(count: int, other: int, distance: float) -> None:
    exact = stats.kstwo.sf(distance, round(count * other / (count + other)))
    assert distance_p(distance, count, other) == pytest.approx(exact, rel=0.25, abs=1e-12)


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_shares_are_compared_by_fishers_exact_test(total: int, others: int, data: st.DataObject) -> None:
    count, other = data.draw(st.integers(0, total)), data.draw(st.integers(0, others))
    exact = stats.fisher_exact([[count, total - count], [other, others - other]]).pvalue
    assert fisher_p(count, total, other, others) == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_ninety_quiet_days_raise_no_alarm_or_one() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        quiet = [reading for number in range(93) for reading in images(rng, number)]
        assert sum(bool(day.drifted) for day in days(quiet, 93)) <= 1


@pytest.mark.parametrize("count", [200, 1000])
def test_a_mean_that_falls_by_nine_hundredths_is_seen_on_its_first_day(count: int) -> None:
    seen = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        first = [*images(rng, 0), *images(rng, 1)]
        (day,) = days([*first, *images(rng, 2, count, mean=0.66)], 3)
        seen += any(signal.label == "part" for signal in day.drifted)
    assert seen >= 19


def test_a_day_that_has_not_ended_has_to_say_it_more_clearly() -> None:
    rng = np.random.default_rng(0)
    first = [*images(rng, 0), *images(rng, 1)]
    last = images(rng, 2, 90, mean=0.64)
    (ended,) = days([*first, *last], 3)
    (open_,) = days([*first, *last], 2)
    assert (ended.whole, open_.whole) == (True, False)
    assert [signal.p for signal in ended.signals] == [signal.p for signal in open_.signals]
    assert len(ended.drifted) >= len(open_.drifted)


def test_frequent_refusals_small_files_and_dark_images_are_drift() -> None:
    rng = np.random.default_rng(1)

    def seen(number: int, **changed: float) -> list[Reading]:
        base = images(rng, number)
        lights = rng.normal(changed.get("light", 60), 5, len(base))
        return [
            replace(
                reading,
                refused=bool(rng.random() < changed.get("refused", 0.0)),
                size=int((reading.size or 0) * changed.get("size", 1)),
                brightness=float(light),
            )
            for reading, light in zip(base, lights, strict=True)
        ]

    first = [*seen(0), *seen(1)]
    table = {"refused": {"refused": 0.1}, "bytes": {"size": 0.8}, "brightness": {"light": 55.0}}
    for kind, changed in table.items():
        (day,) = days([*first, *seen(2, **changed)], 3)
        assert [signal.kind for signal in day.drifted] == [kind]


def test_a_label_that_grows_unsure_is_seen_although_few_images_have_it() -> None:
    rng = np.random.default_rng(2)

    def with_crack(number: int, low: float, high: float) -> list[Reading]:
        return [
            replace(reading, confidences={"crack": float(rng.uniform(low, high))} if place % 10 == 0 else {})
            for place, reading in enumerate(images(rng, number, 600))
        ]

    (day,) = days([*with_crack(0, 85, 99), *with_crack(1, 55, 80)], 2)
    assert [(signal.kind, signal.label) for signal in day.drifted] == [("sureness", "crack")]


def test_labels_kept_from_a_higher_floor_on_are_compared_from_there() -> None:
    rng = np.random.default_rng(3)
    first = [*images(rng, 0), *images(rng, 1)]
    higher = [
        replace(
            reading,
            floor=60.0,
            confidences={label: value for label, value in reading.confidences.items() if value >= 60},
        )
        for reading in images(rng, 2)
    ]
    (day,) = days([*first, *higher], 3)
    assert not day.drifted
    assert not any(signal.kind == "share" for signal in day.signals)


def test_the_reference_are_whole_days_with_five_hundred_images_that_were_looked_at() -> None:
    rng = np.random.default_rng(4)
    refused = [replace(reading, refused=True) for reading in images(rng, 0)]
    readings = [*refused, *images(rng, 1), *images(rng, 2), *images(rng, 3)]
    watched = watch(readings, THRESHOLDS, today=START + 9 * DAY)
    assert watched.reference is not None
    assert (watched.reference.images, watched.reference.refused) == (600, 300)
    assert [day.day for day in watched.days] == [START + 3 * DAY]
    assert watch(readings, THRESHOLDS, today=START + 2 * DAY).reference is None
    longer = watch(readings, THRESHOLDS, today=START + 9 * DAY, days=4)
    assert longer.reference is not None
    assert (longer.reference.last, longer.days) == (START + 3 * DAY, ())
    assert watch([], {}, today=START).reference is None


@given(st.integers(0, LEAST - 1))
def test_a_day_of_few_images_tells_nothing_and_is_not_left_out(count: int) -> None:
    rng = np.random.default_rng(5)
    first = [*images(rng, 0), *images(rng, 1)]
    many = [*first, *images(rng, 2, max(1, count), mean=0.2)]
    (day,) = days(many, 3)
    assert (day.images, day.signals, day.drifted) == (max(1, count), (), ())


def test_the_order_of_images_within_days_is_nothing() -> None:
    rng = np.random.default_rng(6)
    readings = [reading for number in range(5) for reading in images(rng, number, mean=0.75 - number / 50)]
    shuffled = [readings[number] for number in rng.permutation(len(readings))]
    assert days(readings, 5) == days(shuffled, 5)
