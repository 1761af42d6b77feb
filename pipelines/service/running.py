"""A model that runs as long as a use case needs it, and costs nothing afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from customlabels.aws.clients import Clients
from customlabels.core.errors import ServiceError
from customlabels.core.prices import hosting_cost
from customlabels.core.signals import unbroken
from customlabels.core.watching import Watch, ticking
from customlabels.pipelines.service import arns, hosting
from customlabels.pipelines.service.guard import guarded
from customlabels.pipelines.service.states import UP, State
from customlabels.pipelines.service.versions import Description, version_name

BeforeStart = Callable[[Description, int], None]
"""Asked before a version is started on so many units; raises where it is not to be."""


def unasked(version: Description, units: int) -> None:
    """Lets every version be started."""


@contextmanager
def kept_running(
    clients: Clients,
    version: Description,
    watch: Watch,
    *,
    units: int = 1,
    before_start: BeforeStart = unasked,
    guard: bool = True,
) -> Iterator[None]:
    """The version is RUNNING in the block; where that had to be brought about, it is stopped again, come what may.

    Parameters
    ----------
    guard : has a one-time schedule stop the version should this process be killed

    Raises
    ------
    ServiceError : it does not start; or it does not stop, and is told to be STILL RUNNING
    """
    rekognition, arn, name = clients.rekognition, version["ProjectVersionArn"], version_name(version)
    ours = version["Status"] not in UP
    if not ours:
        if version["Status"] != State.RUNNING:
            with watch.step(f"starting {name}") as advance:
                hosting.start(rekognition, arn, units=units, tick=ticking(advance))
        yield
        return
    before_start(version, units)
    asked = False

    def on_call() -> None:
        nonlocal asked
        asked = True

    with guarded(clients, version, watch, wanted=guard):
        try:
            with watch.step(f"starting {name}") as advance:
                hosting.start(rekognition, arn, units=units, tick=ticking(advance), on_call=on_call)
            yield
        finally:
            if asked:
                _stop(clients, version, watch, units)


def _stop(clients: Clients, version: Description, watch: Watch, units: int) -> None:
    """Stops the version, whatever signals come.

    Raises
    ------
    ServiceError : it is still running, with what that costs and how it is stopped
    """
    name, arn = version_name(version), version["ProjectVersionArn"]
    with unbroken(f"{name} is being stopped first"):
        try:
            with watch.step(f"stopping {name}") as advance:
                hosting.stop(clients.rekognition, arn, tick=ticking(advance), was_started=True)
        except ServiceError as error:
            price = hosting_cost(1, units)
            raise ServiceError(
                f"{name} is STILL RUNNING, at ${price:.2f} an hour: {error.message}",
                hint=f"customlabels model stop {name} --project {arns.project_name(arn)}",
                code=error.code,
            ) from error
