"""Schedules and moments that laws are tried on: all of 2026, in zones with daylight saving of every kind."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from customlabels.scheduler.uptime import CHAMPION, Override, Schedule, Window

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago"]
CHANGING = [
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "America/Santiago"),
    *("Australia/Lord_Howe", "Australia/Adelaide", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Auckland"),
]
"""Zones of every kind: changes at midnight, by half an hour, off the hour, on other weekdays, and none at all."""

YEAR = datetime(2026, 1, 1, tzinfo=UTC)

MOMENTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes))
DAYS = st.integers(0, 364).map(lambda day: date(2026, 1, 1) + timedelta(days=day))
HANDS = st.integers(0, 24 * 12 - 1).map(lambda five: time(five // 12, five % 12 * 5))
WINDOWS = st.builds(
    Window,
    start=HANDS,
    stop=HANDS,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    units=st.integers(1, 3),
)
SCHEDULES = st.builds(
    Schedule,
    zone=st.sampled_from(ZONES),
    windows=st.lists(WINDOWS, max_size=3).map(tuple),
    warm_up=st.integers(0, 60).map(lambda minutes: timedelta(minutes=minutes)),
)

VERSIONS = st.sampled_from([CHAMPION, "v1"])
DATED = st.builds(
    Window,
    start=HANDS,
    stop=HANDS,
    weekdays=st.frozensets(st.integers(0, 6)),
    dates=st.frozensets(DAYS, max_size=4),
    units=st.integers(1, 3),
    version=VERSIONS,
)
WHOLE = st.builds(
    Schedule,
    zone=st.sampled_from(ZONES),
    windows=st.lists(DATED, min_size=1, max_size=3).map(tuple),
    closed=st.frozensets(DAYS, max_size=6),
    warm_up=st.integers(0, 60).map(lambda minutes: timedelta(minutes=minutes)),
    learns=st.booleans(),
    known_until=st.none() | DAYS,
    idle_stop=st.none() | st.integers(5, 120).map(lambda minutes: timedelta(minutes=minutes)),
    max_units=st.none() | st.integers(3, 5),
    monthly_budget=st.none() | st.floats(1, 10_000),
)
OVERRIDES = st.builds(
    Override,
    up=st.booleans(),
    until=MOMENTS,
    by=st.text(max_size=20),
    why=st.text(max_size=40),
    units=st.integers(1, 5),
    version=VERSIONS,
)
