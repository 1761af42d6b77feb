"""The WSGI application: Custom Labels from here, everything else from moto, both on disk before they answer."""

import hmac
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from customlabels.emulator.analyzers import operations as analyzers
from customlabels.emulator.analyzers import videos
from customlabels.emulator.cloudwatch.alarms import Alarms
from customlabels.emulator.cloudwatch.service_metrics import REKOGNITION, SQS, Metrics
from customlabels.emulator.customlabels import datasets, hosting, inference, policies, projects, updates, versions
from customlabels.emulator.customlabels.context import Context
from customlabels.emulator.customlabels.lag import Past
from customlabels.emulator.customlabels.state import (
    DELETED,
    REAL_TIMINGS,
    Project,
    Timings,
    Version,
    from_document,
)
from customlabels.emulator.customlabels.training import Trainer
from customlabels.emulator.eventbridge.deliveries import Deliveries
from customlabels.emulator.eventbridge.firing import Firing
from customlabels.emulator.iam import credentials
from customlabels.emulator.iam.enforcement import forbidden
from customlabels.emulator.kinesisvideo.streams import Streams
from customlabels.emulator.lambda_.event_sources import EventSources
from customlabels.emulator.lambda_.invoking import INVOKED, Invoker
from customlabels.emulator.s3 import offered, owners
from customlabels.emulator.server import gate
from customlabels.emulator.server.address import (
    ADVANCE,
    EXECUTIONS_FOLDER,
    HEALTH,
    STATE_MACHINES_FOLDER,
    Pace,
    proof,
)
from customlabels.emulator.server.clients import local_client, role_client
from customlabels.emulator.server.clock import Clock
from customlabels.emulator.server.http import (
    Environ,
    StartResponse,
    action,
    answer,
    failure,
    refusal_answer,
    scope,
)
from customlabels.emulator.server.protocol import (
    CONTENT_TYPE,
    TARGET_PREFIX,
    check_all,
    decode,
    encode,
    encode_refusal,
    service_model,
)
from customlabels.emulator.server.refusals import Refusal, not_offered
from customlabels.emulator.server.requests import Asked, asked
from customlabels.emulator.server.services import MotoServices
from customlabels.emulator.server.store import Store
from customlabels.emulator.server.watch import watch
from customlabels.emulator.sqs import moving

if TYPE_CHECKING:
    from customlabels.emulator.sagemaker.executions import Executions
    from customlabels.emulator.stepfunctions.service import StepFunctions

Operation = Callable[[Context, dict[str, Any]], dict[str, Any]]

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
"""Custom Labels."""

ANALYZERS: dict[str, Operation] = {
    "DetectLabels": analyzers.detect_labels,
    "DetectText": analyzers.detect_text,
    "DetectModerationLabels": analyzers.detect_moderation_labels,
    "DetectFaces": analyzers.detect_faces,
    "StartLabelDetection": videos.start_label_detection,
    "GetLabelDetection": videos.get_label_detection,
}
"""What else of Rekognition looks at any image or video."""

OFFERED = frozenset(
    (
        *("cloudformation", "dynamodb", "events", "iam", "kinesisvideo", "kms", "lambda", "logs", "monitoring"),
        "rekognition",
        *("s3", "sagemaker", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "states", "sts", "tagging"),
    )
)
"""Services by the names that requests to them are signed for; of others nothing is answered."""

_CANNED = {("sns", "ListPhoneNumbersOptedOut"), ("sns", "CheckIfPhoneNumberIsOptedOut")}
"""Operations that moto answers whatever there is."""

_WITHOUT_BODY = {"GET", "HEAD", "OPTIONS"}

log = logging.getLogger(__name__)


