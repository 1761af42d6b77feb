"""How many images a second a running version takes: asked for more than it can, until that shows."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.detection import Image, shown

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

LASTS = 30.0
"""Seconds in all; the first sixth goes by before it counts, since a model lets a burst through."""

_THREADS = 24
_PAUSE = 0.05
_THROTTLED = {"ProvisionedThroughputExceededException", "ThrottlingException"}


@dataclass(frozen=True, slots=True)
class Rate:
    """How many images were answered and throttled while it counted, and for how long that was."""

    answered: int
    throttled: int
    seconds: float

    @property
    def rate(self) -> float:
        """Images a second, of all units together."""
        return self.answered / self.seconds


def measure_rate(
    rekognition: "RekognitionClient",
    version_arn: str,
    images: Sequence[tuple[str, Image]],
    advance: Callable[[int], None] = lambda count: None,
    *,
    lasts: float = LASTS,
) -> Rate:
    """What the version takes.

    Parameters
    ----------
    rekognition : a client that does not try again what is throttled
    images : shown in turn, as often as needed

    Raises
    ------
    ServiceError : it cannot be asked at all
    ImageRefused : an image cannot be shown
    """
    bodies = itertools.cycle([shown(image) for _, image in images[:_THREADS]])
    taking, counting = threading.Lock(), threading.Lock()
    began = time.monotonic()
    counts_from, ends = began + lasts / 6, began + lasts
    answered = throttled = 0

    def ask() -> None:
        nonlocal answered, throttled
        while time.monotonic() < ends:
            with taking:
                body = next(bodies)
            code = ""
            try:
                with explained("showing an image to the model"):
                    rekognition.detect_custom_labels(ProjectVersionArn=version_arn, Image=body)
            except ServiceError as error:
                if error.code not in _THROTTLED:
                    raise
                code = error.code
                time.sleep(_PAUSE)
            with counting:
                if counts_from <= time.monotonic() < ends:
                    answered, throttled = answered + (not code), throttled + bool(code)
            advance(0)

    with ThreadPoolExecutor(_THREADS) as threads:
        for worker in [threads.submit(ask) for _ in range(_THREADS)]:
            worker.result()
    return Rate(answered, throttled, ends - counts_from)
