"""One HTML file about a schedule tried out: a week's picture, and costs side by side. It needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from customlabels.core.files import written_aside
from customlabels.core.prices import hosting_cost
from customlabels.core.templates import template
from customlabels.scheduler.simulation.figures import ALWAYS, LEAST, OFFICE, SUGGESTED, THIS, compared
from customlabels.scheduler.simulation.simulated import Simulated
from customlabels.scheduler.simulation.week import minutes_of, picture, week_of

_STYLES = (THIS, SUGGESTED, ALWAYS, OFFICE, LEAST)
"""In the order of the template's kinds of lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a schedule has cost by each hour of the week, as points in a square of 100, and in the end."""

    name: str
    points: str
    dollars: float
    style: int


def simulation_page(results: Mapping[str, Simulated], drawn: Sequence[str], zone: str, *, made: datetime) -> str:
    """The page.

    Parameters
    ----------
    results : by name; all over the same time and for the same demand, the one that it is about first
    drawn : of which a week is shown
    """
    own, local = next(iter(results.values())), ZoneInfo(zone)
    names, rows = compared(results)
    days = week_of(own, local)
    lines = _lines(results, days, local)
    return template("customlabels.scheduler.simulation", "simulation.html.j2").render(
        zone=zone,
        first=own.minutes.start.astimezone(local),
        own=own,
        drawn={name: results[name] for name in drawn},
        least_a_week=hosting_cost(own.least.billed / 60, 1) / own.days * 7 if own.least else 0.0,
        pictures={name: picture(results[name], days, local) for name in drawn},
        lines=lines,
        most=max(line.dollars for line in lines),
        names=names,
        rows=rows,
        week=days,
        made=made.astimezone(local),
    )


def write(path: Path, page: str) -> None:
    """Writes the page, aside first."""
    with written_aside(path) as file:
        file.write(page.encode())


def _lines(results: Mapping[str, Simulated], days: Sequence[date], zone: ZoneInfo) -> list[Line]:
    first = next(iter(results.values()))
    indexes = [index for index, _, _ in minutes_of(first, days, zone)]
    ways = {name: result.minutes.up for name, result in results.items()}
    if first.least is not None:
        least = [0] * len(first.minutes.up)
        for stretch in first.least.stretches:
            stop = min(stretch.stop, len(least))
            least[stretch.start : stop] = [stretch.units] * (stop - stretch.start)
        ways[LEAST] = least
    sums = {name: _by_hour([up[index] for index in indexes]) for name, up in ways.items()}
    most = max(1e-9, *(hours[-1] for hours in sums.values()))
    return [
        Line(name, _points(hours, most), hours[-1], _STYLES.index(name) if name in _STYLES else 0)
        for name, hours in sums.items()
    ]


def _points(hours: Sequence[float], most: float) -> str:
    return " ".join(
        f"{100 * hour / (len(hours) - 1):.2f},{100 - 100 * value / most:.2f}" for hour, value in enumerate(hours)
    )


def _by_hour(up: Sequence[int]) -> list[float]:
    """Dollars by the end of each hour, from nothing on."""
    hours = [0.0]
    for start in range(0, len(up), 60):
        hours.append(hours[-1] + hosting_cost(sum(up[start : start + 60]) / 60, 1))
    return hours
