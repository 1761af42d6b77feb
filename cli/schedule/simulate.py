"""customlabels schedule simulate."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.demand_options import (
    demand_option,
    demand_trace,
    start_takes_option,
    unopened_schedule,
    weeks_option,
)
from customlabels.cli.group import Command, Figure, pass_session
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.core.spans import parse_minutes
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.scheduler.simulation.simulated import Model, Simulated
    from customlabels.scheduler.simulation.suggestion import Suggestion
    from customlabels.scheduler.uptime import Schedule

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_LONGEST_START = 6 * _HOUR
_LONGEST_WAIT = 14 * 24 * _HOUR
"""How long a message may stay in a queue. Source: SQS developer guide, "Message quotas"."""


@click.command(cls=Command)
@weeks_option
@demand_option
@click.option(
    "--deadline",
    metavar="SPAN",
    help="Requests are images that wait in the inspection's queue, at most so long, and the model comes up for them.",
)
@start_takes_option
@click.option("--rate", type=Figure(0, min_open=True), help="Requests a second that an inference unit takes.")
@click.option("--suggest", "wish", is_flag=True, help="Find windows and units that bill less for the demand.")
@click.option(
    "--coverage",
    default=0.99,
    show_default=True,
    type=Figure(0, 1, min_open=True),
    help="Share of the requests that what is suggested has to meet.",
)
@click.option(
    "--to",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write an HTML page with a week's picture there.",
)
@pass_session
def simulate(
    session: Session,
    weeks: int,
    demand: str | None,
    deadline: str | None,
    start_takes: str,
    rate: float | None,
    wish: bool,
    coverage: float,
    page: Path | None,
) -> None:
    """Walk the schedule through weeks to come: what it costs, what it saves, which requests it meets.

    Example: customlabels schedule simulate --demand two-shift --suggest --to week.html
    """
    from customlabels.scheduler.simulation import simulated
    from customlabels.scheduler.simulation.demand import Trace, midnight
    from customlabels.scheduler.simulation.figures import ALWAYS, OFFICE, SUGGESTED, THIS
    from customlabels.scheduler.simulation.foresight import units_for
    from customlabels.scheduler.simulation.simulated import always_on, office_hours

    if wish and demand is None:
        raise SettingsError("--suggest needs to know what comes", hint="name it with --demand")
    if deadline is not None and demand is None:
        raise SettingsError("--deadline needs to know what comes", hint="name it with --demand")
    if deadline is not None and wish:
        raise SettingsError("--suggest finds windows for requests that do not wait", hint="leave --deadline out")
    waits = None if deadline is None else parse_minutes(deadline, least=timedelta(minutes=1), most=_LONGEST_WAIT)
    no_window = wish or waits is not None
    schedule, takes = unopened_schedule(session) if no_window else session.schedule(), parse_minutes(start_takes)
    if takes > _LONGEST_START:
        raise SettingsError(f"--start-takes {start_takes}: no start takes longer than {_LONGEST_START // _HOUR} hours")
    rate = rate or session.settings.detect.rate
    today = midnight(session.now(), schedule.zone)
    trace = demand_trace(session, demand, schedule, rate, weeks) if demand else Trace(lambda now: 0.0, today, weeks * 7)

    def walk(walked: "Schedule", waits: timedelta | None = None) -> "Simulated":
        asked = trace.demand if demand else None
        return simulated.simulate(
            walked, trace.start, trace.days, start_takes=takes, demand=asked, rate=rate, deadline=waits
        )

    with session.console.step(f"walking through {trace.days} days"):
        results = {THIS: walk(schedule, waits)}
        suggestion: Suggestion | None = None
        if wish:
            from customlabels.scheduler.simulation.suggestion import suggest

            most = schedule.max_units or MAX_UNITS
            suggestion = suggest(schedule, trace, coverage=coverage, rate=rate, start_takes=takes, most_units=most)
            results[SUGGESTED] = suggestion.result
        needed = units_for(max(results[THIS].minutes.requests), rate * 60)
        units = results[THIS].units or min(MAX_UNITS, max(1, needed))
        results |= {ALWAYS: walk(always_on(schedule.zone, units)), OFFICE: walk(office_hours(schedule.zone, units))}
        # All are held against the same: requests that may wait as long as they do here.
        results = {name: replace(result, least=results[THIS].least) for name, result in results.items()}
    if schedule.max_units is not None:
        session.console.note("max_units is left aside: how fast the service scales is documented nowhere")
    if page is not None:
        from customlabels.scheduler.simulation.page import simulation_page, write

        drawn = [name for name in (THIS, SUGGESTED) if name in results]
        write(page, simulation_page(results, drawn, schedule.zone, made=session.now()))
        session.console.note(f"{page} shows a week of it")
    keys = {ALWAYS: "always_on", OFFICE: "office_hours"}
    document = _figures(results[THIS]) | {
        "start": trace.start.isoformat(),
        "models": [asdict(model) for model in results[THIS].models],
        "beside": {key: _figures(results[name]) for name, key in keys.items()},
        "suggestion": _of_suggestion(suggestion) if suggestion else None,
    }
    session.console.result(document, lambda _: _show(session, results, suggestion))


def _figures(result: "Simulated") -> dict[str, Any]:
    least = result.least
    return {
        "days": result.days,
        "units": result.units,
        "billed": result.billed,
        "starting": result.starting,
        "starts": result.starts,
        "asked": result.asked,
        "covered": result.covered,
        "requests": round(result.requests, 2),
        "stopped": round(result.stopped, 2),
        "saturated": round(result.saturated, 2),
        "coverage": round(result.coverage, 4),
        "deadline": result.deadline and result.deadline / _MINUTE,
        "late": round(result.late, 2),
        "longest": result.longest and result.longest / _MINUTE,
        "dollars_a_week": round(result.dollars_a_week, 2),
        "dollars_a_month": round(result.dollars_a_month, 2),
        "always_on_a_week": round(result.always_on_a_week, 2),
        "hours_saved_a_week": round(result.hours_saved_a_week, 2),
        "least": least and least.billed,
        "least_starting": least and least.starting,
        "ratio": round(result.billed / least.billed, 4) if least and least.billed else None,
    }


def _of_suggestion(suggestion: "Suggestion") -> dict[str, Any]:
    from customlabels.scheduler.simulation.suggestion import as_toml, window_settings

    windows = [window_settings(window) for window in suggestion.schedule.windows]
    return _figures(suggestion.result) | {"windows": windows, "toml": as_toml(suggestion.schedule)}


def _show(session: Session, results: "Mapping[str, Simulated]", suggestion: "Suggestion | None") -> None:
    from customlabels.scheduler.simulation.figures import THIS, compared

    columns, rows = compared(results)
    own = results[THIS]
    session.console.table((counted(own.days, "day"), *columns), rows, give_way=())
    if len(own.models) > 1:
        session.console.table(
            ("version", "unit-hours", "starts", "windows' minutes with a model"),
            [(model.version, f"{model.billed / 60:.1f}", model.starts, _part(model)) for model in own.models],
            give_way=("starts",),
        )
    if suggestion is not None:
        from customlabels.scheduler.simulation.suggestion import as_toml

        before, after = own.dollars_a_week, suggestion.result.dollars_a_week
        session.console.text("")
        session.console.text(f"# [schedule] with these windows: ${after:.2f} a week instead of ${before:.2f}")
        session.console.text("")
        session.console.document(as_toml(suggestion.schedule).rstrip())


def _part(model: "Model") -> str:
    return f"{model.covered / model.asked:.2%}" if model.asked else "–"
