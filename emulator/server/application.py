"""The WSGI application: Custom Labels from here, everything else from moto, both on disk before they answer."""

import json
import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from customlabels.emulator.cloudwatch.alarms import Alarms
from customlabels.emulator.cloudwatch.service_metrics import REKOGNITION, SQS, Metrics
from customlabels.emulator.customlabels import datasets, hosting, inference, policies, projects, updates, versions
from customlabels.emulator.customlabels.context import Context
from customlabels.emulator.customlabels.state import DELETED, Project, Timings, Version, from_document
from customlabels.emulator.customlabels.training import Trainer
from customlabels.emulator.eventbridge.deliveries import Deliveries
from customlabels.emulator.eventbridge.firing import Firing
from customlabels.emulator.lambda_.event_sources import Sources
from customlabels.emulator.lambda_.invoking import INVOKED, Invoker
from customlabels.emulator.server.address import EXECUTIONS_FOLDER
from customlabels.emulator.server.clients import local_client
from customlabels.emulator.server.clock import Clock
from customlabels.emulator.server.http import Environ, StartResponse, answer, failure, scope
from customlabels.emulator.server.protocol import CONTENT_TYPE, TARGET_PREFIX, decode, encode, encode_refusal
from customlabels.emulator.server.refusals import Refusal
from customlabels.emulator.server.services import MotoServices
from customlabels.emulator.server.store import Store

if TYPE_CHECKING:
    from customlabels.emulator.sagemaker.executions import Executions

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

HEALTH, ADVANCE = "/_customlabels/health", "/_customlabels/advance"
MAX_BODY = 1_100_000_000
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\]|[a-z0-9.\-]+\.localhost)(:\d+)?", re.IGNORECASE)

log = logging.getLogger(__name__)


class Application:
    """Answers for one state folder; `identity` is told to who asks whether the service is up."""

    def __init__(self, store: Store, timings: Timings, identity: str, rate: float = 5.0) -> None:
        self._store = store
        self._timings = timings
        self._identity = identity
        self._rate = rate
        self.clock = Clock(store)
        self._clients: dict[tuple[str, str], Any] = {}
        self._metrics = Metrics()
        self._invoker = Invoker(
            store.folder, self.clock, lambda logged: self._moto.log(logged), lambda due: self._deliveries.put(due)
        )
        self._deliveries = Deliveries(store, self._invoker.run_by_and_by, self._client)
        self._sources = Sources(self._invoker.run, self._client)
        alarms = Alarms(self._client, {REKOGNITION: self._publish_models, SQS: self._metrics.publish_queues})
        self._firing = Firing(self.clock, self._deliveries, alarms, self._follow)
        self._moto = MotoServices(store, self.clock, self._deliveries.put)
        self._executions: Executions | None = None
        self._executions_turn = threading.Lock()
        self.trainer = Trainer(store, timings.training, self.clock)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not _LOOPBACK.fullmatch(environ.get("HTTP_HOST", "")) or "HTTP_ORIGIN" in environ:
            # A page in a browser must not reach the service, neither by another name for this address nor at all.
            return answer(start_response, 403, "text/plain", b"This service answers to loopback addresses only.\n")
        if environ["PATH_INFO"] == HEALTH:
            body = json.dumps({"state": self._identity, "pid": os.getpid()}).encode()
            return answer(start_response, 200, "application/json", body)
        if environ["PATH_INFO"] == ADVANCE and environ["REQUEST_METHOD"] == "POST":
            return self._advance(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            return answer(start_response, 413, "text/plain", b"The request is too large.\n")
        try:
            operation = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix(TARGET_PREFIX)
            if operation in OPERATIONS:
                body = environ["wsgi.input"].read(length)
                return self._custom_labels(operation, environ, body, start_response)
            return self._other(environ, length, start_response)
        except Exception as error:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            said = f"cannot keep its state: {error}" if isinstance(error, sqlite3.Error) else "failed; its log says why"
            return failure(start_response, environ, f"The local service {said}.")

    def _custom_labels(
        self, operation: str, environ: Environ, body: bytes, start_response: StartResponse
    ) -> Iterable[bytes]:
        region, _ = scope(environ)
        context = self._context(region)
        began, refused = time.monotonic(), None
        try:
            result = encode(OPERATIONS[operation](context, decode(operation, body)))
        except Refusal as refusal:
            refused = refusal.code
            return answer(start_response, refusal.status, CONTENT_TYPE, encode_refusal(refusal))
        finally:
            self._metrics.count(region, operation, refused, self.clock(), time.monotonic() - began)
        return answer(start_response, 200, CONTENT_TYPE, result)

    def _other(self, environ: Environ, length: int, start_response: StartResponse) -> Iterable[bytes]:
        method, (region, service) = environ["REQUEST_METHOD"], scope(environ)
        if service == "monitoring":
            self._publish_models(region, self.clock())
            self._metrics.publish_queues(region, self.clock())
        if method in {"GET", "HEAD", "OPTIONS"}:
            return self._moto.read(environ, start_response)
        body = environ["wsgi.input"].read(length)
        invoked = INVOKED.fullmatch(environ["PATH_INFO"]) if service == "lambda" and method == "POST" else None
        if invoked:
            return self._invoker.invoke(region, unquote(invoked[1]), environ, body, start_response)
        if service == "sagemaker":
            return self._need_executions().answer(region, environ, body, self._moto.change, start_response)
        return self._moto.change(environ, body, start_response)

    def _need_executions(self) -> "Executions":
        """Brings SageMaker in when it is first asked for."""
        from customlabels.emulator.sagemaker.executions import Executions

        with self._executions_turn:
            if self._executions is None:
                self._executions = Executions(self._store.folder, self.clock, self._client)
                self._executions.resume()
            return self._executions

    def _context(self, region: str) -> Context:
        return Context(self._store, region, self._timings, self.trainer.submit, self.clock, self._rate)

    def _advance(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Moves the clock on by the query's seconds."""
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

    def start(self, endpoint_url: str) -> None:
        """Begins what goes on by itself, once the service can be reached at that address."""
        self._invoker.endpoint_url = endpoint_url
        self._deliveries.start()
        self._sources.start()
        self._firing.start()
        if (self._store.folder / EXECUTIONS_FOLDER).exists():
            self._need_executions()

    def _follow(self) -> None:
        """Lets what has been handed over reach its end."""
        self._deliveries.settle()
        self._sources.poll()

    def _client(self, service: str, region: str) -> Any:
        """A client of this very service, made once."""
        if (service, region) not in self._clients:
            self._clients[service, region] = local_client(service, region, self._invoker.endpoint_url)
        return self._clients[service, region]
