"""The page's server: static files, images, and answers that are on disk before they are confirmed. Loopback only."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from customlabels.core.errors import CustomLabelsError
from customlabels.review.answers import add_answers, read_answer, withdraw
from customlabels.review.page.gate import body_length, refusal
from customlabels.review.page.items import Item, Work
from customlabels.review.page.thumbnails import thumbnail

_STATIC = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/drawing.js": ("drawing.js", "text/javascript; charset=utf-8"),
    "/sheet.js": ("sheet.js", "text/javascript; charset=utf-8"),
    "/browsing.js": ("browsing.js", "text/javascript; charset=utf-8"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_IMAGE_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves.

    Parameters
    ----------
    folder : of the review that answers go to
    image : the bytes of an image by its source, and by what it is known; empty where whatever lies there will do
    now : the time
    """

    work: Work
    folder: Path
    image: Callable[[str, str], bytes]
    now: Callable[[], datetime]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    given: dict[str, datetime] = field(default_factory=dict)
    """When each image was answered here last."""


class PageServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; `address` is what a person opens."""

    daemon_threads = True

    def __init__(self, served: Served, port: int = 0) -> None:
        self.served = served
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        """With the token behind #, which no browser sends anywhere."""
        return f"http://127.0.0.1:{self.server_port}/#{self.served.token}"


class _Refused(Exception):
    """A request that is not answered: status and sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    timeout = 60
    # Headers and body go in one piece: between two, the other side's delayed acknowledgement takes 40 ms.
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        """Files, the work, and images."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Answers, and answers taken back."""
        self._answer(self._post)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _answer(self, respond: Callable[[str], tuple[bytes, str]]) -> None:
        path = urlsplit(self.path).path
        port, token = self.server.server_port, self.server.served.token
        try:
            refused = refusal(self.command, path, self.headers, port=port, token=token)  # type: ignore[arg-type] # it has get
            if refused is not None:
                raise _Refused(*refused)
            self._send(200, *respond(path))
        except _Refused as error:
            # What was not read of a body would be taken for the next request.
            self.close_connection = True
            self._send(error.status, *_json({"error": str(error)}))
        except CustomLabelsError as error:
            self._send(404, *_json({"error": error.message}))
        except OSError as error:
            self.close_connection = True
            self._send(500, *_json({"error": f"not kept: {error.strerror or error}"}))

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _get(self, path: str) -> tuple[bytes, str]:
        if path in _STATIC:
            name, kind = _STATIC[path]
            return files("customlabels.review.page").joinpath(name).read_bytes(), kind
        if path == "/api/work":
            return _json(self.server.served.work.document())
        if path.startswith("/api/image/"):
            return _image(self._body(path))
        if path.startswith("/api/thumbnail/"):
            return thumbnail(self._body(path)), "image/jpeg"
        raise _Refused(404, "There is no such page.")

    def _body(self, path: str) -> bytes:
        item = self._item(path.rpartition("/")[2])
        return self.server.served.image(item.source, item.image)

    def _post(self, path: str) -> tuple[bytes, str]:
        given = self._document()
        served = self.server.served
        item = self._item(str(given.get("number")))
        if not served.work.person or not item.image:
            raise _Refused(403, "These images are only looked at.")
        if path == "/api/withdraw":
            meant = served.given.get(item.image)
            withdraw(served.folder, item.image, served.work.person, served.now(), given=meant)
            return _json({})
        if path != "/api/answer":
            raise _Refused(404, "There is no such page.")
        try:
            answer = read_answer(
                {name: given.get(name) for name in ("labels", "boxes", "unsure", "seconds")}
                | {"image": item.image, "person": served.work.person, "at": served.now().isoformat(), "tool": "page"}
            )
        except ValueError as error:
            raise _Refused(400, str(error)) from error
        unknown = answer.all_labels - set(served.work.labels)
        if unknown:
            raise _Refused(400, f"{min(unknown)!r} is none of the labels.")
        add_answers(served.folder, [answer])
        served.given[item.image] = answer.at
        return _json({})

    def _document(self) -> Mapping[str, Any]:
        try:
            given = json.loads(self.rfile.read(body_length(self.headers)))  # type: ignore[arg-type] # it has get
        except (ValueError, RecursionError) as error:
            raise _Refused(400, f"no answer: {error}") from error
        if not isinstance(given, dict):
            raise _Refused(400, "no answer")
        return given

    def _item(self, number: str) -> Item:
        items = self.server.served.work.items
        if not number.isascii() or not number.isdigit() or int(number[:9]) >= len(items):
            raise _Refused(404, "There is no such image.")
        return items[int(number[:9])]


def _json(document: object) -> tuple[bytes, str]:
    return json.dumps(document, ensure_ascii=False).encode(), "application/json; charset=utf-8"


def _image(body: bytes) -> tuple[bytes, str]:
    """The bytes of an image; anything else is never shown."""
    for magic, kind in _IMAGE_TYPES.items():
        if body.startswith(magic):
            return body, kind
    raise _Refused(415, "This is no JPEG or PNG image.")
