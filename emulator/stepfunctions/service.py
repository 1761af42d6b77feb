"""Requests to Step Functions answered."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.server.http import Environ, StartResponse, action, answer
from customlabels.emulator.server.protocol import check_all, service_model
from customlabels.emulator.server.refusals import Refusal
from customlabels.emulator.stepfunctions.executing import Clients, Executions
from customlabels.emulator.stepfunctions.operations import OPERATIONS

_CONTENT_TYPE = "application/x-amz-json-1.0"


class StepFunctions:
    """Step Functions of one state folder."""

    def __init__(self, folder: Path, clock: Callable[[], float], clients: Clients, put: Callable[[Due], None]) -> None:
        self.executions = Executions(folder, clock, clients, put)
        self._clock = clock

    def answer(self, region: str, environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request."""
        operation = action(environ, body)
        try:
            result = self._perform(operation, region, body)
        except Refusal as refusal:
            document = {"__type": refusal.code, "message": refusal.message}
            return answer(start_response, refusal.status, _CONTENT_TYPE, json.dumps(document).encode())
        return answer(start_response, 200, _CONTENT_TYPE, json.dumps(result).encode())

    def _perform(self, operation: str, region: str, body: bytes) -> dict[str, Any]:
        if operation not in OPERATIONS:
            raise Refusal("UnknownOperationException", f"{operation} of states is not offered by the local service.")
        try:
            parameters = json.loads(body or b"{}")
        except ValueError as error:
            raise Refusal("SerializationException", "The request body is not valid JSON.") from error
        shape = service_model("stepfunctions").operation_model(operation).input_shape
        if shape is not None:
            check_all(shape, parameters)
        return OPERATIONS[operation](self.executions, region, self._clock(), parameters)
