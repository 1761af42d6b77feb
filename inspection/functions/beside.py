"""Rekognition's own analyzers beside the version: each image shown to each once, as the table knows it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from customlabels.inspection import analysing
from customlabels.inspection.analyzers import ANALYZERS, Findings, ask
from customlabels.inspection.claims import Busy, Table
from customlabels.inspection.documents import Inspection
from customlabels.inspection.functions.asking import TOO_FAST, WAIT_A_LITTLE, NotNow, milliseconds
from customlabels.inspection.functions.showing import Gone, is_same
from customlabels.inspection.records import Arrival

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

_DAY = 86_400

NAMED = 80.0
"""From which confidence on a thing stands in the sighting; the table's row of the analyzer has all of them."""

_MOST = 10
"""Names of an analyzer in a sighting."""


class Clients(Protocol):
    """What is called."""

    @property
    def rekognition(self) -> "RekognitionClient": ...
    @property
    def s3(self) -> "S3Client": ...
    @property
    def table(self) -> Table: ...


class Beside:
    """The analyzers of an inspection, as the threads of a batch ask them.

    Parameters
    ----------
    until : when claims end, milliseconds since 1970
    """

    def __init__(self, clients: Clients, inspection: Inspection, until: int) -> None:
        self._clients, self._inspection, self._until = clients, inspection, until
        self._versions = analysing.Versions(clients.table)

    def look(self, key: str, arrivals: Sequence[Arrival]) -> Mapping[str, tuple[str, ...]]:
        """What each analyzer names in the image.

        Parameters
        ----------
        arrivals : of the image; it is shown by the address of one that is still there

        Raises
        ------
        NotNow : an analyzer takes no more just now, or somebody else looks
        botocore.exceptions.ClientError : one cannot be asked
        """
        named = {}
        for name in self._inspection.analyzers:
            now = milliseconds()
            try:
                findings = analysing.analyse(
                    self._versions,
                    key,
                    ANALYZERS[name],
                    partial(self._ask, name, arrivals),
                    now=now,
                    until=self._until,
                    expires=now // 1000 + self._inspection.keep * _DAY,
                )
            except Gone:
                continue
            if isinstance(findings, Busy):
                raise NotNow((findings.until - now) / 1000 + 1, "another worker looks at it")
            named[name] = _named(findings)
        return named

    def _ask(self, name: str, arrivals: Sequence[Arrival]) -> Findings:
        s3, rekognition = self._clients.s3, self._clients.rekognition
        for arrival in arrivals:
            shown: Mapping[str, Any] = {"S3Object": {"Bucket": arrival.address.bucket, "Name": arrival.address.key}}
            try:
                findings = ask(rekognition, ANALYZERS[name], shown)
            except rekognition.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in TOO_FAST:
                    raise NotNow(WAIT_A_LITTLE, f"{name}: {error.response['Error']['Code']}") from error
                raise
            # What was looked at may have been another image under the same key.
            if is_same(s3, arrival):
                return findings
        raise Gone


def _named(findings: Findings) -> tuple[str, ...]:
    if findings.refusal is not None:
        return (findings.refusal,)
    figures = [f"{name} {value:.0f}" for name, value in findings.figures.items()]
    names = dict.fromkeys(thing.label for thing in findings.seen if thing.confidence >= NAMED)
    return (*figures, *[*names][:_MOST])
