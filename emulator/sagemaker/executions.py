"""SageMaker Pipelines run for real: functions are called, tokens waited for, processing jobs are processes.

moto keeps pipelines, and notes executions without running them. A processing job runs the code that its input names,
without a container, in as many processes as it has instances; /opt/ml is a folder of each. Executions are on disk, and
go on after a restart with the step that they were at. Source: SageMaker Pipelines, "Pipeline definition JSON schema";
SageMaker API reference, ListPipelineExecutionSteps and SendPipelineExecutionStepSuccess.
"""

import json
import logging
import random
import string
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends

from customlabels.core.files import written_aside
from customlabels.emulator.sagemaker.definitions import Document, StepFailed, met, needs, picked, resolved, values_of
from customlabels.emulator.sagemaker.jobs import JobFailed, run_job
from customlabels.emulator.sagemaker.tokens import note_token
from customlabels.emulator.server.address import EXECUTIONS_FOLDER, SCRATCH_FOLDER
from customlabels.emulator.server.http import Environ, StartResponse, action, answer
from customlabels.emulator.server.protocol import CONTENT_TYPE

_FAILED = "Step failure: One or multiple steps failed."

log = logging.getLogger(__name__)

_GOING_ON = {"Executing", "Stopping"}

Change = Callable[[Environ, bytes, StartResponse], Iterable[bytes]]


@dataclass
class Step:
    """A step that has begun; `outputs` by name, `metadata` as ListPipelineExecutionSteps has it."""

    name: str
    type: str
    began: float
    status: str = "Executing"
    ended: float | None = None
    reason: str = ""
    outputs: Document = field(default_factory=dict)
    metadata: Document = field(default_factory=dict)
    token: str = ""


@dataclass
class Execution:
    """An execution of a pipeline, and the steps that have begun in it."""

    arn: str
    region: str
    definition: Document
    parameters: Document
    status: str = "Executing"
    reason: str = ""
    steps: list[Step] = field(default_factory=list)


