"""customlabels schedule override."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from customlabels.aws import parameters
from customlabels.aws.clients import explained
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.scheduler import memory
from customlabels.scheduler.deployed import Deployed, deployed
from customlabels.scheduler.stack import overriding
from customlabels.scheduler.stack.edges import edges
from customlabels.scheduler.uptime import Override, resolved, spans, wanted
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@click.option("--on", metavar="SPAN", help="Up for so long (3h), or until a time: --on until 22:30.")
@click.option("--off", metavar="SPAN", help="Down for so long, or until a time: --off until 06:00.")
@click.option("--clear", is_flag=True, help="End every override now.")
@click.option("--why", default="", help="The reason; told wherever the override is.")
@click.option("--units", type=click.IntRange(1, MAX_UNITS), help="Units.  [default: those of the windows]")
@click.option("--version", default=CHAMPION, show_default=True, help="Which version.")
@click.argument("time", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def override(
    session: Session,
    project: str | None,
    on: str | None,
    off: str | None,
    clear: bool,
    why: str,
    units: int | None,
    version: str,
    time: str | None,
    yes: bool,
) -> None:
    """Keep a model up, or down, for a time, whatever the windows say; it ends by itself, after seven days at most.

    \b
    Examples: customlabels schedule override --on 3h --why "audit"
              customlabels schedule override --off until 06:00
    """
    if sum((on is not None, off is not None, clear)) != 1:
        raise click.UsageError("give one of --on, --off and --clear")
    if (time is not None) != ("until" in (on, off)):
        raise click.UsageError("write the end as a span, --on 3h, or as a time, --on until 22:30")
    there = deployed(session.clients, session.project(project), session.now())
    ssm, now = session.clients.ssm, session.now()
    before = overriding.read(ssm, there.project)
    if clear:
        overriding.write(ssm, there.project, (), now)
        _forget_idle(session, there)
        _hold(session, there, now, now)
        _look(session, there)
        ended = sum(one.until > now for one in before)
        session.console.done(f"{ended} override{'s' if ended != 1 else ''} ended; the windows count again", ended=ended)
        return
    until = overriding.ends(time or on or off or "", now, there.schedule.zone)
    if version != CHAMPION:
        session.version(there.project, version)
    if units is None:
        units = _usual_units(there, version, now)
    made = Override(on is not None, until, session.clients.who, why, units, version)
    shown = until.astimezone(ZoneInfo(there.schedule.zone)).strftime("%a %H:%M")
    cost = hosting_cost((until - now).total_seconds() / 3600, units)
    if made.up and not yes and not wanted(now, there.schedule, version).open:
        click.confirm(f"Keep {version} up until {shown}? On AWS it costs up to ${cost:.2f}.", abort=True, err=True)
    overriding.write(ssm, there.project, (*before, made), now)
    if made.up:
        _hold(session, there, now, max([until, *(one.until for one in before if one.up)]))
    _look(session, there)
    session.console.done(
        f"{version} is kept {'up' if made.up else 'down'} until {shown} ({there.schedule.zone})"
        + (f", at up to ${cost:.2f}" if made.up else ""),
        version=version,
        up=made.up,
        until=until.astimezone(UTC).isoformat(),
        by=made.by,
        why=why,
    )


def _usual_units(there: Deployed, version: str, now: datetime) -> int:
    """Those that windows want of the version now, else in its next window."""
    schedule = resolved(there.schedule, there.champion)
    name = there.champion if version == CHAMPION and there.champion else version
    bare = replace(schedule, overrides=())
    coming = spans(bare, now, now + timedelta(days=14), name)
    return coming[0].units if coming else 1


def _forget_idle(session: Session, there: Deployed) -> None:
    """Has the functions forget which models were idle, so that windows count for those too."""
    if there.memory.quiet:
        with explained("forgetting which models were idle"):
            session.clients.ssm.put_parameter(
                Name=parameters.memory(there.project),
                Value=memory.text(replace(there.memory, quiet=())),
                Type="String",
                Overwrite=True,
            )


def _hold(session: Session, there: Deployed, now: datetime, until: datetime) -> None:
    """Keeps the stops that need no function from firing until then."""
    schedule = there.schedule
    found = edges(schedule, now)
    overriding.hold_stops(session.clients.scheduler, there.outputs["Group"], found, schedule.zone, now, until)


def _look(session: Session, there: Deployed) -> None:
    """Has the functions look now, rather than within five minutes."""
    with explained("calling the sweep"):
        session.clients.functions.invoke(FunctionName=there.outputs["Sweep"], InvocationType="Event")


def held(session: Session, there: Deployed, now: datetime) -> None:
    """Keeps the stops of a stack that was deployed anew from what overrides it."""
    ups = [one.until for one in overriding.read(session.clients.ssm, there.project) if one.up and one.until > now]
    if ups:
        _hold(session, there, now, max(ups))
