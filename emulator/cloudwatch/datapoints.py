"""Datapoints of CloudWatch metrics, kept metric by metric and in order of time.

moto has one list of all, which every question reads whole; there a question about a month would take minutes. It also
takes a metric with more dimensions for the one that was asked for. Source of moto's names: moto.cloudwatch.models;
what belongs to a question: CloudWatch API reference, GetMetricStatistics and GetMetricData.
"""

import copy
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.metric_data_expression_parser import parse_expression
from moto.cloudwatch.models import (
    CloudWatchBackend,
    Dimension,
    MetricAggregatedDatum,
    MetricDatum,
    Statistics,
    cloudwatch_backends,
)
from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.server.seams import replace

Key = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name, dimensions."""

Point = tuple[float, list[float]]
"""Time of a datapoint, in seconds since 1970, and the values that it stands for."""

_put, _statistics, _data, _metrics = (
    CloudWatchBackend.put_metric_data,
    CloudWatchBackend.get_metric_statistics,
    CloudWatchBackend.get_metric_data,
    CloudWatchBackend.get_filtered_metrics,
)


def install() -> None:
    """Makes moto keep datapoints here."""
    backend = "moto.cloudwatch.models:CloudWatchBackend"
    replace(f"{backend}.put_metric_data", _put_metric_data)
    replace(f"{backend}.get_metric_statistics", _get_metric_statistics)
    replace(f"{backend}.get_metric_data", _get_metric_data)
    replace(f"{backend}.get_filtered_metrics", _get_filtered_metrics)


def put(region: str, namespace: str, points: list[dict[str, Any]]) -> None:
    """Adds datapoints in the form of PutMetricData."""
    _put_metric_data(cloudwatch_backends[DEFAULT_ACCOUNT_ID][region], namespace, points)


def extend(
    region: str,
    namespace: str,
    name: str,
    of: Mapping[str, str],
    points: Iterable[tuple[float, list[float]]],
    unit: str,
) -> None:
    """Adds many datapoints of one metric: each the time (seconds since 1970) and the values that it stands for."""
    dimensions = [Dimension(key, part) for key, part in of.items()]
    series = _kept(cloudwatch_backends[DEFAULT_ACCOUNT_ID][region]).setdefault(
        (namespace, name, frozenset(of.items())), []
    )
    for at, values in points:
        stats = min(values), max(values), len(values), sum(values)
        when = moment(at)
        datum = (
            MetricDatum(namespace, name, values[0], (), when, unit)
            if len(values) == 1
            else MetricAggregatedDatum(namespace, name, *stats, (), when, unit)
        )
        datum.dimensions = dimensions
        _add(series, datum)


def point(
    name: str, dimensions: Mapping[str, str], at: float, value: float | list[float], unit: str = "None"
) -> dict[str, Any]:
    """A datapoint in the form of PutMetricData; `at` in seconds since 1970."""
    return {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": part} for key, part in dimensions.items()],
        "Timestamp": moment(at),
        "Values" if isinstance(value, list) else "Value": value,
        "Unit": unit,
    }


def moment(at: float) -> datetime:
    """A time as moto has it of a datapoint: UTC, and not saying so."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def of(region: str, namespace: str, name: str, dimensions: Iterable[tuple[str, str]]) -> list[Any]:
    """moto's datapoints of one metric, oldest first; not to be changed."""
    key = (namespace, name, frozenset(dimensions))
    return _kept(cloudwatch_backends[DEFAULT_ACCOUNT_ID][region]).get(key, [])


def between(series: list[Any], start: datetime, end: datetime) -> list[Any]:
    """Those of a metric from `start` on, before `end`."""
    return series[bisect_left(series, start, key=_time) : bisect_left(series, end, key=_time)]


def first_since(series: list[Any], start: datetime) -> Any:
    """The first of a metric from `start` on; None without one."""
    place = bisect_left(series, start, key=_time)
    return series[place] if place < len(series) else None


def _time(datum: Any) -> datetime:
    found: datetime = datum.timestamp
    return found


def _kept(backend: Any) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = backend.__dict__.setdefault("customlabels_series", {})
    return found


