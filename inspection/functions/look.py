"""A batch of arrivals looked at: each claimed, shown to the model in its turn, judged, kept, seen to and told.

An image's own failure leaves its neighbours alone. What is no fault of an image (the model is down, or takes no more;
somebody else works on it) gives it back, and costs it no try; what the service refuses is a result, and is never asked
again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.function_log import log
from customlabels.core.addresses import S3Address
from customlabels.inspection import claims, records
from customlabels.inspection.claims import Claim, Table
from customlabels.inspection.documents import Inspection
from customlabels.inspection.functions.acting import act, tell
from customlabels.inspection.functions.arrivals import arrivals
from customlabels.inspection.functions.asking import WAIT_A_LITTLE, Model, NotNow, milliseconds
from customlabels.inspection.functions.claiming import Held, Times, hold
from customlabels.inspection.functions.knowledge import Known, Version
from customlabels.inspection.functions.showing import Gone, TooLarge, digest, is_same, shown
from customlabels.inspection.records import Arrival, Sighting
from customlabels.inspection.rules import (
    Analysis,
    Judgement,
    Rules,
    Verdict,
    floor,
    judge,
    with_assumed,
)

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

    from customlabels.inspection.functions.beside import Beside

_PATIENCE = 0.7
"""Share of the time within which a call has to begin, so that it and what follows it still fit."""

_THREADS = 10
"""A batch's messages."""

_IN_MEMORY = 2
"""Images whose bytes are held at once: one that is shown, and the next."""

_DAY = 86_400

_COUNTED = {Verdict.DEFECT: "Defects", Verdict.UNSURE: "Unsure", Verdict.REFUSED: "Refused"}


class Clients(NamedTuple):
    """What a look calls."""

    rekognition: "RekognitionClient"
    s3: "S3Client"
    events: "EventBridgeClient"
    table: Table


class Message(NamedTuple):
    """A message of the queue."""

    id: str
    body: str


