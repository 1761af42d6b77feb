"""Invoke of Lambda: functions run at once or by and by, their logs in CloudWatch Logs."""

import json
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.awslambda.models import LambdaFunction

from customlabels.emulator import functions
from customlabels.emulator.http import Environ, StartResponse, answer

INVOKED = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
"""The path of the operation."""

_RETRIES = 2
"""Times that an asynchronous invocation is tried again. Source: Lambda developer guide, "Asynchronous invocation"."""


class Invoker:
    """Runs functions, with `call` to reach CloudWatch Logs."""

    def __init__(
        self, state: Path, clock: Callable[[], float], call: Callable[[str, str, str, dict[str, Any]], int]
    ) -> None:
        self._state = state
        self._clock = clock
        self._call = call
        self.endpoint_url = ""
        """Where functions reach the service."""

    def invoke(
        self, region: str, name: str, environ: Environ, event: bytes, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Runs a Lambda function, as Invoke has it."""
        qualifier = parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier", [None])[0]
        function = functions.find(region, name, qualifier)
        if function is None:
            text = json.dumps({"Type": "User", "Message": f"Function not found: {name}"}).encode()
            named = [("x-amzn-ErrorType", "ResourceNotFoundException")]
            return answer(start_response, 404, "application/json", text, named)
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        if kind == "DryRun":
            return answer(start_response, 204, "application/json", b"")
        if kind == "Event":
            threading.Thread(target=self._run, args=(region, function, event, _RETRIES), daemon=True).start()
            return answer(start_response, 202, "application/json", b"")
        ended = self._run(region, function, event)
        headers = [("X-Amz-Executed-Version", str(function.version))]
        if ended.error:
            headers.append(("X-Amz-Function-Error", ended.error))
        if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
            headers.append(("X-Amz-Log-Result", functions.tail(ended)))
        return answer(start_response, 200, "application/json", ended.payload, headers)

    def _run(self, region: str, function: LambdaFunction, event: bytes, retries: int = 0) -> functions.Invocation:
        """Runs a function, again where it fails and may be; what it logs goes to CloudWatch Logs."""
        ended = functions.run(function, event, self._state, self.endpoint_url)
        self._log(region, f"/aws/lambda/{function.function_name}", ended)
        if ended.error and retries:
            return self._run(region, function, event, retries - 1)
        return ended

    def run(self, region: str, arn: str, event: bytes) -> str | None:
        """Runs a function for a schedule; why it failed, None where it did not."""
        function = functions.find(region, arn, None)
        if function is None:
            return f"there is no function {arn}"
        ended = self._run(region, function, event)
        return ended.payload.decode() if ended.error else None

    def _log(self, region: str, group: str, ended: functions.Invocation) -> None:
        stream, at = f"[$LATEST]{ended.request}", int(self._clock() * 1000)
        named: dict[str, Any] = {"logGroupName": group, "logStreamName": stream}
        self._call(region, "logs", "Logs_20140328.CreateLogGroup", {"logGroupName": group})
        self._call(region, "logs", "Logs_20140328.CreateLogStream", named)
        events = [{"timestamp": at, "message": line} for line in ended.logged]
        self._call(region, "logs", "Logs_20140328.PutLogEvents", {**named, "logEvents": events})
