"""Change sets of CloudFormation: proposed, discarded, executed; a stack looked at, waited for and deleted.

What was interrupted is joined or taken up by the next call. Source: CloudFormation user guide, "Update CloudFormation
stacks using change sets", "Understand CloudFormation stack creation events" and "Validate stack deployments".
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef, StackTypeDef

MOST_INLINE = 51_200
"""Bytes of a template that go with the call; a longer one has to lie in S3."""

_LONGEST = 30 * 60.0
_EMPTY = ("didn't contain changes", "No updates are to be performed")
_EARLY = "EarlyValidation"
"""Part of the reason where a change set was refused before anything was tried, which only names the check."""

_NEVER_MADE = "REVIEW_IN_PROGRESS"
_MADE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_DEAD = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
_STUCK = "UPDATE_ROLLBACK_FAILED"
_CHANGE_SET_GONE = {"ChangeSetNotFound", "ChangeSetNotFoundException"}

_UNSTICK = "it could not be taken back: aws cloudformation continue-update-rollback, then run the same command again"
HINTS = {
    **dict.fromkeys(
        ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
        "what had been made of it was taken back; run the same command again once the cause is gone",
    ),
    _STUCK: _UNSTICK,
    **dict.fromkeys(
        ("ROLLBACK_FAILED", "CREATE_FAILED"),
        "part of it is left, which the same command deletes first; run it again once the cause is gone",
    ),
}
ELSEWHERE = "it was changed or deleted by someone else meanwhile; run the same command again"

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
    description = _describe(cloudformation, stack)
    return None if description is None or description["StackStatus"] == _NEVER_MADE else description


def outputs(stack: "StackTypeDef") -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def deployed_template(cloudformation: "CloudFormationClient", stack: str) -> str:
    """The stack's template as it was given; one in JSON, which botocore reads, as `json_template` writes it."""
    with explained(f"reading the template of {stack}"):
        body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, str) else json_template(body)


def json_template(document: Mapping[str, Any]) -> str:
    """A template in JSON."""
    return json.dumps(document, indent=1) + "\n"


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
    name = "customlabels-" + hashlib.sha256(template.encode()).hexdigest()[:16]
    before = _taken_up(cloudformation, stack, name, tick)
    new = before is None or before["StackStatus"] == _NEVER_MADE
    if before is not None and before["StackStatus"] == _STUCK:
        raise ServiceError(f"{stack} is {_STUCK}", hint=_UNSTICK)
    long = len(template.encode()) > MOST_INLINE
    source: dict[str, Any] = {"TemplateURL": put(template)} if long else {"TemplateBody": template}
    with explained(f"working out what changes in {stack}"):
        try:
            change_set = cloudformation.create_change_set(
                StackName=stack,
                ChangeSetName=name,
                ChangeSetType="CREATE" if new else "UPDATE",
                Capabilities=["CAPABILITY_IAM"],
                **source,
            )["Id"]
        except cloudformation.exceptions.ClientError as error:
            if any(text in str(error) for text in _EMPTY):
                return None
            raise

    def look() -> "DescribeChangeSetOutputTypeDef | None":
        description = _change_set(cloudformation, stack, change_set)
        if description is None:
            raise ServiceError(f"the change set of {stack} is gone", hint=ELSEWHERE)
        return None if description["Status"] in {"CREATE_PENDING", "CREATE_IN_PROGRESS"} else description

    description = wait_for(look, what=f"the change set of {stack}", most=_LONGEST, tick=tick)
    if description["Status"] == "FAILED":
        reason = description.get("StatusReason", "")
        refusals = _refusals(cloudformation, stack, change_set) if _EARLY in reason else []
        discard(cloudformation, Proposal(stack, change_set, new, ()))
        if any(text in reason for text in _EMPTY):
            return None
        first, *others = refusals or [reason]
        raise ServiceError(f"CloudFormation refuses the template of {stack}: {first}", details=others)
    return Proposal(stack, change_set, new, tuple(_changes(cloudformation, stack, change_set)))


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
    ServiceError : they failed; it tells which, and whether they were taken back
    """
    with explained(f"changing {proposal.stack}"):
        cloudformation.execute_change_set(StackName=proposal.stack, ChangeSetName=proposal.id)
    _wait_begun(cloudformation, proposal.stack, proposal.id, tick)
    description = _settled(cloudformation, proposal.stack, tick)
    status = description["StackStatus"] if description else "gone"
    if description is None or status not in _MADE:
        faults = _faults(cloudformation, proposal.stack) if description else []
        raise ServiceError(
            f"{proposal.stack} is {status}: {faults[0] if faults else 'no reason given'}",
            details=faults[1:],
            hint=HINTS.get(status, ELSEWHERE),
        )
    return description


def delete(cloudformation: "CloudFormationClient", stack: str, tick: Tick) -> bool:
    """Deletes the stack and waits until it is gone; whether there was one.

    Raises
    ------
    ServiceError : something of it cannot be deleted
    """
    if _describe(cloudformation, stack) is None:
        return False
    with explained(f"deleting {stack}"):
        cloudformation.delete_stack(StackName=stack)

    def look() -> str | None:
        description = _describe(cloudformation, stack)
        if description is None:
            return "gone"
        return None if description["StackStatus"].endswith("_IN_PROGRESS") else description["StackStatus"]

    status = wait_for(look, what=f"the deletion of {stack}", most=_LONGEST, tick=tick)
    if status not in {"gone", "DELETE_COMPLETE"}:
        faults = _faults(cloudformation, stack)
        raise ServiceError(f"{stack} is {status}", details=faults, hint="run the same command again")
    return True


def is_dead(cloudformation: "CloudFormationClient", stack: str, tick: Tick) -> bool:
    """Whether the stack is one of which nothing could be made, which can be deleted and no longer be changed."""
    description = _settled(cloudformation, stack, tick)
    return description is not None and description["StackStatus"] in _DEAD


def _taken_up(cloudformation: "CloudFormationClient", stack: str, name: str, tick: Tick) -> "StackTypeDef | None":
    """The stack when nothing is under way in it any more, nor left by an interrupted run under the change set's name.

    One that was being executed is waited for; another may be of an earlier state of things, and is deleted.
    """
    before = _settled(cloudformation, stack, tick)
    left = _change_set(cloudformation, stack, name) if before is not None else None
    if left is None:
        return before
    if left["ExecutionStatus"] == "EXECUTE_IN_PROGRESS":
        _wait_begun(cloudformation, stack, left["ChangeSetId"], tick)
        return _settled(cloudformation, stack, tick)
    with suppress(cloudformation.exceptions.ClientError):
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
    return before


def _wait_begun(cloudformation: "CloudFormationClient", stack: str, change_set: str, tick: Tick) -> None:
    """Waits until a change has got as far as the stack's own status; a change set that is done with may be gone."""

    def look() -> bool | None:
        description = _change_set(cloudformation, stack, change_set)
        waits = description is not None and description["ExecutionStatus"] in {"AVAILABLE", "EXECUTE_IN_PROGRESS"}
        return None if waits else True

    wait_for(look, what="the beginning of the change", most=_LONGEST, tick=tick)


