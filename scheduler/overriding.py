"""Overrides set and ended: written, held against the stops that need no function, and heeded at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from customlabels.aws import parameters
from customlabels.aws.clients import Clients, explained
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.scheduler import memory
from customlabels.scheduler.deployed import Deployed
from customlabels.scheduler.stack import overrides
from customlabels.scheduler.uptime import Override, resolved, spans, wanted


def end_all(clients: Clients, deployed: Deployed, now: datetime) -> int:
    """Ends every override, so that windows count again; how many there were."""
    before = overrides.read(clients.ssm, deployed.project)
    overrides.write(clients.ssm, deployed.project, (), now)
    _forget_idle(clients, deployed)
    _hold(clients, deployed, now, now)
    _look(clients, deployed)
    return sum(override.until > now for override in before)


def keep(
    clients: Clients,
    deployed: Deployed,
    now: datetime,
    *,
    up: bool,
    until: datetime,
    why: str = "",
    units: int | None = None,
    version: str = CHAMPION,
    confirm: Callable[[Override, float], None] = lambda override, dollars: None,
) -> Override:
    """Keeps a version up, or down, until then, whatever the windows say.

    Parameters
    ----------
    units : those that the windows want where it is None
    confirm : asked, with what it may cost, before a version is brought up that no window wants; raises where it is not
        to be

    Raises
    ------
    ServiceError : it cannot be written
    """
    before = overrides.read(clients.ssm, deployed.project)
    override = Override(up, until, clients.who, why, units or _usual_units(deployed, version, now), version)
    if up and not wanted(now, deployed.schedule, version).open:
        confirm(override, cost(override, now))
    overrides.write(clients.ssm, deployed.project, (*before, override), now)
    if up:
        _hold(clients, deployed, now, max([until, *(other.until for other in before if other.up)]))
    _look(clients, deployed)
    return override


def cost(override: Override, now: datetime) -> float:
    """Dollars that an override may cost at most."""
    return hosting_cost((override.until - now) / timedelta(hours=1), override.units) if override.up else 0.0


def hold_on(clients: Clients, deployed: Deployed, now: datetime) -> None:
    """Keeps the stops of a stack that was deployed anew from what overrides it."""
    known = overrides.read(clients.ssm, deployed.project)
    ups = [override.until for override in known if override.up and override.until > now]
    if ups:
        _hold(clients, deployed, now, max(ups))


def _usual_units(deployed: Deployed, version: str, now: datetime) -> int:
    """Those that windows want of the version now, else in its next window."""
    schedule = resolved(deployed.schedule, deployed.champion)
    name = deployed.champion if version == CHAMPION and deployed.champion else version
    bare = replace(schedule, overrides=())
    coming = spans(bare, now, now + timedelta(days=14), name)
    return coming[0].units if coming else 1


def _forget_idle(clients: Clients, deployed: Deployed) -> None:
    """Has the functions forget which models were idle, so that windows count for those too."""
    if deployed.memory.quiet:
        with explained("forgetting which models were idle"):
            parameters.write(
                clients.ssm,
                parameters.memory(deployed.project),
                memory.text(replace(deployed.memory, quiet=())),
                memory.DESCRIPTION,
            )


def _hold(clients: Clients, deployed: Deployed, now: datetime, until: datetime) -> None:
    """Keeps the stops that need no function from firing until then."""
    overrides.hold_stops(clients.scheduler, deployed.outputs["Group"], deployed.schedule.zone, now, until)


def _look(clients: Clients, deployed: Deployed) -> None:
    """Has the functions look now, rather than within five minutes."""
    with explained("calling the sweep"):
        clients.functions.invoke(FunctionName=deployed.outputs["Sweep"], InvocationType="Event")
