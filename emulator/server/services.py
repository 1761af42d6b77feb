"""Everything that is not Custom Labels: moto's services, every change on disk before its answer leaves."""

import io
import json
import logging
import os
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder

from customlabels.emulator.cloudwatch import alarms, datapoints
from customlabels.emulator.eventbridge import targets
from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.emulator.lambda_ import functions, logs
from customlabels.emulator.s3 import objects
from customlabels.emulator.server import chance
from customlabels.emulator.server.clients import Caller
from customlabels.emulator.server.http import (
    Environ,
    StartResponse,
    action,
    answer,
    bucket_and_key,
    kept_headers,
    scope,
    target,
)
from customlabels.emulator.server.store import Request, Store

_READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Query|Scan|Search|Lookup|Validate|Simulate|AssumeRole)")

_READ_OBJECTS = {"lambda", "cloudformation"}
"""Services whose requests may name objects in S3: those are there before they are replayed."""

_POLL = 0.1

log = logging.getLogger(__name__)


class MotoServices:
    """moto, its requests journalled and its objects kept; filled from disk when it is made.

    `put` takes what one service hands to another.
    """

    def __init__(self, store: Store, clock: Callable[[], float], put: Callable[[Due], None]) -> None:
        self._store = store
        self._clock = clock
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._writing = threading.Lock()
        self._caller = Caller(self._within)
        chance.install(clock)
        targets.install(put, clock)
        datapoints.install()
        alarms.install(put, clock)
        self._has_stacks = False
        self._stacks_turn = threading.Lock()
        self._replay()

    def read(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request that changes nothing."""
        return self._dispatch(environ, start_response)

    def change(self, environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request that may change something; what moto would wrongly take is refused before."""
        refused = _refused(environ, body, start_response)
        if refused is not None:
            return refused
        head, given = self._wait_for_messages(environ, body) if _receives(environ, body) else self._once(environ, body)
        start_response(*head)
        return [given]

    def log(self, logged: logs.Logged) -> None:
        """Keeps what an invocation of a function leaves; one that was deleted meanwhile leaves no log group behind."""
        with self._writing:
            if functions.find(logged.region, logged.function, None) is None:
                return
            seed = secrets.randbits(63)
            with chance.drawing(seed):
                logs.put(logged)
            self._store.add_request(logs.to_request(logged, seed))

    def _once(self, environ: Environ, body: bytes) -> tuple[tuple[Any, ...], bytes]:
        """Head and body of the answer, what it changed being on disk."""
        method, (_, service) = environ["REQUEST_METHOD"], scope(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        held: list[tuple[Any, ...]] = []
        # One change at a time, so that the disk sees them in the order in which moto did.
        with self._writing:
            at, seed = self._clock(), secrets.randbits(63)
            with chance.drawing(seed):
                given = b"".join(self._dispatch(environ, lambda *head: held.append(head)))
            if held[0][0].startswith("2") and not (_receives(environ, body) and b'"Messages"' not in given):
                try:
                    self._keep(method, service, environ, body, at, seed)
                except sqlite3.Error:
                    if not (service == "s3" and bucket_and_key(environ)[1]):
                        _start_again()
                    raise
        return held[0], given

    def _wait_for_messages(self, environ: Environ, body: bytes) -> tuple[tuple[Any, ...], bytes]:
        """Long polling of a queue, without keeping others from their changes meanwhile."""
        asked = json.loads(body)
        ends = time.monotonic() + float(asked.get("WaitTimeSeconds", 0))
        at_once = json.dumps({**asked, "WaitTimeSeconds": 0}).encode()
        while True:
            head, given = self._once(environ.copy(), at_once)
            if not head[0].startswith("2") or b'"Messages"' in given or time.monotonic() >= ends:
                return head, given
            time.sleep(_POLL)

    def _within(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a call that is part of a request, and is journalled with it."""
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        return _refused(environ, body, start_response) or self._dispatch(environ, start_response)

    def _need_stacks(self) -> None:
        """Brings CloudFormation in when it is first asked for: it imports half of moto, which takes two seconds."""
        with self._stacks_turn:
            if not self._has_stacks:
                from customlabels.emulator.cloudformation import stacks

                stacks.install(lambda region: partial(self._caller, region))
                self._has_stacks = True

    def _dispatch(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        service = scope(environ)[1]
        if service == "cloudformation":
            self._need_stacks()
        elif service == "sagemaker":
            from customlabels.emulator.sagemaker import model_packages

            model_packages.install()
        elif service == "ssm":
            from customlabels.emulator.ssm import parameters

            parameters.install()
        application = self._moto.get_application(environ)
        given: Iterable[bytes] = application(environ, start_response)
        return given

    def _keep(self, method: str, service: str, environ: Environ, body: bytes, at: float, seed: int) -> None:
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
        if service in _READ_OBJECTS:
            functions.keep_code(self._store)
        self._store.add_request(Request(at, seed, method, target(environ), kept_headers(environ), body))

    def _replay(self) -> None:
        """Brings moto to where the journal and the stored objects left it."""
        for request in self._store.requests():
            logged = logs.from_request(request)
            if logged is not None:
                with chance.drawing(request.seed, request.at):
                    logs.put(logged)
                continue
            path, _, query = request.target.partition("?")
            environ = EnvironBuilder(
                path=unquote(path),
                query_string=query,
                method=request.method,
                data=request.body,
                headers=list(request.headers.items()),
            ).get_environ()
            _, service = scope(environ)
            if service in _READ_OBJECTS:
                objects.load(self._store)
            elif service == "s3" and request.method == "DELETE" and not query:
                objects.unload(bucket_and_key(environ)[0])
            status: list[str] = []
            with chance.drawing(request.seed, request.at):
                b"".join(self._dispatch(environ, lambda line, *_, status=status: status.append(line)))
            if not status[0].startswith("2"):
                log.error("could not be replayed: %s %s: %s", request.method, request.target, status[0])
        objects.load(self._store)
        functions.restore_code(self._store)


def _receives(environ: Environ, body: bytes) -> bool:
    return environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage" and body.startswith(b"{")


def _refused(environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes] | None:
    """The answer to what AWS refuses and moto would take; None where there is nothing of the kind."""
    method, (_, service) = environ["REQUEST_METHOD"], scope(environ)
    if service == "scheduler" and method in {"POST", "PUT"} and environ["PATH_INFO"].startswith("/schedules/"):
        fault = _schedule_fault(body)
        if fault:
            text = json.dumps({"Message": fault}).encode()
            return answer(start_response, 400, "application/json", text, [("x-amzn-ErrorType", "ValidationException")])
    return None


def _schedule_fault(body: bytes) -> str | None:
    """What EventBridge Scheduler would not take of a schedule; moto takes any."""
    try:
        given = json.loads(body)
        next_time(given["ScheduleExpression"], given.get("ScheduleExpressionTimezone") or "UTC", 0.0, 0.0)
    except (KeyError, TypeError, ValueError) as error:
        return f"Invalid Schedule Expression: {error}"
    return None


def _start_again() -> None:
    """Ends this process once its answer is out: moto holds a change that the disk does not, and cannot undo it."""
    log.critical("a change could not be kept; ending, to start again from what is on disk")
    threading.Timer(0.5, os._exit, (1,)).start()
