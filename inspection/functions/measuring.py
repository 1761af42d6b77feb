"""What was counted of a batch of arrivals, as metrics."""

from collections.abc import Mapping
from datetime import datetime

from customlabels.aws.function_log import metrics

FIGURES = ("Inspected", "Defects", "Unsure", "RefusedPercent")
"""Metrics of every inspection."""

_BESIDE = ("Refused", "Known", "Calls", "GivenBack", "Failed", "Elsewhere")
"""What else is counted of a batch, and stands in the log alone."""


def measure(project: str, now: datetime, figures: Mapping[str, int]) -> None:
    """Writes what was counted of a batch as metrics."""
    inspected = figures["Inspected"]
    counts: dict[str, float] = {name: figures[name] for name in FIGURES[:-1]}
    if inspected:
        counts[FIGURES[-1]] = round(100 * figures["Refused"] / inspected, 2)
    metrics(project, now, counts, {FIGURES[-1]: "Percent"}, **{name: figures[name] for name in _BESIDE})
