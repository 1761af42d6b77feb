"""Schedules side by side for one demand: the same figures of each, in words."""

from collections.abc import Mapping
from datetime import timedelta

from customlabels.core.prices import hosting_cost
from customlabels.scheduler.simulation.foresight import Least
from customlabels.scheduler.simulation.simulated import MONTH, Simulated

THIS, SUGGESTED, ALWAYS, OFFICE = "this schedule", "suggested", "always on", "8 to 20, mon-fri"
LEAST = "least possible"

_MET = ("requests a week that met no model", "requests a week above what its units take")
_MINUTE = timedelta(minutes=1)


def compared(results: Mapping[str, Simulated]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The columns' names, and rows that begin with what they are about; the least possible comes last."""
    first = next(iter(results.values()))
    columns = [_column(result) for result in results.values()]
    names = list(results)
    if first.least is not None:
        names.append(LEAST)
        columns.append(_of_least(first.least, first))
    rows = [(title, *(column[title] for column in columns)) for title in columns[0]]
    return names, [row for row in rows if any(cell != "–" for cell in row[1:])]


def _column(result: Simulated) -> dict[str, str]:
    weeks, least = result.days / 7, result.least
    with_starting = hosting_cost((result.billed + result.starting) / 60, 1) / weeks
    figures = {
        "units": f"{result.units}",
        "unit-hours a week": f"{result.billed / 60 / weeks:.1f}",
        "$ a week": f"{result.dollars_a_week:.2f}",
        "$ a month": f"{result.dollars_a_month:.2f}",
        "$ a week, if STARTING is billed": f"{with_starting:.2f}",
        "unit-hours a week saved beside the same units always on": f"{result.hours_saved_a_week:.1f}",
        "starts a week": f"{result.starts / weeks:.1f}",
        "windows' minutes with a model": f"{result.covered / result.asked:.2%}" if result.asked else "–",
        "requests met": "–",
        "requests a week that met no model": "–",
        "requests a week above what its units take": "–",
        "requests a week done after their deadline": "–",
        "longest wait": "–",
        "billed, beside the least possible unit-hours": "–",
        "... if STARTING is billed": "–",
    }
    if result.requests:
        figures |= {
            "requests met": f"{result.coverage:.2%}",
            "requests a week that met no model": f"{result.stopped / weeks:,.0f}",
            "requests a week above what its units take": f"{result.saturated / weeks:,.0f}",
        }
    if result.deadline is not None and result.longest is not None:
        figures |= {
            "requests a week that met no model": "–",
            "requests a week above what its units take": "–",
            "requests a week done after their deadline": f"{result.late / weeks:,.0f}",
            "longest wait": f"{result.longest // _MINUTE // 60} h {result.longest // _MINUTE % 60} min",
        }
    if least is not None and least.billed:
        ratio = (result.billed + result.starting) / (least.billed + least.starting)
        figures |= {
            "billed, beside the least possible unit-hours": f"{result.billed / least.billed:.2f}",
            "... if STARTING is billed": f"{ratio:.2f}",
        }
    return figures


def _of_least(least: Least, beside: Simulated) -> dict[str, str]:
    weeks = beside.days / 7
    week = hosting_cost(least.billed / 60, 1) / weeks
    units = max((stretch.units for stretch in least.stretches), default=0)
    blank = dict.fromkeys(_column(beside), "–")
    return blank | {
        "units": f"{units}",
        "unit-hours a week": f"{least.billed / 60 / weeks:.1f}",
        "$ a week": f"{week:.2f}",
        "$ a month": f"{week / 7 * MONTH:.2f}",
        "$ a week, if STARTING is billed": f"{hosting_cost((least.billed + least.starting) / 60, 1) / weeks:.2f}",
        "unit-hours a week saved beside the same units always on": f"{168 * units - least.billed / 60 / weeks:.1f}",
        "starts a week": f"{len(least.stretches) / weeks:.1f}",
        "requests met": "100.00%",
        **(dict.fromkeys(_MET, "0") if beside.deadline is None else {"requests a week done after their deadline": "0"}),
        "billed, beside the least possible unit-hours": "1.00",
        "... if STARTING is billed": "1.00",
    }
