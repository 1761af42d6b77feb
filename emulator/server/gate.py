"""Who may ask the local service what: no page of a browser anything, and who runs code only with the state's key.

Source: Fetch Metadata Request Headers, W3C (a browser tells of each request to a loopback address where it comes from).
"""

import hmac
import posixpath
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from customlabels.emulator.server.http import Environ, scope

MAX_BODY = 1_100_000_000
"""Bytes."""

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\]|[a-z0-9.\-]+\.localhost)(:\d+)?", re.IGNORECASE)
_MOTO_PAGES = re.compile(r"/(moto-api|latest|favicon\.ico)([/?].*)?", re.IGNORECASE)
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/")
_CHUNK = 1 << 20

KEYED = {"cloudformation", "events", "iam", "lambda", "sagemaker", "scheduler", "states"}
"""Services that run what they are given, now or later, or hand out credentials that may."""

_KEYED_ACTIONS = {
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "GetSessionToken",
    "GetFederationToken",
}


class BadRequest(Exception):
    """A request whose body cannot be told; the status that it is answered with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def from_a_page(environ: Environ) -> bool:
    """Whether a browser makes the request for a page, or one may by another name for this address."""
    site = environ.get("HTTP_SEC_FETCH_SITE", "none").strip().lower()
    return not _LOOPBACK.fullmatch(environ.get("HTTP_HOST", "")) or "HTTP_ORIGIN" in environ or site not in ("none", "")


def is_moto_page(environ: Environ) -> bool:
    """Whether one of moto's own pages is meant, which drive it rather than a service."""
    path = unquote(environ["PATH_INFO"].encode("latin-1", "replace").decode(errors="replace"))
    return bool(_MOTO_PAGES.fullmatch(posixpath.normpath("/" + path.lstrip("/"))))


def body_of(environ: Environ) -> bytes:
    """The request's body, whichever way its length is told.

    Raises
    ------
    BadRequest
    """
    coding = environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
    if coding == "chunked":
        return _chunked(environ["wsgi.input"])
    if coding not in ("", "identity"):
        raise BadRequest(501, f"A body in the transfer coding {coding} is not taken.")
    length = length_of(environ)
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise BadRequest(400, "The request's body is shorter than its Content-Length.")
    return body


def length_of(environ: Environ) -> int:
    """How many bytes the body has, as the request says.

    Raises
    ------
    BadRequest
    """
    text = environ.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch(r"\d{1,18}", text):
        raise BadRequest(400, "Content-Length is not a number of bytes.")
    if int(text) > MAX_BODY:
        raise BadRequest(413, "The request is too large.")
    return int(text)


def _chunked(stream: Any) -> bytes:
    body = bytearray()
    try:
        while part := stream.read(_CHUNK):
            body += part
            if len(body) > MAX_BODY:
                raise BadRequest(413, "The request is too large.")
    except (OSError, ValueError) as error:
        raise BadRequest(400, "The request's chunks are malformed.") from error
    return bytes(body)


def needs_key(environ: Environ, operation: str) -> bool:
    """Whether a request may run code, now or later."""
    _, service = scope(environ)
    return service in KEYED or (service == "sts" and operation in _KEYED_ACTIONS)


def access_key(environ: Environ) -> str:
    """The access key that a request is signed with; empty where it is not signed."""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if credential:
        return credential[1]
    signed: str = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    return signed.partition("/")[0]


def has_key(environ: Environ, key: str, issued: Callable[[str], bool]) -> bool:
    """Whether a request is signed with the state's key, or with one that was issued to someone who had it."""
    given = access_key(environ)
    return hmac.compare_digest(given.encode(), key.encode()) or (bool(given) and issued(given))
