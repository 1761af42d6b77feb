"""Metric alarms: their state comes of the data, by the service's clock, and a change of it is told to SNS topics.

An alarm looks at its last periods of whole minutes, once a minute; none of it changes where a metric has no data, so
such minutes are passed over. Alarms on metric math and on percentiles, and composite ones, stay INSUFFICIENT_DATA.
Source: CloudWatch user guide, "Using Amazon CloudWatch alarms"; moto's names: moto.cloudwatch.models.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, Statistics, cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.cloudwatch import datapoints
from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.server.chance import replaying
from customlabels.emulator.server.seams import replace

_MINUTE = 60
_NO_DATA = "INSUFFICIENT_DATA"

_CROSSES: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": ("greater than", lambda value, most: value > most),
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", lambda value, most: value >= most),
    "LessThanThreshold": ("less than", lambda value, most: value < most),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, most: value <= most),
}

_update_state, _put_metric_alarm = Alarm.update_state, CloudWatchBackend.put_metric_alarm


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto begin alarms as AWS does, and tell topics by `put` when their state changes."""

    def update_state(self: Any, reason: str, reason_data: str, state_value: str) -> None:
        before = self.state_value
        _update_state(self, reason, reason_data, state_value)
        if state_value == before or not self.actions_enabled or replaying():
            return
        actions = {"ALARM": self.alarm_actions, "OK": self.ok_actions, _NO_DATA: self.insufficient_data_actions}
        for arn in actions[state_value]:
            if ":sns:" in arn:
                subject = f'{state_value}: "{self.name}" in {_region(self.region_name)}'
                target = {"Arn": arn, "Subject": subject}
                put(Due(clock(), self.region_name, self.alarm_arn, target, json.dumps(_message(self, before))))

    def put_metric_alarm(self: Any, *given: Any, **named: Any) -> Any:
        before = self.alarms.get(named.get("name"))
        made = _put_metric_alarm(self, *given, **named)
        made.state_value = before.state_value if before else _NO_DATA
        if before:
            made.state_reason, made.state_updated_timestamp = before.state_reason, before.state_updated_timestamp
            made.history = before.history
        return made

    replace("moto.cloudwatch.models:Alarm.update_state", update_state)
    replace("moto.cloudwatch.models:CloudWatchBackend.put_metric_alarm", put_metric_alarm)


