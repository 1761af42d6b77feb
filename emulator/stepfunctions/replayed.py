"""What Step Functions answered a stack that is replayed; nothing is done again."""

import json
from collections.abc import Iterable

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.server.http import Environ, StartResponse, action, answer, scope

_CONTENT_TYPE = "application/x-amz-json-1.0"


def done_before(environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
    """The answer to a request that a stack made, and that was done then."""
    asked, result = json.loads(body or b"{}"), {}
    if action(environ, body) == "CreateStateMachine":
        arn = f"arn:aws:states:{scope(environ)[0]}:{DEFAULT_ACCOUNT_ID}:stateMachine:{asked['name']}"
        result = {"stateMachineArn": arn, "creationDate": 0.0}
    return answer(start_response, 200, _CONTENT_TYPE, json.dumps(result).encode())
