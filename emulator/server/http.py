"""WSGI requests and answers: whom a request is signed for, what it asks, how an answer is put."""

import re
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from customlabels.emulator.server.protocol import CONTENT_TYPE, encode_refusal
from customlabels.emulator.server.refusals import Refusal

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_OPERATION = re.compile(r"/service/[^/]+/operation/(\w+)")
"""The path of a request in Smithy's own protocol."""

_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([a-z0-9\-]+)/([A-Za-z0-9\-_.]+)/aws4_request")


def scope(environ: Environ) -> tuple[str, str]:
    """Region and service that a request is signed for; S3 in us-east-1 where it is not signed."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2].lower()) if found else ("us-east-1", "s3")


def bucket_and_key(environ: Environ) -> tuple[str, str]:
    """Bucket and key of a request to S3; the key is empty where the bucket is meant."""
    bucket, _, key = environ["PATH_INFO"].encode("latin-1").decode().lstrip("/").partition("/")
    return bucket, key


def action(environ: Environ, body: bytes) -> str:
    """The operation that a request asks for, where it says so; empty where its path does."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("latin-1")).get("Action", [""])[0]
    named = _OPERATION.fullmatch(environ["PATH_INFO"])
    return named[1] if named else ""


def target(environ: Environ) -> str:
    """Path and query as they were sent."""
    path = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return str(path) if path else environ["PATH_INFO"] + "?" + environ.get("QUERY_STRING", "")


def kept_headers(environ: Environ) -> dict[str, str]:
    """The headers that replaying needs; of the signature only region and service, no credentials."""
    region, service = scope(environ)
    signed = f"local/20000101/{region}/{service}/aws4_request"
    kept = {"Authorization": f"AWS4-HMAC-SHA256 Credential={signed}, SignedHeaders=host, Signature=0"}
    if "CONTENT_TYPE" in environ:
        kept["Content-Type"] = environ["CONTENT_TYPE"]
    for name, value in environ.items():
        if name.startswith("HTTP_X_AMZ_") and name != "HTTP_X_AMZ_SECURITY_TOKEN":
            kept[name.removeprefix("HTTP_").replace("_", "-").title()] = value
    return kept


def failure(start_response: StartResponse, environ: Environ, text: str) -> Iterable[bytes]:
    """The service's own fault, in the form that a client of the service asked reads."""
    _, service = scope(environ)
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    code = "InternalError" if service == "s3" or form else "InternalServerError"
    return refusal_answer(start_response, environ, 500, code, text)


def refusal_answer(
    start_response: StartResponse, environ: Environ, status: int, code: str, text: str
) -> Iterable[bytes]:
    """A refusal in the form that a client of the service asked reads."""
    _, service = scope(environ)
    error = f"<Code>{code}</Code><Message>{escape(text)}</Message>"
    number = f"<RequestId>{uuid.uuid4()}</RequestId>"
    if service == "s3":
        return answer(start_response, status, "application/xml", f"<Error>{error}{number}</Error>".encode())
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        kind = "Sender" if status < 500 else "Receiver"
        document = f"<ErrorResponse><Error><Type>{kind}</Type>{error}</Error>{number}</ErrorResponse>"
        return answer(start_response, status, "text/xml", document.encode())
    body = encode_refusal(Refusal(code, text, status=status))
    return answer(start_response, status, CONTENT_TYPE, body, [("x-amzn-ErrorType", code)])


def answer(
    start_response: StartResponse,
    status: int,
    content_type: str,
    body: bytes,
    headers: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
    """Starts the answer, and gives its body; every one has a request's number."""
    number = str(uuid.uuid4())
    about = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("x-amzn-RequestId", number), *headers]
    start_response(f"{status} {HTTPStatus(status).phrase}", about)
    return [body]
