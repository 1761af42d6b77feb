"""False alarms in quiet months, and days until a change is seen: python benchmarks/drift.py [REPEATS]

A version sees four labels: one on most images, of mean 0.75, two on some, and a rare defect, on three of a hundred.
Ninety days of 200 and of 1,000 images are held against the first 500. Then the mean of the first label falls by 0.09,
on one day; or the rare defect becomes twice as frequent.
"""

import sys
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from rows import Row, note

from customlabels.inspection.drift import HORIZON, REFERENCE, Reading, watch

REPEATS = 200
FLOOR, MEAN, SHIFT = 5.0, 0.75, 0.09
_START, _DAY = date(2026, 1, 1), timedelta(days=1)
_THRESHOLDS = {"part": 50.0, "mark": 50.0, "glare": 50.0, "crack": 50.0}


def readings(rng: np.random.Generator, day: date, count: int, mean: float = MEAN, rare: float = 0.03) -> list[Reading]:
    """A day's images; the first label's confidences are of that mean, `rare` of the images have the defect."""
    part = rng.beta(8 * mean, 8 * (1 - mean), count)
    columns = {"part": part}
    for label, share in (("mark", 0.4), ("glare", 0.2), ("crack", rare)):
        is_present = rng.random(count) < share
        columns[label] = np.where(is_present, rng.beta(9, 2, count), rng.beta(1, 18, count))
    sizes = rng.lognormal(10, 0.2, count).astype(int)

    def seen(number: int) -> Mapping[str, float]:
        return {label: 100 * values[number] for label, values in columns.items() if 100 * values[number] >= FLOOR}

    return [Reading(day, seen(number), FLOOR, bool(rng.random() < 0.01), int(sizes[number])) for number in range(count)]


def quiet(repeats: int, a_day: int) -> None:
    """Days that drift in ninety on which nothing does."""
    alarms = []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        first = readings(rng, _START, REFERENCE + 20)
        days = [reading for number in range(1, HORIZON + 1) for reading in readings(rng, _START + number * _DAY, a_day)]
        watched = watch([*first, *days], _THRESHOLDS, today=_START + (HORIZON + 1) * _DAY)
        alarms.append(sum(bool(day.drifted) for day in watched.days))
    note(
        Row(
            f"drift: false alarms in {HORIZON} quiet days of {a_day:,} images, four labels",
            figure=f"{np.mean(alarms):.3f} a quarter, at most {max(alarms)}",
            runs=repeats,
        )
    )


def seen(repeats: int, a_day: int, what: str, **changed: float) -> None:
    """In how many of so many repeats a change is seen on its first day."""
    times = 0
    for seed in range(repeats):
        rng = np.random.default_rng(10_000 + seed)
        first = readings(rng, _START, REFERENCE + 20)
        (day,) = watch(
            [*first, *readings(rng, _START + _DAY, a_day, **changed)], _THRESHOLDS, today=_START + 2 * _DAY
        ).days
        times += bool(day.drifted)
    note(Row(f"drift: {what}, {a_day:,} images a day", figure=f"seen on its first day {times} times", runs=repeats))


if __name__ == "__main__":
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    for a_day in (200, 1000):
        quiet(repeats if a_day == 200 else max(1, repeats // 4), a_day)
        seen(repeats, a_day, f"mean confidence {SHIFT} lower", mean=MEAN - SHIFT)
        seen(repeats, a_day, "a rare defect twice as frequent", rare=0.06)
