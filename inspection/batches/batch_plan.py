"""What a batch takes on so many units: hours and dollars; which units are chosen, and what is refused. Pure.

The bill of the units hardly depends on how many there are: twice as many are up for half as long.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from customlabels.core.errors import ServiceError
from customlabels.core.prices import hosting_cost
from customlabels.inspection.analyzers import price
from customlabels.inspection.inspection_settings import workers
from customlabels.inspection.stack.batch_machine import IMAGES_A_CHILD
from customlabels.inspection.stack.template import MEMORY
from customlabels.pipelines.service.hosting import MAX_UNITS

SHARE = 0.97
"""Of the rate, which a batch reaches beside what it does at its beginning and its end."""

START, STOP = timedelta(minutes=15), timedelta(minutes=5)
"""What a start takes where it is not known; the schedule looks every five minutes, and stops what nobody wants."""

_LONGEST = timedelta(days=7)
"""As long as an override."""

_LEAST_A_CHILD, _ROUNDS = 10, 8
"""Images of a child; children that follow one another in a place."""

_CHILD_SECONDS = 60.0
"""In which a child is done with its images by its share of the rate: a call of its function begins none after 84."""

PATIENCE, MOST_PATIENCE = timedelta(hours=1), timedelta(hours=24)
"""For how long a batch waits for its model, beside four times what a start takes; and at most: the machine looks every
minute, and its history has 25,000 events."""

_KNOWN_A_SECOND = 300.0
"""Images a second that need no call, whatever the units."""

_REQUEST, _SECOND = 0.20e-6, 0.0000133334
"""Lambda's request, and its gigabyte-second on arm64."""
_WRITE, _READ, _GET, _LIST = 0.625e-6, 0.125e-6, 0.4e-6, 0.005e-6
"""A write and a read of DynamoDB; GET of S3; LIST of S3, for one of the thousand keys that it gives."""
_CHILD, _CHILD_SECOND = 1.00e-6, 0.00001667 * 64 / 1024
"""A child that is EXPRESS, and a second of it in 64 MB."""
_WRITES, _ANALYZER_WRITES = 5, 2
"""Of a new image: sighting and analysis claimed and done, and the index by the day; of an analyzer's answer."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A batch on so many units.

    Parameters
    ----------
    rate : images a second
    time : until the last image is done; the start of the model apart
    inference : dollars for the units
    analyzers : dollars for what Rekognition's own are asked
    around : dollars for all else
    """

    units: int
    rate: float
    time: timedelta
    inference: float
    analyzers: float
    around: float

    @property
    def dollars(self) -> float:
        return self.inference + self.analyzers + self.around


