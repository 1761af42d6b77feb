"""The schedule that [schedule] of the settings describes; what is wrong with it is named by its key."""

from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from customlabels.core.errors import CustomLabelsError, SettingsError
from customlabels.core.settings import ScheduleSettings, WindowSettings
from customlabels.core.spans import parse_span
from customlabels.scheduler.uptime import USUAL_WARM_UP, Schedule, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEARS = 2
"""How many years of public holidays are looked up, from that before the present one."""

_LONGEST_WARM_UP = timedelta(hours=2)

Value = TypeVar("Value")


def read_schedule(settings: ScheduleSettings, year: int, learned: timedelta = USUAL_WARM_UP) -> Schedule:
    """The schedule, its closed days worked out around `year`.

    Parameters
    ----------
    learned : the warm-up where the settings name none

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
        read(f"window {number}", partial(_window, one, settings.units), Window(time(), time()))
        for number, one in enumerate(settings.window, 1)
    )
    closed = {*settings.holidays}
    for place, text in enumerate(settings.closed, 1):
        closed |= read(f"closed {place}", partial(_period, text), set[date]())
    if settings.country:
        closed |= read("country", lambda: _public_holidays(settings, year), set())
    idle, warm_up = settings.idle_stop, settings.warm_up
    schedule = Schedule(
        zone=read("time_zone", lambda: _zone(settings.time_zone), "UTC"),
        windows=windows,
        closed=frozenset(closed),
        warm_up=read("warm_up", lambda: _warm_up(warm_up), timedelta()) if warm_up else learned,
        learns=warm_up is None,
        known_until=date(year + _YEARS - 1, 12, 31) if settings.country else None,
        idle_stop=read("idle_stop", lambda: parse_span(idle), None) if idle else None,
        max_units=settings.max_units,
        monthly_budget=settings.monthly_budget,
    )
    if settings.max_units is not None and any(window.units > settings.max_units for window in windows):
        faults.append(f"schedule.max_units: is {settings.max_units}, and a window asks for more units")
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
    return weekdays, dates


def _hands(key: str, text: str) -> time:
    try:
        hours, minutes = (int(part) for part in text.split(":"))
        return time(hours % 24, minutes) if (hours, minutes) == (24, 0) else time(hours, minutes)
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
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write Europe/Berlin, America/New_York or UTC") from None
    return name


def _warm_up(text: str) -> timedelta:
    span = parse_span(text)
    if span > _LONGEST_WARM_UP:
        raise ValueError(f"{text!r} is longer than two hours")
    return span


def _public_holidays(settings: ScheduleSettings, year: int) -> set[date]:
    import holidays

    try:
        found = holidays.country_holidays(
            settings.country or "", subdiv=settings.subdivision, years=range(year - 1, year + _YEARS)
        )
    except NotImplementedError as error:
        raise ValueError(f"{settings.country} {settings.subdivision or ''}: {error}") from error
    return set(found)