def _settled(cloudformation: "CloudFormationClient", stack: str, tick: Tick) -> "StackTypeDef | None":
    """The stack when nothing is under way in it any more; None where there is none."""

    def look() -> "tuple[StackTypeDef | None] | None":
        description = _describe(cloudformation, stack)
        status = description["StackStatus"] if description is not None else ""
        return None if status.endswith("_IN_PROGRESS") and status != _NEVER_MADE else (description,)

    (description,) = wait_for(look, what=f"the stack {stack}", most=_LONGEST, tick=tick)
    return description


def _describe(cloudformation: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    try:
        with explained(f"looking for the stack {stack}"):
            stacks = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ServiceError as error:
        if _is_absence(error):
            return None
        raise
    return stacks[0] if stacks and stacks[0]["StackStatus"] != "DELETE_COMPLETE" else None


def _is_absence(error: ServiceError) -> bool:
    return error.code == "ValidationError" and "does not exist" in error.message


def _change_set(
    cloudformation: "CloudFormationClient", stack: str, change_set: str
) -> "DescribeChangeSetOutputTypeDef | None":
    try:
        with explained(f"reading the change set of {stack}"):
            return cloudformation.describe_change_set(StackName=stack, ChangeSetName=change_set)
    except ServiceError as error:
        if error.code in _CHANGE_SET_GONE or _is_absence(error):
            return None
        raise


def _changes(cloudformation: "CloudFormationClient", stack: str, change_set: str) -> Iterator[Change]:
    with explained(f"reading the changes of {stack}"):
        pages = cloudformation.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=change_set)
        for page in pages:
            for change in page["Changes"]:
                about = change.get("ResourceChange", {})
                yield Change(
                    about.get("Action", ""),
                    about.get("LogicalResourceId", ""),
                    about.get("ResourceType", ""),
                    str(about.get("Replacement", "")).replace("False", ""),
                )


def _refusals(cloudformation: "CloudFormationClient", stack: str, change_set: str) -> list[str]:
    """What the validation before a change found, resource by resource; none where it may not be asked for."""
    events: list[Any] = []
    try:
        with explained(f"reading why the change set of {stack} is refused"):
            about: dict[str, Any] = {"ChangeSetName": change_set, "Filters": {"FailedEvents": True}}
            answer = cloudformation.describe_events(**about)
            events += answer["OperationEvents"]
            while answer.get("NextToken"):
                answer = cloudformation.describe_events(**about, NextToken=answer["NextToken"])
                events += answer["OperationEvents"]
    except ServiceError:
        return []
    return [
        f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}): {event['ValidationStatusReason']}"
        + (f", at {event['ValidationPath']}" if event.get("ValidationPath") else "")
        for event in events
        if event.get("ValidationStatusReason")
    ]


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
