"""Whether a version is good enough, and on what evidence."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree

from customlabels.core.errors import GateFailed, SettingsError
from customlabels.core.printable import printable
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.evaluation.measured import Measured, same_test_images

_METRICS = ("f1", "precision", "recall")
_WORDS = {"f1": "F1", "precision": "precision", "recall": "recall"}


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNPROVED = "not enough evidence"


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the gate and how the version meets it; figures in 0..1, test images as a count.

    Parameters
    ----------
    value, least : what was measured, and what was asked for; for a regression the difference and the most it may fall
    low : lower end of the value's interval where the gate decides on it
    """

    name: str
    value: float
    least: float
    result: Result
    sentence: str
    low: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of a gate on a version; passed where there is none."""

    version: str
    f1: float
    checks: tuple[Check, ...]

    @property
    def result(self) -> Result:
        results = {check.result for check in self.checks}
        return next((result for result in (Result.FAILED, Result.UNPROVED) if result in results), Result.PASSED)

    @property
    def shortfalls(self) -> list[str]:
        """A sentence for each demand that is not met."""
        return [check.sentence for check in self.checks if check.result is not Result.PASSED]

    def document(self) -> dict[str, Any]:
        return {"version": self.version, "gate": self.result, "checks": [asdict(check) for check in self.checks]}


@dataclass(frozen=True, slots=True)
class Champion:
    """The version that a candidate must not fall behind, evaluated on the same test images."""

    version: str
    f1: float
    low: float | None
    """Lower end of the interval of the candidate's F1 less the champion's; None where it was not worked out."""
    comparable: bool = True
    """Whether both were judged on the same test images."""
    read: bool = True
    """Whether its F1 is what the service says, not the mean of some of its labels."""


def beside(
    measured: Measured, champion: Measured | None, gate: GateSettings, low: float | None = None
) -> Champion | None:
    """What the gate holds a version against; None where it lets F1 fall, or the version is the champion itself.

    Parameters
    ----------
    champion : None where there is none
    low : lower end of the interval of the difference of their F1, where it was worked out
    """
    if gate.max_regression is None or champion is None or champion.name == measured.name:
        return None
    comparable = same_test_images(champion.snapshot, measured.snapshot)
    read = "f1" not in champion.evaluation.unproved
    return Champion(champion.name, champion.evaluation.f1, low, comparable, read)


def judge(
    evaluation: Evaluation,
    gate: GateSettings,
    *,
    lows: Mapping[str, tuple[float, float, float]] | None = None,
    champion: Champion | None = None,
) -> Verdict:
    """The verdict of the gate.

    Parameters
    ----------
    lows : lower ends of the intervals of precision, recall and F1, overall under "" and by label; given where the
        gate decides on them (`decide_on = "interval"`)
    champion : None where there is none, or where it is the version itself

    Raises
    ------
    SettingsError : a demand for a label that the version does not have, or one that cannot be read
    """
    lows = lows or {}
    overall = {"f1": gate.min_f1, "precision": gate.min_precision, "recall": gate.min_recall}
    checks = [
        _check(_WORDS[metric], getattr(evaluation, metric), least, _low(lows, "", metric))
        for metric, least in overall.items()
        if least is not None
    ]
    known = {metrics.label for metrics in evaluation.labels}
    demands = {label: parse_demand(text) for label, text in gate.min_label.items()}
    if missing := sorted(demands.keys() - known):
        raise SettingsError(
            f"the gate asks for labels that version {evaluation.version} does not have: {', '.join(missing)}",
            hint=f"its labels are {', '.join(sorted(known))}",
        )
    each = gate.min_label_f1 is not None or gate.min_test_images is not None
    # A label that cannot be read may be the one that a demand is missed by; so may a mean without it.
    checks += [
        _unread(name)
        for name in evaluation.unproved
        if (overall[name] is not None if name in overall else each or gate.min_label)
    ]
    for metrics in evaluation.labels:
        wanted = {} if gate.min_label_f1 is None else {"f1": gate.min_label_f1}
        for metric, least in (wanted | demands.get(metrics.label, {})).items():
            name = f"{_WORDS[metric]} of {metrics.label!r}"
            checks.append(_check(name, getattr(metrics, metric), least, _low(lows, metrics.label, metric)))
        if gate.min_test_images is not None:
            checks.append(_evidence(metrics.label, metrics.images, gate.min_test_images))
    if gate.max_regression is not None and champion is not None:
        checks.append(_regression(evaluation.f1, gate.max_regression, champion))
        if "f1" in evaluation.unproved and gate.min_f1 is None:
            checks.append(_unread("f1"))
    return Verdict(evaluation.version, evaluation.f1, tuple(checks))


def parse_demand(text: str) -> dict[str, float]:
    """The metrics and figures in `0.9`, `0.9:recall` or `0.8:f1,0.9:recall`.

    Raises
    ------
    SettingsError
    """
    demands = {}
    for part in str(text).split(","):
        number, _, metric = part.strip().partition(":")
        metric = metric.strip().lower() or "f1"
        try:
            least = float(number)
        except ValueError:
            least = -1.0
        if metric not in _METRICS or not 0 <= least <= 1:
            raise SettingsError(
                f"{text!r} is no demand on a label",
                hint="write 0.9, 0.9:recall or 0.8:f1,0.9:recall; figures are 0 to 1",
            )
        demands[metric] = least
    return demands


def _low(lows: Mapping[str, tuple[float, float, float]], label: str, metric: str) -> float | None:
    return lows[label][("precision", "recall", "f1").index(metric)] if label in lows else None


def demand(verdict: Verdict) -> None:
    """Goes on where the gate is passed.

    Raises
    ------
    GateFailed : with a sentence for each demand that is not met
    """
    missed = verdict.shortfalls
    if missed:
        outcome = "the gate failed" if verdict.result is Result.FAILED else "not enough evidence for the gate"
        raise GateFailed(
            f"{outcome}: version {verdict.version}: {missed[0]}",
            details=missed[1:],
            hint="add or mend images of the labels with the lowest figures; the version itself stays",
        )


def _unread(name: str) -> Check:
    sentence = f"{_WORDS.get(name, name)} cannot be read in the evaluation's summary: there is nothing to judge it by"
    return Check(f"{_WORDS.get(name, name)} in the summary", 0.0, 1.0, Result.UNPROVED, sentence)


def _reaches(value: float, least: float) -> bool:
    """Whether a figure, or a difference of two, is that high; what is none, as NaN or infinity, never is."""
    return math.isfinite(value) and value >= least


def _check(name: str, value: float, least: float, low: float | None) -> Check:
    if _reaches(value, least) and low is not None and not _reaches(low, least):
        sentence = (
            f"{name} is {value:.3f}, but with 95 % confidence only above {low:.3f}; the gate asks for {least:.3f}"
        )
        return Check(name, value, least, Result.UNPROVED, sentence, low)
    result = Result.PASSED if _reaches(value, least) else Result.FAILED
    return Check(name, value, least, result, f"{name} is {value:.3f}, the gate asks for {least:.3f}", low)


def _evidence(label: str, images: int, least: int) -> Check:
    result = Result.PASSED if images >= least else Result.UNPROVED
    sentence = f"{label!r} has {images} test images, the gate asks for {least} to judge it"
    return Check(f"test images of {label!r}", images, least, result, sentence)


def _regression(f1: float, most: float, champion: Champion) -> Check:
    fall = f1 - champion.f1
    name = f"F1 beside champion {champion.version}"
    sentence = f"F1 is {f1:.3f}, that of champion {champion.version} {champion.f1:.3f}; it may fall by {most:.3f}"
    if not champion.comparable:
        sentence = f"champion {champion.version} was judged on other test images: whether F1 fell cannot be told"
        return Check(name, fall, -most, Result.UNPROVED, sentence)
    if not champion.read:
        sentence = f"F1 of champion {champion.version} cannot be read: whether F1 fell cannot be told"
        return Check(name, fall, -most, Result.UNPROVED, sentence)
    if not _reaches(fall, -most):
        return Check(name, fall, -most, Result.FAILED, sentence, champion.low)
    if champion.low is not None and not _reaches(champion.low, -most):
        sentence += f", and with 95 % confidence it fell by no more than {-champion.low:.3f}"
        return Check(name, fall, -most, Result.UNPROVED, sentence, champion.low)
    return Check(name, fall, -most, Result.PASSED, sentence, champion.low)


def junit(verdict: Verdict) -> bytes:
    """The verdict as JUnit XML: a test case a check; XML has no controls, so labels are shown without."""
    failed = sum(check.result is not Result.PASSED for check in verdict.checks)
    counts = {"tests": str(len(verdict.checks)), "failures": str(failed), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"gate of {verdict.version}", **counts})
    for check in verdict.checks:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": f"gate.{verdict.version}", "name": printable(check.name)}
        )
        if check.result is not Result.PASSED:
            sentence = printable(check.sentence)
            failure = ElementTree.SubElement(case, "failure", {"type": check.result, "message": sentence})
            failure.text = sentence
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
