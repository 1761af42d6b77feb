"""Answers that are none: cut off on the way, or of something between here and AWS.

botocore takes a body that is no JSON for an answer in which nothing stands.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

_OF_JSON = {"json", "rest-json"}


def refuse_broken_answers(events: "BaseEventHooks") -> None:
    """Has a client raise ResponseStreamingError for an answer that is no JSON, where its operation answers in JSON."""
    events.register("after-call.*.*", _check)


def _check(http_response: "AWSResponse", parsed: dict[str, Any], model: "OperationModel", **_: Any) -> None:
    shape = model.output_shape
    if parsed.keys() > {"ResponseMetadata"} or shape is None or not shape.members or model.has_streaming_output:
        return
    if model.service_model.protocol in _OF_JSON and http_response.status_code < 300 and not _is_object(http_response):
        from botocore.exceptions import ResponseStreamingError

        raise ResponseStreamingError(
            error=f"the answer to {model.name} is no JSON: it was cut off, or is not the service's"
        )


def _is_object(response: "AWSResponse") -> bool:
    body: bytes = response.content.strip()
    return not body or (body.startswith(b"{") and body.endswith(b"}"))
