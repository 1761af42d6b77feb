"""The schedule that [schedule] of the settings describes; what is wrong with it is named by its key."""

import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from functools import cache, partial
from importlib import resources
from typing import TypeVar

from customlabels.core.errors import CustomLabelsError, SettingsError
from customlabels.core.settings import ScheduleSettings, WindowSettings
from customlabels.core.spans import parse_minutes
from customlabels.scheduler.documents import LONGEST, schedule_text
from customlabels.scheduler.uptime import USUAL_RATE, USUAL_WARM_UP, Schedule, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HANDS = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_YEARS = 2
"""How many years of public holidays are looked up, from that before the present one."""

_LONGEST_WARM_UP = timedelta(hours=2)
_SHORTEST_IDLENESS, _LONGEST_IDLENESS = timedelta(minutes=5), timedelta(hours=24)
"""Requests are counted by five minutes, and no window is open for longer than a day."""

Value = TypeVar("Value")


def read_schedule(
    settings: ScheduleSettings, year: int, learned: timedelta = USUAL_WARM_UP, rate: float = USUAL_RATE
) -> Schedule:
    """The schedule, its closed days worked out around `year`.

    Parameters
    ----------
    learned : the warm-up where the settings name none
    rate : images a second that an inference unit takes

    Raises
    ------
    SettingsError : with every fault, each under its key
    """
    faults: list[str] = []

    def read(key: str, get: Callable[[], Value], instead: Value) -> Value:
        try:
            return get()
        except (CustomLabelsError, ValueError) as error:
            faults.append(f"schedule.{key}: {error.message if isinstance(error, CustomLabelsError) else error}")
            return instead

    windows = tuple(
        read(f"window {number}", partial(_window, window, settings.units), Window(time(), time()))
        for number, window in enumerate(settings.window, 1)
    )
    closed = {*settings.holidays}
    for number, text in enumerate(settings.closed, 1):
        closed |= read(f"closed {number}", partial(_period, text), set[date]())
    if settings.subdivision and not settings.country:
        faults.append("schedule.subdivision: is of a country, and schedule.country names none")
    if settings.country:
        closed |= read("country", lambda: _public_holidays(settings, year), set())
    idle, warm_up = settings.idle_stop, settings.warm_up
    schedule = Schedule(
        zone=read("time_zone", lambda: _zone(settings.time_zone), "UTC"),
        windows=windows,
        closed=frozenset(closed),
        warm_up=learned if warm_up is None else read("warm_up", lambda: _warm_up(warm_up), timedelta()),
        learns=warm_up is None,
        known_until=date(year + _YEARS - 1, 12, 31) if settings.country else None,
        idle_stop=None if idle is None else read("idle_stop", lambda: _idle_stop(idle), None),
        max_units=settings.max_units,
        monthly_budget=settings.monthly_budget,
        units=settings.units,
        rate=rate,
    )
    if settings.max_units is not None and any(window.units > settings.max_units for window in windows):
        faults.append(f"schedule.max_units: is {settings.max_units}, and a window asks for more units")
    if not faults and len(schedule_text(schedule)) > LONGEST:
        faults.append(
            f"schedule: is {len(schedule_text(schedule))} characters long as a parameter, which holds {LONGEST}: write "
            "fewer dates; closed periods take less room than holidays one by one"
        )
    if faults:
        raise SettingsError(faults[0], details=faults[1:], hint="customlabels init DIR writes a commented example")
    return schedule


def _window(settings: WindowSettings, units: int) -> Window:
    weekdays, dates = _days([settings.days] if isinstance(settings.days, str) else settings.days)
    start, stop = _hands("start", settings.start), _hands("stop", settings.stop)
    return Window(start, stop, frozenset(weekdays), frozenset(dates), settings.units or units, settings.version)


def _days(texts: Iterable[str]) -> tuple[set[int], set[date]]:
    weekdays: set[int] = set()
    dates: set[date] = set()
    for text in (part.strip().lower() for whole in texts for part in whole.split(",")):
        first, dash, last = text.partition("-")
        if text == "daily":
            weekdays |= set(range(7))
        elif text in DAYS:
            weekdays.add(DAYS.index(text))
        elif dash and first in DAYS and last in DAYS:
            start, stop = DAYS.index(first), DAYS.index(last)
            weekdays |= {day % 7 for day in range(start, stop + 1 if stop >= start else stop + 8)}
        else:
            try:
                dates.add(date.fromisoformat(text))
            except ValueError:
                raise ValueError(f"days: {text!r} is none; write mon-fri, sat, daily or 2026-12-05") from None
    if not weekdays and not dates:
        raise ValueError("days: names none; write mon-fri, sat, daily or 2026-12-05")
    return weekdays, dates


def _hands(key: str, text: str) -> time:
    if key == "stop" and text.strip() == "24:00":
        return time()
    parts = _HANDS.fullmatch(text.strip())
    try:
        if parts is None:
            raise ValueError
        return time(int(parts[1]), int(parts[2]))
    except ValueError:
        raise ValueError(f"{key}: {text!r} is no time of day; write 06:00") from None


def _period(text: str) -> set[date]:
    try:
        first, last = (date.fromisoformat(part.strip()) for part in text.split("/"))
    except ValueError:
        raise ValueError(f"{text!r} is no period; write 2026-12-24/2027-01-02") from None
    if last < first or last - first > timedelta(days=366):
        raise ValueError(f"{text!r} ends before it begins, or is longer than a year")
    return {first + timedelta(days=day) for day in range((last - first).days + 1)}


def _zone(name: str) -> str:
    """The zone's name; only what EventBridge and the functions know as well, not this machine's `localtime`."""
    if name not in _zones():
        raise ValueError(f"{name!r} is no time zone; write Europe/Berlin, America/New_York or UTC")
    return name


@cache
def _zones() -> frozenset[str]:
    """Names of the tz database, from the package that the functions' zip takes them from."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()) - {"Factory"}


def _warm_up(text: str) -> timedelta:
    return parse_minutes(text, most=_LONGEST_WARM_UP)


def _idle_stop(text: str) -> timedelta:
    return parse_minutes(text, least=_SHORTEST_IDLENESS, most=_LONGEST_IDLENESS)


def _public_holidays(settings: ScheduleSettings, year: int) -> set[date]:
    import holidays

    try:
        days = holidays.country_holidays(
            settings.country or "", subdiv=settings.subdivision, years=range(year - 1, year + _YEARS)
        )
    except NotImplementedError as error:
        raise ValueError(f"{settings.country} {settings.subdivision or ''}: {error}") from error
    return set(days)
