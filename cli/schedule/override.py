"""customlabels schedule override."""

from datetime import UTC
from zoneinfo import ZoneInfo

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.plurals import counted
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.scheduler import overriding
from customlabels.scheduler.deployed import deployed
from customlabels.scheduler.stack import overrides
from customlabels.scheduler.uptime import Override
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
    clients, now = session.clients, session.now()
    stack = deployed(clients, session.project(project), now)
    if clear:
        ended = overriding.end_all(clients, stack, now)
        session.console.done(f"{counted(ended, 'override')} ended; the windows count again", ended=ended)
        return
    zone = ZoneInfo(stack.schedule.zone)
    if version != CHAMPION:
        session.version(stack.project, version)

    def confirm(override: Override, dollars: float) -> None:
        question = f"Keep {version} up until {override.until.astimezone(zone):%a %H:%M}?"
        ask(f"{question} On AWS it costs up to ${dollars:.2f}.", yes=yes or session.local)

    until = overrides.ends(time or on or off or "", now, stack.schedule.zone)
    override = overriding.keep(
        clients, stack, now, up=on is not None, until=until, why=why, units=units, version=version, confirm=confirm
    )
    price = f", at up to ${overriding.cost(override, now):.2f}" if override.up and not session.local else ""
    session.console.done(
        f"{version} is kept {'up' if override.up else 'down'} until {until.astimezone(zone):%a %H:%M} ({zone}){price}",
        version=version,
        up=override.up,
        until=until.astimezone(UTC).isoformat(),
        by=override.by,
        why=why,
    )
