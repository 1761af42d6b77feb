"""What an inspection costs around its model: what stands by the month, and what each image takes."""

from dataclasses import dataclass

from customlabels.core.prices import ALARM_PER_MONTH, DASHBOARD_PER_MONTH, METRIC_PER_MONTH
from customlabels.inspection.functions.look import FIGURES
from customlabels.inspection.stack.template import MEMORY
from customlabels.inspection.watching import CONFIDENCE, DRIFTED, WRONG

_ALARMS = 6

_HOURLY = (DRIFTED, WRONG, CONFIDENCE)
_HOURS = 730.5
"""Of a month."""
_SECONDS_AN_HOUR, _HOURLY_MEMORY = 5.0, 1024
"""Assumed of the hourly function, on average over a day."""

_REQUEST, _SECOND, _WRITE, _READ, _EVENT, _GET = 0.20e-6, 0.0000133334, 0.625e-6, 0.125e-6, 1.00e-6, 0.4e-6
"""Lambda's request; a gigabyte-second on arm64; a write and a read of DynamoDB; an event; GET of S3."""

_QUEUE = 0.40e-6
"""A request to SQS."""

_WRITES, _BATCH = 5, 10.0
"""Of an image that is new: sighting and analysis claimed and done, and the index by the day; images a call."""


@dataclass(frozen=True, slots=True)
class Charge:
    """So many of something, and their dollars, free tiers apart."""

    what: str
    count: int
    dollars: float


def standing_charges() -> tuple[Charge, ...]:
    """What the stack is charged by the month, whether anything arrives or not."""
    metrics = len(FIGURES) + len(_HOURLY)
    hourly = _SECONDS_AN_HOUR * _HOURLY_MEMORY / 1024 * _SECOND
    return (
        Charge("alarms", _ALARMS, round(_ALARMS * ALARM_PER_MONTH, 2)),
        Charge("metrics", metrics, round(metrics * METRIC_PER_MONTH, 2)),
        Charge("dashboard", 1, DASHBOARD_PER_MONTH),
        Charge("hourly looks", round(_HOURS), round(_HOURS * (_REQUEST + hourly), 2)),
    )


def dollars_an_image(workers: int, rate: float) -> float:
    """What a new image costs around its inference, where `workers` keep a model busy that takes `rate` a second."""
    # S3's own message is free; a batch is received, and deleted, by a request each.
    queue, pace = 2 * _QUEUE / _BATCH, (_READ + _WRITE) / _BATCH
    function = _REQUEST / _BATCH + workers / rate * MEMORY / 1024 * _SECOND
    return queue + function + pace + _WRITES * _WRITE + _EVENT + _GET


def in_words(charges: tuple[Charge, ...], image: float) -> str:
    """A sentence on the charges; `image` is what one costs, in dollars."""
    named = ", ".join(f"{charge.count} {charge.what} ${charge.dollars:.2f}" for charge in charges)
    total = sum(charge.dollars for charge in charges)
    return (
        f"the inspection itself: {named}, together ${total:.2f} a month at most, and about "
        f"${1000 * image:.4f} for a thousand images beside the model; an account's first ten alarms, ten "
        "metrics and three dashboards are free"
    )
