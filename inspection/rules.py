"""What an image is: passed, defective, unsure or refused. The one place that decides, for function, command and page.

Pure: standard library alone. Confidences, thresholds and bands are 0..100, as DetectCustomLabels gives them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

FLOOR = 5.0
"""The least confidence that is kept of a label, where no threshold lies lower."""

MOST_LABELS = 50
"""Labels and boxes that are kept of an image, the surest; and the surest of each label, however many."""


class Verdict(StrEnum):
    """What an image is found to be; REFUSED is one that the service does not look at, however often it is asked."""

    PASS = "pass"  # noqa: S105 - no password
    DEFECT = "defect"
    UNSURE = "unsure"
    REFUSED = "refused"


class Seen(NamedTuple):
    """A label that a model saw, its confidence, and where: left, top, width and height in fractions of the sides."""

    label: str
    confidence: float
    box: tuple[float, float, float, float] | None = None


class Analysis(NamedTuple):
    """What a version saw in an image from `floor` up, the surest first; or why the service refused to look.

    Parameters
    ----------
    whole_from : the confidence above which every box of a label is there; the surest always is
    """

    seen: tuple[Seen, ...] = ()
    floor: float = 0.0
    refusal: str | None = None
    whole_from: float = 0.0

    @property
    def top(self) -> Seen | None:
        return self.seen[0] if self.seen else None


@dataclass(frozen=True, slots=True)
class Rules:
    """How images are judged.

    Parameters
    ----------
    defects : labels that make an image defective
    thresholds : the least confidence of a label that counts; those of the settings
    band : how near to its threshold a confidence leaves it open
    """

    defects: frozenset[str]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    band: float = 0.0


class Judgement(NamedTuple):
    """A verdict, the labels that it rests on, the surest first, and why, in words."""

    verdict: Verdict
    labels: tuple[str, ...] = ()
    why: str = ""


def with_assumed(rules: Rules, assumed: Mapping[str, float]) -> Rules:
    """The rules, with a version's assumed thresholds for labels of which they name none."""
    return Rules(rules.defects, {**assumed, **rules.thresholds}, rules.band)


def floor(rules: Rules) -> float:
    """From which confidence on labels are asked for, so that every threshold with its band can be told."""
    return max(0.0, min([FLOOR, *(_edge(rules, label) for label in rules.defects if label in rules.thresholds)]))


def analysed(seen: Sequence[Seen], floor: float) -> Analysis:
    """The analysis of what a model answered; boxes that are left out of many are none that a verdict could rest on."""
    ordered = sorted(seen, key=lambda label: (-label.confidence, label.label))
    surest = {label.label: label for label in reversed(ordered)}
    kept = [label for number, label in enumerate(ordered) if number < MOST_LABELS or surest[label.label] is label]
    left_out = ordered[MOST_LABELS].confidence if len(kept) < len(ordered) else 0.0
    return Analysis(tuple(kept), floor, whole_from=left_out)


def judge(analysis: Analysis, rules: Rules) -> Judgement:
    """What an image is, by what was seen in it.

    A defect counts from the upper edge of its band on; within the band, and where a label has no threshold or could
    have stayed below the analysis's floor, nothing is certain.
    """
    if analysis.refusal is not None:
        return Judgement(Verdict.REFUSED, why=analysis.refusal)
    best = {seen.label: seen.confidence for seen in reversed(analysis.seen)}
    certain: dict[str, float] = {}
    open_: dict[str, str] = {}
    for label in sorted(rules.defects, key=lambda label: (-best.get(label, -1.0), label)):
        confidence, threshold = best.get(label), rules.thresholds.get(label)
        if threshold is None:
            at = "" if confidence is None else f" at {confidence:.1f}"
            open_[label] = f"{label}{at}, and no threshold is known for it"
        elif confidence is None:
            if analysis.floor > _edge(rules, label):
                open_[label] = f"{label} was asked for from {analysis.floor:g} on only"
        elif confidence >= threshold and confidence - threshold >= rules.band:
            certain[label] = confidence
        elif threshold - confidence < rules.band:
            open_[label] = f"{label} at {confidence:.1f}, near its threshold of {threshold:.1f}"
    if certain:
        return Judgement(
            Verdict.DEFECT, tuple(certain), ", ".join(f"{name} at {certain[name]:.1f}" for name in certain)
        )
    if open_:
        return Judgement(Verdict.UNSURE, tuple(open_), "; ".join(open_.values()))
    return Judgement(Verdict.PASS)


def _edge(rules: Rules, label: str) -> float:
    """The confidence below which a label certainly does not count."""
    return rules.thresholds[label] - rules.band
