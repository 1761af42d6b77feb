"""A stack deployed with CloudFormation: its changes shown before they are made, waited for, taken back where they fail.

A deployment that was interrupted is joined by the next. Source: CloudFormation user guide, "Update CloudFormation
stacks using change sets" and "Understand CloudFormation stack creation events".
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_s3 import S3Client

MOST_INLINE = 51_200
"""Bytes of a template that go with the call; a longer one has to lie in S3."""

_LONGEST = 30 * 60.0
_EMPTY = ("didn't contain changes", "No updates are to be performed")
_NEVER_MADE = {"REVIEW_IN_PROGRESS"}
_DEAD = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}

_TAKEN_BACK = "what had been made of it was taken back; run the same command again once the cause is gone"
_STUCK = "it could not be taken back: aws cloudformation continue-update-rollback, then run the same command again"

Tick = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What a change set does to a resource; `replaced` is True, Conditional or empty, as CloudFormation has it."""

    action: str
    name: str
    type: str
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change set that waits to be executed."""

    stack: str
    id: str
    new: bool
    changes: tuple[Change, ...]


def find(cloudformation: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    """The stack; None where there is none, or nothing has ever been made of it."""
    found = _find(cloudformation, stack)
    return None if found is None or found["StackStatus"] in _NEVER_MADE else found


def outputs(stack: "StackTypeDef") -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def deployed_template(cloudformation: "CloudFormationClient", stack: str) -> str:
    """The stack's template as it was given."""
    with explained(f"reading the template of {stack}"):
        body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return str(body)


def put_code(s3: "S3Client", bucket: str, key: str, body: bytes) -> bool:
    """Uploads the functions' zip where it is not there yet; whether it was not."""
    with explained(f"looking for s3://{bucket}/{key}"):
        there = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    if there and there[0]["Key"] == key and there[0]["Size"] == len(body):
        return False
    with explained(f"uploading s3://{bucket}/{key}"):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return True


def put_template(s3: "S3Client", bucket: str, key: str, text: str) -> str:
    """Puts a template that is too long for a call where CloudFormation reads it; its URL."""
    put_code(s3, bucket, key, text.encode())
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def propose(
    cloudformation: "CloudFormationClient", stack: str, template: str, put: Callable[[str], str], tick: Tick
) -> Proposal | None:
    """The changes that the template makes; None where it makes none. What is under way is waited for first.

    Parameters
    ----------
    put : puts a template that is too long for the call where CloudFormation reads it; its URL

    Raises
    ------
    ServiceError : the template is refused, or the stack is in no state to be changed
    """
    found = _settled(cloudformation, stack, tick)
    new = found is None or found["StackStatus"] in _NEVER_MADE
    name = "customlabels-" + hashlib.sha256(template.encode()).hexdigest()[:16]
    long = len(template.encode()) > MOST_INLINE
    source: dict[str, Any] = {"TemplateURL": put(template)} if long else {"TemplateBody": template}
    with explained(f"working out what changes in {stack}"):
        with suppress(cloudformation.exceptions.ClientError):
            # Of a run that was interrupted: it may be of another state of things.
            cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        try:
            made = cloudformation.create_change_set(
                StackName=stack,
                ChangeSetName=name,
                ChangeSetType="CREATE" if new else "UPDATE",
                Capabilities=["CAPABILITY_IAM"],
                **source,
            )
        except cloudformation.exceptions.ClientError as error:
            if any(text in str(error) for text in _EMPTY):
                return None
            raise

    def look() -> Any:
        with explained(f"reading the change set of {stack}"):
            shown = cloudformation.describe_change_set(StackName=stack, ChangeSetName=made["Id"])
        return None if shown["Status"] in {"CREATE_PENDING", "CREATE_IN_PROGRESS"} else shown

    shown = wait_for(look, what=f"the change set of {stack}", most=_LONGEST, tick=tick)
    if shown["Status"] == "FAILED":
        reason = shown.get("StatusReason", "")
        if any(text in reason for text in _EMPTY):
            cloudformation.delete_change_set(StackName=stack, ChangeSetName=made["Id"])
            return None
        raise ServiceError(f"CloudFormation refuses the template of {stack}: {reason}")
    return Proposal(stack, made["Id"], new, tuple(_changes(cloudformation, stack, made["Id"])))


def discard(cloudformation: "CloudFormationClient", proposal: Proposal) -> None:
    """Leaves nothing of a proposal that is not wanted."""
    with explained(f"discarding the change set of {proposal.stack}"):
        cloudformation.delete_change_set(StackName=proposal.stack, ChangeSetName=proposal.id)
        if proposal.new:
            cloudformation.delete_stack(StackName=proposal.stack)


