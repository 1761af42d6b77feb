"""Lambda functions run without Docker: a function's zip in a process of its own, with its variables and its limits.

Source: Lambda developer guide, "Invoke" and "Defined runtime environment variables". Runtimes are those of Python, and
all of them are the Python that the service runs on. moto keeps the functions.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.lambda_.environments import Pool, Reply, Setup
from customlabels.emulator.server.address import FUNCTIONS_FOLDER
from customlabels.emulator.server.clients import credentials

MAX_UNZIPPED = 250 * 1024 * 1024
"""Bytes. Source: Lambda quotas."""

MAX_PAYLOAD, MAX_LOG = 6 * 1024 * 1024, 4 * 1024


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a function ended: its answer, the kind of its failure (None where there is none), and what it logged."""

    payload: bytes
    error: str | None
    logged: list[str]
    request: str
    stream: str
    took: float
    """Seconds."""


def find(region: str, name: str, qualifier: str | None) -> LambdaFunction | None:
    """The function by name or ARN; None where there is none."""
    try:
        found: LambdaFunction = lambda_backends[DEFAULT_ACCOUNT_ID][region].get_function(name, qualifier)
    except UnknownFunctionException:
        return None
    return found


def setup(function: LambdaFunction, state: Path, endpoint: str) -> Setup:
    """What an environment of the function is made of; its code is unpacked below `state`.

    Raises
    ------
    ValueError : its zip cannot be run
    """
    try:
        code = _unpacked(function.code_bytes, state)
        layers = [_unpacked(body, state) for body in _layers(function)]
    except (ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"its zip cannot be run: {error}") from error
    return Setup(
        function=f"{function.function_arn} {function.version} {function.timeout} {function.last_modified}",
        code=code,
        layers=tuple(layers),
        handler=str(function.handler),
        megabytes=int(function.memory_size),
        variables=tuple(_variables(function, code, endpoint).items()),
    )


def is_current(made: Setup, state: Path, endpoint: str) -> bool:
    """Whether there still is the function of an environment, and it is as it was."""
    arn = made.function.split(" ")[0]
    function = find(arn.split(":")[3], arn, None)
    try:
        return function is not None and setup(function, state, endpoint) == made
    except ValueError:
        return False


def run(
    function: LambdaFunction, event: bytes, made: Callable[[], Setup], pool: Pool, stream: Callable[[], str]
) -> Invocation:
    """Runs the function's handler on an event, once, in an environment from `pool`.

    `made` gives what an environment is made of, `stream` the name of the log stream of a new one.
    """
    request = str(uuid.uuid4())

    def unable(kind: str, said: str) -> Invocation:
        reply = Reply(None, None, "", 0.0, None)
        return _failed(
            request, stream(), kind, said, _lines(request, reply, function, f"\tStatus: error\tError Type: {kind}"), 0.0
        )

    if not (function.run_time or "").startswith("python"):
        return unable("Runtime.InvalidRuntime", f"runtime {function.run_time} cannot be run here; Python can")
    try:
        environment = pool.take(made(), stream)
    except ValueError as error:
        return unable("Runtime.InvalidEntrypoint", str(error))
    try:
        reply = environment.call(event, request, function.function_arn, float(function.timeout))
    finally:
        pool.give(environment)
    return _outcome(function, request, environment.stream, reply)


def _outcome(function: LambdaFunction, request: str, stream: str, reply: Reply) -> Invocation:
    """What Lambda makes of a reply."""
    if reply.status is not None:
        said = f"RequestId: {request} Error: Runtime exited with error: exit status {reply.status}"
        lines = _lines(request, reply, function, "\tStatus: error\tError Type: Runtime.ExitError")
        return _failed(request, stream, "Runtime.ExitError", said, lines, reply.took)
    if reply.answer is None:
        said = f"{request} Task timed out after {float(function.timeout):.2f} seconds"
        lines = [*_lines(request, reply, function, "\tStatus: timeout"), said]
        return _failed(request, stream, "Sandbox.Timedout", f"RequestId: {said}", lines, reply.took)
    lines = _lines(request, reply, function)
    if "error" in reply.answer:
        return Invocation(json.dumps(reply.answer["error"]).encode(), "Unhandled", lines, request, stream, reply.took)
    payload = reply.answer["payload"].encode()
    if len(payload) > MAX_PAYLOAD:
        said = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
        return _failed(request, stream, "Function.ResponseSizeTooLarge", said, lines, reply.took)
    return Invocation(payload, None, lines, request, stream, reply.took)


def tail(invocation: Invocation) -> str:
    """The end of what was logged, as an answer's X-Amz-Log-Result has it."""
    return base64.b64encode("\n".join(invocation.logged).encode()[-MAX_LOG:]).decode()


def _failed(request: str, stream: str, kind: str, said: str, lines: list[str], took: float) -> Invocation:
    payload = json.dumps({"errorMessage": said, "errorType": kind}).encode()
    return Invocation(payload, "Unhandled", lines, request, stream, took)


def _layers(function: LambdaFunction) -> list[bytes]:
    """The zips of its layers, the last on top."""
    backend = lambda_backends[DEFAULT_ACCOUNT_ID][function.region]
    return [backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in reversed(function.layers)]


@lru_cache(maxsize=16)
def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _unpacked(body: bytes, state: Path) -> Path:
    """The folder of a zip's files, unpacked once.

    Raises
    ------
    ValueError : it is too large, or a name leads out of it
    """
    folder = state / FUNCTIONS_FOLDER / _digest(body)
    if folder.exists():
        return folder
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = archive.infolist()
        if sum(file.file_size for file in files) > MAX_UNZIPPED:
            raise ValueError(f"over {MAX_UNZIPPED} bytes unzipped")
        for file in files:
            parts = PurePosixPath(file.filename.replace("\\", "/")).parts
            if ".." in parts or file.filename.startswith("/") or (file.external_attr >> 16) & 0o170000 == 0o120000:
                raise ValueError(f"{file.filename} leads out of it, or is a link")
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            archive.extractall(aside)
            aside.rename(folder)
        except OSError:
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return folder


def _variables(function: LambdaFunction, code: Path, endpoint: str) -> dict[str, str]:
    """Source: Lambda developer guide, "Defined runtime environment variables"."""
    name, region = function.function_name, function.region
    own = {str(key): str(value) for key, value in (function.environment_vars or {}).items()}
    return {
        **own,
        "PATH": os.defpath,
        "TZ": own.get("TZ", ":UTC"),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **credentials(str(function.role)),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": str(function.handler),
    }


def _lines(request: str, reply: Reply, function: LambdaFunction, more: str = "") -> list[str]:
    """What an invocation leaves in its log; `more` ends the report."""
    millis = reply.took * 1000
    init = "" if reply.init is None else f"\tInit Duration: {reply.init * 1000:.2f} ms"
    return [
        f"START RequestId: {request} Version: {function.version}",
        *reply.output.splitlines(),
        f"END RequestId: {request}",
        f"REPORT RequestId: {request}\tDuration: {millis:.2f} ms\tBilled Duration: {int(millis) + 1} ms\t"
        f"Memory Size: {function.memory_size} MB{init}{more}",
    ]
