"""A proxy between a client and the local service, which sees every call and may spoil it."""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from support.serving import answering


@dataclass(frozen=True)
class Call:
    """A call: its number from 1, and what it asks for (`CreateProject`, `PUT /bucket/key`)."""

    number: int
    what: str

    @property
    def is_s3(self) -> bool:
        return " " in self.what


@dataclass(frozen=True)
class Spoiled:
    """What a client gets in place of an answer; a status of 0 is a connection that is cut."""

    status: int = 0
    code: str = ""
    late: bool = False
    """Whether the service gets the call all the same, and only its answer is lost."""


Spoil = Callable[[Call], Spoiled | None]

Alter = Callable[[Call, bytes], bytes | None]
"""What an answer is made of its body, with a status of 200; None leaves it as it is."""

_WRITES = ("Create", "Update", "Delete", "Copy", "Start", "Stop", "Tag")
_Answer = tuple[int, dict[str, str], bytes]


class Late:
    """What has answers of Describe lag: for so many looks after each write they show things as they were before it."""

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self._writes: list[dict[str, int]] = []
        """For each write, how often each question was asked since."""
        self._known: dict[str, tuple[int, _Answer]] = {}
        """The last true answer to each question, and after how many writes it was given."""

    def wrote(self) -> None:
        self._writes.append({})

    def answer(self, call: Call, body: bytes, true: _Answer) -> _Answer:
        """The answer that is given: the true one, or that from before the last write."""
        question = f"{call.what} {body.decode(errors='replace')}"
        before = self._known.get(question)
        asked = 0
        if self._writes:
            asked = self._writes[-1].get(question, 0)
            self._writes[-1][question] = asked + 1
        if self._writes and asked < self._looks:
            return before[1] if before else _absent(call, true)
        self._known[question] = len(self._writes), true
        return true


def _absent(call: Call, true: _Answer) -> _Answer:
    """As if what is asked for had not been made yet."""
    status, headers, _ = true
    lists = {
        "DescribeProjects": {"ProjectDescriptions": []},
        "DescribeProjectVersions": {"ProjectVersionDescriptions": []},
    }
    if call.what in lists:
        return status, headers, json.dumps(lists[call.what]).encode()
    return 400, *_refusal(call, Spoiled(400, "ResourceNotFoundException"))


@contextmanager
def intercepted(
    endpoint: str,
    spoil: Spoil = lambda call: None,
    answered: Callable[[Call], None] = lambda call: None,
    late: Late | None = None,
    alter: Alter = lambda call, body: None,
) -> Iterator[str]:
    """The address of a proxy.

    Parameters
    ----------
    alter : makes other answers of the service's
    answered : called when the service has answered, before the client knows
    late : has answers of Describe lag behind writes
    """
    target = urlsplit(endpoint)
    lock, count = threading.Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            if self.headers.get("Expect") == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            body = self._body()
            with lock:
                count[0] += 1
                # Older clients of CloudWatch name what they ask for in a form.
                form = re.match(rb"Action=(\w+)", body)
                named = form[1].decode() if form else self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                call = Call(count[0], named or f"{self.command} {urlsplit(self.path).path}")
            spoiled = spoil(call)
            answer = None
            if spoiled is None or spoiled.late:
                answer = self._forward(body)
                if late is not None and call.what.startswith("Describe"):
                    with lock:
                        answer = late.answer(call, body, answer)
                elif late is not None and call.what.startswith(_WRITES):
                    with lock:
                        late.wrote()
                if (other := alter(call, answer[2])) is not None:
                    answer = 200, {"Content-Type": "application/x-amz-json-1.1"}, other
                answered(call)
            if spoiled is None:
                assert answer is not None
                self._give(*answer)
            elif spoiled.status == 0:
                self.close_connection = True
                self.connection.close()
            else:
                self._give(spoiled.status, *_refusal(call, spoiled))

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            kept = {n: v for n, v in self.headers.items() if n.lower() not in ("transfer-encoding", "expect", "host")}
            headers = {**kept, "Host": target.netloc, "Content-Length": str(len(body))}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            read = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), read

        def _give(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = headers.get("Content-Length", str(len(body))) if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    with answering(server):
        yield f"http://127.0.0.1:{server.server_port}"


def _refusal(call: Call, spoiled: Spoiled) -> tuple[dict[str, str], bytes]:
    if call.is_s3:
        text = f"<Error><Code>{spoiled.code}</Code><Message>spoiled</Message></Error>"
        return {"Content-Type": "application/xml"}, text.encode()
    body = json.dumps({"__type": spoiled.code, "message": "spoiled"}).encode()
    return {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": spoiled.code}, body