@dataclass(frozen=True, slots=True)
class Wanted:
    """A batch that is to be planned.

    Parameters
    ----------
    images, known : how many there are, and how many of them need no call
    rate : images a second of one unit
    start : what a start of the model takes
    is_up : whether the model is up anyway, so that it need not be started
    asked : how many images each analyzer is to be asked about, at most: of one that the model refuses it is not
    """

    images: int
    known: int
    rate: float
    start: timedelta = START
    is_up: bool = False
    asked: Mapping[str, int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return self.images - self.known


def choices(wanted: Wanted, most: int = MAX_UNITS) -> list[Choice]:
    """The batch on 1 to `most` units."""
    return [choice(wanted, units) for units in range(1, most + 1)]


def choice(wanted: Wanted, units: int) -> Choice:
    """The batch on so many units. One that is known throughout needs none."""
    rate = wanted.rate * units
    seconds = wanted.calls / (rate * SHARE) + wanted.known / _KNOWN_A_SECOND
    time = timedelta(seconds=math.ceil(seconds))
    up = time + STOP if wanted.calls else timedelta()
    inference = hosting_cost(up / timedelta(hours=1), units)
    return Choice(units, rate, time, inference, sum(analyzer_dollars(wanted).values()), around(wanted, rate))


def analyzer_dollars(wanted: Wanted) -> dict[str, float]:
    """What each analyzer costs: images are the same for any number of units."""
    return {name: price([name], images) for name, images in wanted.asked.items()}


def around(wanted: Wanted, rate: float) -> float:
    """Dollars beside the model: list, children, functions, table, objects."""
    children = math.ceil(wanted.images / images_a_child(wanted.images, rate))
    busy = wanted.calls * workers(rate) / rate + wanted.known * workers(rate) / _KNOWN_A_SECOND
    functions = children * _REQUEST + busy * MEMORY / 1024 * _SECOND
    machine = children * _CHILD + busy * _CHILD_SECOND
    table = wanted.calls * _WRITES * _WRITE + wanted.known * 3 * _WRITE + wanted.images * _READ / 2
    table += sum(wanted.asked.values()) * _ANALYZER_WRITES * _WRITE
    pace = wanted.calls / 10 * (_READ + _WRITE)
    return functions + machine + table + pace + wanted.calls * _GET + wanted.images * _LIST


def chosen(wanted: Wanted, *, units: int | None, deadline: timedelta | None, most: int = MAX_UNITS) -> Choice:
    """The batch as it is run: on the units that are asked for, else on the fewest that are done by the deadline.

    Raises
    ------
    ServiceError : no units are
    """
    if units is not None:
        return choice(wanted, units)
    possible = choices(wanted, most)
    if deadline is None:
        return possible[0]
    start = timedelta() if wanted.is_up or not wanted.calls else wanted.start
    for each in possible:
        if each.time + start <= deadline:
            return each
    fastest = possible[-1].time + start
    raise ServiceError(
        f"no {most} units are done within {in_words(deadline)}: they take {in_words(fastest)}, the start included",
        hint=(
            f"give --deadline {math.ceil(fastest / timedelta(hours=1))}h, "
            if fastest <= _LONGEST
            else "a model is kept up for seven days at most: give fewer images, "
        )
        + f"or measure whether a unit takes more than {wanted.rate:g} images a second ([detect] rate)",
    )


def check_cost(each: Choice, most: float | None) -> None:
    """Refuses a batch that costs more than it may.

    Raises
    ------
    ServiceError
    """
    if most is not None and each.dollars > most:
        raise ServiceError(
            f"the batch would cost ${each.dollars:.2f}, and may cost ${most:.2f}; nothing was started",
            hint="units change the hours, hardly the bill: give fewer images, or a higher --max-cost",
        )


def concurrency(rate: float) -> int:
    """Children at once that keep a model busy which takes so many images a second, each one at a time."""
    return workers(rate)


def images_a_child(images: int, rate: float) -> int:
    """As many as a child may have, or fewer: so that the last children of a small batch end at about the same time, and
    each of them in the time that it has, however few images a second there are."""
    at_once = concurrency(rate)
    in_time = max(1, int(_CHILD_SECONDS * rate / at_once))
    return min(IMAGES_A_CHILD, in_time, max(_LEAST_A_CHILD, math.ceil(images / (_ROUNDS * at_once))))


def keep_up(each: Choice, start: timedelta) -> timedelta:
    """For how long the model is kept up for a batch: half as long again as it takes, and what its start does."""
    return start + each.time * 1.5 + timedelta(minutes=20)


def until(now: datetime, each: Choice, start: timedelta) -> datetime:
    """Until when the model is kept up for a batch, should nobody hear of its end.

    Raises
    ------
    ServiceError : it is further than a model is kept up
    """
    end = now + keep_up(each, start)
    if end > now + _LONGEST:
        raise ServiceError(
            f"on {each.units} units it takes {in_words(each.time)}; a model is kept up for seven days at most",
            hint="give more --units, or fewer images" if each.units < MAX_UNITS else "give fewer images",
        )
    return end


def for_units(each: Choice, wanted: Wanted, now: datetime, until: datetime) -> dict[str, Any]:
    """What an execution is given of how it runs: it may be another when a batch goes on.

    `at_once` is how many children run at once on each number of units, for whoever sees the units change.
    """
    return {
        "calls": wanted.calls,
        "units": each.units,
        "images_a_second": each.rate,
        "concurrency": concurrency(each.rate),
        "at_once": {str(units): concurrency(wanted.rate * units) for units in range(1, MAX_UNITS + 1)},
        "a_child": images_a_child(wanted.calls, each.rate),
        "model_by": _timestamp(min(until, now + min(4 * wanted.start + PATIENCE, MOST_PATIENCE))),
        "until": _timestamp(until),
    }


def _timestamp(at: datetime) -> str:
    """A time as the machine compares them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_words(span: timedelta) -> str:
    minutes = math.ceil(span / timedelta(minutes=1))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def columns(wanted: Wanted) -> tuple[str, ...]:
    """Heads of the table of choices."""
    return ("units", "images/s", "time", "$ units", *(["$ analyzers"] if wanted.asked else []), "$ around", "$ in all")


def rows(wanted: Wanted) -> list[tuple[str, ...]]:
    """Choices as a table has them."""
    return [
        (
            str(each.units),
            f"{each.rate:g}",
            in_words(each.time),
            f"{each.inference:,.2f}",
            *([f"{each.analyzers:,.2f}"] if wanted.asked else []),
            f"{each.around:,.2f}",
            f"{each.dollars:,.2f}",
        )
        for each in choices(wanted)
    ]