def _within(backend: Any, points: Iterable[Any]) -> Any:
    """The backend as if these were all its datapoints."""
    within = copy.copy(backend)
    within.metric_data = list(points)
    return within


def _put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
    within = _within(self, ())
    _put(within, namespace, metric_data)
    kept = _kept(self)
    for datum in within.metric_data:
        if datum.timestamp.tzinfo is not None:
            datum.timestamp = datum.timestamp.astimezone(UTC).replace(tzinfo=None)
        key = (namespace, datum.name, frozenset((one.name, one.value) for one in datum.dimensions))
        _add(kept.setdefault(key, []), datum)


def _add(series: list[Any], datum: Any) -> None:
    if series and datum.timestamp < series[-1].timestamp:
        insort(series, datum, key=_time)
    else:
        series.append(datum)


def _get_metric_statistics(
    self: Any,
    namespace: str,
    metric_name: str,
    start_time: datetime,
    end_time: datetime,
    period: int,
    stats: list[str],
    dimensions: list[dict[str, str]],
    unit: str | None = None,
) -> Any:
    key = (namespace, metric_name, frozenset((one["Name"], one["Value"]) for one in dimensions or ()))
    points = between(_kept(self).get(key, []), _naive(start_time), _naive(end_time))
    asked = (namespace, metric_name, _naive(start_time), _naive(end_time), period, stats, dimensions)
    return _statistics(_within(self, points), *asked, unit)


def _get_metric_data(
    self: Any, queries: list[dict[str, Any]], start_time: datetime, end_time: datetime, scan_by: str = ""
) -> Any:
    start, end = (_naive(at).replace(microsecond=0) for at in (start_time, end_time))
    if start >= end:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    if any(query.get("Expression", "").startswith("SELECT") for query in queries):
        everything = (datum for series in _kept(self).values() for datum in between(series, start, end))
        return _data(_within(self, everything), queries, start, end, scan_by)
    found = [_of_query(self, query, start, end) for query in queries if "MetricStat" in query]
    if scan_by == "TimestampDescending":
        for one in found:
            one["values"].reverse()
            one["timestamps"].reverse()
    shown = {query["Id"]: query.get("ReturnData", True) for query in queries}
    answer = [one for one in found if shown[one["id"]]]
    for query in queries:
        if "Expression" in query:
            values, times = parse_expression(query["Expression"], found)
            answer.append(_result(query["Id"], query.get("Label") or query["Id"], values, times))
    return answer


def _of_query(backend: Any, query: dict[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
    """The values of a MetricStat, one a period that has any; periods begin with `start`."""
    asked = query["MetricStat"]
    metric, stat, step = asked["Metric"], asked["Stat"], timedelta(seconds=int(asked["Period"]))
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    key = (metric["Namespace"], metric["MetricName"], dimensions)
    periods: dict[int, Statistics] = {}
    for datum in between(_all(backend, key), start, end):
        if asked.get("Unit") in (None, datum.unit):
            number = (datum.timestamp - start) // step
            period = periods.setdefault(number, Statistics([stat], start + number * step))
            period.metric_data.append(datum)
    values = [period.get_statistics_for_type(stat) for period in periods.values()]
    times = [period.timestamp for period in periods.values()]
    return _result(query["Id"], query.get("Label") or f"{metric['MetricName']} {stat}", values, times)


def _all(backend: Any, key: Key) -> list[Any]:
    """A metric's datapoints; those of moto's own metrics, which it makes up when it is asked, as well."""
    kept = _kept(backend).get(key, [])
    made = [
        datum
        for datum in backend.aws_metric_data
        if (datum.namespace, datum.name, frozenset((one.name, one.value) for one in datum.dimensions)) == key
    ]
    return sorted([*kept, *made], key=_time) if made else kept


def _result(number: str, label: str, values: list[Any], times: list[datetime]) -> dict[str, Any]:
    return {"id": number, "label": label, "values": values, "timestamps": times, "status_code": "Complete"}


def _get_filtered_metrics(self: Any, *asked: Any, **named: Any) -> Any:
    firsts: Iterator[Any] = (series[0] for series in list(_kept(self).values()))
    return _metrics(_within(self, firsts), *asked, **named)


def _naive(at: datetime) -> datetime:
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