def execute(cloudformation: "CloudFormationClient", proposal: Proposal, tick: Tick) -> "StackTypeDef":
    """The stack, once the changes are made.

    Raises
    ------
    ServiceError : they failed; it tells which, and that they were taken back
    """
    with explained(f"changing {proposal.stack}"):
        cloudformation.execute_change_set(StackName=proposal.stack, ChangeSetName=proposal.id)
    wait_for(lambda: _begun(cloudformation, proposal), what="the beginning of the change", most=_LONGEST, tick=tick)
    found = _settled(cloudformation, proposal.stack, tick)
    status = found["StackStatus"] if found else "gone"
    if found is None or status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        faults = _faults(cloudformation, proposal.stack)
        raise ServiceError(
            f"{proposal.stack} is {status}: {faults[0] if faults else 'no reason given'}",
            details=faults[1:],
            hint=_STUCK if status == "UPDATE_ROLLBACK_FAILED" else _TAKEN_BACK,
        )
    return found


def _begun(cloudformation: "CloudFormationClient", proposal: Proposal) -> bool | None:
    """Whether the change has got as far as the stack's own status; a change set that is done with may be gone."""
    try:
        with explained(f"reading the change set of {proposal.stack}"):
            shown = cloudformation.describe_change_set(StackName=proposal.stack, ChangeSetName=proposal.id)
    except ServiceError as error:
        if error.code in {"ChangeSetNotFound", "ChangeSetNotFoundException"}:
            return True
        raise
    return None if shown["ExecutionStatus"] in {"AVAILABLE", "EXECUTE_IN_PROGRESS"} else True


def delete(cloudformation: "CloudFormationClient", stack: str, tick: Tick) -> bool:
    """Deletes the stack and waits until it is gone; whether there was one.

    Raises
    ------
    ServiceError : something of it cannot be deleted
    """
    if _find(cloudformation, stack) is None:
        return False
    with explained(f"deleting {stack}"):
        cloudformation.delete_stack(StackName=stack)

    def look() -> str | None:
        found = _find(cloudformation, stack)
        if found is None:
            return "gone"
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else found["StackStatus"]

    status = wait_for(look, what=f"the deletion of {stack}", most=_LONGEST, tick=tick)
    if status not in {"gone", "DELETE_COMPLETE"}:
        faults = _faults(cloudformation, stack)
        raise ServiceError(f"{stack} is {status}", details=faults, hint="run the same command again")
    return True


def _settled(cloudformation: "CloudFormationClient", stack: str, tick: Tick) -> "StackTypeDef | None":
    """The stack when nothing is under way in it any more; None where there is none."""

    def look() -> "tuple[StackTypeDef | None] | None":
        found = _find(cloudformation, stack)
        under_way = (
            found is not None
            and found["StackStatus"].endswith("_IN_PROGRESS")
            and found["StackStatus"] not in _NEVER_MADE
        )
        return None if under_way else (found,)

    (found,) = wait_for(look, what=f"the stack {stack}", most=_LONGEST, tick=tick)
    return found


def clear_dead(cloudformation: "CloudFormationClient", stack: str, tick: Tick) -> bool:
    """Deletes a stack of which nothing could be made, since it cannot be changed any more; whether there was such."""
    found = _settled(cloudformation, stack, tick)
    return found is not None and found["StackStatus"] in _DEAD and delete(cloudformation, stack, tick)


def _find(cloudformation: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    try:
        with explained(f"looking for the stack {stack}"):
            found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ServiceError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise
    return found[0] if found and found[0]["StackStatus"] != "DELETE_COMPLETE" else None


def _changes(cloudformation: "CloudFormationClient", stack: str, change_set: str) -> Iterator[Change]:
    with explained(f"reading the changes of {stack}"):
        pages = cloudformation.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=change_set)
        for page in pages:
            for one in page["Changes"]:
                about = one.get("ResourceChange", {})
                yield Change(
                    about.get("Action", ""),
                    about.get("LogicalResourceId", ""),
                    about.get("ResourceType", ""),
                    str(about.get("Replacement", "")).replace("False", ""),
                )


def _faults(cloudformation: "CloudFormationClient", stack: str) -> list[str]:
    """What failed in the last change, the first cause first."""
    faults = []
    with explained(f"reading the events of {stack}"):
        for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
            for event in page["StackEvents"]:
                if event.get("ResourceStatus", "").endswith("_FAILED"):
                    reason = event.get("ResourceStatusReason", "")
                    faults.append(f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}): {reason}")
                whole = event.get("PhysicalResourceId") == event["StackId"]
                if whole and event.get("ResourceStatus") in {"UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"}:
                    return faults[::-1]
    return faults[::-1]