@dataclass(slots=True)
class Outcome:
    """How a batch ended.

    Parameters
    ----------
    failed : ids of messages
    later : seconds after which messages that are given back are worth another try, by id
    down : whether the version was not running
    sightings : what is known of images now, by the ids of their messages, as far as they came
    errors : why messages failed, by their ids
    """

    failed: set[str] = field(default_factory=set)
    later: dict[str, float] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)
    down: bool = False
    sightings: dict[str, Sighting] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Image:
    """An image of the batch with its arrivals, and how far it has come."""

    key: str
    arrivals: list[tuple[str, Arrival]] = field(default_factory=list)
    held: Held = field(default_factory=Held)
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What analyzers name in it."""
    ended: bool = False
    """Whether nothing came of it in this batch."""


def look(
    messages: Sequence[Message],
    project: str,
    clients: Clients,
    known: Known,
    version: Version,
    assumed: Mapping[str, float],
    seconds: float,
    judged: str | None = None,
) -> Outcome:
    """Looks at what the messages tell of.

    Parameters
    ----------
    version : that answers
    assumed : its own thresholds, 0..100
    seconds : that are left
    judged : what verdicts rest on: an arrival whose verdict rests on something else is judged anew; None where each is
        judged once and for all
    """
    return _Batch(project, clients, known, version, assumed, seconds, judged).run(messages)


class _Batch:
    def __init__(
        self,
        project: str,
        clients: Clients,
        known: Known,
        version: Version,
        assumed: Mapping[str, float],
        seconds: float,
        judged: str | None,
    ) -> None:
        self._project, self._clients, self._inspection = project, clients, known.inspection
        self._version, self._settled = version, known.settled
        self._rests_on = None if judged is None else {"judged": judged}
        self._rules: Rules = with_assumed(known.inspection.rules, assumed)
        now = milliseconds()
        self._until = now + round(1000 * seconds)
        self._model = Model(
            clients.rekognition,
            clients.table,
            version,
            alone=all(other == version for other in known.versions),
            rate=known.inspection.rate,
            least=floor(self._rules),
            last=now + round(1000 * _PATIENCE * seconds),
        )
        self._beside = _beside(clients, known.inspection, self._until)
        self._in_memory = threading.BoundedSemaphore(_IN_MEMORY)
        self._outcome, self._counting = Outcome(), threading.Lock()

    def run(self, messages: Sequence[Message]) -> Outcome:
        arrived: list[tuple[str, Arrival]] = []
        for message in messages:
            try:
                arrived += [(message.id, arrival) for arrival in arrivals(message.body) if self._is_meant(arrival)]
            except ValueError as error:
                self._fail([message.id], error)
        with ThreadPoolExecutor(_THREADS) as threads:
            images: dict[str, _Image] = {}
            for (id_, arrival), identified in zip(arrived, threads.map(self._identified, arrived), strict=True):
                if identified is not None:
                    image = images.setdefault(identified.key, identified)
                    image.arrivals.append((id_, arrival))
            list(threads.map(lambda image: self._guarded(image, self._claim), images.values()))
            self._model.expected = sum(image.held.analysis is not None and not image.ended for image in images.values())
            list(threads.map(lambda image: self._guarded(image, self._conclude), images.values()))
        self._outcome.down, self._outcome.figures["Calls"] = self._model.down, self._model.calls
        return self._outcome

    def _is_meant(self, arrival: Arrival) -> bool:
        """Whether it is an arrival of what is inspected; what is not has waited since before the source was another."""
        address, inspection = arrival.address, self._inspection
        meant = inspection.bucket in ("", address.bucket) and address.key.startswith(inspection.prefix)
        if not meant:
            self._count("Elsewhere")
            source = S3Address(inspection.bucket, inspection.prefix)
            log("WARNING", f"{address} is not inspected: it did not arrive in {source}")
        return meant

    def _identified(self, arrived: tuple[str, Arrival]) -> _Image | None:
        """The image of an arrival; where it is known by its bytes alone, those are read."""
        id_, arrival = arrived
        if self._inspection.by == "etag":
            return _Image(records.by_etag(arrival.etag, arrival.size))
        try:
            with self._in_memory:
                return _Image(records.by_sha256(digest(self._clients.s3, arrival), arrival.size))
        except (Gone, TooLarge):
            # There is nothing left to tell it by; or more than is ever looked at.
            return _Image(records.by_etag(arrival.etag, arrival.size))
        except Exception as error:
            self._fail([id_], error)
            return None

    def _guarded(self, image: _Image, step: Callable[[_Image], None]) -> None:
        """Takes an image a step on, unless it has ended; what ends it ends it alone, and gives its claims back."""
        if image.ended:
            return
        ids = {id_ for id_, _ in image.arrivals}
        try:
            step(image)
        except NotNow as reason:
            image.ended = True
            self._outcome.later |= dict.fromkeys(ids, reason.seconds)
            self._count("GivenBack")
            self._give_back(image, None)
        except Exception as error:
            image.ended = True
            self._fail(ids, error)
            self._give_back(image, f"{type(error).__name__}: {error}"[:500])

    def _claim(self, image: _Image) -> None:
        """Claims the sightings that are not done yet, and the analysis where there is none."""
        now = milliseconds()
        times = Times(now, self._until, now // 1000 + self._inspection.keep * _DAY)
        # An event that was doubled may come twice in a batch.
        arrivals = {records.sighting_key(image.key, arrival): arrival for _, arrival in image.arrivals}
        try:
            hold(
                self._clients.table,
                image.key,
                arrivals,
                self._version,
                times,
                alone=self._settled,
                same=self._rests_on,
                held=image.held,
            )
        finally:
            for key, sighting in image.held.done.items():
                self._note(image, key, sighting)
        if image.held.known is not None:
            self._count("Known")

    def _conclude(self, image: _Image) -> None:
        """Has the model look where it has to, and sees to every sighting."""
        held = image.held
        if held.analysis is not None:
            self._model.need_up()
            with self._in_memory:
                self._look_at(image)
        if self._beside is not None and held.sightings and held.known is not None and held.known.refusal is None:
            image.beside = self._beside.look(image.key, [arrival for _, arrival in held.sightings])
        for claim, arrival in held.sightings:
            self._see_to(image, claim, arrival)
        if held.analysis is not None and held.known is None:
            claims.release(self._clients.table, held.analysis)

    def _look_at(self, image: _Image) -> None:
        """Shows the model what is still there of the image; what it need not be shown is decided here."""
        for _, arrival in image.held.sightings:
            if not arrival.size:
                self._keep(image, Analysis(refusal="the object is empty"), 0)
                return
            try:
                given = shown(self._clients.s3, arrival)
            except Gone:
                continue
            with self._model.one_at_a_time:
                self._ask(image, given, arrival)
            return

    def _ask(self, image: _Image, given: Mapping[str, Any], arrival: Arrival) -> None:
        """Shows the image to the model, and keeps what that says of it."""
        began = time.monotonic()
        analysis = self._model.ask(given)
        if "S3Object" not in given or is_same(self._clients.s3, arrival):
            self._keep(image, analysis, round(1000 * (time.monotonic() - began)))

    def _keep(self, image: _Image, analysis: Analysis, milliseconds: int) -> None:
        held, result = image.held, records.of_analysis(analysis, milliseconds=milliseconds)
        if held.analysis is None or not claims.finish(self._clients.table, held.analysis, result):
            # Its time was out. Whoever has it now has the one result.
            held.analysis = None
            raise NotNow(WAIT_A_LITTLE, "another worker has taken it over")
        held.known = analysis

    def _see_to(self, image: _Image, claim: Claim, arrival: Arrival) -> None:
        """Judges a sighting, does what is done with such an object, tells of it, and keeps that."""
        analysis = image.held.known
        if analysis is None:
            judgement = Judgement(Verdict.REFUSED, why="the object was deleted or replaced before it was looked at")
        else:
            judgement = judge(analysis, self._rules)
        did = act(self._clients.s3, self._inspection, arrival, judgement.verdict, judgement.labels)
        top = analysis.top if analysis else None
        version, beside = self._version.name, image.beside
        sighting = Sighting(image.key, arrival.address, arrival.at, version, judgement, top, did, beside)
        if self._inspection.bus:
            tell(self._clients.events, self._project, self._inspection, claim.key, arrival, sighting)
        claims.finish(self._clients.table, claim, records.of_sighting(sighting))
        self._note(image, claim.key, sighting)
        self._count("Inspected")
        if judgement.verdict in _COUNTED:
            self._count(_COUNTED[judgement.verdict])

    def _give_back(self, image: _Image, error: str | None) -> None:
        """Gives up the claims of an image that has ended without a result."""
        for claim, why in image.held.given_back(error):
            try:
                claims.release(self._clients.table, claim, why)
            except Exception as failure:
                log("ERROR", f"a claim was not given back, and ends by itself: {failure}")

    def _count(self, figure: str) -> None:
        with self._counting:
            self._outcome.figures[figure] += 1

    def _note(self, image: _Image, key: claims.Key, sighting: Sighting) -> None:
        """Hands on what is known of the arrivals that a sighting is of."""
        for id_, arrival in image.arrivals:
            if records.sighting_key(image.key, arrival) == key:
                self._outcome.sightings[id_] = sighting

    def _fail(self, ids: Iterable[str], error: Exception) -> None:
        ids = set(ids)
        self._outcome.failed |= ids
        self._outcome.errors |= dict.fromkeys(ids, f"{type(error).__name__}: {error}"[:500])
        self._count("Failed")
        log("ERROR", f"{type(error).__name__}: {error}", messages=sorted(ids))


def _beside(clients: Clients, inspection: Inspection, until: int) -> "Beside | None":
    """The analyzers, which few inspections have, and which are imported for those alone."""
    if not inspection.analyzers:
        return None
    from customlabels.inspection.functions.beside import Beside

    return Beside(clients, inspection, until)
