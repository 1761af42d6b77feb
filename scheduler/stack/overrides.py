"""Overrides: kept in a parameter, heeded by the functions, and by the stops that need no function."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from customlabels.aws import parameters
from customlabels.aws.clients import explained
from customlabels.core.errors import CustomLabelsError, ServiceError, SettingsError
from customlabels.core.spans import parse_span
from customlabels.scheduler.documents import LONGEST, overrides_text, read_overrides_text
from customlabels.scheduler.uptime import Override

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_ssm import SSMClient

LONGEST_OVERRIDE = timedelta(days=7)

_STOPS = "aws-sdk:rekognition:stopProjectVersion"
_KEPT = ("Description", "FlexibleTimeWindow", "GroupName", "Name", "ScheduleExpression", "ScheduleExpressionTimezone")


def ends(text: str, now: datetime, zone: str) -> datetime:
    """When an override ends, in UTC: after a span (3h), or the next time that the zone's clock shows 06:00, or a date
    and time.

    Raises
    ------
    SettingsError : it is none of these, is past, or more than seven days away
    """
    local = ZoneInfo(zone)
    try:
        if ":" not in text:
            until = now + parse_span(text)
        elif len(text) <= len("06:00"):
            hands = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day
            today = now.astimezone(local).date()
            days = (datetime.combine(today + timedelta(days=day), hands, local) for day in (0, 1))
            until = next(at for at in days if at > now)
        else:
            given = datetime.fromisoformat(text)
            until = given if given.tzinfo else given.replace(tzinfo=local)
    except (ValueError, CustomLabelsError):
        raise SettingsError(f"{text!r} is no end", hint="write 3h, until 06:00, or until 2026-12-24T18:00") from None
    if not now < until <= now + LONGEST_OVERRIDE:
        raise SettingsError(f"{text!r}: an override ends within seven days from now")
    return until.astimezone(now.tzinfo)


def read(ssm: "SSMClient", project: str) -> tuple[Override, ...]:
    """The overrides that were set, ended ones too; the newest last."""
    path = parameters.overrides(project)
    with explained("reading the overrides"):
        text = parameters.read(ssm, [path]).get(path)
    try:
        return () if text is None else read_overrides_text(text)
    except ValueError as error:
        raise ServiceError(f"{path}: {error}") from error


def write(ssm: "SSMClient", project: str, overrides: Sequence[Override], now: datetime) -> None:
    """Sets the overrides; ended ones are left out."""
    kept = [override for override in overrides if override.until > now]
    text = overrides_text(kept)
    if len(text) > LONGEST:
        raise SettingsError("there are too many overrides", hint="customlabels schedule override --clear ends them")
    with explained("setting the override"):
        parameters.write(
            ssm,
            parameters.overrides(project),
            text,
            "What overrides the schedule for a time; written by customlabels schedule override",
        )


def hold_stops(scheduler: "EventBridgeSchedulerClient", group: str, zone: str, now: datetime, until: datetime) -> int:
    """Keeps the stops that need no function from firing until then, or lets them where that is now; how many.

    They come back by themselves. One that fires once knows no beginning, and is switched off where it would fire.
    """
    count = 0
    with explained("holding the stops after closing time"):
        for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
            for listed in page["Schedules"]:
                if _STOPS not in listed.get("Target", {}).get("Arn", ""):
                    continue
                schedule: dict[str, Any] = dict(scheduler.get_schedule(GroupName=group, Name=listed["Name"]))
                fires_in = schedule.get("ScheduleExpressionTimezone", zone)
                change = _held(schedule["ScheduleExpression"], fires_in, now, until)
                if change is not None:
                    kept = {name: schedule[name] for name in (*_KEPT, "Target") if name in schedule}
                    scheduler.update_schedule(**kept, **change)
                    count += 1
    return count


def _held(expression: str, zone: str, now: datetime, until: datetime) -> dict[str, Any] | None:
    """What changes in a schedule that is not to fire before then; None where it is past."""
    if expression.startswith("at("):
        at = datetime.fromisoformat(expression[3:-1]).replace(tzinfo=ZoneInfo(zone))
        return None if at <= now else {"State": "DISABLED" if at <= until else "ENABLED"}
    return {"State": "ENABLED", **({"StartDate": until} if until > now else {})}
