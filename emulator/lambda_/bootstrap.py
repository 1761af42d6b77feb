"""An execution environment of a Lambda function: python -I bootstrap.py SETUP.

SETUP is JSON: code, layers, handler, megabytes, file_bytes, scratch, and two descriptors, `read` and `write`. On either
a message is its length in eight bytes, then itself. What comes is a line about the invocation and the event; what goes
is JSON: first whether the handler could be imported, then an answer to each event. The environment ends with the pipe
it reads. Stands alone: the function's process sees nothing of this package.
"""

import importlib
import json
import os
import queue
import shutil
import signal
import struct
import sys
import threading
import time
import traceback

_LENGTH = struct.Struct(">Q")


class Context:
    """What a handler gets beside the event."""

    def __init__(self, request):
        self.aws_request_id = request["id"]
        self.invoked_function_arn = request["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._ends = time.monotonic() + request["seconds"]

    def get_remaining_time_in_millis(self):
        return max(0, int((self._ends - time.monotonic()) * 1000))


def receive(pipe, messages, scratch):
    """Takes what comes while the handler works, and notices at any time when nothing can come any more."""
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        messages.put(pipe.read(_LENGTH.unpack(head)[0]))
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def limit(megabytes, file_bytes):
    """Sets the process's limits, where the system has such."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def failure(error):
    """What an answer tells of an exception; the log has it as well."""
    lines = traceback.format_exception(error)
    print("".join(lines), file=sys.stderr)
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines}


def send(pipe, answer):
    sys.stdout.flush()
    sys.stderr.flush()
    text = json.dumps(answer).encode()
    pipe.write(_LENGTH.pack(len(text)) + text)
    pipe.flush()


def main(setup):
    for descriptor in (setup["read"], setup["write"]):
        os.set_inheritable(descriptor, False)
    messages = queue.SimpleQueue()
    # A stack of the usual size would count against the function's memory.
    threading.stack_size(256 * 1024)
    watch = (os.fdopen(setup["read"], "rb"), messages, setup["scratch"])
    threading.Thread(target=receive, args=watch, daemon=True).start()
    threading.stack_size(0)
    out = os.fdopen(setup["write"], "wb")
    sys.stdout.reconfigure(line_buffering=True)
    limit(setup["megabytes"], setup["file_bytes"])
    sys.path[:0] = [setup["code"], *(os.path.join(layer, "python") for layer in setup["layers"])]
    module, _, name = setup["handler"].rpartition(".")
    try:
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
    except BaseException as error:
        send(out, {"error": failure(error)})
        return
    send(out, {})
    ends = False
    while not ends:
        about, _, event = messages.get().partition(b"\n")
        try:
            answer = {"payload": json.dumps(function(json.loads(event or b"{}"), Context(json.loads(about))))}
        except BaseException as error:
            answer = {"error": failure(error)}
            ends = not isinstance(error, Exception)
        send(out, {**answer, "ends": ends})


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except BrokenPipeError:
        # The service is gone. Who waits for what comes notices too, clears up and ends this process.
        threading.Event().wait()