class Refused(Exception):
    """An operation that is refused, with the code of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Executions:
    """Runs the executions of one state folder; `client` makes a client of a service in a region."""

    def __init__(self, state: Path, clock: Callable[[], float], client: Callable[[str, str], Any]) -> None:
        self._state = state
        self._clock = clock
        self._client = client
        self._all: dict[str, Execution] = {}
        self._changed = threading.Condition()

    def resume(self) -> None:
        """Takes up what was going on when the process ended."""
        for path in sorted((self._state / EXECUTIONS_FOLDER).glob("*.json")):
            document = json.loads(path.read_text())
            execution = Execution(**{**document, "steps": [Step(**step) for step in document["steps"]]})
            self._all[execution.arn] = execution
            for step in execution.steps:
                if step.token:
                    note_token(step.token, execution.arn)
            self._tell_moto(execution)
            if execution.status in _GOING_ON:
                # What was cut off begins anew; a step that waits for its token goes on waiting.
                execution.steps = [step for step in execution.steps if step.status != "Executing" or step.token]
                self._go(execution)
        for region, backend in list(sagemaker_backends[DEFAULT_ACCOUNT_ID].items()):
            for pipeline in list(backend.pipelines.values()):
                for arn in set(pipeline.pipeline_executions) - self._all.keys():
                    self._begin(region, arn)

    def _begin(self, region: str, arn: str) -> None:
        """Runs an execution that moto has just noted."""
        noted = self._moto(region, arn)
        given = {parameter["Name"]: parameter["Value"] for parameter in noted.pipeline_parameters or []}
        execution = Execution(arn, region, json.loads(noted.pipeline_definition_for_execution), given)
        self._all[arn] = execution
        self._keep(execution)
        self._tell_moto(execution)
        self._go(execution)

    def answer(
        self, region: str, environ: Environ, body: bytes, change: Change, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answers a request to SageMaker; `change` has moto answer what is not answered here."""
        operation = action(environ, body)
        try:
            own = self._own(operation, json.loads(body or b"{}"))
        except Refused as refused:
            text = json.dumps({"__type": refused.code, "message": str(refused)}).encode()
            return answer(start_response, 400, CONTENT_TYPE, text)
        if own is not None:
            return answer(start_response, 200, CONTENT_TYPE, json.dumps(own).encode())
        heads: list[tuple[Any, ...]] = []
        given = b"".join(change(environ, body, lambda *head: heads.append(head)))
        if heads[0][0].startswith("200"):
            if operation == "StartPipelineExecution":
                self._begin(region, json.loads(given)["PipelineExecutionArn"])
            elif operation == "DescribePipelineExecution":
                given = self._with_reason(given)
                return answer(start_response, 200, CONTENT_TYPE, given)
        start_response(*heads[0])
        return [given]

    def _own(self, operation: str, asked: Document) -> Document | None:
        """The answer to an operation that moto lacks; None to any other.

        Raises
        ------
        Refused
        """
        if operation == "ListPipelineExecutionSteps":
            return self._list(asked)
        if operation in ("SendPipelineExecutionStepSuccess", "SendPipelineExecutionStepFailure"):
            return self._send(asked)
        if operation == "StopPipelineExecution":
            return self._stop(asked)
        return None

    def _with_reason(self, described: bytes) -> bytes:
        """DescribePipelineExecution's answer with why the execution failed, which moto does not tell."""
        document = json.loads(described)
        execution = self._all.get(document["PipelineExecutionArn"])
        return json.dumps({**document, "FailureReason": execution.reason}).encode() if execution else described

    def _list(self, asked: Document) -> Document:
        execution = self._all.get(asked.get("PipelineExecutionArn", ""))
        if execution is None:
            raise Refused("ResourceNotFound", f"there is no execution {asked.get('PipelineExecutionArn')}")
        with self._changed:
            shown = [_shown(step) for step in execution.steps]
        return {"PipelineExecutionSteps": shown if asked.get("SortOrder") == "Ascending" else shown[::-1]}

    def _send(self, asked: Document) -> Document:
        with self._changed:
            for execution in self._all.values():
                for step in execution.steps:
                    if step.token == asked.get("CallbackToken") and step.status == "Executing":
                        step.status = "Failed" if "FailureReason" in asked else "Succeeded"
                        step.reason = asked.get("FailureReason", "")
                        step.outputs = {output["Name"]: output["Value"] for output in asked.get("OutputParameters", [])}
                        self._keep(execution)
                        self._changed.notify_all()
                        return {"PipelineExecutionArn": execution.arn}
        raise Refused("ValidationException", "no step waits for this token")

    def _stop(self, asked: Document) -> Document:
        """Begins no further step; one that waits is told, and the execution ends once that has been answered.

        Source: SageMaker API reference, StopPipelineExecution, "Callback Step".
        """
        execution = self._all.get(asked.get("PipelineExecutionArn", ""))
        if execution is None:
            raise Refused("ResourceNotFound", f"there is no execution {asked.get('PipelineExecutionArn')}")
        with self._changed:
            if execution.status != "Executing":
                raise Refused("ConflictException", f"the execution is {execution.status}")
            execution.status = "Stopping"
            self._keep(execution)
            self._tell_moto(execution)
            waiting = [step for step in execution.steps if step.token and step.status == "Executing"]
        for step in waiting:
            message = {"token": step.token, "pipelineExecutionArn": execution.arn, "status": "Stopping"}
            self._client("sqs", execution.region).send_message(
                QueueUrl=step.metadata["Callback"]["SqsQueueUrl"], MessageBody=json.dumps(message)
            )
        return {"PipelineExecutionArn": execution.arn}

    def _go(self, execution: Execution) -> None:
        threading.Thread(target=self._run, args=(execution,), name="execution", daemon=True).start()

    def _run(self, execution: Execution) -> None:
        try:
            values = values_of(execution.definition, execution.parameters, execution.arn)
            self._steps(execution, execution.definition["Steps"], values)
            execution.status = "Succeeded"
        except StepFailed:
            stopped = execution.status == "Stopping"
            execution.status, execution.reason = ("Stopped", "") if stopped else ("Failed", _FAILED)
        except Exception as error:
            log.exception("execution %s", execution.arn)
            execution.status, execution.reason = "Failed", str(error)
        with self._changed:
            self._keep(execution)
            self._tell_moto(execution)

    def _steps(self, execution: Execution, documents: list[Document], values: Document) -> None:
        """Runs steps one after the other, each when those that it needs are done."""
        waiting, here = list(documents), {document["Name"] for document in documents}
        while waiting:
            done = here - {document["Name"] for document in waiting}
            ready = next((step for step in waiting if needs(step) & here <= done), None)
            if ready is None:
                raise ValueError("the steps need each other")
            waiting.remove(ready)
            if execution.status == "Stopping":
                raise StepFailed("the execution is being stopped")
            self._step(execution, ready, values)

    def _step(self, execution: Execution, document: Document, values: Document) -> None:
        name, kind = document["Name"], document["Type"]
        step = next((begun for begun in execution.steps if begun.name == name), None)
        if step is None:
            step = Step(name, kind, self._clock())
            with self._changed:
                execution.steps.append(step)
                self._keep(execution)
        if step.status == "Executing":
            try:
                # Both branches of a condition are resolved only when they are taken.
                arguments = document["Arguments"] if kind == "Condition" else resolved(document["Arguments"], values)
                self._do(execution, step, document, arguments, values)
            except (StepFailed, JobFailed) as error:
                step.status, step.reason = "Failed", step.reason or str(error)
            step.ended = self._clock()
            if step.status == "Executing":
                step.status = "Succeeded"
            with self._changed:
                self._keep(execution)
        if step.status == "Failed":
            raise StepFailed(step.reason)
        values |= {f"Steps.{name}.OutputParameters['{key}']": value for key, value in step.outputs.items()}
        if kind == "Condition":
            branch = "IfSteps" if step.metadata["Condition"]["Outcome"] == "True" else "ElseSteps"
            self._steps(execution, document["Arguments"][branch], values)

    def _do(self, execution: Execution, step: Step, document: Document, arguments: Document, values: Document) -> None:
        if step.type == "Lambda":
            self._call(execution, step, document, arguments)
        elif step.type == "Callback":
            self._wait(execution, step, document, arguments)
        elif step.type == "Processing":
            run_job(arguments, execution.region, self._client, self._state / SCRATCH_FOLDER)
        elif step.type == "Condition":
            holds = all(met(resolved(condition, values)) for condition in arguments["Conditions"])
            step.metadata = {"Condition": {"Outcome": str(holds)}}
        elif step.type == "Fail":
            step.metadata = {"Fail": {"ErrorMessage": arguments["ErrorMessage"]}}
            raise StepFailed(arguments["ErrorMessage"])
        else:
            raise StepFailed(f"steps of type {step.type} are not run here")

    def _call(self, execution: Execution, step: Step, document: Document, arguments: Document) -> None:
        function = document["FunctionArn"]
        answer = self._client("lambda", execution.region).invoke(
            FunctionName=function, Payload=json.dumps(arguments).encode()
        )
        given = json.loads(answer["Payload"].read())
        step.metadata = {"Lambda": {"Arn": function}}
        if "FunctionError" in answer:
            raise StepFailed(f"{given.get('errorType')}: {given.get('errorMessage')}")
        step.outputs = picked(document, given if isinstance(given, dict) else {})

    def _wait(self, execution: Execution, step: Step, document: Document, arguments: Document) -> None:
        """Sends the token, once, and waits until it is answered."""
        queue = document["SqsQueueUrl"]
        if not step.token:
            step.token = "".join(random.choices(string.ascii_letters + string.digits, k=10))  # noqa: S311 - a name, no secret
            note_token(step.token, execution.arn)
            step.metadata = {"Callback": {"CallbackToken": step.token, "SqsQueueUrl": queue}}
            with self._changed:
                self._keep(execution)
            message = {"token": step.token, "pipelineExecutionArn": execution.arn, "status": "Executing"}
            self._client("sqs", execution.region).send_message(
                QueueUrl=queue, MessageBody=json.dumps({**message, "arguments": arguments})
            )
        with self._changed:
            self._changed.wait_for(lambda: step.status != "Executing")
        if step.status == "Failed":
            raise StepFailed(step.reason)
        step.outputs = picked(document, step.outputs)

    def _keep(self, execution: Execution) -> None:
        with written_aside(self._state / EXECUTIONS_FOLDER / f"{execution.arn.rpartition('/')[2]}.json") as file:
            file.write(json.dumps(asdict(execution)).encode())

    def _tell_moto(self, execution: Execution) -> None:
        """Has DescribePipelineExecution and ListPipelineExecutions answer with the status."""
        noted = self._moto(execution.region, execution.arn)
        if noted is not None:
            noted.pipeline_execution_status = execution.status
            noted.pipeline_execution_failure_reason = execution.reason or None

    def _moto(self, region: str, arn: str) -> Any:
        for pipeline in sagemaker_backends[DEFAULT_ACCOUNT_ID][region].pipelines.values():
            if arn in pipeline.pipeline_executions:
                return pipeline.pipeline_executions[arn]
        return None


def _shown(step: Step) -> Document:
    shown: Document = {"StepName": step.name, "StepStatus": step.status, "StartTime": step.began, "AttemptCount": 1}
    if step.ended is not None:
        shown["EndTime"] = step.ended
    if step.reason:
        shown["FailureReason"] = step.reason
    if step.metadata:
        outputs = [{"Name": name, "Value": str(value)} for name, value in step.outputs.items()]
        shown["Metadata"] = {
            kind: {**about, "OutputParameters": outputs} if kind in ("Lambda", "Callback") else about
            for kind, about in step.metadata.items()
        }
    return shown
