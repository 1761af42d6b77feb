"""Whether CloudWatch tells of models minute by minute: what is there already, and by starting one, which costs.

Source: Custom Labels developer guide, "Monitoring Amazon Rekognition Custom Labels models": InServiceInferenceUnits.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from customlabels.aws.clients import Clients, explained
from customlabels.aws.metric_queries import metric_query
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.core.watching import Watch, ticking
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing
from customlabels.pipelines.readiness.questions import METRICS, answered, untried
from customlabels.pipelines.service.arns import parts
from customlabels.pipelines.service.running import BeforeStart, kept_running
from customlabels.pipelines.service.versions import Description

LONGEST_HOURS = 1.25
"""For which a probe keeps a model up at most, its start included; what is said and asked for before it is this."""

_LONGEST_WAIT = timedelta(minutes=15)
_NAMESPACE, _METRIC = "AWS/Rekognition", "InServiceInferenceUnits"
_MINUTE = timedelta(minutes=1)
_BACK = timedelta(days=14)


def seen_metrics(clients: Clients, now: datetime) -> Iterator[Finding]:
    """What is there of models that were up in the last two weeks; nothing is started."""
    with explained("asking CloudWatch for metrics of models"):
        metrics = clients.cloudwatch.list_metrics(Namespace=_NAMESPACE, MetricName=_METRIC)["Metrics"]
    for metric in metrics:
        about = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
        times = _datapoints(clients, about, now - _BACK, now)
        if len(times) > 1:
            yield period_finding(times)
            return
    yield untried(METRICS)


def period_finding(times: Sequence[datetime]) -> Finding:
    """What the shortest time between datapoints means.

    Parameters
    ----------
    times : of two datapoints at least, in order
    """
    period = min(later - earlier for earlier, later in pairwise(times))
    seen = f"{len(times)} datapoints, {period.total_seconds():.0f} s apart"
    if period > _MINUTE:
        advice = "idle_stop and budgets see no finer than this: give spans that are longer"
        return answered(METRICS, seen, advice, Standing.WARNING)
    return answered(METRICS, seen, NOTHING)


def probe_metrics(
    clients: Clients, version: Description, watch: Watch, before_start: BeforeStart, now: Callable[[], datetime]
) -> Iterator[Finding]:
    """Starts the version on one unit, waits for its first datapoints, and stops it, come what may.

    Parameters
    ----------
    now : gives the time by the service's clock
    """
    arn = version["ProjectVersionArn"]
    names = parts(arn)
    about = {"ProjectName": names.project, "VersionName": names.version}
    began = time.monotonic()
    with kept_running(clients, version, watch, before_start=before_start):
        started = now()
        waited = timedelta(seconds=time.monotonic() - began)

        def look() -> list[datetime] | None:
            times = _datapoints(clients, about, started - 2 * _MINUTE, now())
            return times if len(times) > 1 else None

        with watch.step("waiting for the model's metrics") as advance:
            try:
                times = wait_for(look, what="metrics", most=_LONGEST_WAIT.total_seconds(), tick=ticking(advance))
            except ServiceError as error:
                if error.code:
                    raise
                times = []
        took = now() - started
    if not times:
        seen = f"none within {_LONGEST_WAIT / _MINUTE:.0f} minutes of RUNNING"
        yield answered(METRICS, seen, f"leave idle_stop and monthly_budget out; {METRICS.either_way}", Standing.WARNING)
        return
    yield period_finding(times)
    seen = f"RUNNING {waited / _MINUTE:.1f} minutes after the start, two datapoints {took / _MINUTE:.1f} minutes later"
    yield answered(METRICS, seen, "a warm_up that is longer than the start keeps windows whole")


def _datapoints(clients: Clients, dimensions: Mapping[str, str], since: datetime, until: datetime) -> list[datetime]:
    """The times of the last datapoints, in order."""
    with explained(f"asking CloudWatch for {_METRIC}"):
        answer = clients.cloudwatch.get_metric_data(
            MetricDataQueries=[metric_query("units", _METRIC, dimensions, period=_MINUTE, stat="Average")],
            StartTime=since,
            EndTime=until,
            MaxDatapoints=1000,
        )
    return sorted(answer["MetricDataResults"][0]["Timestamps"])
