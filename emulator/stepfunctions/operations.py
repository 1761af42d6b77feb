"""The operations of Step Functions, each from its parameters to its answer.

Source: Step Functions API reference.
"""

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.server.refusals import Refusal
from customlabels.emulator.stepfunctions import definitions
from customlabels.emulator.stepfunctions.executing import Executions
from customlabels.emulator.stepfunctions.records import (
    ABORTED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    UNHAPPY,
    Execution,
    Machine,
    MapRun,
)

_MOST_INPUT = 262_144
_MOST_LISTED = 100
_MOST_SHOWN = 1000
_REDRIVE_FOR = 14 * 86_400.0
_SAME_FOR = 90 * 86_400.0
"""Seconds for which the name of an execution stays taken."""

Given = dict[str, Any]
Operation = Callable[[Executions, str, float, Given], Given]
"""Takes the executions, the region, the time and the parameters.

Raises
------
Refusal
"""


def create_state_machine(executions: Executions, region: str, now: float, given: Given) -> Given:
    if given.get("type", "STANDARD") != "STANDARD":
        raise Refusal("InvalidParameterValue", "EXPRESS machines are run here only as the children of a map run.")
    if given.get("publish"):
        raise Refusal("InvalidParameterValue", "Versions of state machines are not offered by the local service.")
    _check(given["definition"])
    arn = f"arn:aws:states:{region}:{DEFAULT_ACCOUNT_ID}:stateMachine:{given['name']}"
    made = Machine(
        *(arn, given["name"], region, given["definition"], given["roleArn"], now, str(uuid.uuid4()), now),
        tags={tag["key"]: tag["value"] for tag in given.get("tags", [])},
        logging=given.get("loggingConfiguration"),
        tracing=given.get("tracingConfiguration"),
    )
    before = executions.records.machine(arn)
    if before is not None:
        same = (before.definition, before.role, before.logging, before.tracing)
        if same != (made.definition, made.role, made.logging, made.tracing):
            raise Refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        return {"stateMachineArn": arn, "creationDate": before.created}
    executions.records.put_machine(made)
    return {"stateMachineArn": arn, "creationDate": now}


def update_state_machine(executions: Executions, region: str, now: float, given: Given) -> Given:
    before = _machine(executions, given)
    if "definition" in given:
        _check(given["definition"])
    after = replace(
        before,
        definition=given.get("definition", before.definition),
        role=given.get("roleArn", before.role),
        logging=given.get("loggingConfiguration", before.logging),
        tracing=given.get("tracingConfiguration", before.tracing),
        revision=str(uuid.uuid4()),
        updated=now,
    )
    executions.records.put_machine(after)
    return {"updateDate": now, "revisionId": after.revision}


def describe_state_machine(executions: Executions, region: str, now: float, given: Given) -> Given:
    machine = _machine(executions, given)
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "status": "ACTIVE",
        "definition": machine.definition,
        "roleArn": machine.role,
        "type": "STANDARD",
        "creationDate": machine.created,
        "revisionId": machine.revision,
        "loggingConfiguration": machine.logging or {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": machine.tracing or {"enabled": False},
    }


def delete_state_machine(executions: Executions, region: str, now: float, given: Given) -> Given:
    machine = executions.records.machine(given["stateMachineArn"])
    if machine is not None:
        for execution in executions.records.executions(machine.arn):
            if execution.status == RUNNING:
                executions.stop(execution, None, "The state machine was deleted.")
        executions.records.delete_machine(machine.arn)
    return {}


def list_state_machines(executions: Executions, region: str, now: float, given: Given) -> Given:
    machines = [
        {"stateMachineArn": machine.arn, "name": machine.name, "type": "STANDARD", "creationDate": machine.created}
        for machine in executions.records.machines(region)
    ]
    return _page("stateMachines", machines, given)


def validate_state_machine_definition(executions: Executions, region: str, now: float, given: Given) -> Given:
    found = definitions.faults(given["definition"])
    most = int(given.get("maxResults") or _MOST_LISTED)
    shown = [
        {"severity": "ERROR", "code": fault.code, "message": fault.text, "location": fault.place} for fault in found
    ]
    return {"result": "FAIL" if found else "OK", "diagnostics": shown[:most], "truncated": len(found) > most}


def tag_resource(executions: Executions, region: str, now: float, given: Given) -> Given:
    machine = _machine(executions, {"stateMachineArn": given["resourceArn"]})
    tags = {**machine.tags, **{tag["key"]: tag["value"] for tag in given["tags"]}}
    executions.records.put_machine(replace(machine, tags=tags))
    return {}


def untag_resource(executions: Executions, region: str, now: float, given: Given) -> Given:
    machine = _machine(executions, {"stateMachineArn": given["resourceArn"]})
    tags = {name: value for name, value in machine.tags.items() if name not in given["tagKeys"]}
    executions.records.put_machine(replace(machine, tags=tags))
    return {}


