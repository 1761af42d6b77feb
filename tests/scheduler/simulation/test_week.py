"""The picture of a week: valid SVG, a row a day, what is up where the zone's clock says."""

from datetime import UTC, datetime, time
from xml.etree import ElementTree

import pytest

from customlabels.scheduler.simulation.demand import two_shift
from customlabels.scheduler.simulation.simulated import simulate
from customlabels.scheduler.simulation.week import draw_week
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
