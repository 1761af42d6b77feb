"""Lambda functions run without Docker: a function's zip in a process of its own, with its environment and its limits.

Source: Lambda developer guide, "Invoke" and "Defined runtime environment variables". Runtimes are those of Python, and
all of them are the Python that the service runs on. moto keeps the functions.
"""

import base64
import hashlib
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.address import FUNCTIONS_FOLDER
from customlabels.emulator.store import Store

MAX_UNZIPPED = 250 * 1024 * 1024
"""Bytes. Source: Lambda quotas."""

MAX_PAYLOAD, MAX_LOG = 6 * 1024 * 1024, 4 * 1024
_MOST_OUTPUT = 16 * 1024 * 1024
_BOOTSTRAP = Path(__file__).with_name("function_bootstrap.py")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a function ended: its answer, the kind of its failure (None where there is none), and what it logged."""

    payload: bytes
    error: str | None
    logged: list[str]
    request: str


def find(region: str, name: str, qualifier: str | None) -> LambdaFunction | None:
    """The function by name or ARN; None where there is none."""
    try:
        found: LambdaFunction = lambda_backends[DEFAULT_ACCOUNT_ID][region].get_function(name, qualifier)
    except UnknownFunctionException:
        return None
    return found


def keep_code(store: Store) -> None:
    """Keeps the code of every function that came from S3, where it may be deleted before the next start."""
    kept = store.code_digests()
    for function in _from_s3():
        digest = hashlib.sha256(function.code_bytes).hexdigest()
        if function.code_bytes and kept.get(function.function_arn) != digest:
            store.put_code(function.function_arn, digest, function.code_bytes)


def restore_code(store: Store) -> None:
    """Gives functions the code that was kept of them."""
    kept = store.code_digests()
    for function in _from_s3():
        if kept.get(function.function_arn, "") != hashlib.sha256(function.code_bytes).hexdigest():
            body = store.code(function.function_arn)
            if body:
                function.code_bytes, function.code_size = body, len(body)


def _from_s3() -> list[LambdaFunction]:
    return [
        function
        for backend in lambda_backends[DEFAULT_ACCOUNT_ID].values()
        for function in backend._lambdas.latest()
        if "S3Bucket" in function.code
    ]


def run(function: LambdaFunction, event: bytes, state: Path, endpoint: str) -> Invocation:
    """Runs the function's handler on an event, once."""
    request = str(uuid.uuid4())
    try:
        code = _unpacked(function.code_bytes, state)
        layers = [_unpacked(body, state) for body in _layers(function)]
    except (ValueError, zipfile.BadZipFile) as error:
        return _failed(request, "Runtime.InvalidEntrypoint", f"its zip cannot be run: {error}", [])
    if not (function.run_time or "").startswith("python"):
        said = f"runtime {function.run_time} cannot be run here; Python can"
        return _failed(request, "Runtime.InvalidRuntime", said, [])
    with tempfile.TemporaryDirectory(prefix="customlabels-function-") as scratch:
        result, output = Path(scratch, "result.json"), Path(scratch, "output")
        began = time.monotonic()
        with output.open("wb") as logged:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    str(_BOOTSTRAP),
                    str(code),
                    str(function.handler),
                    str(result),
                    *map(str, layers),
                ],
                cwd=code,
                env=_environment(function, request, endpoint, scratch),
                stdin=subprocess.PIPE,
                stdout=logged,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_limits(int(function.memory_size)),
            )
            try:
                process.communicate(event, timeout=float(function.timeout))
                timed_out = False
            except subprocess.TimeoutExpired:
                timed_out = True
            finally:
                _end(process)
        took = time.monotonic() - began
        lines = _lines(output, request, took, function)
        if timed_out:
            said = f"{request} Task timed out after {float(function.timeout):.2f} seconds"
            return _failed(request, "Sandbox.Timedout", f"RequestId: {said}", [*lines, said])
        if not result.exists():
            said = f"RequestId: {request} Error: Runtime exited with error: exit status {process.returncode}"
            return _failed(request, "Runtime.ExitError", said, lines)
        answer = json.loads(result.read_bytes())
    if "error" in answer:
        return Invocation(json.dumps(answer["error"]).encode(), "Unhandled", lines, request)
    payload = answer["payload"].encode()
    if len(payload) > MAX_PAYLOAD:
        said = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
        return _failed(request, "Function.ResponseSizeTooLarge", said, lines)
    return Invocation(payload, None, lines, request)


def tail(invocation: Invocation) -> str:
    """The end of what was logged, as an answer's X-Amz-Log-Result has it."""
    return base64.b64encode("\n".join(invocation.logged).encode()[-MAX_LOG:]).decode()


def _failed(request: str, kind: str, said: str, lines: list[str]) -> Invocation:
    return Invocation(json.dumps({"errorMessage": said, "errorType": kind}).encode(), "Unhandled", lines, request)


def _layers(function: LambdaFunction) -> list[bytes]:
    """The zips of its layers, the last on top."""
    backend = lambda_backends[DEFAULT_ACCOUNT_ID][function.region]
    return [backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in reversed(function.layers)]


def _unpacked(body: bytes, state: Path) -> Path:
    """The folder of a zip's files, unpacked once.

    Raises
    ------
    ValueError : it is too large, or a name leads out of it
    """
    folder = state / FUNCTIONS_FOLDER / hashlib.sha256(body).hexdigest()
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


def _environment(function: LambdaFunction, request: str, endpoint: str, scratch: str) -> dict[str, str]:
    name, region = function.function_name, function.region
    own = {str(key): str(value) for key, value in (function.environment_vars or {}).items()}
    return {
        **own,
        "PATH": os.defpath,
        "HOME": scratch,
        "TMPDIR": scratch,
        "TZ": own.get("TZ", ":UTC"),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "_HANDLER": str(function.handler),
        "_CUSTOMLABELS_REQUEST": json.dumps(
            {"id": request, "arn": function.function_arn, "memory": int(function.memory_size),
             "seconds": float(function.timeout)}
        ),
    }  # fmt: skip


def _limits(megabytes: int) -> Callable[[], None] | None:
    """Sets the process's limits, where the system has such."""
    try:
        import resource
    except ImportError:
        return None

    def limit() -> None:
        most = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT * 32, _MOST_OUTPUT * 32))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return limit


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the process and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(output: Path, request: str, took: float, function: LambdaFunction) -> list[str]:
    with output.open("rb") as file:
        text = file.read(_MOST_OUTPUT).decode(errors="replace")
    millis = took * 1000
    return [
        f"START RequestId: {request} Version: {function.version}",
        *text.splitlines(),
        f"END RequestId: {request}",
        f"REPORT RequestId: {request}\tDuration: {millis:.2f} ms\tBilled Duration: {int(millis) + 1} ms\t"
        f"Memory Size: {function.memory_size} MB",
    ]
