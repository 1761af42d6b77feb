"""Everything that is not Custom Labels: moto's services, every change on disk before its answer leaves."""

import io
import json
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder

from customlabels.emulator import objects, stacks
from customlabels.emulator.http import (
    Environ,
    StartResponse,
    action,
    answer,
    bucket_and_key,
    kept_headers,
    scope,
    target,
)
from customlabels.emulator.protocol import CONTENT_TYPE
from customlabels.emulator.schedules import next_time
from customlabels.emulator.store import Store

_READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Query|Scan|Search|Lookup|Validate|Simulate|AssumeRole)")

log = logging.getLogger(__name__)


class MotoServices:
    """moto, its requests journalled and its objects kept; filled from disk when it is made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._writing = threading.Lock()
        self._replay()

    def read(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request that changes nothing."""
        return self._dispatch(environ, start_response)

    def change(self, environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request that may change something; what moto would wrongly take is refused before."""
        method, (_, service) = environ["REQUEST_METHOD"], scope(environ)
        refused = _refused(service, method, environ, body, start_response)
        if refused is not None:
            return refused
        environ["wsgi.input"] = io.BytesIO(body)
        held: list[tuple[Any, ...]] = []
        # One change at a time, so that the disk sees them in the order in which moto did.
        with self._writing:
            given = b"".join(self._dispatch(environ, lambda *head: held.append(head)))
            if held[0][0].startswith("2"):
                try:
                    self._keep(method, service, environ, body)
                except sqlite3.Error:
                    if not (service == "s3" and bucket_and_key(environ)[1]):
                        _start_again()
                    raise
        start_response(*held[0])
        return [given]

    def call(self, region: str, service: str, target: str, parameters: dict[str, Any]) -> int:
        """Calls one of moto's services as a client would, so that it is kept like a client's call; its HTTP status."""
        environ = EnvironBuilder(
            path="/",
            method="POST",
            data=json.dumps(parameters).encode(),
            headers=[
                ("Host", "127.0.0.1"),
                ("Content-Type", CONTENT_TYPE),
                ("X-Amz-Target", target),
                ("Authorization", f"AWS4-HMAC-SHA256 Credential=local/20000101/{region}/{service}/aws4_request"),
            ],
        ).get_environ()
        status: list[str] = []
        body: bytes = environ["wsgi.input"].read()
        b"".join(self.change(environ, body, lambda line, *_: status.append(line)))
        return int(status[0].partition(" ")[0])

    def _dispatch(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        application = self._moto.get_application(environ)
        given: Iterable[bytes] = application(environ, start_response)
        return given

    def _keep(self, method: str, service: str, environ: Environ, body: bytes) -> None:
        query = environ.get("QUERY_STRING", "")
        if service == "s3":
            bucket, key = bucket_and_key(environ)
            if key:
                objects.keep_object(self._store, bucket, key)
                return
            if method == "POST":
                objects.keep_bucket(self._store, bucket)
                return
            if method == "DELETE" and not query:
                self._store.delete_objects_but(bucket, set())
        if environ["PATH_INFO"].startswith("/moto-api") or _READS.match(action(environ, body)):
            return
        self._store.add_request(method, target(environ), kept_headers(environ), body)

    def _replay(self) -> None:
        """Brings moto to where the journal and the stored objects left it."""
        for method, place, headers, body in self._store.requests():
            path, _, query = place.partition("?")
            environ = EnvironBuilder(
                path=unquote(path), query_string=query, method=method, data=body, headers=list(headers.items())
            ).get_environ()
            status: list[str] = []
            b"".join(self._dispatch(environ, lambda line, *_, status=status: status.append(line)))
            if not status[0].startswith("2"):
                log.error("could not be replayed: %s %s: %s", method, place, status[0])
        objects.load(self._store)


def _refused(
    service: str, method: str, environ: Environ, body: bytes, start_response: StartResponse
) -> Iterable[bytes] | None:
    """The answer to what AWS refuses and moto would take; None where there is nothing of the kind."""
    if service == "scheduler" and method in {"POST", "PUT"} and environ["PATH_INFO"].startswith("/schedules/"):
        fault = _schedule_fault(body)
        if fault:
            text = json.dumps({"Message": fault}).encode()
            return answer(start_response, 400, "application/json", text, [("x-amzn-ErrorType", "ValidationException")])
    if service == "cloudformation" and action(environ, body) in stacks.ACTIONS:
        unserved = stacks.unserved_types(stacks.template_of(parse_qs(body.decode("latin-1"))))
        if unserved:
            return _refused_template(start_response, unserved)
    return None


def _schedule_fault(body: bytes) -> str | None:
    """What EventBridge Scheduler would not take of a schedule; moto takes any."""
    try:
        given = json.loads(body)
        next_time(given["ScheduleExpression"], given.get("ScheduleExpressionTimezone") or "UTC", 0.0, 0.0)
    except (KeyError, TypeError, ValueError) as error:
        return f"Invalid Schedule Expression: {error}"
    return None


def _refused_template(start_response: StartResponse, types: list[str]) -> Iterable[bytes]:
    text = escape(f"Template format error: Unrecognized resource types: [{', '.join(types)}]")
    error = f"<Error><Type>Sender</Type><Code>ValidationError</Code><Message>{text}</Message></Error>"
    return answer(start_response, 400, "text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode())


def _start_again() -> None:
    """Ends this process once its answer is out: moto holds a change that the disk does not, and cannot undo it."""
    log.critical("a change could not be kept; ending, to start again from what is on disk")
    threading.Timer(0.5, os._exit, (1,)).start()
