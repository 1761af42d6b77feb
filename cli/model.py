"""customlabels model."""

from datetime import timedelta
from typing import Any

import click

from customlabels.aws.clients import explained
from customlabels.cli.group import Group, pass_session, project_option
from customlabels.cli.scheduled import known_schedule
from customlabels.core.console import Money, ticking
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.states import HELD, STARTABLE, State
from customlabels.pipelines.service.versions import list_versions, version_name
from customlabels.scheduler.plan import asked
from customlabels.scheduler.uptime import resolved, versions
from customlabels.scheduler.usage import unit_hours
from customlabels.session import Session

_version = click.argument("version", required=False)


@click.group(cls=Group)
def model() -> None:
    """Start, stop and see the model of a version; it costs $4 a unit and hour while it is up."""


@model.command()
@_version
@project_option
@click.option("--units", default=1, show_default=True, type=click.IntRange(1, hosting.MAX_UNITS))
@click.option("--max-units", type=click.IntRange(1, hosting.MAX_UNITS), help="Scale by load up to this.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def start(
    session: Session, version: str | None, project: str | None, units: int, max_units: int | None, yes: bool
) -> None:
    """Start VERSION (default: the champion, else the newest trained) and wait until it is RUNNING.

    Example: customlabels model start --units 1
    """
    if max_units is not None and max_units < units:
        raise click.BadParameter("--max-units is less than --units")
    clients = session.clients
    chosen = session.champion_or(session.project(project), version)
    name, price = version_name(chosen), hosting_cost(1, max_units or units)
    _warn(session, session.project(project), name, units=units)
    if not yes and chosen["Status"] in STARTABLE:
        click.confirm(
            f"Start {name}? On AWS it costs up to ${price:.2f} an hour until it is stopped.", abort=True, err=True
        )
    with session.console.step(f"starting {name}") as advance:
        started = hosting.start(
            clients.rekognition,
            chosen["ProjectVersionArn"],
            units=units,
            max_units=max_units,
            tick=ticking(advance),
        )
    up = chosen.get("MinInferenceUnits")
    if not started and up and up != units:
        session.console.warn(f"{name} runs on {up} units; to change them, stop it first")
    done = f"{name} is RUNNING" if started else f"{name} was started already and is RUNNING"
    session.console.done(
        f"{done}; on AWS it costs until you stop it: customlabels model stop",
        version=name,
        status=State.RUNNING,
        started=started,
    )


@model.command()
@_version
@project_option
@pass_session
def stop(session: Session, version: str | None, project: str | None) -> None:
    """Stop VERSION (default: every running version of the project) and wait until it is stopped.

    Example: customlabels model stop
    """
    clients, name = session.clients, session.project(project)
    found = (
        [session.version(name, version)]
        if version
        else [v for v in list_versions(clients.rekognition, name) if v["Status"] in HELD]
    )
    rows = []
    for chosen in found:
        _warn(session, name, version_name(chosen), units=0)
        with session.console.step(f"stopping {version_name(chosen)}") as advance:
            stopped = hosting.stop(clients.rekognition, chosen["ProjectVersionArn"], tick=ticking(advance))
        rows.append({"version": version_name(chosen), "stopped": stopped})
    session.console.result(rows, lambda _: session.console.text(_stopped(rows)))


def _warn(session: Session, project: str, version: str, *, units: int) -> None:
    """Says when the deployed schedule, where there is one, will have it otherwise; `units` are 0 for a stop."""
    known = known_schedule(session, project)
    if known is None:
        return
    schedule = resolved(known.schedule, known.champion)
    want = asked(session.now(), schedule, version) if version in versions(schedule) else None
    why = want.why if want else f"no window names {version}"
    if units and (want is None or not want.units):
        session.console.warn(
            f"the schedule stops it within five minutes of its start: {why}; to keep it up, "
            "customlabels schedule override --on 3h"
        )
    elif units and want is not None and want.units != units:
        session.console.warn(f"the schedule wants it on {want.units} units, and starts it again on them: {why}")
    elif not units and want is not None and want.units:
        session.console.warn(
            f"the schedule starts it again within five minutes: {why}; to keep it down, "
            "customlabels schedule override --off 3h"
        )


def _stopped(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "no model is running"
    return "\n".join(f"{row['version']} {'is stopped' if row['stopped'] else 'was not running'}" for row in rows)


@model.command()
@project_option
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 455), help="How far to look back.")
@pass_session
def status(session: Session, project: str | None, days: int) -> None:
    """Show which versions of the project are up, on how many units, at what price, and what they have cost.

    Example: customlabels model status --days 7
    """
    clients, name = session.clients, session.project(project)
    now = session.now()
    rows = []
    found = list_versions(clients.rekognition, name)
    names, start = [version_name(one) for one in found], now - timedelta(days=days)
    with explained("reading CloudWatch's InServiceInferenceUnits"):
        used = unit_hours(clients.cloudwatch, name, names, start=start, end=now)
    for version in found:
        hours = used[version_name(version)]
        up = version["Status"] in HELD
        units = version.get("MinInferenceUnits", 0) if up else 0
        rows.append(
            {
                "version": version_name(version),
                "status": version["Status"],
                "units": units,
                "dollars_an_hour": Money(hosting_cost(1, units) if version["Status"] == State.RUNNING else 0),
                "unit_hours": round(hours, 3),
                "dollars": Money(round(hosting_cost(hours, 1), 2)),
            }
        )
    session.console.result(
        rows,
        lambda _: session.console.table(
            ("version", "status", "units", "$ an hour", f"unit hours in {days} days", "$"),
            [tuple(row.values()) for row in rows],
        ),
    )
