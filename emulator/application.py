"""The WSGI application: Custom Labels from here, everything else from moto, both on disk before they answer."""

import io
import json
import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.awslambda.models import LambdaFunction
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder

from customlabels.emulator import (
    datasets,
    functions,
    hosting,
    inference,
    objects,
    policies,
    projects,
    updates,
    versions,
)
from customlabels.emulator.clock import Clock
from customlabels.emulator.context import Context
from customlabels.emulator.firing import Firing
from customlabels.emulator.metrics import Metrics
from customlabels.emulator.protocol import CONTENT_TYPE, TARGET_PREFIX, decode, encode, encode_refusal
from customlabels.emulator.refusals import Refusal
from customlabels.emulator.schedules import next_time
from customlabels.emulator.state import Project, Timings, Version
from customlabels.emulator.store import Store
from customlabels.emulator.training import Trainer

Operation = Callable[[Context, dict[str, Any]], dict[str, Any]]
Environ = dict[str, Any]

OPERATIONS: dict[str, Operation] = {
    "CreateProject": projects.create_project,
    "DescribeProjects": projects.describe_projects,
    "DeleteProject": projects.delete_project,
    "TagResource": projects.tag_resource,
    "UntagResource": projects.untag_resource,
    "ListTagsForResource": projects.list_tags,
    "CreateDataset": datasets.create_dataset,
    "DescribeDataset": datasets.describe_dataset,
    "DeleteDataset": datasets.delete_dataset,
    "ListDatasetEntries": datasets.list_dataset_entries,
    "ListDatasetLabels": datasets.list_dataset_labels,
    "UpdateDatasetEntries": updates.update_dataset_entries,
    "DistributeDatasetEntries": updates.distribute_dataset_entries,
    "PutProjectPolicy": policies.put_project_policy,
    "ListProjectPolicies": policies.list_project_policies,
    "DeleteProjectPolicy": policies.delete_project_policy,
    "CopyProjectVersion": versions.copy_project_version,
    "CreateProjectVersion": versions.create_project_version,
    "DescribeProjectVersions": versions.describe_project_versions,
    "DeleteProjectVersion": versions.delete_project_version,
    "StartProjectVersion": versions.start_project_version,
    "StopProjectVersion": versions.stop_project_version,
    "DetectCustomLabels": inference.detect_custom_labels,
}

HEALTH, ADVANCE = "/_customlabels/health", "/_customlabels/advance"
MAX_BODY = 1_100_000_000
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([a-z0-9\-]+)/([A-Za-z0-9\-_.]+)/aws4_request")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\]|[a-z0-9.\-]+\.localhost)(:\d+)?", re.IGNORECASE)
_INVOKED = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_RETRIES = 2
"""Times that an asynchronous invocation is tried again. Source: Lambda developer guide, "Asynchronous invocation"."""

_READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Query|Scan|Search|Lookup|Validate|Simulate|AssumeRole)")

log = logging.getLogger(__name__)


