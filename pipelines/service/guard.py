"""Against `kill -9` and a machine that dies: a one-time schedule of EventBridge that stops a version.

It is made before the version is started and removed after it is stopped, and it calls StopProjectVersion itself: no
process of anybody's is needed. As long as the command lives, the time is put off.
Source: EventBridge Scheduler user guide, "Using universal targets" and "One-time schedules".
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import Clients, explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.core.watching import Watch
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.versions import Description, version_name

if TYPE_CHECKING:
    from mypy_boto3_scheduler.type_defs import TargetTypeDef

AHEAD = timedelta(hours=1)
"""How long after its last sign of life a killed command's model is stopped."""

PREFIX = "customlabels-guard"
_TARGET = "arn:{partition}:scheduler:::aws-sdk:rekognition:stopProjectVersion"
_FRESH = 60.0
"""Seconds for which a role that was just made may be refused."""


@contextmanager
def guarded(clients: Clients, version: Description, watch: Watch, *, wanted: bool = True) -> Iterator[None]:
    """Within the block a schedule stands ready to stop the version; where it may not be made, that is said."""
    if not wanted:
        yield
        return
    name = schedule_name(version["ProjectVersionArn"])
    try:
        target = _target(clients, version)
        _put(clients, name, target, version, _ahead(), new=True)
    except ServiceError as error:
        watch.warn(
            f"nothing stops {version_name(version)} should this command be killed: {error.message}; "
            "--no-guard says that this is all right, customlabels iam policy detect what is lacking"
        )
        yield
        return
    ended = threading.Event()
    keeper = threading.Thread(target=_put_off, args=(clients, name, target, version, ended), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        _remove(clients, name, watch)


def set_guard(clients: Clients, name: str, version: Description, when: datetime) -> None:
    """Has the version stopped then, whoever lives until then; a guard of that name is moved.

    Raises
    ------
    ServiceError
    """
    _put(clients, name, _target(clients, version), version, when, new=True)


def schedule_name(version_arn: str) -> str:
    """The guard's name: one a version, so that a guard which a killed command left is taken up by the next."""
    parts = arns.parts(version_arn)
    created = version_arn.rpartition("/")[2]
    plain = "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in f"{parts.project}-{parts.version}")
    return f"{PREFIX}-{plain[:28]}-{created}"


def _put_off(
    clients: Clients, name: str, target: "TargetTypeDef", version: Description, ended: threading.Event
) -> None:
    """Puts the guard's time off as long as the command lives; where that fails it stops too early, at worst."""
    while not ended.wait(AHEAD.total_seconds() / 3):
        try:
            _put(clients, name, target, version, _ahead(), new=False)
        except ServiceError:
            continue


def _ahead() -> datetime:
    return datetime.now(UTC) + AHEAD


def _put(
    clients: Clients, name: str, target: "TargetTypeDef", version: Description, when: datetime, *, new: bool
) -> None:
    """Makes the schedule, or moves it; a role that is seconds old is waited for."""
    given: dict[str, Any] = {
        "Name": name,
        "ScheduleExpression": f"at({when:%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        "ActionAfterCompletion": "DELETE",
        "Description": f"Stops {version_name(version)} should the command that started it be killed",
    }

    def put() -> bool | None:
        try:
            with explained("setting the guard"):
                if new:
                    clients.scheduler.create_schedule(**given)
                else:
                    clients.scheduler.update_schedule(**given)
        except ServiceError as error:
            if new and error.code == "ConflictException":
                with explained("setting the guard"):
                    clients.scheduler.update_schedule(**given)
                return True
            if error.code == "ValidationException" and "assume" in error.message:
                return None
            raise
        return True

    wait_for(put, what="the guard's role", most=_FRESH if new else 1.0)


def _remove(clients: Clients, name: str, watch: Watch) -> None:
    try:
        with explained("removing the guard"):
            clients.scheduler.delete_schedule(Name=name)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            watch.warn(f"{error.message}; it fires within {AHEAD.total_seconds() / 3600:.0f} h, and deletes itself")


def _target(clients: Clients, version: Description) -> "TargetTypeDef":
    arn = version["ProjectVersionArn"]
    partition = arn.split(":")[1]
    return {
        "Arn": _TARGET.format(partition=partition),
        "RoleArn": _role(clients, arn),
        "Input": json.dumps({"ProjectVersionArn": arn}),
        "RetryPolicy": {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 3600},
    }


def role_name(project: str) -> str:
    """The role that guards of a project run with; it may stop the project's versions, and nothing else."""
    plain = "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in project)
    return f"{PREFIX}-{plain}"[:64]


def _role(clients: Clients, version_arn: str) -> str:
    """The ARN of the guards' role, which is made where there is none."""
    parts, partition = arns.parts(version_arn), version_arn.split(":")[1]
    name = role_name(parts.project)
    try:
        with explained(f"role {name}"):
            return clients.iam.get_role(RoleName=name)["Role"]["Arn"]
    except ServiceError as error:
        if error.code not in {"NoSuchEntity", "NoSuchEntityException"}:
            raise
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": parts.account}},
    }
    versions = f"arn:{partition}:rekognition:{parts.region}:{parts.account}:project/{parts.project}/version/*/*"
    allowed = {"Effect": "Allow", "Action": "rekognition:StopProjectVersion", "Resource": versions}
    with explained(f"making role {name}"):
        role = clients.iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            Description=f"Stops models of {parts.project} whose command was killed; made by customlabels",
        )["Role"]["Arn"]
        clients.iam.put_role_policy(
            RoleName=name,
            PolicyName="stop",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )
    return role
