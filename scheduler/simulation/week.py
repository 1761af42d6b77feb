"""A week of a schedule tried out, drawn: a row a day, on a page or as a picture of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from customlabels.core.prices import hosting_cost
from customlabels.core.templates import template
from customlabels.scheduler.simulation.simulated import Simulated

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_MINUTES = 24 * 60
_STEP = 15
"""Minutes that a step of the picture of requests takes together."""

_HIGH = 40
"""Height of the picture of requests; its width is the day's minutes."""


@dataclass(frozen=True, slots=True)
class Band:
    """Minutes of a day on the zone's clock in which so many units are asked for, or up."""

    start: int
    length: int
    units: int


@dataclass(frozen=True, slots=True)
class Day:
    """A row of the picture; `alt` tells it in words, `requests` and `missed` are SVG paths."""

    name: str
    alt: str
    asked: tuple[Band, ...]
    up: tuple[Band, ...]
    starting: tuple[Band, ...]
    requests: str
    missed: str
    dollars: float
    so_far: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A schedule's week; `peak` is requests a second at the top of each row."""

    days: tuple[Day, ...]
    peak: float


def draw_week(result: Simulated, zone: str) -> str:
    """An SVG picture of the first whole week: windows, units that are up, requests, and those that were missed.

    It looks well on light and on dark paper.

    Parameters
    ----------
    zone : whose clock the days go by
    """
    local = ZoneInfo(zone)
    page = template("customlabels.scheduler.simulation", "week.svg.j2")
    return page.render(picture=picture(result, week_of(result, local), local), zone=zone)


def week_of(result: Simulated, zone: ZoneInfo) -> list[date]:
    """The first whole week from a Monday on the zone's clock; where there is none, the first seven whole days.

    All days, the first and the last as far as they are part of it, where it is a week at most: what they cost together
    is then what the whole costs.
    """
    start = result.minutes.start
    end = start + result.days * _DAY
    whole = (start + _DAY - _MINUTE).astimezone(zone).date()
    monday = whole + _DAY * (-whole.weekday() % 7)
    if monday + 7 * _DAY <= end.astimezone(zone).date():
        return [monday + number * _DAY for number in range(7)]
    if result.days > 7:
        return [whole + number * _DAY for number in range(7)]
    first, last = start.astimezone(zone).date(), (end - _MINUTE).astimezone(zone).date()
    return [first + number * _DAY for number in range((last - first).days + 1)]


def minutes_of(result: Simulated, days: Sequence[date], zone: ZoneInfo) -> Iterator[tuple[int, date, int]]:
    """Minutes that fall on those days: their numbers in the series, and day and minute on the zone's clock."""
    start = result.minutes.start
    earliest = datetime(days[0].year, days[0].month, days[0].day, tzinfo=zone)
    first = max(0, (earliest - start) // _MINUTE)
    for number in range(first, len(result.minutes.up)):
        here = (start + number * _MINUTE).astimezone(zone)
        if here.date() > days[-1]:
            return
        yield number, here.date(), here.hour * 60 + here.minute


def picture(result: Simulated, days: Sequence[date], zone: ZoneInfo) -> Picture:
    series, minutes = result.minutes, list(minutes_of(result, days, zone))
    peak = max((series.requests[index] for index, _, _ in minutes), default=0.0)
    rows: list[Day] = []
    so_far = 0.0
    for day in days:
        indexes = {minute: index for index, on, minute in minutes if on == day}
        lists = {
            key: [values[indexes[minute]] if minute in indexes else 0 for minute in range(_MINUTES)]
            for key, values in (("asked", series.asked), ("up", series.up), ("starting", series.starting))
        }
        come, missed = (
            [values[indexes[minute]] if minute in indexes else 0.0 for minute in range(_MINUTES)]
            for values in (series.requests, series.missed)
        )
        dollars = hosting_cost(sum(series.up[index] for index, on, _ in minutes if on == day) / 60, 1)
        so_far += dollars
        asked, up = _bands(lists["asked"]), _bands(lists["up"])
        words = [
            f"windows {_hours(asked)}" if asked else "no window",
            f"up {_hours(up)}" if up else "never up",
            f"{sum(come):.0f} requests, {sum(missed):.0f} of them missed",
            f"${dollars:.2f}",
        ]
        rows.append(
            Day(
                name=f"{day:%a} {day.day} {day:%b}",
                alt="; ".join(words),
                asked=asked,
                up=up,
                starting=_bands(lists["starting"]),
                requests=_area(come, peak),
                missed=_area(missed, peak),
                dollars=dollars,
                so_far=so_far,
            )
        )
    return Picture(tuple(rows), peak / 60)


def _bands(units: Sequence[int]) -> tuple[Band, ...]:
    bands: list[Band] = []
    for minute, many in enumerate(units):
        last = bands[-1] if bands else None
        if many and last and last.start + last.length == minute and last.units == many:
            bands[-1] = Band(last.start, last.length + 1, many)
        elif many:
            bands.append(Band(minute, 1, many))
    return tuple(bands)


def _hours(bands: Sequence[Band]) -> str:
    return ", ".join(
        f"{_clock(band.start)} to {_clock(band.start + band.length)} on {band.units} unit{'s' * (band.units > 1)}"
        for band in bands
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _area(values: Sequence[float], peak: float) -> str:
    """Steps from the ground up, as high as `peak` at most; nothing where there is nothing to see."""
    if not peak or not any(values):
        return ""
    path = f"M0,{_HIGH}"
    for minute in range(0, _MINUTES, _STEP):
        height = max(values[minute : minute + _STEP])
        path += f"V{_HIGH - height / peak * _HIGH:.1f}H{minute + _STEP}"
    return f"{path}V{_HIGH}Z"
