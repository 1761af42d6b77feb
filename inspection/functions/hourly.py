"""What is looked at every hour, whether anybody asks or not: days that are over, and golden images.

A day's images are held against the version's first ones when the day is over, and once more when the last of them may
have been looked at, since an image may wait for as long as the deadline lets. Each of the two is claimed and done once:
a function that is killed is followed by the next hour's. A notice tells what drifted, and of golden images what is
wrong, once for the same; the metrics are what alarms look at. Golden images are shown where the model is up: nothing is
started for them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from customlabels.aws.function_log import log, metrics
from customlabels.inspection import claims
from customlabels.inspection.claims import Claim, Key, Table
from customlabels.inspection.drift import Day
from customlabels.inspection.functions.asking import Model, NotNow
from customlabels.inspection.golden import Golden, Packed, Shown, golden_of
from customlabels.inspection.rules import FLOOR
from customlabels.inspection.signal_words import in_words
from customlabels.inspection.told_brightness import told_by
from customlabels.inspection.watching import figures_of, watched

if TYPE_CHECKING:
    from customlabels.inspection.functions.knowledge import Version

_DAY = timedelta(days=1)
_KEPT = timedelta(days=30)
"""How long it is known that a day was judged, and what was told."""

_MOST_LINES = 40
"""Of a notice."""

Tell = Callable[[str, Sequence[str]], None]
"""Sends a notice: what it is about, and its lines."""


class Hour(NamedTuple):
    """What is watched, and when.

    Parameters
    ----------
    thresholds : from which confidence on a label counts, 0..100
    deadline : how long an image may wait
    kept : how long results are kept
    now : of the event
    lasts : how long claims hold
    """

    project: str
    table: Table
    version: "Version"
    thresholds: Mapping[str, float]
    deadline: timedelta
    kept: timedelta
    now: datetime
    lasts: timedelta


def judge_days(hour: Hour, tell: Tell) -> list[Day]:
    """The days that were to be judged, and were not yet."""
    judged = []
    for stage, last in (("over", hour.now), ("complete", hour.now - hour.deadline)):
        day = last.date() - _DAY
        with _claimed(hour, f"{stage}#{day.isoformat()}") as ours:
            held = _held_against_the_first(hour, day) if ours else None
            if held is not None:
                judged.append(held)
                metrics(hour.project, hour.now, figures_of(held, None))
                about, drifted = f"images of {day.isoformat()} have changed", list(map(in_words, held.drifted))
                _tell_once(hour, f"drift#{day.isoformat()}", about, drifted, tell)
    return judged


def show_golden(hour: Hour, golden: Sequence[Packed], model: Model, tell: Tell) -> Golden | None:
    """How golden images come out; None where the model is down, or has no turn for them."""
    shown = []
    model.expected = len(golden)
    for image in golden:
        try:
            analysis = model.ask({"Bytes": image.body})
        except NotNow as reason:
            log("INFO", f"golden images are not shown this hour: {reason}")
            return None
        best = {seen.label: seen.confidence for seen in reversed(analysis.seen)}
        shown.append(Shown(image.name, image.labels, best, analysis.refusal))
    outcome = golden_of(shown, hour.thresholds)
    metrics(hour.project, hour.now, figures_of(None, outcome))
    _tell_once(hour, "golden", f"{len(outcome.wrong)} of {outcome.images} golden images wrong", outcome.wrong, tell)
    return outcome


def least(thresholds: Mapping[str, float]) -> float:
    """From which confidence on golden images are to be told of, 0..100."""
    return min([FLOOR, *thresholds.values()])


def notice(project: str, version: str, about: str, lines: Sequence[str]) -> tuple[str, str]:
    """Subject and text of a notice."""
    more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    text = [f"{project}, version {version}: {about}", "", *lines[:_MOST_LINES], *more, ""]
    return f"customlabels {project}: {about}", "\n".join([*text, "customlabels inspection watch shows more"])


def _held_against_the_first(hour: Hour, day: date) -> Day | None:
    """A day of the version; None where it has too few images, or the first ones are too few yet."""
    begins = datetime.combine(day, time(), UTC)
    outcome = watched(
        hour.table,
        hour.version.name,
        hour.thresholds,
        now=hour.now,
        since=begins,
        last=day,
        oldest=hour.now - hour.kept,
        measured=told_by(hour.table),
    )
    return next((held for held in outcome.days if held.day == day and held.signals), None)


def _tell_once(hour: Hour, of: str, about: str, lines: Sequence[str], tell: Tell) -> None:
    """Sends a notice, unless the last one of it had the same lines; of none, only that there are none is noted."""
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    with _claimed(hour, of, {"told": digest}) as ours:
        if ours and lines:
            tell(about, lines)


@contextmanager
def _claimed(hour: Hour, of: str, same: Mapping[str, str] | None = None) -> Iterator[bool]:
    """Whether an item is this hour's own, neither done nor another's; done as the block ends, else given back."""
    now, until, expires = (at.timestamp() for at in (hour.now, hour.now + hour.lasts, hour.now + _KEPT))
    key = Key(f"watch#{hour.version.name}", of)
    claim = claims.claim(
        hour.table, key, now=round(1000 * now), until=round(1000 * until), expires=round(expires), same=same
    )
    if not isinstance(claim, Claim):
        yield False
        return
    try:
        yield True
    except BaseException:
        claims.release(hour.table, claim)
        raise
    claims.finish(hour.table, claim, {})
