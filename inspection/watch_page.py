"""One HTML file about production: what drifted on which day, golden images, estimated figures. It needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customlabels.core.templates import template
from customlabels.inspection.drift import FALSE_ALARMS, HORIZON, LEAST, REFERENCE, Day, Signal, Watched, surprise
from customlabels.inspection.golden import Golden
from customlabels.inspection.signal_words import NAMES, in_words, value_of

_HIGH = 40.0
"""Of a row's picture; a day is one wide."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A day in a signal's row.

    Parameters
    ----------
    top, height : of its bar in the row's picture
    drifted : None where the signal is not known on that day
    """

    at: int
    top: float
    height: float
    drifted: bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """A signal over all days."""

    name: str
    label: str
    before: str
    last: str
    marks: tuple[Mark, ...]
    days: tuple[str, ...]
    """Days on which it drifted."""


def watch_page(
    project: str,
    version: str,
    watched: Watched,
    golden: Golden | None,
    production: Sequence[Mapping[str, Any]],
    *,
    made: datetime,
) -> str:
    """The page.

    Parameters
    ----------
    production : estimated figures a label, each with label, precision, recall, having and answered
    """
    days = watched.days
    return template("customlabels.inspection", "watch.html.j2").render(
        project=project,
        version=version,
        watched=watched,
        reference=watched.reference,
        days=days,
        drifted=[day for day in days if day.drifted],
        rows=rows(days),
        high=_HIGH,
        refused=sum(day.refused for day in days),
        looked_at=sum(day.images for day in days),
        golden=golden,
        production=production,
        figure=_figure,
        in_words=in_words,
        least=LEAST,
        wanted=REFERENCE,
        horizon=HORIZON,
        false_alarms=FALSE_ALARMS,
        made=made,
    )


def rows(days: Sequence[Day]) -> list[Row]:
    """A row a signal, those that drifted on most days first."""
    by_signal: dict[tuple[str, str], dict[int, Signal]] = {}
    for number, day in enumerate(days):
        for signal in day.signals:
            by_signal.setdefault((signal.kind, signal.label), {})[number] = signal
    made = [_row(kind, label, own, days) for (kind, label), own in by_signal.items()]
    return sorted(made, key=lambda row: (-len(row.days), row.label, row.name))


def _row(kind: str, label: str, own: Mapping[int, Signal], days: Sequence[Day]) -> Row:
    last = own[max(own)]
    return Row(
        NAMES[kind],
        label,
        value_of(last, last.before),
        value_of(last, last.now),
        tuple(_mark(number, own.get(number)) for number in range(len(days))),
        tuple(days[number].day.isoformat() for number, signal in own.items() if signal.drifted),
    )


def _mark(number: int, signal: Signal | None) -> Mark:
    if signal is None:
        return Mark(number, _HIGH, 0.0, None)
    height = max(1.0, _HIGH * surprise(signal.p) / surprise(0.0))
    return Mark(number, round(_HIGH - height, 2), round(height, 2), signal.drifted)


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    return f"{figure['value']:.3f} ({figure['low']:.2f}–{figure['high']:.2f})"
