"""Somebody else's server on this machine: it gives every GET the same answer, and notes what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.serving import answering


@dataclass(frozen=True, slots=True)
class ForeignServer:
    """Where it listens, and path and headers of each request."""

    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def foreign_server(body: bytes, *, kind: str = "text/html", port: int = 0) -> Iterator[ForeignServer]:
    """A server of that body; at any port that is free where none is named."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path + str(self.headers))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    with answering(server):
        yield ForeignServer(server.server_port, asked)