class Alarms:
    """Evaluates alarms; `client` makes a client of a service in a region.

    `refreshed` are the namespaces whose datapoints are made when they are asked for: how, given a region and a time.
    """

    def __init__(self, client: Callable[[str, str], Any], refreshed: dict[str, Callable[[str, float], None]]) -> None:
        self._client = client
        self._refreshed = refreshed
        self._seen: dict[tuple[str, str], Any] = {}

    def next_time(self, after: float) -> float | None:
        """The next whole minute at which the state of an alarm may change, as far as can be seen; None without one."""
        return min((at for region, alarm in _all() if (at := self._of(region, alarm, after)) is not None), default=None)

    def _of(self, region: str, alarm: Any, after: float) -> float | None:
        minute = (after // _MINUTE + 1) * _MINUTE
        if (region, alarm.name) not in self._seen or self._seen[region, alarm.name] is not alarm:
            return minute
        if alarm.namespace in self._refreshed:
            step = max(_MINUTE, int(alarm.period))
            return (after // step + 1) * step
        # Datapoints matter from the minute that they complete to that in which the last period has passed them.
        oldest = datapoints.moment(minute - _MINUTE - int(alarm.period) * int(alarm.evaluation_periods))
        first = datapoints.first_since(_points(region, alarm), oldest)
        if first is None:
            return None
        complete = (first.timestamp.replace(tzinfo=UTC).timestamp() // _MINUTE + 1) * _MINUTE
        return float(max(minute, complete))

    def evaluate(self, now: float) -> bool:
        """Brings every alarm's state up to date; whether one changed."""
        end = now // _MINUTE * _MINUTE
        changed = False
        for region, alarm in list(_all()):
            if alarm.namespace in self._refreshed:
                self._refreshed[alarm.namespace](region, now)
            self._seen[region, alarm.name] = alarm
            values = _values(region, alarm, end)
            state = _state(alarm, values)
            if state != alarm.state_value:
                changed |= self._set(region, alarm, state, values, end)
        return changed

    def _set(self, region: str, alarm: Any, state: str, values: list[float | None], end: float) -> bool:
        """Changes an alarm's state as a user would, so that it is kept; False where the alarm is gone by now."""
        cloudwatch = self._client("cloudwatch", region)
        try:
            cloudwatch.set_alarm_state(
                AlarmName=alarm.name,
                StateValue=state,
                StateReason=_reason(alarm, values, state, end),
                StateReasonData=json.dumps(_reason_data(alarm, values, end)),
            )
        except cloudwatch.exceptions.ResourceNotFound:
            return False
        return True


def _all() -> Iterator[tuple[str, Any]]:
    """Region and alarm of every one that is evaluated."""
    for region, backend in list(cloudwatch_backends[DEFAULT_ACCOUNT_ID].items()):
        for alarm in list(backend.alarms.values()):
            if alarm.metric_name and alarm.statistic and not alarm.rule and alarm.comparison_operator in _CROSSES:
                yield region, alarm


def _points(region: str, alarm: Any) -> list[Any]:
    return datapoints.of(
        region, alarm.namespace, alarm.metric_name, [(one.name, one.value) for one in alarm.dimensions]
    )


def _values(region: str, alarm: Any, end: float) -> list[float | None]:
    """The statistic in each of the last periods, newest first; None where there is no datapoint."""
    points, period = _points(region, alarm), int(alarm.period)
    found: list[float | None] = []
    for number in range(int(alarm.evaluation_periods)):
        start = end - (number + 1) * period
        within = datapoints.between(points, datapoints.moment(start), datapoints.moment(start + period))
        if alarm.unit:
            within = [datum for datum in within if datum.unit == alarm.unit]
        statistics = Statistics([alarm.statistic], datapoints.moment(start))
        statistics.metric_data = within
        found.append(statistics.get_statistics_for_type(alarm.statistic) if within else None)
    return found


def _state(alarm: Any, values: list[float | None]) -> str:
    """Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"."""
    crosses = _CROSSES[alarm.comparison_operator][1]
    treat, least = alarm.treat_missing_data or "missing", int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
    breaching = [None if value is None else crosses(value, float(alarm.threshold)) for value in values]
    count = breaching.count(True) + (breaching.count(None) if treat == "breaching" else 0)
    if count >= least:
        return "ALARM"
    there = [place for place, one in enumerate(breaching) if one is not None]
    if treat == "missing" and there and all(breaching[place] for place in there) and there[-1] + 1 >= least:
        # What crossed it long enough ago, and nothing since, is taken to go on.
        return "ALARM"
    if treat in ("missing", "ignore") and not there:
        return _NO_DATA if treat == "missing" else str(alarm.state_value)
    return "OK"


def _reason(alarm: Any, values: list[float | None], state: str, end: float) -> str:
    there = [(place, value) for place, value in enumerate(values) if value is not None]
    if not there:
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(alarm.treat_missing_data or "")
        how = f"no datapoints were received for {len(values)} periods"
        if state == _NO_DATA or treated is None:
            return f"Insufficient Data: {how}."
        return f"Threshold Crossed: {how} and {len(values)} missing datapoints were treated as [{treated}]."
    crosses = _CROSSES[alarm.comparison_operator]
    wanted = [
        (place, value) for place, value in there if crosses[1](value, float(alarm.threshold)) == (state == "ALARM")
    ]
    shown = [
        f"{value} ({datapoints.moment(end - (place + 1) * int(alarm.period)):%d/%m/%y %H:%M:%S})"
        for place, value in wanted
    ]
    verb = ("was" if len(shown) == 1 else "were") + ("" if state == "ALARM" else " not")
    return (
        f"Threshold Crossed: {len(shown)} out of the last {len(values)} datapoints [{', '.join(shown)}] {verb} "
        f"{crosses[0]} the threshold ({float(alarm.threshold)})."
    )


def _reason_data(alarm: Any, values: list[float | None], end: float) -> dict[str, Any]:
    begins = end - len(values) * int(alarm.period)
    return {
        "version": "1.0",
        "queryDate": _stamp(datapoints.moment(end)),
        "startDate": _stamp(datapoints.moment(begins)),
        "statistic": alarm.statistic,
        "period": int(alarm.period),
        "recentDatapoints": [value for value in reversed(values) if value is not None],
        "threshold": float(alarm.threshold),
    }


def _message(alarm: Any, before: str) -> dict[str, Any]:
    """What a topic is told. Source: CloudWatch user guide, "Notifying users on alarm changes"."""
    trigger = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic",
        "Statistic": (alarm.statistic or "").upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": one.value, "name": one.name} for one in alarm.dimensions],
        "Period": int(alarm.period or 0),
        "EvaluationPeriods": int(alarm.evaluation_periods or 0),
        "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods or 0),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": None if alarm.threshold is None else float(alarm.threshold),
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": DEFAULT_ACCOUNT_ID,
        "AlarmConfigurationUpdatedTimestamp": _stamp(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _stamp(alarm.state_updated_timestamp),
        "Region": _region(alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Trigger": trigger,
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


@lru_cache(maxsize=64)
def _region(code: str) -> str:
    """A region's name as people read it."""
    import botocore.session

    partitions = botocore.session.get_session().get_data("endpoints")["partitions"]
    return next((str(one["regions"][code]["description"]) for one in partitions if code in one["regions"]), code)
