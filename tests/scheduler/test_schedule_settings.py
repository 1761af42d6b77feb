from datetime import date, time, timedelta

import pytest

from customlabels.core.errors import SettingsError
from customlabels.core.settings import ScheduleSettings, WindowSettings
from customlabels.scheduler.schedule_settings import read_schedule
from customlabels.scheduler.uptime import Window


def settings(days: str | tuple[str, ...] = "mon-fri", **more: object) -> ScheduleSettings:
    window = WindowSettings(days, "06:00", "22:00")
    return ScheduleSettings(**{"window": (window,), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "weekdays", "dates"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}, set()),
        ("sat-mon", {5, 6, 0}, set()),
        ("daily", set(range(7)), set()),
        ("Mon, wed", {0, 2}, set()),
        (("sat", "2026-12-06"), {5}, {date(2026, 12, 6)}),
    ],
)
def test_days_are_read_as_people_write_them(days: str | tuple[str, ...], weekdays: set[int], dates: set[date]) -> None:
    (window,) = read_schedule(settings(days), 2026).windows
    assert window == Window(time(6), time(22), frozenset(weekdays), frozenset(dates), 1)


def test_closed_days_are_holidays_periods_and_what_the_country_keeps() -> None:
    found = read_schedule(
        settings(
            country="DE",
            subdivision="BE",
            holidays=(date(2026, 12, 24),),
            closed=("2026-12-27/2026-12-29",),
            warm_up="30m",
            idle_stop="45m",
        ),
        2026,
    )
    assert {date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28), date(2027, 3, 8)} <= found.closed
    assert date(2026, 12, 30) not in found.closed
    assert (found.warm_up, found.idle_stop) == (timedelta(minutes=30), timedelta(minutes=45))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"days": "mond"}, "schedule.window 1: days: 'mond' is none; write mon-fri"),
        ({"window": (WindowSettings("sat", "6", "22:00"),)}, "schedule.window 1: start: '6' is no time of day"),
        ({"window": (WindowSettings("sat", "06:00", "25:00"),)}, "schedule.window 1: stop: '25:00' is no time of day"),
        ({"days": ()}, "schedule.window 1: days: names none"),
        ({"window": (WindowSettings("sat", "-0:30", "2:00"),)}, "schedule.window 1: start: '-0:30' is no time of day"),
        ({"window": (WindowSettings("sat", "0_6:00", "9:00"),)}, "schedule.window 1: start: '0_6:00' is no time of"),
        ({"subdivision": "BE"}, "schedule.subdivision: is of a country, and schedule.country names none"),
        ({"time_zone": "Mars/Olympus"}, "schedule.time_zone: 'Mars/Olympus' is no time zone"),
        ({"country": "ZZ"}, "schedule.country: ZZ"),
        ({"closed": ("2026-12-24",)}, "schedule.closed 1: '2026-12-24' is no period"),
        ({"closed": ("2026-12-24/2026-12-01",)}, "schedule.closed 1: '2026-12-24/2026-12-01' ends before it begins"),
        ({"warm_up": "soon"}, "schedule.warm_up: 'soon' is no time span"),
        ({"warm_up": "3h"}, "schedule.warm_up: '3h' is longer than 2 hours"),
        ({"warm_up": "90s"}, "schedule.warm_up: '90s' is not whole minutes"),
        ({"warm_up": ""}, "schedule.warm_up: '' is no time span"),
        ({"idle_stop": "0m"}, "schedule.idle_stop: '0m' is shorter than 5 minutes"),
        ({"idle_stop": "30m20s"}, "schedule.idle_stop: '30m20s' is not whole minutes"),
        ({"idle_stop": "2d"}, "schedule.idle_stop: '2d' is longer than 24 hours"),
        ({"idle_stop": ""}, "schedule.idle_stop: '' is no time span"),
        ({"time_zone": "localtime"}, "schedule.time_zone: 'localtime' is no time zone"),
        ({"time_zone": "posix/Europe/Berlin"}, "schedule.time_zone: 'posix/Europe/Berlin' is no time zone"),
        ({"window": (WindowSettings("sat", "24:00", "02:00"),)}, "schedule.window 1: start: '24:00' is no time of day"),
        ({"window": (WindowSettings("sat", "06:00", "22:00"),) * 50}, "schedule: is "),
        ({"units": 3, "max_units": 2}, "schedule.max_units: is 2, and a window asks for more units"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(more: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_schedule(settings(**more), 2026)  # type: ignore[arg-type]
    assert caught.value.message.startswith(says)


def test_all_faults_come_together() -> None:
    with pytest.raises(SettingsError) as caught:
        read_schedule(settings("never", time_zone="Mars/X", country="ZZ"), 2026)
    assert len(caught.value.details) == 2
