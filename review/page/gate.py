"""Who may ask the page's server what: the page itself, with its token; no other page of a browser anything.

Source: Fetch Metadata Request Headers, W3C (a browser tells of each request to a loopback address where it comes from).
"""

import hmac
from collections.abc import Mapping

MAX_BODY = 1_000_000
"""Bytes of an answer."""


def refusal(method: str, path: str, headers: Mapping[str, str], *, port: int, token: str) -> tuple[int, str] | None:
    """The status and the sentence that a request is refused with; None where it is answered.

    Parameters
    ----------
    headers : by their names, whichever case those have
    port : that the server listens on
    """
    own = {f"127.0.0.1:{port}", f"localhost:{port}"}
    host = headers.get("Host", "").lower()
    if host not in own:
        return 403, "This answers to loopback addresses only."
    origin = headers.get("Origin")
    if origin is not None and origin.lower() != f"http://{host}":
        return 403, "Another page asks."
    site = headers.get("Sec-Fetch-Site", "none").strip().lower()
    typed = method == "GET" and not path.startswith("/api/")
    if site != "same-origin" and not (site == "none" and (typed or "Sec-Fetch-Site" not in headers)):
        return 403, "Another page asks."
    if not path.startswith("/api/"):
        return None
    given = headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return 401, "The token is missing or another: open the address that customlabels review page prints."
    if method == "POST" and headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        return 415, "An answer is JSON."
    return None


def body_length(headers: Mapping[str, str]) -> int:
    """Bytes of a request's body.

    Raises
    ------
    ValueError : it does not say, or is too large
    """
    text = headers.get("Content-Length", "")
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:12]) <= MAX_BODY:
        raise ValueError("The request's length is missing, or too much.")
    return int(text)
