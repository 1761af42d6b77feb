"""A model that runs as long as a command needs it, and costs nothing afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from customlabels.core.console import ticking
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.states import UP, State
from customlabels.pipelines.service.versions import Description, version_name
from customlabels.session import Session


@contextmanager
def kept_running(session: Session, version: Description, *, yes: bool, units: int = 1) -> Iterator[None]:
    """The version is RUNNING in the block; where that had to be brought about, it is stopped again, come what may.

    Raises
    ------
    click.Abort : the person does not want it started
    ServiceError : it does not start, or does not stop
    """
    rekognition, arn, name = session.clients.rekognition, version["ProjectVersionArn"], version_name(version)
    started = version["Status"] not in UP
    if started and not yes:
        price = hosting_cost(1, units)
        question = f"{name} is {version['Status']}. Start it for this, and stop it again?"
        click.confirm(f"{question} On AWS it costs ${price:.2f} an hour", abort=True, err=True)
    if version["Status"] == State.RUNNING:
        yield
        return
    try:
        with session.console.step(f"starting {name}") as advance:
            hosting.start(rekognition, arn, units=units, tick=ticking(advance))
        yield
    finally:
        if started:
            with session.console.step(f"stopping {name}") as advance:
                hosting.stop(rekognition, arn, tick=ticking(advance))
