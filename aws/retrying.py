"""A call that is tried again for long says so: botocore itself does it in silence, for a minute and more.

Source: botocore, events `before-call`, `needs-retry`, `after-call` and `after-call-error`, which share a context.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 5.0
"""Seconds from a call's beginning for which trying again goes without a word."""

_BEGAN, _TIMER = "customlabels-began", "customlabels-timer"
_THROTTLED = ("Throttl", "SlowDown", "LimitExceeded", "TooManyRequests", "ProvisionedThroughput", "RequestTimeout")


def tell_of_retries(events: Any, tell: Callable[[str], None], patience: float = PATIENCE) -> None:
    """Has `tell` be called once for each call of a client that is still being tried again after `patience` seconds.

    Parameters
    ----------
    events : of the client, `client.meta.events`
    """

    def begin(context: dict[str, Any], **_: Any) -> None:
        context[_BEGAN] = time.monotonic()

    def look(request_dict: dict[str, Any], operation: Any, response: Any, caught_exception: Any, **_: Any) -> None:
        context = request_dict["context"]
        trouble = _trouble(response, caught_exception)
        if trouble is None or _TIMER in context or _BEGAN not in context:
            return
        left = max(0.0, patience - (time.monotonic() - context[_BEGAN]))
        service = operation.service_model.service_name
        sentence = f"{service} {operation.name}: {trouble}; it is tried again for up to about a minute"
        timer = context[_TIMER] = threading.Timer(left, tell, (sentence,))
        timer.daemon = True
        timer.start()

    def end(context: dict[str, Any], **_: Any) -> None:
        timer = context.pop(_TIMER, None)
        if timer is not None:
            timer.cancel()

    events.register("before-call.*.*", begin)
    events.register("needs-retry.*.*", look)
    events.register("after-call.*.*", end)
    events.register("after-call-error.*.*", end)


def _trouble(response: Any, caught_exception: Any) -> str | None:
    """Why a call may be tried again; None where it will not be."""
    if caught_exception is not None:
        return str(caught_exception)
    http, parsed = response
    error = parsed.get("Error", {})
    code = str(error.get("Code", ""))
    if http.status_code >= 500 or any(code.startswith(name) or name in code for name in _THROTTLED):
        return f"{code or http.status_code}: {error.get('Message') or 'no message'}"
    return None