class Application:
    """Answers for one state folder, to whose owner `key` is known."""

    def __init__(self, store: Store, pace: Pace, key: str) -> None:
        self._store = store
        self._pace = pace
        self._key = key
        self._timings = (REAL_TIMINGS if pace.real else Timings()).scaled(pace.scale)
        self.clock = Clock(store)
        self._past = Past(pace.seconds_behind, self.clock) if pace.seconds_behind else None
        if self._past is not None:
            store.changing = self._past.note
        self._clients: dict[tuple[str, str], Any] = {}
        self._metrics = Metrics()
        self._invoker = Invoker(
            store.folder, self.clock, lambda logged: self._moto.log(logged), lambda due: self._deliveries.put(due)
        )
        self._deliveries = Deliveries(store, self._invoker.run_by_and_by, self._client, self.clock)
        self._sources = EventSources(self._invoker.run, self._client, self.clock)
        alarms = Alarms(self._client, {REKOGNITION: self._publish_models, SQS: self._metrics.publish_queues})
        self._firing = Firing(self.clock, self._deliveries, alarms, self._follow, self._next_step, self._steps_done)
        self._moto = MotoServices(store, self.clock, self._deliveries.put, self._states)
        self._streams = Streams(store, self.clock, self._client)
        self._executions: Executions | None = None
        self._executions_turn = threading.Lock()
        self._state_machines: StepFunctions | None = None
        self._state_machines_turn = threading.Lock()
        self.trainer = Trainer(store, self._timings.training, self.clock)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if gate.from_a_page(environ):
            return answer(start_response, 403, "text/plain", b"This service answers to loopback addresses only.\n")
        if gate.is_moto_page(environ):
            return answer(start_response, 404, "text/plain", b"Nothing is here.\n")
        if environ["PATH_INFO"] == HEALTH:
            return self._health(environ, start_response)
        if environ["PATH_INFO"] == ADVANCE and environ["REQUEST_METHOD"] == "POST":
            return self._advance(environ, start_response)
        body: bytes | None = b""
        try:
            body = None if environ["REQUEST_METHOD"] in _WITHOUT_BODY else gate.body_of(environ)
            operation = environ.get("HTTP_X_AMZ_TARGET", "")
            if operation.startswith(TARGET_PREFIX) and body is not None:
                return self._custom_labels(operation.removeprefix(TARGET_PREFIX), environ, body, start_response)
            return self._other(environ, body, start_response)
        except gate.BadRequest as error:
            return answer(start_response, error.status, "text/plain", f"{error}\n".encode())
        except NotImplementedError:
            return _not_offered(environ, body or b"", start_response)
        except Exception as error:
            if not _is_known(environ, body or b""):
                return _not_offered(environ, body or b"", start_response)
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            kept = not isinstance(error, sqlite3.Error | OSError)
            reason = "failed; its log says why" if kept else f"cannot keep its state: {error}"
            return failure(start_response, environ, f"The local service {reason}.")

    def _health(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        nonce = parse_qs(environ.get("QUERY_STRING", "")).get("nonce", [""])[0]
        about = {"pid": os.getpid(), "pace": asdict(self._pace), "proof": proof(self._key, nonce)}
        return answer(start_response, 200, "application/json", json.dumps(about).encode())

    def _custom_labels(
        self, operation: str, environ: Environ, body: bytes, start_response: StartResponse
    ) -> Iterable[bytes]:
        region, _ = scope(environ)
        began, refused = time.monotonic(), None
        try:
            self._check_caller(environ, region, operation, body)
            context = self._context(region, lagging=bool(self._past) and operation.startswith(("Describe", "ListP")))
            answering = OPERATIONS.get(operation) or ANALYZERS.get(operation)
            if answering is None:
                raise not_offered(operation, known=operation in service_model().operation_names)
            result = encode(answering(context, decode(operation, body)))
        except Refusal as refusal:
            refused = refusal.code
            return answer(start_response, refusal.status, CONTENT_TYPE, encode_refusal(refusal))
        finally:
            self._metrics.count(region, operation, refused, self.clock(), time.monotonic() - began)
        return answer(start_response, 200, CONTENT_TYPE, result)

    def _check_caller(self, environ: Environ, region: str, operation: str, body: bytes) -> None:
        """Refuses what the caller's policies do not let pass, where they are enforced.

        Raises
        ------
        Refusal : AccessDeniedException
        """
        if not self._pace.enforced:
            return
        try:
            parameters = json.loads(body or b"{}")
        except ValueError:
            return
        reason = forbidden(environ, Asked("rekognition", region, operation, parameters), self._key)
        if reason:
            raise Refusal("AccessDeniedException", reason)

    def _unkind(self, environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes] | None:
        """The refusal of what AWS refuses of any service: a caller without permission, an input that is none."""
        _, service = scope(environ)
        request = None if service == "s3" else asked(environ, body)
        reason = forbidden(environ, request, self._key) if self._pace.enforced else None
        if reason:
            query = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
            code = "AccessDenied" if service == "s3" or query else "AccessDeniedException"
            return refusal_answer(start_response, environ, 403, code, reason)
        if self._pace.strict and request is not None and request.parameters is not None and request.shape is not None:
            try:
                check_all(request.shape, request.parameters)
            except Refusal as refusal:
                return refusal_answer(start_response, environ, 400, refusal.code, refusal.message)
        return None

    def _other(self, environ: Environ, body: bytes | None, start_response: StartResponse) -> Iterable[bytes]:
        method, (region, service) = environ["REQUEST_METHOD"], scope(environ)
        operation = action(environ, body or b"")
        if gate.needs_key(environ, operation) and not gate.has_key(environ, self._key, credentials.issued):
            text = (
                f"{service} of the local service takes the state's own key: --local and customlabels local env know it."
            )
            return refusal_answer(start_response, environ, 403, "AccessDeniedException", text)
        if service not in OFFERED or (service == "rekognition" and not environ.get("HTTP_X_AMZ_TARGET")):
            return refusal_answer(
                start_response,
                environ,
                400,
                "UnknownOperationException",
                f"{service} is not offered by the local service.",
            )
        subresource = offered.not_offered(environ) if service == "s3" else None
        if subresource or (service, operation) in _CANNED:
            text = (
                f"{f'?{subresource}' if subresource else operation} of {service} is not offered by the local service."
            )
            return refusal_answer(start_response, environ, 400, "UnknownOperationException", text)
        if service == "s3" and owners.is_anothers(environ):
            return refusal_answer(start_response, environ, 403, "AccessDenied", "Access Denied")
        if self._pace.enforced:
            refused = self._unkind(environ, body or b"", start_response)
            if refused is not None:
                return refused
        if service == "monitoring":
            self._publish_models(region, self.clock())
            self._metrics.publish_queues(region, self.clock())
        if body is None:
            return _seen(self._moto.read, environ, start_response)
        invoked = INVOKED.fullmatch(environ["PATH_INFO"]) if service == "lambda" and method == "POST" else None
        if invoked:
            return self._invoker.invoke(region, unquote(invoked[1]), environ, body, start_response)
        if service == "states":
            return self._states(environ, body, start_response)
        if service == "kinesisvideo":
            return self._streams.answer(asked(environ, body), environ, start_response)
        if service == "sagemaker":
            return self._need_executions().answer(region, environ, body, self._moto.change, start_response)
        return _seen(lambda asked, start: self._moto.change(asked, body, start), environ, start_response)

    def _need_state_machines(self) -> "StepFunctions":
        """Brings Step Functions in when they are first asked for."""
        from customlabels.emulator.stepfunctions.service import StepFunctions

        with self._state_machines_turn:
            if self._state_machines is None:
                folder = self._store.folder / STATE_MACHINES_FOLDER
                self._state_machines = StepFunctions(folder, self.clock, self._role_client, self._deliveries.put)
                self._state_machines.executions.resume()
            return self._state_machines

    def _states(self, environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        return self._need_state_machines().answer(scope(environ)[0], environ, body, start_response)

    def _next_step(self) -> float | None:
        """When the first execution of a state machine that waits goes on."""
        return None if self._state_machines is None else self._state_machines.executions.next_moment()

    def _steps_done(self) -> None:
        """Lets executions of state machines come to where they wait."""
        if self._state_machines is not None:
            self._state_machines.executions.settle()

    def _need_executions(self) -> "Executions":
        """Brings SageMaker in when it is first asked for."""
        from customlabels.emulator.sagemaker.executions import Executions

        with self._executions_turn:
            if self._executions is None:
                self._executions = Executions(self._store.folder, self.clock, self._client)
                self._executions.resume()
            return self._executions

    def _context(self, region: str, *, lagging: bool = False) -> Context:
        past = self._past if lagging else None
        return Context(
            self._store,
            region,
            self._timings,
            self.trainer.submit,
            self.clock,
            self._pace.rate,
            past,
            self._deliveries.put,
        )

    def _advance(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Moves the clock on by the query's seconds."""
        if not hmac.compare_digest(environ.get("HTTP_X_CUSTOMLABELS_KEY", "").encode(), self._key.encode()):
            return answer(start_response, 403, "text/plain", b"Only who has the state's key moves its clock.\n")
        if self._state_machines is not None:
            self._state_machines.executions.settle_begun()
        try:
            now = self._firing.advance(float(parse_qs(environ.get("QUERY_STRING", ""))["seconds"][0]))
        except (KeyError, ValueError) as error:
            return answer(start_response, 400, "text/plain", f"{error}\n".encode())
        return answer(start_response, 200, "application/json", json.dumps({"now": now}).encode())

    def _publish_models(self, region: str, now: float) -> None:
        context = self._context(region)
        versions = [
            (project.name, hosting.settle(context, version))
            for project in context.all(Project, region)
            for version in context.all(Version, project.arn)
        ]
        versions += [
            (document["project"], from_document(Version, document["version"]))
            for document in self._store.resources(DELETED, region)
        ]
        self._metrics.publish(region, versions, now)

    def start(self, endpoint_url: str, still_there: Callable[[], None]) -> None:
        """Begins what goes on by itself, once the service can be reached at that address."""
        self._invoker.endpoint_url = endpoint_url
        self._moto.answers_at(endpoint_url)
        self._deliveries.start()
        if (self._store.folder / EXECUTIONS_FOLDER).exists():
            self._need_executions()
        if (self._store.folder / STATE_MACHINES_FOLDER).exists():
            self._need_state_machines()
        watch(
            {
                "schedules": self._firing.look,
                "event sources": self._sources.look,
                "redrive": self._move_on,
                "streams": self._streams.look,
                "environments": self._invoker.end_old,
                "the state": still_there,
            }
        )

    def settle(self) -> None:
        """Brings all that is held to disk before the process ends."""
        self._firing.leave()
        self._moto.settle()

    def sweep(self) -> None:
        """Deletes files that nothing names."""
        self._moto.sweep()

    def _move_on(self) -> None:
        """Has messages that are being moved come to their queues, where functions wait for them."""
        for region, source in moving.under_way():
            self._client("sqs", region).list_message_move_tasks(SourceArn=source)

    def _follow(self) -> None:
        """Lets what has been handed over reach its end."""
        self._move_on()
        self._streams.look()
        self._deliveries.settle()
        self._sources.settle()

    def _client(self, service: str, region: str) -> Any:
        """A client of this very service, made once."""
        if (service, region) not in self._clients:
            self._clients[service, region] = local_client(service, region, self._invoker.endpoint_url)
        return self._clients[service, region]

    def _role_client(self, role: str, region: str, service: str) -> Any:
        """A client of this very service in the name of a role, made once."""
        key = (f"{role} {service}", region)
        if key not in self._clients:
            self._clients[key] = role_client(role, service, region, self._invoker.endpoint_url)
        return self._clients[key]


def _seen(
    ask: Callable[[Environ, StartResponse], Iterable[bytes]], environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    """moto's answer; where it is a page of the web server's that there is no such address, a refusal instead.

    Raises
    ------
    NotImplementedError : moto knows no such operation
    """
    heads: list[tuple[Any, ...]] = []
    given = ask(environ, lambda *head: heads.append(head))
    kind = dict(heads[0][1]).get("Content-Type", "")
    if heads[0][0].startswith(("404", "405", "501")) and kind.startswith("text/html") and scope(environ)[1] != "s3":
        raise NotImplementedError
    start_response(*heads[0])
    return given


def _is_known(environ: Environ, body: bytes) -> bool:
    """Whether a request may be of an operation that its service has; S3's are not named."""
    _, service = scope(environ)
    request = asked(environ, body) if service in OFFERED and action(environ, body) else None
    return request is None or request.shape is not None or request.parameters is not None


def _not_offered(environ: Environ, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
    operation = action(environ, body) or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    text = f"{operation} of {scope(environ)[1]} is not offered by the local service."
    return refusal_answer(start_response, environ, 400, "UnknownOperationException", text)
