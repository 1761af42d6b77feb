"""Runs one Lambda handler: python -I function_bootstrap.py CODE HANDLER RESULT [LAYER ...].

The event is on standard input. Stands alone: the function's process sees nothing of this package.
"""

import importlib
import json
import os
import sys
import time
import traceback


class Context:
    """What a handler gets beside the event."""

    def __init__(self, request):
        self.aws_request_id = request["id"]
        self.invoked_function_arn = request["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = str(request["memory"])
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = request["id"]
        self._ends = time.monotonic() + request["seconds"]

    def get_remaining_time_in_millis(self):
        return max(0, int((self._ends - time.monotonic()) * 1000))


def main(code, handler, result, *layers):
    sys.path[:0] = [code, *(os.path.join(layer, "python") for layer in layers)]
    request = json.loads(os.environ.pop("_CUSTOMLABELS_REQUEST"))
    try:
        module, _, name = handler.rpartition(".")
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
        event = json.loads(sys.stdin.buffer.read() or b"{}")
        answer = {"payload": json.dumps(function(event, Context(request)))}
    except BaseException as error:
        lines = traceback.format_exception(error)
        print("".join(lines), file=sys.stderr)
        answer = {"error": {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines}}
    sys.stdout.flush()
    aside = f"{result}.part"
    with open(aside, "w") as file:
        json.dump(answer, file)
    os.replace(aside, result)


if __name__ == "__main__":
    main(*sys.argv[1:])
