"""What is to be done about an image of a batch, claimed: its sightings, and its analysis where there is none yet.

Of an image that is new, the claim on its analysis covers those on its sightings, which spares a write for each. That
holds where all workers look with the same version: else two of them could claim an analysis each, and both would see to
the same sighting.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from customlabels.inspection import claims, records
from customlabels.inspection.claims import COVERS, Busy, Claim, Done, Key, State, Table
from customlabels.inspection.functions.asking import NotNow
from customlabels.inspection.functions.knowledge import Version
from customlabels.inspection.records import Arrival, Sighting
from customlabels.inspection.rules import Analysis


class Times(NamedTuple):
    """Of claims: now, until when they hold, in milliseconds since 1970; when what is kept expires, in seconds."""

    now: int
    until: int
    expires: int


@dataclass(slots=True)
class Held:
    """What a worker holds of an image.

    Parameters
    ----------
    sightings : that are to be seen to
    analysis : the claim on it, where the model is to look
    known : the analysis, where the table has it
    """

    sightings: list[tuple[Claim, Arrival]] = field(default_factory=list)
    done: dict[Key, Sighting] = field(default_factory=dict)
    analysis: Claim | None = None
    known: Analysis | None = None

    def given_back(self, error: str | None = None) -> Iterator[tuple[Claim, str | None]]:
        """The claims to be released where nothing came of it, each with what stays of `error` in its item."""
        for claim, _ in self.sightings:
            # With an analysis that nothing came of, what it covered is given back, too.
            if claim.written or error is not None or self.known is not None:
                yield claim, error
        if self.analysis is not None and self.known is None:
            yield self.analysis, None


def hold(
    table: Table,
    image: str,
    arrivals: Mapping[Key, Arrival],
    version: Version,
    times: Times,
    *,
    alone: bool,
    held: Held,
    same: Mapping[str, str] | None = None,
) -> None:
    """Claims what is still to be done of `arrivals`, into `held`; no analysis where no sighting is left.

    Parameters
    ----------
    image : its key
    alone : whether `version` is the only one that workers look with
    same : in what a sighting that is done has to agree; one that does not is claimed anew

    Raises
    ------
    NotNow : somebody else has some of it
    """
    absent = _absent(table, arrivals, times, held, same) if alone else {}
    _claim_each(table, {key: arrival for key, arrival in arrivals.items() if key not in absent}, times, held, same)
    if not held.sightings and not absent:
        return
    key = records.analysis_key(image, version.name)
    about = {COVERS: [claims.mark(key) for key in absent]} if absent else {}
    outcome = _claim(table, key, about, times, {"arn": version.arn})
    if isinstance(outcome, Busy):
        raise NotNow(_seconds(times.now, outcome.until), "another worker looks at it")
    if isinstance(outcome, Claim):
        held.analysis = outcome
        held.sightings += [
            (claims.covered(key, outcome, {**records.about_sighting(arrival.address), **(same or {})}), arrival)
            for key, arrival in absent.items()
        ]
        return
    held.known = records.read_analysis(outcome.item)
    if any(claims.covers(outcome.item, key, times.now) for key in absent):
        raise NotNow(_seconds(times.now, int(outcome.item["until"])), "another worker sees to it")
    _claim_each(table, absent, times, held, same)


def _absent(
    table: Table, arrivals: Mapping[Key, Arrival], times: Times, held: Held, same: Mapping[str, str] | None
) -> dict[Key, Arrival]:
    """Those of which the table has nothing; what is done of the others, and agrees, is noted."""
    absent: dict[Key, Arrival] = {}
    for key, arrival in arrivals.items():
        item = claims.peek(table, key)
        if item is None:
            absent[key] = arrival
        elif (
            item["state"] == State.DONE
            and claims.is_alive(item, times.now // 1000)
            and all(item.get(name) == value for name, value in (same or {}).items())
        ):
            held.done[key] = records.read_sighting(item)
    return absent


def _claim_each(
    table: Table, arrivals: Mapping[Key, Arrival], times: Times, held: Held, same: Mapping[str, str] | None
) -> None:
    busy = 0
    for key, arrival in arrivals.items():
        if key in held.done:
            continue
        outcome = _claim(table, key, records.about_sighting(arrival.address), times, same)
        if isinstance(outcome, Claim):
            held.sightings.append((outcome, arrival))
        elif isinstance(outcome, Busy):
            busy = max(busy, outcome.until)
        else:
            held.done[key] = records.read_sighting(outcome.item)
    if busy:
        raise NotNow(_seconds(times.now, busy), "another worker has it")


def _claim(
    table: Table, key: Key, about: dict[str, Any], times: Times, same: Mapping[str, str] | None
) -> Claim | Done | Busy:
    return claims.claim(table, key, now=times.now, until=times.until, expires=times.expires, about=about, same=same)


def _seconds(now: int, until: int) -> float:
    return (until - now) / 1000 + 1
