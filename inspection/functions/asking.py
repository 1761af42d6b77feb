"""The model asked for one image after the other, each in its turn.

Kinds of refusal: Rekognition API reference, DetectCustomLabels.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from customlabels.inspection.claims import Table
from customlabels.inspection.functions.knowledge import Version
from customlabels.inspection.pace import LEASE, lease
from customlabels.inspection.rules import Analysis, Seen, analysed

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_DOWN = frozenset({"ResourceNotReadyException", "ResourceNotFoundException"})
TOO_FAST = frozenset({"ProvisionedThroughputExceededException", "ThrottlingException", "LimitExceededException"})
_REFUSES = frozenset({"InvalidImageFormatException", "ImageTooLargeException"})

WAIT_A_LITTLE = 5
_WAIT_FOR_MODEL, _WAIT_FOR_TURN = 60, 15
"""Seconds after which an image is worth another try, where nothing else tells."""


class NotNow(Exception):
    """Nothing is wrong with an image, and it cannot be looked at before so many seconds have gone by."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = max(0.0, seconds)


class Model:
    """A version that answers, as the threads of a batch ask it.

    Parameters
    ----------
    alone : whether no other version may be up in its place
    rate : images a second, where the table does not tell
    least : the confidence from which on labels are asked for
    last : when a call may begin at the latest, milliseconds since 1970
    """

    def __init__(
        self,
        rekognition: "RekognitionClient",
        table: Table,
        version: Version,
        *,
        alone: bool,
        rate: float,
        least: float,
        last: int,
    ) -> None:
        self._rekognition, self._table, self._version = rekognition, table, version
        self._wait = _WAIT_FOR_MODEL if alone else WAIT_A_LITTLE
        self._rate, self._least, self._last = rate, least, last
        self._turns: deque[int] = deque()
        self.one_at_a_time = threading.Lock()
        """Held from a call until its result is kept, so that whatever ends the function costs one call at most."""
        self.expected = 0
        """Images that it is still to be asked for."""
        self.calls = 0
        self.down = False

    def need_up(self) -> None:
        """Sees that it has not been found down.

        Raises
        ------
        NotNow : it has
        """
        if self.down:
            raise NotNow(self._wait, f"{self._version.name} is not running")

    def ask(self, image: Mapping[str, Any]) -> Analysis:
        """What it sees in an image, when that has its turn.

        Raises
        ------
        NotNow : no turn comes in time; it is down, or takes no more
        botocore.exceptions.ClientError : it cannot be asked
        """
        self.need_up()
        time.sleep(max(0, self._turn() - milliseconds()) / 1000)
        self.calls += 1
        try:
            answer = self._rekognition.detect_custom_labels(
                ProjectVersionArn=self._version.arn,
                Image=image,  # type: ignore[arg-type] # bytes, or where they lie
                MinConfidence=self._least,
            )
        except self._rekognition.exceptions.ClientError as error:
            refusal = error.response["Error"]
            code = refusal["Code"]
            if code in _DOWN:
                self.down = True
                raise NotNow(self._wait, f"{self._version.name}: {code}") from error
            if code in TOO_FAST:
                raise NotNow(WAIT_A_LITTLE, code) from error
            if code not in _REFUSES:
                raise
            return Analysis(refusal=f"{code}: {refusal.get('Message', '')}")
        return analysed([_seen(label) for label in answer["CustomLabels"]], self._least)

    def _turn(self) -> int:
        """The next turn, of those that are leased for the images that it is still to be asked for.

        Raises
        ------
        NotNow : none comes in time
        """
        if not self._turns:
            wanted = max(1, min(LEASE, self.expected))
            now, last = milliseconds(), self._last
            self._turns += lease(self._table, self._version.name, wanted, rate=self._rate, now=now, latest=last)
        self.expected -= 1
        turn = self._turns.popleft() if self._turns else self._last
        if max(turn, milliseconds()) >= self._last:
            raise NotNow(_WAIT_FOR_TURN, "no turn comes in time")
        return turn


def milliseconds() -> int:
    """The time, since 1970."""
    return int(time.time() * 1000)


def _seen(label: Mapping[str, Any]) -> Seen:
    box = label.get("Geometry", {}).get("BoundingBox")
    sides = (box["Left"], box["Top"], box["Width"], box["Height"]) if box else None
    return Seen(label["Name"], label["Confidence"], sides)
