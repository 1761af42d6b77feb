"""Invoke of Lambda: functions run at once or by and by."""

import json
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.awslambda.models import LambdaFunction

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.lambda_ import functions
from customlabels.emulator.lambda_.environments import Pool
from customlabels.emulator.lambda_.logs import Logged
from customlabels.emulator.server.address import SCRATCH_FOLDER
from customlabels.emulator.server.http import Environ, StartResponse, answer

INVOKED = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
"""The path of the operation."""

_LOOK = 1.0
_LONGEST_WAIT = 6 * 3600.0
"""Seconds for which an asynchronous invocation waits for others of its function to end."""

_RETRIES = 2
"""Times that an asynchronous invocation is tried again. Source: Lambda developer guide, "Asynchronous invocation"."""


class Throttled(Exception):
    """As many of a function run already as its reserved concurrency lets."""


class Invoker:
    """Runs functions; `log` takes what they leave, `put` what runs by and by."""

    def __init__(
        self, state: Path, clock: Callable[[], float], log: Callable[[Logged], None], put: Callable[[Due], None]
    ) -> None:
        self._state = state
        self._clock = clock
        self._log = log
        self._put = put
        self._pool = Pool(lambda made: functions.is_current(made, state, self.endpoint_url), state / SCRATCH_FOLDER)
        self._running: Counter[str] = Counter()
        self._ended = threading.Condition()
        self.endpoint_url = ""
        """Where functions reach the service."""

    def end_old(self) -> None:
        """Ends processes that have nothing to do any more."""
        self._pool.end_old()

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
            self._put(Due(self._clock(), region, "", {"Arn": function.function_arn}, event.decode()))
            return answer(start_response, 202, "application/json", b"")
        try:
            ended = self._run(region, function, event)
        except Throttled:
            about = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"}
            text = json.dumps({**about, "message": "Rate Exceeded."}).encode()
            named = [("x-amzn-ErrorType", "TooManyRequestsException"), ("Retry-After", "1")]
            return answer(start_response, 429, "application/json", text, named)
        headers = [("X-Amz-Executed-Version", str(function.version))]
        if ended.error:
            headers.append(("X-Amz-Function-Error", ended.error))
        if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
            headers.append(("X-Amz-Log-Result", functions.tail(ended)))
        return answer(start_response, 200, "application/json", ended.payload, headers)

    def run(self, region: str, arn: str, event: bytes) -> tuple[bytes, bool]:
        """Runs a function once: its answer, and whether it failed.

        Raises
        ------
        LookupError : there is no such function
        Throttled : it runs as often as it may already
        """
        ended = self._run(region, _function(region, arn), event)
        return ended.payload, bool(ended.error)

    def run_by_and_by(self, region: str, arn: str, event: bytes) -> None:
        """Runs a function as Lambda does what it is not waited for: again where it fails, then to where failures go.

        Raises
        ------
        LookupError : there is no such function
        """
        function = _function(region, arn)
        retries, goes_to = _failures(function)
        for _ in range(1 + retries):
            ended = self._run(region, function, event, wait=_LONGEST_WAIT)
            if not ended.error:
                return
        if goes_to:
            record = _failed_invocation(function, event, ended, 1 + retries, self._clock())
            self._put(Due(self._clock(), region, function.function_arn, {"Arn": goes_to}, record))

    @contextmanager
    def _turn(self, region: str, function: LambdaFunction, wait: float) -> Iterator[None]:
        """One of the runs that a function's reserved concurrency lets be at once.

        Raises
        ------
        Throttled : none was free within `wait` seconds
        """
        arn = str(function.function_arn).removesuffix(f":{function.version}")

        def is_free() -> bool:
            whole = functions.find(region, arn, None)
            most = whole.reserved_concurrency if whole is not None else None
            return most is None or self._running[arn] < int(most)

        with self._ended:
            ends = time.monotonic() + wait
            while not is_free():
                left = ends - time.monotonic()
                if left <= 0:
                    raise Throttled(f"{arn} runs as often as its reserved concurrency lets")
                self._ended.wait(min(left, _LOOK))
            self._running[arn] += 1
        try:
            yield
        finally:
            with self._ended:
                self._running[arn] -= 1
                self._ended.notify_all()

    def _run(self, region: str, function: LambdaFunction, event: bytes, wait: float = 0.0) -> functions.Invocation:
        """Runs a function, and keeps what it logs.

        Raises
        ------
        Throttled
        """

        def stream() -> str:
            day = datetime.fromtimestamp(self._clock(), UTC)
            return f"{day:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"

        made = partial(functions.setup, function, self._state, self.endpoint_url)
        with self._turn(region, function, wait):
            ended = functions.run(function, event, made, self._pool, stream)
        name, now, failed = str(function.function_name), self._clock(), bool(ended.error)
        self._log(Logged(region, name, ended.stream, now, time.time(), ended.took, failed, ended.logged))
        return ended


def _function(region: str, arn: str) -> LambdaFunction:
    function = functions.find(region, arn, None)
    if function is None:
        raise LookupError(f"there is no function {arn}")
    return function


def _failures(function: LambdaFunction) -> tuple[int, str | None]:
    """How often a function is tried again, and the ARN that failures go to; None where they go nowhere."""
    settings = function.event_invoke_config[-1].config if function.event_invoke_config else {}
    retries = settings.get("MaximumRetryAttempts")
    on_failure = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    return _RETRIES if retries is None else int(retries), on_failure


def _failed_invocation(
    function: LambdaFunction, event: bytes, ended: functions.Invocation, times: int, at: float
) -> str:
    """What a destination gets. Source: Lambda developer guide, "Retaining records of asynchronous invocations"."""
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "requestContext": {
                "requestId": ended.request,
                "functionArn": f"{function.function_arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": times,
            },
            "requestPayload": _document(event),
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": ended.error},
            "responsePayload": _document(ended.payload),
        }
    )


def _document(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
