"""What the Lambda functions look at before they plan: parameters, versions, metrics.

Imports the standard library and this package alone; botocore comes with the clients.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from customlabels.aws import parameters
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.states import UP, State
from customlabels.scheduler import memory
from customlabels.scheduler.documents import read_overrides_text, read_schedule_text
from customlabels.scheduler.memory import Memory
from customlabels.scheduler.plan import Observed
from customlabels.scheduler.uptime import Schedule
from customlabels.scheduler.usage import metric_query, unit_hours

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_ssm import SSMClient

_PERIOD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Known:
    """What parameters hold: the schedule with all that overrides it, the champion, who serves, what is remembered."""

    schedule: Schedule
    champion: str | None
    serving: str | None
    memory: Memory
    text: str
    """Of the memory, as it was read."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The project's versions by name, as the service describes them, and when it did."""

    now: datetime
    described: Mapping[str, Mapping[str, Any]]

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """Name, status and units of each."""
        return [(name, description["Status"], _units(description)) for name, description in self.described.items()]


def look_up(ssm: "SSMClient", project: str, now: datetime) -> Known:
    """What the project's parameters hold; of the overrides those that have not ended.

    Raises
    ------
    LookupError : there is no schedule
    ValueError : it is none
    """
    names = [getattr(parameters, name)(project) for name in ("schedule", "overrides", "champion", "serving", "memory")]
    values = {path.rpartition("/")[2]: value for path, value in parameters.read(ssm, names).items()}
    if "schedule" not in values:
        raise LookupError(f"the parameter {parameters.schedule(project)} is not there")
    remembered = memory.read(values.get("uptime", ""))
    schedule = read_schedule_text(values["schedule"])
    if schedule.learns and remembered.lead is not None:
        schedule = replace(schedule, warm_up=timedelta(minutes=remembered.lead))
    # The newest counts, and a person's word before what was idle.
    overrides = (*remembered.quiet, *read_overrides_text(values.get("overrides", "[]")))
    return Known(
        replace(schedule, overrides=tuple(override for override in overrides if override.until > now)),
        _version(values.get("champion")),
        _version(values.get("serving")),
        remembered,
        values.get("uptime", ""),
    )


def describe(rekognition: "RekognitionClient", project_arn: str) -> Versions:
    """All versions of the project, and the time by the service's clock."""
    described: dict[str, Mapping[str, Any]] = {}
    now = datetime.now(UTC)
    for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn):
        now = _clock(page)
        for description in page["ProjectVersionDescriptions"]:
            described[arns.version_name(description["ProjectVersionArn"])] = description
    return Versions(now, described)


def spent_this_month(cloudwatch: "CloudWatchClient", project: str, names: Sequence[str], now: datetime) -> float:
    """Dollars that these versions' units have cost since the first of the month, in UTC."""
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if now <= start:
        return 0.0
    return hosting_cost(sum(unit_hours(cloudwatch, project, names, start=start, end=now).values()), 1)


def last_request(cloudwatch: "CloudWatchClient", now: datetime, back: timedelta) -> datetime | None:
    """When any model of the account was last asked for labels, as far `back` as that; None where none was.

    The metric does not tell models apart; a model that was not asked itself is then taken for used, never the other
    way round. Source: Rekognition developer guide, "CloudWatch metrics for Rekognition".
    """
    query = metric_query("requests", "SuccessfulRequestCount", {"Operation": "DetectCustomLabels"}, period=_PERIOD)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=now - back - 2 * _PERIOD, EndTime=now + _PERIOD
    )
    (result,) = answer["MetricDataResults"]
    asked = [at for at, count in zip(result["Timestamps"], result["Values"], strict=True) if count]
    return min(now, max(asked) + _PERIOD) if asked else None


def with_last_request(observed: Sequence[Observed], at: datetime | None) -> list[Observed]:
    """The versions; those that run were last asked at that time."""
    return [replace(model, last_request=at) if model.status == State.RUNNING else model for model in observed]


def _units(described: Mapping[str, Any]) -> int:
    return int(described.get("MinInferenceUnits") or 0) if described["Status"] in UP else 0


def _version(text: str | None) -> str | None:
    """The version that a parameter names; None where it names none."""
    try:
        return str(json.loads(text)["version"]) if text else None
    except (ValueError, KeyError, TypeError):
        return None


def _clock(answer: Any) -> datetime:
    """The time that an answer was given at; where it does not tell, this machine's."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else datetime.now(UTC)
