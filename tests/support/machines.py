"""State machines of tests: made, run to their end, looked at."""

import json
from typing import Any

from customlabels.core.waiting import wait_for
from support.local_services import Service, client, role, zipped

ECHO = "def handle(event, context):\n    return event\n"


def make(service: Service, name: str, definition: dict[str, Any]) -> str:
    """The ARN of a new machine."""
    made = client(service, "stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=powerful_role(service)
    )
    return str(made["stateMachineArn"])


def powerful_role(service: Service) -> str:
    """A role that may do everything."""
    arn, iam = role(service), client(service, "iam")
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(
        RoleName="runs",
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return arn


def function(service: Service, name: str, code: str) -> str:
    """The ARN of a new function; `code` has `handle`."""
    made = client(service, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handle",
        Role=powerful_role(service),
        Timeout=60,
        Code={"ZipFile": zipped(code)},
    )
    return str(made["FunctionArn"])


def start(service: Service, machine: str, given: Any = None, **more: Any) -> str:
    """The ARN of a new execution."""
    text = json.dumps({} if given is None else given)
    states = client(service, "stepfunctions")
    return str(states.start_execution(stateMachineArn=machine, input=text, **more)["executionArn"])


def ended(service: Service, execution: str, most: float = 30) -> dict[str, Any]:
    """An execution once it has ended, its output read."""

    def look() -> dict[str, Any] | None:
        shown = client(service, "stepfunctions").describe_execution(executionArn=execution)
        return None if shown["status"] == "RUNNING" else shown

    shown = wait_for(look, what="the end of the execution", most=most)
    return {**shown, "output": json.loads(shown["output"]) if "output" in shown else None}


def result(service: Service, name: str, definition: dict[str, Any], given: Any = None) -> dict[str, Any]:
    """How an execution of a new machine ends."""
    return ended(service, start(service, make(service, name, definition), given))
