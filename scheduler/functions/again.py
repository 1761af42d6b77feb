"""A look between two sweeps: a schedule of EventBridge that fires once, calls the sweep, and is gone.

Source: EventBridge Scheduler user guide, "One-time schedules", "Deletion after schedule completion".
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_scheduler.type_defs import CreateScheduleInputTypeDef

NAME = "look-again"


@dataclass(frozen=True, slots=True)
class Again:
    """Of which group the schedule is, what it calls, and as which role."""

    group: str
    function_arn: str
    role_arn: str


def ask(scheduler: "EventBridgeSchedulerClient", again: Again, at: datetime) -> None:
    """Asks for a look at that time, in place of one that was asked for before."""
    given: CreateScheduleInputTypeDef = {
        "Name": NAME,
        "GroupName": again.group,
        "Description": "Looks as soon as all images are done",
        "ScheduleExpression": f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": again.function_arn,
            "RoleArn": again.role_arn,
            "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0},
        },
    }
    try:
        scheduler.create_schedule(**given)
    except scheduler.exceptions.ConflictException:
        scheduler.update_schedule(**given)
