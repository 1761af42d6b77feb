"""What an inspection costs around its model: what stands by the month, and what each image takes."""

from dataclasses import dataclass

from customlabels.core.prices import ALARM_PER_MONTH, DASHBOARD_PER_MONTH, METRIC_PER_MONTH
from customlabels.inspection.functions.measuring import FIGURES
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

_BATCH = 10.0
"""Images a call, where as many wait."""


@dataclass(frozen=True, slots=True)
class Charge:
    """So many of something, and their dollars, free tiers apart."""

    what: str
    count: float
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


def image_charges(workers: int, rate: float) -> tuple[Charge, ...]:
    """What a new image is charged around its inference, where `workers` keep a model busy that takes `rate` a second.

    The champion has been the same for some minutes; before, an image takes one write more, and one read less. Items are
    under 1 KB, as those of labels and a few boxes are. Storage, logs, tags and copies are apart.
    """
    seconds = workers / rate
    return (
        # Analysis and sighting claimed at once, either done, and the sighting in the index by the day.
        _charge("writes of the results table", 4, _WRITE),
        _charge("reads of it", 1, _READ),
        _charge("events", 1, _EVENT),
        _charge("objects read from S3", 1, _GET),
        # S3 sends each message; a batch is received, and deleted, by a request each.
        _charge("requests to the queue", 1 + 2 / _BATCH, _QUEUE),
        # The first of the two conditions fails where no turn is taken yet.
        _charge("turns leased", 1 / _BATCH, _READ + 2 * _WRITE),
        _charge("calls of the function", 1 / _BATCH, _REQUEST),
        _charge("GB-seconds of the function", seconds * MEMORY / 1024, _SECOND),
    )


def dollars_an_image(workers: int, rate: float) -> float:
    """The sum of `image_charges`."""
    return sum(charge.dollars for charge in image_charges(workers, rate))


def _charge(what: str, count: float, price: float) -> Charge:
    return Charge(what, count, count * price)


def in_words(charges: tuple[Charge, ...], image: float) -> str:
    """A sentence on the charges; `image` is what one costs, in dollars."""
    named = ", ".join(f"{charge.count} {charge.what} ${charge.dollars:.2f}" for charge in charges)
    total = sum(charge.dollars for charge in charges)
    return (
        f"the inspection itself: {named}, together ${total:.2f} a month at most, and about "
        f"${1000 * image:.4f} for a thousand images beside the model; an account's first ten alarms, ten "
        "metrics and three dashboards are free"
    )
