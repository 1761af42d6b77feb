"""What the service charges, in US dollars (US regions, mid-2026)."""

TRAINING_PER_HOUR = 1.00
"""An hour of training compute time; only a training that succeeds is billed."""

INFERENCE_PER_UNIT_HOUR = 4.00
"""An inference unit for an hour in which its model is RUNNING, used or not."""

GENERAL_LABELS_PER_IMAGE = 1.00 / 1000
"""DetectLabels of an image, of the first million a month."""


def training_cost(billable_seconds: float) -> float:
    """Dollars for a training that was billed `billable_seconds` (BillableTrainingTimeInSeconds)."""
    return billable_seconds / 3600 * TRAINING_PER_HOUR


def hosting_cost(hours: float, units: int) -> float:
    """Dollars for `units` inference units that are up for `hours`."""
    return hours * units * INFERENCE_PER_UNIT_HOUR


ALARM_PER_MONTH, METRIC_PER_MONTH, DASHBOARD_PER_MONTH = 0.10, 0.30, 3.00
"""CloudWatch's, for what stands; the first ten alarms, ten metrics and three dashboards of an account are free."""

QUEUE_ASKED, ITEM_WRITTEN = 0.40 / 1_000_000, 0.625 / 1_000_000
"""A request to SQS; a write of an item of DynamoDB, on demand."""

METRIC_ASKED = 0.01 / 1000
"""A metric that GetMetricData is asked for, once."""
