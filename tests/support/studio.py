"""What stands in for Label Studio in quick tests: the requests that are made of it, with its ways, over HTTP.

As there, an import makes tasks whether they are there or not, and work goes on when who asked for it is gone. The real
one is tried by `make label-studio`.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class State:
    """What it holds; `drops` are numbers of requests whose answer never comes, though what they ask is done."""

    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    drops: set[int] = field(default_factory=set)
    says: tuple[int, bytes, dict[str, str]] | None = None
    """Instead of any answer."""
    authorizations: list[str] = field(default_factory=list)

    def of(self, project: int) -> list[dict[str, Any]]:
        return [task for task in self.tasks.values() if task["project"] == project]

    def answer(self, task: int, result: list[dict[str, Any]], at: str, *, cancelled: bool = False) -> None:
        """What a person says of a task."""
        annotation = {"id": 1, "result": result, "was_cancelled": cancelled, "updated_at": at, "completed_by": 1}
        self.tasks[task]["annotations"].append(annotation)


@contextmanager
def studio() -> Iterator[tuple[str, State]]:
    """Its address and what it holds."""
    state = State()

    class Handler(_Handler):
        held = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", state
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    held: State

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._respond()

    do_POST = do_PATCH = do_DELETE = do_GET

    def _respond(self) -> None:
        state = self.held
        state.asked += 1
        number = state.asked
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        state.authorizations.append(self.headers.get("Authorization", ""))
        if state.says is not None:
            status, answer, headers = state.says
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)
            return
        if self.headers.get("Authorization") not in (f"Token {TOKEN}", "Bearer opened"):
            if urlsplit(self.path).path == "/api/token/refresh":
                self._json(200, {"access": "opened"})
            else:
                self._json(401, {"detail": f"Invalid token: {self.headers.get('Authorization')}"})
            return
        status, document = self._answer(body)
        if number in state.drops:
            self.close_connection = True
            return
        self._json(status, document)

    def _json(self, status: int, document: Any) -> None:
        answer = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, body: bytes) -> tuple[int, Any]:
        state, parts = self.held, urlsplit(self.path)
        query, match = parse_qs(parts.query), re.fullmatch(r"/api/(\w+)/(?:(\d+)/?)?([\w-]*)", parts.path)
        assert match is not None, self.path
        kind, number, action = match[1], int(match[2] or 0), match[3]
        if (self.command, kind, number) == ("POST", "projects", 0):
            return 201, self._made(json.loads(body))
        if kind == "projects" and number == 0:
            return 200, _page(list(state.projects.values()), query, "results", "count")
        if kind == "projects" and self.command == "PATCH":
            state.projects[number] |= json.loads(body)
            return 200, state.projects[number]
        if action == "import" and "commit_to_project" in query:
            name = re.search(rb'filename="([^"]+)"', body)
            assert name is not None
            state.files.append(
                {"project": number, "file": f"upload/{number}/{len(state.files):08x}-{name[1].decode()}"}
            )
            return 201, {}
        if action == "import":
            for document in json.loads(body):
                key = len(state.tasks) + 1
                state.tasks[key] = {"id": key, "project": number, "annotations": [], **document}
            return 201, {}
        if action == "file-uploads":
            return 200, [given for given in state.files if given["project"] == number]
        if action == "export":
            return 200, [task for task in state.of(number) if task["annotations"]]
        if kind == "tasks" and self.command == "DELETE":
            del state.tasks[number]
            return 204, None
        listed = [
            {
                "id": task["id"],
                "data": task["data"],
                "total_annotations": sum(not given["was_cancelled"] for given in task["annotations"]),
                "cancelled_annotations": sum(given["was_cancelled"] for given in task["annotations"]),
            }
            for task in state.of(int(query["project"][0]))
        ]
        return 200, _page(listed, query, "tasks", "total")

    def _made(self, given: dict[str, Any]) -> dict[str, Any]:
        number = len(self.held.projects) + 1
        self.held.projects[number] = {"id": number, **given}
        return self.held.projects[number]


def _page(items: list[Any], query: dict[str, list[str]], key: str, total: str) -> dict[str, Any]:
    number, size = int(query["page"][0]), int(query["page_size"][0])
    return {key: items[(number - 1) * size : number * size], total: len(items)}