def list_tags_for_resource(executions: Executions, region: str, now: float, given: Given) -> Given:
    machine = _machine(executions, {"stateMachineArn": given["resourceArn"]})
    return {"tags": [{"key": name, "value": value} for name, value in machine.tags.items()]}


def start_execution(executions: Executions, region: str, now: float, given: Given) -> Given:
    machine = _machine(executions, given)
    text = given.get("input", "{}")
    if len(text.encode()) > _MOST_INPUT:
        raise Refusal("InvalidExecutionInput", f"The input is larger than {_MOST_INPUT} bytes.")
    try:
        json.loads(text)
    except ValueError as error:
        raise Refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: {error}") from error
    name = given.get("name") or str(uuid.uuid4())
    arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
    with executions.records.together():
        before = executions.records.execution(arn)
        if before is not None and now - (before.stopped or now) < _SAME_FOR:
            if before.status == RUNNING and json.loads(before.input) == json.loads(text):
                return {"executionArn": arn, "startDate": before.started}
            raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        execution = Execution(arn, name, machine.arn, machine.role, region, text, now, definition=machine.definition)
        executions.records.put_execution(execution)
    executions.begin(execution)
    return {"executionArn": arn, "startDate": now}


def describe_execution(executions: Executions, region: str, now: float, given: Given) -> Given:
    execution = _execution(executions, given)
    shown = _listed(execution) | {"input": execution.input, "inputDetails": {"included": True}}
    if execution.output is not None:
        shown |= {"output": execution.output, "outputDetails": {"included": True}}
    if execution.map_run:
        shown["mapRunArn"] = execution.map_run
    for name in ("error", "cause"):
        if getattr(execution, name) is not None:
            shown[name] = getattr(execution, name)
    why = _why_not_redriven(execution, now)
    return shown | (
        {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": why} if why else {"redriveStatus": "REDRIVABLE"}
    )


def describe_state_machine_for_execution(executions: Executions, region: str, now: float, given: Given) -> Given:
    execution = _execution(executions, given)
    machine = executions.records.machine(execution.machine)
    if machine is None:
        raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{execution.machine}'")
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "definition": execution.definition or machine.definition,
        "roleArn": execution.role,
        "updateDate": machine.updated,
    }


def list_executions(executions: Executions, region: str, now: float, given: Given) -> Given:
    if "mapRunArn" in given:
        found = executions.records.children(_map_run(executions, given).arn)
    else:
        found = executions.records.executions(_machine(executions, given).arn)
    wanted = given.get("statusFilter")
    return _page("executions", [_listed(one) for one in found if wanted in (None, one.status)], given)


def get_execution_history(executions: Executions, region: str, now: float, given: Given) -> Given:
    execution = _execution(executions, given)
    backwards, most = bool(given.get("reverseOrder")), int(given.get("maxResults") or _MOST_LISTED)
    start = _token(given, (1 << 60) if backwards else 0)
    events = executions.records.events(execution.arn, start, most + 1, backwards=backwards)
    if given.get("includeExecutionData") is False:
        events = [_without_data(event) for event in events]
    answer: Given = {"events": events[:most]}
    if len(events) > most:
        answer["nextToken"] = _to_token(events[most - 1]["id"])
    return answer


def stop_execution(executions: Executions, region: str, now: float, given: Given) -> Given:
    execution = _execution(executions, given)
    if execution.map_run and execution.status == PENDING:
        raise Refusal("ValidationException", "The child has not begun.")
    ended = executions.stop(execution, given.get("error"), given.get("cause"))
    return {"stopDate": ended.stopped}


def redrive_execution(executions: Executions, region: str, now: float, given: Given) -> Given:
    execution = _execution(executions, given)
    why = _why_not_redriven(execution, now)
    if why:
        raise Refusal("ExecutionNotRedrivable", why)
    return {"redriveDate": executions.redrive(execution).redriven}


def list_map_runs(executions: Executions, region: str, now: float, given: Given) -> Given:
    execution = _execution(executions, given)
    runs = [
        {
            "executionArn": run.execution,
            "mapRunArn": run.arn,
            "stateMachineArn": execution.machine,
            "startDate": run.started,
            **({} if run.stopped is None else {"stopDate": run.stopped}),
        }
        for run in executions.records.map_runs(execution.arn)
    ]
    return _page("mapRuns", runs, given)


def describe_map_run(executions: Executions, region: str, now: float, given: Given) -> Given:
    run = _map_run(executions, given)
    counted = executions.records.counted(run.arn)
    shown = {
        "mapRunArn": run.arn,
        "executionArn": run.execution,
        "status": run.status,
        "startDate": run.started,
        "maxConcurrency": run.concurrency,
        "toleratedFailurePercentage": run.percentage,
        "toleratedFailureCount": run.count or 0,
        "itemCounts": _counts(run, {status: items for status, (_, items) in counted.items()}),
        "executionCounts": _counts(run, {status: children for status, (children, _) in counted.items()}),
        "redriveCount": run.redrives,
    }
    if run.redriven is not None:
        shown["redriveDate"] = run.redriven
    return shown | ({} if run.stopped is None else {"stopDate": run.stopped})


