"""What a schedule itself costs a month, beside its models: what stands in CloudWatch whether anything is up or not."""

from dataclasses import dataclass
from datetime import timedelta

from customlabels.core.prices import (
    ALARM_PER_MONTH,
    DASHBOARD_PER_MONTH,
    ITEM_WRITTEN,
    METRIC_ASKED,
    METRIC_PER_MONTH,
    QUEUE_ASKED,
)
from customlabels.scheduler.functions.messages import FIGURES
from customlabels.scheduler.memory import TICK
from customlabels.scheduler.stack.schedule_template import Parts, alarms_of

LOOKS = round(timedelta(days=365.25 / 12) / TICK)
"""A month's."""

_LOOK = QUEUE_ASKED + max(METRIC_ASKED, ITEM_WRITTEN)


@dataclass(frozen=True, slots=True)
class Charge:
    """So many of something in the stack, and their dollars a month, free tiers apart."""

    what: str
    count: int
    dollars: float


def standing_charges(parts: Parts) -> tuple[Charge, ...]:
    """What a stack of these parts is charged by the month."""
    alarms = len(alarms_of(parts))
    metrics = len(FIGURES) + (parts.schedule.monthly_budget is not None)
    # At most: its age is asked for only while images wait and no model is up, the rate written while one is.
    looks = (Charge("looks at the queue", LOOKS, round(LOOKS * _LOOK, 2)),) if parts.inspection else ()
    return (
        Charge("alarms", alarms, round(alarms * ALARM_PER_MONTH, 2)),
        Charge("metrics", metrics, round(metrics * METRIC_PER_MONTH, 2)),
        Charge("dashboard", 1, DASHBOARD_PER_MONTH),
        *looks,
    )


def in_words(charges: tuple[Charge, ...]) -> str:
    """A sentence on the charges."""
    named = ", ".join(f"{charge.count} {charge.what} ${charge.dollars:.2f}" for charge in charges)
    total = sum(charge.dollars for charge in charges)
    return (
        f"the schedule itself: {named}, together ${total:.2f} a month at most; an account's first ten alarms, ten "
        "metrics and three dashboards are free"
    )
