"""Queries of GetMetricData. Imports the standard library alone: Lambda functions ask by them too."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any


def metric_query(
    name: str,
    metric: str,
    dimensions: Mapping[str, str],
    *,
    period: timedelta,
    stat: str = "Sum",
    namespace: str = "AWS/Rekognition",
) -> Any:
    """A query of GetMetricData for one of a service's metrics."""
    about = {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    return {"Id": name, "MetricStat": {"Metric": about, "Period": int(period.total_seconds()), "Stat": stat}}
