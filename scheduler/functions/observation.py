"""What the Lambda functions look at before they plan: parameters, versions, metrics.

Imports the standard library and this package alone; botocore comes with the clients.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from customlabels.aws import parameters
from customlabels.aws.metric_queries import metric_query
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.states import UP
from customlabels.scheduler import memory
from customlabels.scheduler.documents import (
    Inspection,
    read_inspection_text,
    read_overrides_text,
    read_schedule_text,
)
from customlabels.scheduler.memory import Memory, Usage
from customlabels.scheduler.uptime import Schedule
from customlabels.scheduler.usage import metered_hours

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_ssm import SSMClient

_PERIOD = timedelta(minutes=5)
_ASK_EVERY = timedelta(minutes=58)
"""An hour, and what a sweep may come early by."""

_COUNTS = 0.5
"""Unit-hours after which a version without a datapoint is one that CloudWatch does not tell of."""


@dataclass(frozen=True, slots=True)
class Known:
    """What parameters hold: the schedule with all that overrides it, the champion, who serves, what is remembered."""

    schedule: Schedule
    champion: str | None
    serving: str | None
    memory: Memory
    text: str
    """Of the memory, as it was read."""

    arns: Mapping[str, str] = field(default_factory=dict)
    """Of champion and of who serves, as they were when that was written."""

    inspection: Inspection | ValueError | None = None
    """Of the images that wait; the error where what it tells of itself cannot be read."""


def is_replaced(known: Known, name: str | None, arn: str | None) -> bool:
    """Whether the version of that name is another than the one that was promoted, or served, under it."""
    return name is not None and arn is not None and known.arns.get(name, arn) != arn


@dataclass(frozen=True, slots=True)
class Versions:
    """The project's versions by name, as the service describes them, and when it did."""

    now: datetime
    described: Mapping[str, Mapping[str, Any]]

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """Name, status and units of each."""
        return [(name, version["Status"], _units(version)) for name, version in self.described.items()]


def look_up(ssm: "SSMClient", project: str, now: datetime) -> Known:
    """What the project's parameters hold; of the overrides those that have not ended.

    Raises
    ------
    LookupError : there is no schedule
    ValueError : it is none
    """
    kinds = ("schedule", "overrides", "champion", "serving", "memory", "inspection")
    names = [getattr(parameters, name)(project) for name in kinds]
    texts = {path.rpartition("/")[2]: value for path, value in parameters.read(ssm, names).items()}
    if "schedule" not in texts:
        raise LookupError(f"the parameter {parameters.schedule(project)} is not there")
    remembered = memory.read(texts.get("uptime", ""))
    schedule = read_schedule_text(texts["schedule"])
    if remembered.lead is not None:
        lead = timedelta(minutes=remembered.lead)
        schedule = replace(schedule, learned=lead, warm_up=lead if schedule.learns else schedule.warm_up)
    # The newest counts, and a person's word before what was idle.
    overrides = (*remembered.quiet, *read_overrides_text(texts.get("overrides", "[]")))
    champion, serving = _named(texts.get("champion")), _named(texts.get("serving"))
    return Known(
        replace(schedule, overrides=tuple(override for override in overrides if override.until > now)),
        champion[0] if champion else None,
        serving[0] if serving else None,
        remembered,
        texts.get("uptime", ""),
        {name: arn for name, arn in filter(None, (serving, champion)) if arn},
        _inspection(texts.get("inspection")),
    )


def describe(rekognition: "RekognitionClient", project_arn: str) -> Versions:
    """All versions of the project, and the time by the service's clock."""
    described: dict[str, Mapping[str, Any]] = {}
    now = datetime.now(UTC)
    for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn):
        now = _clock(page)
        for version in page["ProjectVersionDescriptions"]:
            described[arns.version_name(version["ProjectVersionArn"])] = version
    return Versions(now, described)


def month_usage(
    cloudwatch: "CloudWatchClient", project: str, usage: Usage, versions: Sequence[str], now: datetime
) -> tuple[Usage, list[str]]:
    """The usage, with what CloudWatch knows of the month; and versions that were up of which it knows nothing.

    It is asked once an hour, in one query, about versions that were up since.

    Parameters
    ----------
    versions : all that there are, which are asked about the first time
    """
    names = list(versions) if usage.asked is None else [name for name in usage.up if name in versions]
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    early = usage.asked is not None and now - usage.asked < _ASK_EVERY
    if not names or early or now <= start:
        return usage, []
    hours = metered_hours(cloudwatch, project, names, start=start, end=now)
    # A datapoint may come some minutes late.
    unknown = [name for name in names if hours[name] is None and usage.hours.get(name, 0.0) >= _COUNTS]
    return memory.metered(usage, now, hours), unknown


def requests(
    cloudwatch: "CloudWatchClient", project: str, names: Sequence[str], now: datetime, back: timedelta
) -> tuple[datetime | None, set[str]]:
    """When any model of the account was last asked for labels, as far `back` as that; and which versions CloudWatch
    has datapoints of.

    The metric of requests does not tell models apart; a model that was not asked itself is then taken for used, never
    the other way round. Source: Rekognition developer guide, "CloudWatch metrics for Rekognition".
    """
    queries = [metric_query("requests", "SuccessfulRequestCount", {"Operation": "DetectCustomLabels"}, period=_PERIOD)]
    queries += [
        metric_query(
            f"up{number}",
            "InServiceInferenceUnits",
            {"ProjectName": project, "VersionName": name},
            period=_PERIOD,
            stat="Average",
        )
        for number, name in enumerate(names)
    ]
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=now - back - 2 * _PERIOD, EndTime=now + _PERIOD
    )
    results = {result["Id"]: result for result in answer["MetricDataResults"]}
    counts = results["requests"]
    counted = [at for at, count in zip(counts["Timestamps"], counts["Values"], strict=True) if count]
    metered = {name for number, name in enumerate(names) if results[f"up{number}"]["Values"]}
    return min(now, max(counted) + _PERIOD) if counted else None, metered


def _units(described: Mapping[str, Any]) -> int:
    return int(described.get("MinInferenceUnits") or 0) if described["Status"] in UP else 0


def _inspection(text: str | None) -> Inspection | ValueError | None:
    try:
        return None if text is None else read_inspection_text(text)
    except ValueError as error:
        return error


def _named(text: str | None) -> tuple[str, str] | None:
    """Name and ARN of the version that a parameter names; None where it names none."""
    try:
        named = json.loads(text) if text else None
        return (str(named["version"]), str(named.get("arn", ""))) if named else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _clock(answer: Any) -> datetime:
    """The time that an answer was given at; where it does not tell, this machine's."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else datetime.now(UTC)