def update_map_run(executions: Executions, region: str, now: float, given: Given) -> Given:
    run = _map_run(executions, given)
    if run.status != RUNNING:
        raise Refusal("ValidationException", f"The map run is {run.status}.")
    names = {
        "maxConcurrency": "concurrency",
        "toleratedFailurePercentage": "percentage",
        "toleratedFailureCount": "count",
    }
    changes = {member: given[name] for name, member in names.items() if name in given}
    if not changes:
        raise Refusal("ValidationException", "Nothing is to be changed.")
    executions.records.change_map_run(run.arn, **changes)
    executions.wake()
    return {}


def _check(definition: str) -> None:
    """Raises
    ------
    Refusal : InvalidDefinition, with all that is wrong
    """
    found = definitions.faults(definition)
    if found:
        said = ", ".join(f"{fault.code}: {fault.text} at {fault.place}" for fault in found)
        raise Refusal("InvalidDefinition", f"Invalid State Machine Definition: '{said}'")


def _machine(executions: Executions, given: Given) -> Machine:
    arn = given.get("stateMachineArn", "")
    machine = executions.records.machine(arn)
    if machine is None:
        raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return machine


def _execution(executions: Executions, given: Given) -> Execution:
    execution = executions.records.execution(given["executionArn"])
    if execution is None:
        raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{given['executionArn']}'")
    return execution


def _map_run(executions: Executions, given: Given) -> MapRun:
    run = executions.records.map_run(given["mapRunArn"])
    if run is None:
        raise Refusal("ResourceNotFound", f"Resource not found: '{given['mapRunArn']}'")
    return run


def _why_not_redriven(execution: Execution, now: float) -> str:
    if execution.map_run:
        return "A child is redriven with its map run."
    if execution.status == RUNNING:
        return "Execution is RUNNING and cannot be redriven"
    if execution.status == SUCCEEDED:
        return "Execution is SUCCEEDED and cannot be redriven"
    if execution.stopped is not None and now - execution.stopped > _REDRIVE_FOR:
        return "Execution ended more than 14 days ago and cannot be redriven"
    return ""


def _listed(execution: Execution) -> Given:
    shown: Given = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "redriveCount": execution.redrives,
    }
    if execution.stopped is not None:
        shown["stopDate"] = execution.stopped
    if execution.redriven is not None:
        shown["redriveDate"] = execution.redriven
    if execution.map_run:
        shown |= {"mapRunArn": execution.map_run, "itemCount": execution.items}
    return shown


def _counts(run: MapRun, by_status: dict[str, int]) -> Given:
    counts = {
        "pending": by_status.get(PENDING, 0),
        "running": by_status.get(RUNNING, 0),
        "succeeded": by_status.get(SUCCEEDED, 0),
        "failed": by_status.get(FAILED, 0),
        "timedOut": by_status.get(TIMED_OUT, 0),
        "aborted": by_status.get(ABORTED, 0),
        "total": sum(by_status.values()),
        "resultsWritten": run.written,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }
    if run.status in UNHAPPY:
        counts["pendingRedrive"] = sum(by_status.get(status, 0) for status in (*UNHAPPY, PENDING))
    return counts


def _without_data(event: Given) -> Given:
    """An event without what states were given and gave."""
    kept = ("input", "output", "parameters")
    return {
        name: {part: value for part, value in about.items() if part not in kept} if isinstance(about, dict) else about
        for name, about in event.items()
    }


def _page(name: str, all_: list[Given], given: Given) -> Given:
    start, most = _token(given, 0), min(int(given.get("maxResults") or _MOST_LISTED), _MOST_SHOWN)
    answer: Given = {name: all_[start : start + most]}
    if start + most < len(all_):
        answer["nextToken"] = _to_token(start + most)
    return answer


def _to_token(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()


def _token(given: Given, first: int) -> int:
    if not given.get("nextToken"):
        return first
    try:
        return int(base64.b64decode(given["nextToken"], validate=True))
    except ValueError as error:
        raise Refusal("InvalidToken", f"Invalid Token: '{given['nextToken']}'") from error


OPERATIONS: dict[str, Operation] = {
    "CreateStateMachine": create_state_machine,
    "DeleteStateMachine": delete_state_machine,
    "DescribeExecution": describe_execution,
    "DescribeMapRun": describe_map_run,
    "DescribeStateMachine": describe_state_machine,
    "DescribeStateMachineForExecution": describe_state_machine_for_execution,
    "GetExecutionHistory": get_execution_history,
    "ListExecutions": list_executions,
    "ListMapRuns": list_map_runs,
    "ListStateMachines": list_state_machines,
    "ListTagsForResource": list_tags_for_resource,
    "RedriveExecution": redrive_execution,
    "StartExecution": start_execution,
    "StopExecution": stop_execution,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateMapRun": update_map_run,
    "UpdateStateMachine": update_state_machine,
    "ValidateStateMachineDefinition": validate_state_machine_definition,
}
"""Each by its name; all others are refused."""
