"""Models from Python: started, stopped, and kept up for as long as a block."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from customlabels.core.tables import Table
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.versions import Description
    from customlabels.scheduler.models import ModelStatus, Started, Stopped
    from customlabels.session.session import Session


def start(
    session: "Session",
    version: str | None = None,
    *,
    project: str | None = None,
    units: int = 1,
    max_units: int | None = None,
    before_start: "BeforeStart | None" = None,
) -> "Started":
    """That version's model, or the champion's, or the newest's, brought to RUNNING; it costs until it is stopped.

    Parameters
    ----------
    units, max_units : inference units; scaled by load up to `max_units`
    before_start : asked before it is started; raises where it is not to be
    """
    from customlabels.scheduler import models

    name = session.project(project)
    chosen = session.champion_or(name, version)
    return models.start(
        session.clients, name, chosen, session.now(), session.console, units, max_units, before_start=before_start
    )


def stop(session: "Session", version: str | None = None, *, project: str | None = None) -> "Table[Stopped]":
    """That version's model stopped, or every running model of the project."""
    from customlabels.scheduler import models

    name = session.project(project)
    chosen = [session.version(name, version)] if version else models.running(session.clients, name)
    return models.stop(session.clients, name, chosen, session.now(), session.console)


def status(session: "Session", *, project: str | None = None, days: int = 30) -> "Table[ModelStatus]":
    """Which models of the project are up, at what price, and what they have cost in the last `days`."""
    from customlabels.pipelines.service import champion, versions
    from customlabels.scheduler import models

    name = session.project(project)
    table = models.status(session.clients, name, session.now(), days)
    promoted = champion.current(session.clients.ssm, name)
    if sentence := champion.trouble(promoted, versions.list_versions(session.clients.rekognition, name)):
        session.console.warn(sentence)
    return table


def answering(session: "Session", project: str | None = None, version: str | None = None) -> "Description":
    """The version that is to answer: that one, or the champion; the old one while a schedule changes over."""
    from customlabels.pipelines.service.states import State
    from customlabels.pipelines.service.versions import version_name
    from customlabels.scheduler.deployed import serving

    name = session.project(project)
    chosen = session.champion_or(name, version)
    if version is None and chosen["Status"] != State.RUNNING:
        other = serving(session.clients, name, session.now(), session.console)
        if other is not None:
            session.console.note(f"{version_name(chosen)} is not up yet; {version_name(other)} answers")
            return other
    return chosen


def running(
    session: "Session",
    version: "Description",
    *,
    units: int = 1,
    start: bool,
    before_start: "BeforeStart | None" = None,
    guard: bool = True,
) -> AbstractContextManager[None]:
    """The version running for as long as the block; started for this, and stopped again, where that was asked.

    Raises
    ------
    ServiceError : it is not running, and is not to be started
    """
    from customlabels.pipelines.service.running import kept_running, unasked
    from customlabels.pipelines.service.states import State
    from customlabels.pipelines.service.versions import version_name

    if version["Status"] != State.RUNNING and not start:
        raise ServiceError(
            f"version {version_name(version)} is {version['Status']}, not RUNNING",
            hint="--start starts it for this and stops it again; customlabels model start keeps it up "
            "(on AWS an inference unit costs $4 an hour)",
        )
    return kept_running(
        session.clients, version, session.console, units=units, before_start=before_start or unasked, guard=guard
    )
