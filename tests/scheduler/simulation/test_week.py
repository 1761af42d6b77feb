"""The picture of a week: valid SVG, a row a day, what is up where the zone's clock says."""

from datetime import UTC, datetime, time, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.schedules import CHANGING, MOMENTS, WINDOWS

from customlabels.scheduler.simulation.demand import midnight, two_shift
from customlabels.scheduler.simulation.simulated import simulate
from customlabels.scheduler.simulation.week import draw_week, picture, week_of
from customlabels.scheduler.uptime import Schedule, Window

SVG = "{http://www.w3.org/2000/svg}"
ZONE = "Europe/Berlin"
SCHEDULE = Schedule(ZONE, (Window(time(8), time(20), frozenset(range(5)), units=2),))


@pytest.mark.parametrize("asked", [True, False])
def test_a_week_is_a_row_a_day(asked: bool) -> None:
    demand = two_shift(ZONE, 5) if asked else None
    result = simulate(SCHEDULE, datetime(2026, 3, 4, tzinfo=UTC), 14, demand=demand)
    picture = ElementTree.fromstring(draw_week(result, ZONE))
    said = picture.get("aria-label", "")
    assert said.startswith("A week by the clock of Europe/Berlin. Mon 9 Mar: windows 08:00 to 20:00 on 2 units")
    days = picture.findall(f"{SVG}svg")
    assert len(days) == 7
    kinds = [{mark.get("class") for mark in day if mark.get("fill")} for day in days]
    assert kinds[0] == {"window", "up", "starting", *({"come", "missed"} if asked else set())}
    assert kinds[6] == set()
    (window,) = [one for one in days[0] if one.get("class") == "window"]
    assert (window.get("x"), window.get("width")) == ("480", "720")
    texts = ["".join(one.itertext()) for one in picture.iter(f"{SVG}text")]
    assert {"Mon 9 Mar", "Sun 15 Mar", "$0.00", "12:00"} <= set(texts)
    assert ("requests missed" in texts) is asked


@settings(max_examples=30)
@given(st.sampled_from([*CHANGING, "Asia/Tokyo"]), MOMENTS, st.lists(WINDOWS, min_size=1, max_size=2), st.booleans())
def test_a_week_costs_the_same_in_the_table_and_in_the_picture(
    zone: str, now: datetime, windows: list[Window], whole_days: bool
) -> None:
    start = midnight(now, zone) if whole_days else now
    result = simulate(Schedule(zone, tuple(windows)), start, 7)
    local = ZoneInfo(zone)
    drawn = picture(result, week_of(result, local), local)
    assert drawn.days[-1].so_far == pytest.approx(result.dollars)
    assert result.dollars == pytest.approx(result.dollars_a_week)


def test_in_tokyo_table_and_curve_agree_over_four_weeks() -> None:
    schedule = Schedule("Asia/Tokyo", (Window(time(6), time(22), frozenset(range(5))),))
    now = datetime(2026, 11, 26, 11, tzinfo=UTC)
    start = midnight(now, "Asia/Tokyo")
    assert start == datetime(2026, 11, 25, 15, tzinfo=UTC)
    result = simulate(schedule, start, 28)
    local = ZoneInfo("Asia/Tokyo")
    days = picture(result, week_of(result, local), local).days
    assert (len(days), days[-1].so_far) == (7, pytest.approx(result.dollars_a_week))
    assert start + timedelta(days=28) == midnight(now + timedelta(days=28), "Asia/Tokyo")
