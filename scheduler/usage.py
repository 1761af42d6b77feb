"""What a model has been up for, by the service's own metric."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from customlabels.core.aws import explained

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_HOUR = 3600


def unit_hours(cloudwatch: "CloudWatchClient", project: str, version: str, *, start: datetime, end: datetime) -> float:
    """Hours of all inference units together that the version was up for from `start` to `end`.

    The metric has a datapoint a minute, so its sum over an hour is minutes of units. While a model is STARTING, it
    has none; whether that time is billed is documented nowhere.

    Source: Custom Labels developer guide, running-model.md, "Tracking inference units".
    """
    minutes = 0.0
    with explained("reading CloudWatch's InServiceInferenceUnits"):
        while start < end:
            # An answer holds at most 1,440 datapoints.
            until = min(end, start + timedelta(days=50))
            found = cloudwatch.get_metric_statistics(
                Namespace="AWS/Rekognition",
                MetricName="InServiceInferenceUnits",
                Dimensions=[{"Name": "ProjectName", "Value": project}, {"Name": "VersionName", "Value": version}],
                StartTime=start,
                EndTime=until,
                Period=_HOUR,
                Statistics=["Sum"],
            )["Datapoints"]
            minutes += sum(point["Sum"] for point in found)
            start = until
    return minutes / 60