class Application:
    """Answers for one state folder; `identity` is told to who asks whether the service is up."""

    def __init__(self, store: Store, timings: Timings, identity: str, rate: float = 5.0) -> None:
        self._store = store
        self._timings = timings
        self._identity = identity
        self._rate = rate
        self._clock = Clock(store)
        self._metrics = Metrics(store)
        self.endpoint_url = ""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._writing = threading.Lock()
        self.trainer = Trainer(store, timings.training, self._clock)
        self._replay()
        self._firing = Firing(self._clock, self._invoke_for, self._client)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not _LOOPBACK.fullmatch(environ.get("HTTP_HOST", "")) or "HTTP_ORIGIN" in environ:
            # A page in a browser must not reach the service, neither by another name for this address nor at all.
            return _answer(start_response, 403, "text/plain", b"This service answers to loopback addresses only.\n")
        if environ["PATH_INFO"] == HEALTH:
            body = json.dumps({"state": self._identity, "pid": os.getpid()}).encode()
            return _answer(start_response, 200, "application/json", body)
        if environ["PATH_INFO"] == ADVANCE and environ["REQUEST_METHOD"] == "POST":
            return self._advance(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            return _answer(start_response, 413, "text/plain", b"The request is too large.\n")
        try:
            operation = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix(TARGET_PREFIX)
            if operation in OPERATIONS:
                body = environ["wsgi.input"].read(length)
                return self._custom_labels(operation, environ, body, start_response)
            return self._other(environ, length, start_response)
        except Exception as error:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            said = f"cannot keep its state: {error}" if isinstance(error, sqlite3.Error) else "failed; its log says why"
            return _failure(start_response, _scope(environ)[1], f"The local service {said}.")

    def _custom_labels(
        self, operation: str, environ: Environ, body: bytes, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        region, _ = _scope(environ)
        context = self._context(region)
        began, refused = time.monotonic(), None
        try:
            answer = encode(OPERATIONS[operation](context, decode(operation, body)))
        except Refusal as refusal:
            refused = refusal.code
            return _answer(start_response, refusal.status, CONTENT_TYPE, encode_refusal(refusal))
        finally:
            self._metrics.count(region, operation, refused, self._clock(), time.monotonic() - began)
        return _answer(start_response, 200, CONTENT_TYPE, answer)

    def _context(self, region: str) -> Context:
        return Context(self._store, region, self._timings, self.trainer.submit, self._clock, self._rate)

    def _advance(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Moves the clock on by the query's seconds."""
        try:
            now = self._firing.advance(float(parse_qs(environ.get("QUERY_STRING", ""))["seconds"][0]))
        except (KeyError, ValueError) as error:
            return _answer(start_response, 400, "text/plain", f"{error}\n".encode())
        return _answer(start_response, 200, "application/json", json.dumps({"now": now}).encode())

    def _publish_metrics(self, region: str) -> None:
        context = self._context(region)
        projects = [
            (project, [hosting.settle(context, version) for version in context.all(Version, project.arn)])
            for project in context.all(Project, region)
        ]
        self._metrics.publish(region, projects, self._clock())

    def _other(self, environ: Environ, length: int, start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, (region, service) = environ["REQUEST_METHOD"], _scope(environ)
        if service == "monitoring":
            self._publish_metrics(region)
        if method in {"GET", "HEAD", "OPTIONS"}:
            return self._dispatch(environ, start_response)
        body = environ["wsgi.input"].read(length)
        if service == "scheduler" and method in {"POST", "PUT"} and environ["PATH_INFO"].startswith("/schedules/"):
            refused = _schedule_fault(body)
            if refused:
                named = [("x-amzn-ErrorType", "ValidationException")]
                text = json.dumps({"Message": refused}).encode()
                return _answer(start_response, 400, "application/json", text, named)
        invoked = _INVOKED.fullmatch(environ["PATH_INFO"]) if service == "lambda" and method == "POST" else None
        if invoked:
            return self._invoke(region, invoked[1], environ, body, start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        held: list[tuple[Any, ...]] = []
        # One change at a time, so that the disk sees them in the order in which moto did.
        with self._writing:
            answer = b"".join(self._dispatch(environ, lambda *given: held.append(given)))
            if held[0][0].startswith("2"):
                try:
                    self._keep(method, service, environ, body)
                except sqlite3.Error:
                    if not (service == "s3" and _bucket_and_key(environ)[1]):
                        _start_again()
                    raise
        start_response(*held[0])
        return [answer]

    def _invoke(
        self, region: str, name: str, environ: Environ, event: bytes, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Runs a Lambda function, as Invoke has it."""
        qualifier = parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier", [None])[0]
        function = functions.find(region, unquote(name), qualifier)
        if function is None:
            text = json.dumps({"Type": "User", "Message": f"Function not found: {unquote(name)}"}).encode()
            named = [("x-amzn-ErrorType", "ResourceNotFoundException")]
            return _answer(start_response, 404, "application/json", text, named)
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        if kind == "DryRun":
            return _answer(start_response, 204, "application/json", b"")
        if kind == "Event":
            threading.Thread(target=self.run_function, args=(region, function, event, _RETRIES), daemon=True).start()
            return _answer(start_response, 202, "application/json", b"")
        ended = self.run_function(region, function, event)
        headers = [("X-Amz-Executed-Version", str(function.version))]
        if ended.error:
            headers.append(("X-Amz-Function-Error", ended.error))
        if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
            headers.append(("X-Amz-Log-Result", functions.tail(ended)))
        return _answer(start_response, 200, "application/json", ended.payload, headers)

    def run_function(
        self, region: str, function: LambdaFunction, event: bytes, retries: int = 0
    ) -> functions.Invocation:
        """Runs a function, again where it fails and may be; what it logs goes to CloudWatch Logs."""
        ended = functions.run(function, event, self._store.folder, self.endpoint_url)
        self._log(region, f"/aws/lambda/{function.function_name}", ended)
        if ended.error and retries:
            return self.run_function(region, function, event, retries - 1)
        return ended

    def start(self, endpoint_url: str) -> None:
        """Begins what goes on by itself, once the service can be reached at that address."""
        self.endpoint_url = endpoint_url
        self._firing.start()

    def _invoke_for(self, region: str, arn: str, event: bytes) -> str | None:
        """Runs a function for a schedule; why it failed, None where it did not."""
        function = functions.find(region, arn, None)
        if function is None:
            return f"there is no function {arn}"
        ended = self.run_function(region, function, event)
        return ended.payload.decode() if ended.error else None

    def _client(self, service: str, region: str) -> Any:
        """A boto3 client of this very service, for what it does in its users' name."""
        import boto3
        from botocore.config import Config

        session: Any = boto3
        return session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint_url,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def _log(self, region: str, group: str, ended: functions.Invocation) -> None:
        stream, at = f"[$LATEST]{ended.request}", int(self._clock() * 1000)
        named: dict[str, Any] = {"logGroupName": group, "logStreamName": stream}
        self.call(region, "logs", "Logs_20140328.CreateLogGroup", {"logGroupName": group})
        self.call(region, "logs", "Logs_20140328.CreateLogStream", named)
        events = [{"timestamp": at, "message": line} for line in ended.logged]
        self.call(region, "logs", "Logs_20140328.PutLogEvents", {**named, "logEvents": events})

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
        b"".join(self(environ, lambda line, *_: status.append(line)))
        return int(status[0].partition(" ")[0])

    def _dispatch(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        application = self._moto.get_application(environ)
        answer: Iterable[bytes] = application(environ, start_response)
        return answer

    def _keep(self, method: str, service: str, environ: Environ, body: bytes) -> None:
        query = environ.get("QUERY_STRING", "")
        if service == "s3":
            bucket, key = _bucket_and_key(environ)
            if key:
                objects.keep_object(self._store, bucket, key)
                return
            if method == "POST":
                objects.keep_bucket(self._store, bucket)
                return
            if method == "DELETE" and not query:
                self._store.delete_objects_but(bucket, set())
        if environ["PATH_INFO"].startswith("/moto-api") or _READS.match(_action(environ, body)):
            return
        self._store.add_request(method, _target(environ), _kept_headers(environ), body)

    def _replay(self) -> None:
        """Brings moto to where the journal and the stored objects left it."""
        for method, target, headers, body in self._store.requests():
            path, _, query = target.partition("?")
            environ = EnvironBuilder(
                path=unquote(path), query_string=query, method=method, data=body, headers=list(headers.items())
            ).get_environ()
            status: list[str] = []
            b"".join(self._dispatch(environ, lambda line, *_, status=status: status.append(line)))
            if not status[0].startswith("2"):
                log.error("could not be replayed: %s %s: %s", method, target, status[0])
        objects.load(self._store)


def _schedule_fault(body: bytes) -> str | None:
    """What EventBridge Scheduler would not take of a schedule; moto takes any."""
    try:
        given = json.loads(body)
        next_time(given["ScheduleExpression"], given.get("ScheduleExpressionTimezone") or "UTC", 0.0, 0.0)
    except (KeyError, TypeError, ValueError) as error:
        return f"Invalid Schedule Expression: {error}"
    return None


def _scope(environ: Environ) -> tuple[str, str]:
    """Region and service that a request is signed for; S3 in us-east-1 where it is not signed."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2].lower()) if found else ("us-east-1", "s3")


def _start_again() -> None:
    """Ends this process once its answer is out: moto holds a change that the disk does not, and cannot undo it."""
    log.critical("a change could not be kept; ending, to start again from what is on disk")
    threading.Timer(0.5, os._exit, (1,)).start()


def _bucket_and_key(environ: Environ) -> tuple[str, str]:
    bucket, _, key = environ["PATH_INFO"].encode("latin-1").decode().lstrip("/").partition("/")
    return bucket, key


def _action(environ: Environ, body: bytes) -> str:
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("latin-1")).get("Action", [""])[0]
    return ""


def _target(environ: Environ) -> str:
    path = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return str(path) if path else environ["PATH_INFO"] + "?" + environ.get("QUERY_STRING", "")


def _kept_headers(environ: Environ) -> dict[str, str]:
    """The headers that replaying needs; of the signature only region and service, no credentials."""
    region, service = _scope(environ)
    scope = f"local/20000101/{region}/{service}/aws4_request"
    kept = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
    if "CONTENT_TYPE" in environ:
        kept["Content-Type"] = environ["CONTENT_TYPE"]
    for name, value in environ.items():
        if name.startswith("HTTP_X_AMZ_") and name != "HTTP_X_AMZ_SECURITY_TOKEN":
            kept[name.removeprefix("HTTP_").replace("_", "-").title()] = value
    return kept


def _failure(start_response: Callable[..., Any], service: str, text: str) -> Iterable[bytes]:
    """The service's own fault, in the form that a client of that service reads."""
    if service == "s3":
        body = f"<Error><Code>InternalError</Code><Message>{escape(text)}</Message></Error>".encode()
        return _answer(start_response, 500, "application/xml", body)
    refusal = Refusal("InternalServerError", text, status=500)
    return _answer(start_response, 500, CONTENT_TYPE, encode_refusal(refusal))


def _answer(
    start_response: Callable[..., Any],
    status: int,
    content_type: str,
    body: bytes,
    headers: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
    about = [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers]
    start_response(f"{status} {HTTPStatus(status).phrase}", about)
    return [body]
