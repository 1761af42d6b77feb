"""What models have been up for, by the service's own metric. Imports the standard library alone.

A version without a datapoint was down, or its metric does not come: the metric alone does not tell which.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from customlabels.aws.metric_queries import metric_query

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_HOUR = timedelta(hours=1)
_MOST = 250
"""Versions that one call asks about, by two queries each. Source: CloudWatch API reference, GetMetricData."""


def metered_hours(
    cloudwatch: "CloudWatchClient", project: str, versions: Sequence[str], *, start: datetime, end: datetime
) -> dict[str, float | None]:
    """Hours of all inference units together that each version was up for from `start` to `end`; None: no datapoint.

    The metric is an average of units, a minute apart while a model runs; so in an hour, the average times the minutes
    that have a datapoint, of which there are no more than sixty. While a model is STARTING it has none; whether that
    time is billed is documented nowhere.

    Source: Custom Labels developer guide, running-model.md, "Tracking inference units".
    """
    hours: dict[str, float | None] = dict.fromkeys(versions)
    for first in range(0, len(versions), _MOST):
        names = versions[first : first + _MOST]
        figures: dict[tuple[str, datetime], float] = {}
        counts: dict[tuple[str, datetime], float] = {}
        queries = [
            metric_query(
                f"{kind}{number}",
                "InServiceInferenceUnits",
                {"ProjectName": project, "VersionName": name},
                period=_HOUR,
                stat=stat,
            )
            for number, name in enumerate(names)
            for kind, stat in (("a", "Average"), ("n", "SampleCount"))
        ]
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                name, into = names[int(result["Id"][1:])], figures if result["Id"][0] == "a" else counts
                into |= {(name, at): value for at, value in zip(result["Timestamps"], result["Values"], strict=True)}
        for (name, at), average in figures.items():
            hours[name] = (hours[name] or 0.0) + average * min(counts.get((name, at), 0.0), 60) / 60
    return hours


def unit_hours(
    cloudwatch: "CloudWatchClient", project: str, versions: Sequence[str], *, start: datetime, end: datetime
) -> dict[str, float]:
    """Hours as `metered_hours` has them, of what is known; to be used where a version without any was down."""
    hours = metered_hours(cloudwatch, project, versions, start=start, end=end)
    return {version: known or 0.0 for version, known in hours.items()}
