"""A project's models by hand: started, stopped, and what they cost; what a deployed schedule makes of it is said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from customlabels.aws.clients import Clients, explained
from customlabels.core.plurals import counted
from customlabels.core.prices import hosting_cost
from customlabels.core.tables import Table
from customlabels.core.watching import Watch, ticking
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.running import BeforeStart
from customlabels.pipelines.service.states import STARTABLE, State, is_known, may_be_up
from customlabels.pipelines.service.versions import Description, list_versions, version_name
from customlabels.scheduler.deployed import overruled
from customlabels.scheduler.usage import metered_hours


@dataclass(frozen=True, slots=True)
class Started:
    """A version that is RUNNING; whether it had to be started, and on how many units it is up."""

    version: str
    started: bool
    units: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A version that is down; whether it had to be stopped."""

    version: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A version's model.

    Parameters
    ----------
    units : inference units that it is up on
    dollars_an_hour : that it costs now; in a state that is not known, what it costs if it runs
    unit_hours, dollars : that it has been up for, and what that cost; None where it runs, and CloudWatch does not tell
    """

    version: str
    status: str
    units: int
    dollars_an_hour: float
    unit_hours: float | None
    dollars: float | None


def start(
    clients: Clients,
    project: str,
    version: Description,
    now: datetime,
    watch: Watch,
    units: int = 1,
    max_units: int | None = None,
    *,
    before_start: BeforeStart | None = None,
) -> Started:
    """The version RUNNING; warns where it runs on other units, or a schedule will have it otherwise.

    Parameters
    ----------
    before_start : asked, with the most units that it may scale to, before it is started

    Raises
    ------
    ServiceError : it cannot be started, or its start failed
    """
    name = version_name(version)
    if sentence := overruled(clients, project, name, now, watch, units=units):
        watch.warn(sentence)
    if before_start is not None and version["Status"] in STARTABLE:
        before_start(version, max_units or units)
    with watch.step(f"starting {name}") as advance:
        started = hosting.start(
            clients.rekognition,
            version["ProjectVersionArn"],
            units=units,
            max_units=max_units,
            tick=ticking(advance),
        )
    up = version.get("MinInferenceUnits")
    if not started and up and up != units:
        watch.warn(f"{name} runs on {counted(up, 'unit')}; to change them, stop it first")
    return Started(name, started, units if started else up or units)


def running(clients: Clients, project: str) -> list[Description]:
    """The versions of the project that are up, or on the way up or down."""
    return [version for version in list_versions(clients.rekognition, project) if may_be_up(version["Status"])]


def stop(
    clients: Clients, project: str, versions: Iterable[Description], now: datetime, watch: Watch
) -> Table[Stopped]:
    """The versions stopped; warns where a schedule will start one again.

    Raises
    ------
    ServiceError : the service does not stop one
    """
    rows = []
    for version in versions:
        name = version_name(version)
        if sentence := overruled(clients, project, name, now, watch, units=0):
            watch.warn(sentence)
        with watch.step(f"stopping {name}") as advance:
            stopped = hosting.stop(clients.rekognition, version["ProjectVersionArn"], tick=ticking(advance))
        rows.append(Stopped(name, stopped))
    return Table(Stopped, rows)


def status(clients: Clients, project: str, now: datetime, days: int) -> Table[ModelStatus]:
    """The models of all versions, and what they have cost in the last `days`."""
    versions = list_versions(clients.rekognition, project)
    names = [version_name(version) for version in versions]
    with explained("reading CloudWatch's InServiceInferenceUnits"):
        used = metered_hours(clients.cloudwatch, project, names, start=now - timedelta(days=days), end=now)
    rows = []
    for version in versions:
        hours = used[version_name(version)]
        billed = version["Status"] == State.RUNNING or not is_known(version["Status"])
        if hours is None and not billed:
            hours = 0.0
        units = version.get("MinInferenceUnits", 0) if may_be_up(version["Status"]) else 0
        rows.append(
            ModelStatus(
                version=version_name(version),
                status=version["Status"],
                units=units,
                dollars_an_hour=hosting_cost(1, units) if billed else 0.0,
                unit_hours=None if hours is None else round(hours, 3),
                dollars=None if hours is None else round(hosting_cost(hours, 1), 2),
            )
        )
    return Table(ModelStatus, rows)
