"""A model that runs as long as a use case needs it, and costs nothing afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from customlabels.core.watching import Watch, ticking
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.states import UP, State
from customlabels.pipelines.service.versions import Description, version_name

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

BeforeStart = Callable[[Description, int], None]
"""Asked before a version is started on so many units; raises where it is not to be."""


def unasked(version: Description, units: int) -> None:
    """Lets every version be started."""


@contextmanager
def kept_running(
    rekognition: "RekognitionClient",
    version: Description,
    watch: Watch,
    *,
    units: int = 1,
    before_start: BeforeStart = unasked,
) -> Iterator[None]:
    """The version is RUNNING in the block; where that had to be brought about, it is stopped again, come what may.

    Raises
    ------
    ServiceError : it does not start, or does not stop
    """
    arn, name = version["ProjectVersionArn"], version_name(version)
    started = version["Status"] not in UP
    if started:
        before_start(version, units)
    if version["Status"] == State.RUNNING:
        yield
        return
    try:
        with watch.step(f"starting {name}") as advance:
            hosting.start(rekognition, arn, units=units, tick=ticking(advance))
        yield
    finally:
        if started:
            with watch.step(f"stopping {name}") as advance:
                hosting.stop(rekognition, arn, tick=ticking(advance))
