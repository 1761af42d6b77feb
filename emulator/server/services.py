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

from moto.backends import list_of_moto_modules
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder

from customlabels.emulator.cloudwatch import alarms, datapoints
from customlabels.emulator.dynamodb import tables
from customlabels.emulator.eventbridge import targets
from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.emulator.lambda_ import event_sources, functions, logs
from customlabels.emulator.s3 import keys, notifications, objects
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
from customlabels.emulator.server.seams import replace
from customlabels.emulator.server.snapshots import Snapshots
from customlabels.emulator.server.store import Request, Store
from customlabels.emulator.sns import subscriptions
from customlabels.emulator.sqs import queues
from customlabels.emulator.stepfunctions.replayed import done_before

_READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Query|Scan|Search|Lookup|Validate|Simulate)")

_ACT_BY_THEMSELVES = tuple(f"moto.{service}.models:" for service in ("awslambda", "cloudwatch", "events", "scheduler"))
"""Services that are looked at by the clock, and are brought in at the start."""

_POLL = 0.1

log = logging.getLogger(__name__)


class MotoServices:
    """moto, its states and its objects kept; filled from disk when it is made.

    `put` takes what one service hands to another, `states` answers what a stack asks of Step Functions.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        put: Callable[[Due], None],
        states: Callable[[Environ, bytes, StartResponse], Iterable[bytes]],
    ) -> None:
        self._states = states
        self._store = store
        self._clock = clock
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._caller = Caller(self._within)
        self._snapshots = Snapshots(store)
        _remember_modules()
        chance.install(clock)
        objects.install(store)
        targets.install(put, clock)
        subscriptions.install(put, clock)
        notifications.install(put, clock)
        event_sources.install()
        queues.install()
        tables.install()
        datapoints.install()
        alarms.install(put, clock)
        self._has_stacks = False
        self._stacks_turn = threading.Lock()
        self._replay()
        self._snapshots.fill(_ACT_BY_THEMSELVES)

    def answers_at(self, endpoint_url: str) -> None:
        """Takes note of where the service can be reached, which is in the addresses of queues."""
        self._caller.endpoint_url = endpoint_url

    def read(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request that changes nothing."""
        return self._dispatch(environ, start_response)

    def change(self, environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request that may change something; what moto would wrongly take is refused before."""
        refused = _refused(environ, body, start_response, self._clock())
        if refused is not None:
            return refused
        head, given = self._wait_for_messages(environ, body) if _receives(environ, body) else self._once(environ, body)
        start_response(*head)
        return [given]

    def log(self, logged: logs.Logged) -> None:
        """Keeps what an invocation of a function leaves; one that was deleted meanwhile leaves no log group behind."""
        began = time.thread_time()
        with self._store.transaction(), self._snapshots.watching() as reached:
            if functions.find(logged.region, logged.function, None) is None:
                return
            reached.clear()
            seed = secrets.randbits(63)
            with chance.drawing(seed):
                logs.put(logged)
            self._snapshots.keep(reached, logs.to_request(logged, seed), time.thread_time() - began)

    def settle(self) -> None:
        """Brings every state to disk, so that the next start has nothing to do again."""
        self._snapshots.write()

    def sweep(self) -> None:
        """Deletes what the death of an earlier process left without a name."""
        self._snapshots.sweep()
        keys.sweep(self._store)

    def _once(self, environ: Environ, body: bytes) -> tuple[tuple[Any, ...], bytes]:
        """Head and body of the answer, what it changed being on disk."""
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        held: list[tuple[Any, ...]] = []
        reached: set[str] = set()
        try:
            # One change at a time, so that the disk sees them in the order in which moto did.
            with self._store.transaction(), keys.changing(), self._snapshots.watching() as reached:
                at, seed, began = self._clock(), secrets.randbits(63), time.thread_time()
                with chance.drawing(seed):
                    given = b"".join(self._dispatch(environ, lambda *head: held.append(head)))
                if not held[0][0].startswith("2"):
                    keys.forget()
                elif not (_receives(environ, body) and b'"Messages"' not in given and not queues.buried()):
                    self._keep(environ, body, at, seed, reached, time.thread_time() - began)
        except (sqlite3.Error, OSError):
            if not all(name.startswith("moto.s3.") for name in reached):
                _start_again()
            raise
        return held[0], given

    def _keep(self, environ: Environ, body: bytes, at: float, seed: int, reached: set[str], seconds: float) -> None:
        _, service = scope(environ)
        if service != "s3" and _READS.match(action(environ, body)):
            return
        if service == "s3":
            # Other services are only looked at; and where it is about an object, nothing changes of a bucket but its
            # keys, which are written by themselves.
            alone = bucket_and_key(environ)[1] and "upload" not in environ.get("QUERY_STRING", "")
            reached = set() if alone else {name for name in reached if name.startswith("moto.s3.")}
        method, path = environ["REQUEST_METHOD"], target(environ)
        self._snapshots.keep(reached, Request(at, seed, method, path, kept_headers(environ), body), seconds)

    def _wait_for_messages(self, environ: Environ, body: bytes) -> tuple[tuple[Any, ...], bytes]:
        """Long polling of a queue, without keeping others from their changes meanwhile."""
        asked = json.loads(body)
        wait = asked.get("WaitTimeSeconds", queues.wait_of(scope(environ)[0], asked))
        ends = time.monotonic() + float(wait)
        at_once = json.dumps({**asked, "WaitTimeSeconds": 0}).encode()
        while True:
            head, given = self._once(environ.copy(), at_once)
            if not head[0].startswith("2") or b'"Messages"' in given or time.monotonic() >= ends:
                return head, given
            time.sleep(_POLL)

    def _within(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a call that is part of a request, and is kept with it."""
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        if scope(environ)[1] == "states":
            # They keep their state themselves: what is replayed has been done.
            replayed = done_before(environ, body, start_response) if chance.replaying() else None
            return replayed or self._states(environ, body, start_response)
        return _refused(environ, body, start_response, self._clock()) or self._dispatch(environ, start_response)

    def _need_stacks(self) -> None:
        """Brings CloudFormation in when it is first asked for: it imports half of moto, which takes a second."""
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

    def _replay(self) -> None:
        """Does again what came after the states were last written."""
        began = time.thread_time()
        with self._snapshots.watching() as reached:
            for request in self._store.requests():
                self._do_again(request)
        self._snapshots.replayed(time.thread_time() - began, reached)

    def _do_again(self, request: Request) -> None:
        with chance.drawing(request.seed, request.at):
            logged = logs.from_request(request)
            if logged is not None:
                logs.put(logged)
                return
            path, _, query = request.target.partition("?")
            environ = EnvironBuilder(
                path=unquote(path),
                query_string=query,
                method=request.method,
                data=request.body,
                headers=list(request.headers.items()),
            ).get_environ()
            status: list[str] = []
            b"".join(self._dispatch(environ, lambda line, *_: status.append(line)))
        if not status[0].startswith("2"):
            log.error("could not be done again: %s %s: %s", request.method, request.target, status[0])


def _remember_modules() -> None:
    """Has moto look up which services it has once, not with two hundred looks at the disk a request."""
    modules = frozenset(list_of_moto_modules())
    replace("moto.backends:list_of_moto_modules", lambda: modules)


def _receives(environ: Environ, body: bytes) -> bool:
    return environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage" and body.startswith(b"{")


_LATEST_START = 300.0
"""Seconds."""


def _refused(environ: Environ, body: bytes, start_response: StartResponse, now: float) -> Iterable[bytes] | None:
    """The answer to what AWS refuses and moto would take; None where there is nothing of the kind."""
    method, (_, service) = environ["REQUEST_METHOD"], scope(environ)
    if service == "scheduler" and method in {"POST", "PUT"} and environ["PATH_INFO"].startswith("/schedules/"):
        fault = _schedule_fault(body, now)
        if fault:
            text = json.dumps({"Message": fault}).encode()
            return answer(start_response, 400, "application/json", text, [("x-amzn-ErrorType", "ValidationException")])
    return None


def _schedule_fault(body: bytes, now: float) -> str | None:
    """What EventBridge Scheduler would not take of a schedule; moto takes any."""
    try:
        given = json.loads(body)
        next_time(given["ScheduleExpression"], given.get("ScheduleExpressionTimezone") or "UTC", 0.0, 0.0)
    except (KeyError, TypeError, ValueError) as error:
        return f"Invalid Schedule Expression: {error}"
    start = given.get("StartDate")
    # Of one that fires once, the start is ignored.
    recurs = not given["ScheduleExpression"].startswith("at(")
    if recurs and isinstance(start, int | float) and start < now - _LATEST_START:
        return "The StartDate you specify cannot be earlier than 5 minutes ago."
    return None


def _start_again() -> None:
    """Ends this process once its answer is out: moto holds a change that the disk does not, and cannot undo it."""
    log.critical("a change could not be kept; ending, to start again from what is on disk")
    threading.Timer(0.5, os._exit, (1,)).start()
