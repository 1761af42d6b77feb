"""The tracking server: one run a version, one registered model a project, its alias `champion`.

A run and a model version carry the version's ARN as a tag and are looked for by it first, so that logging a version
again finds what is there and finishes it. The model version's source is the run's artifacts: MLflow takes no ARN there.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from customlabels.core.errors import CustomLabelsError, ServiceError, SettingsError
from customlabels.pipelines.model_alias import ALIAS, ARN_TAG
from customlabels.pipelines.tracking.record import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

URI_VARIABLE = "MLFLOW_TRACKING_URI"

_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_IN_URI = re.compile(r"(?<=//)[^/\s]*@")
_QUERY = re.compile(r"(?<=[\w/])\?[^\s'\")]*=[^\s'\")]*")
_DEFAULTS = {
    # A URL printed by mlflow would stand in the middle of --output json.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # mlflow's own seven retries take four minutes before they say that a server is down.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
_LONGEST_CAUSE = 300
_MOST_METRICS = 1000
"""Metrics in one request. Source: MLflow REST API, "Log Batch": request limits."""


@dataclass(frozen=True, slots=True)
class Logged:
    """Where a version is logged; `new` where its run had not been finished before."""

    run: str
    model_version: str
    new: bool


def masked(text: str) -> str:
    """`text` without the credentials and queries of the URIs in it."""
    for name in _SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, "***")
    return _QUERY.sub("?***", _IN_URI.sub("***@", text))


def connect(uri: str | None) -> "MlflowClient":
    """A client of the server at $MLFLOW_TRACKING_URI, or else at `uri`; nothing is sent yet.

    Raises
    ------
    SettingsError : mlflow is not installed, or no server is named, or the address is none that it takes
    """
    uri = os.environ.get(URI_VARIABLE) or uri
    if not uri:
        raise SettingsError(
            "no tracking server is set", hint=f"set {URI_VARIABLE}, or uri in [track] of customlabels.toml"
        )
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise SettingsError(
            f"tracking on MLflow needs a package that is not installed: {error.name or error}",
            hint="pip install 'customlabels[mlflow]'",
        ) from error
    try:
        return MlflowClient(tracking_uri=_without_login(uri))
    except Exception as error:
        # Stores other than servers are opened at once, by packages of their own.
        raise SettingsError(f"{masked(uri)} is no tracking server that can be used: {masked(_short(error))}") from None


def log(client: "MlflowClient", record: Record, gather: Callable[[Path], None]) -> Logged:
    """Logs the version: its run, its files, its model version. What is there already is used.

    Parameters
    ----------
    gather : puts the run's files into a folder; not called where the run is finished

    Raises
    ------
    ServiceError : the server cannot be reached or refuses a call
    """
    from mlflow.entities import Metric, Param, RunTag

    with _explained(f"logging version {record.version}"):
        run = _run(client, record)
        name, new = run.info.run_id, run.info.status != "FINISHED"
        if new:
            params = [Param(key, value) for key, value in record.params.items()]
            client.log_batch(name, params=params)
            metrics = [Metric(key, value, record.ended, 0) for key, value in record.metrics.items()]
            for start in range(0, len(metrics), _MOST_METRICS):
                client.log_batch(name, metrics=metrics[start : start + _MOST_METRICS])
            with tempfile.TemporaryDirectory(prefix="customlabels-") as folder:
                gather(Path(folder))
                client.log_artifacts(name, folder)
        client.log_batch(name, tags=[RunTag(key, value) for key, value in record.tags.items()])
        model = _model_version(client, record, run)
        if new:
            client.set_terminated(name, end_time=record.ended)
        return Logged(name, model.version, new)


def point(client: "MlflowClient", project: str, arn: str) -> bool:
    """Points the alias at the model version of that ARN; where it is not logged, removes the alias and gives False.

    Raises
    ------
    ServiceError : the server cannot be reached or refuses a call
    """
    from mlflow.exceptions import MlflowException

    with _explained(f"pointing the alias {ALIAS} of the registered model {project}"):
        model = _logged(client, project, arn)
        if model is not None:
            client.set_registered_model_alias(project, ALIAS, model.version)
            return True
        try:
            client.delete_registered_model_alias(project, ALIAS)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
        return False


def _run(client: "MlflowClient", record: Record) -> "Run":
    """The version's run, made where there is none. Of several, made at the same time, the first counts."""
    experiment = _experiment(client, record.project)
    wanted = f"tags.`{ARN_TAG}` = '{record.arn}'"

    def first() -> "Run | None":
        runs = client.search_runs([experiment], wanted)
        return min(runs, key=lambda run: (run.info.status != "FINISHED", run.info.run_id), default=None)

    if run := first():
        return run
    made = client.create_run(experiment, start_time=record.began, tags=dict(record.tags), run_name=record.version)
    run = first() or made
    if run.info.run_id != made.info.run_id:
        client.delete_run(made.info.run_id)
    return run


def _experiment(client: "MlflowClient", name: str) -> str:
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException as error:
            # Somebody else was first.
            experiment = client.get_experiment_by_name(name)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or experiment is None:
                raise
    return str(experiment.experiment_id)


def _model_version(client: "MlflowClient", record: Record, run: "Run") -> "ModelVersion":
    from mlflow.exceptions import MlflowException

    model = _logged(client, record.project, record.arn)
    if model is not None:
        for key, value in record.tags.items():
            if model.tags.get(key) != value:
                client.set_model_version_tag(record.project, model.version, key, value)
        return model
    try:
        client.create_registered_model(record.project)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return client.create_model_version(
        record.project, run.info.artifact_uri, run.info.run_id, tags=dict(record.tags), description=record.arn
    )


def _logged(client: "MlflowClient", project: str, arn: str) -> "ModelVersion | None":
    """The model version of that ARN, the earliest where there are several."""
    models = client.search_model_versions(f"name = '{project}' and tags.`{ARN_TAG}` = '{arn}'")
    return min(models, key=lambda model: int(model.version), default=None)


def _without_login(uri: str) -> str:
    """A URL whose user and password are given to mlflow by its variables: it would print them with its errors."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return uri
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(user), unquote(password)
    return urlunsplit(parts._replace(netloc=host))


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    """Turns what the block raises into a ServiceError without credentials; artifact stores raise whatever theirs do."""
    try:
        yield
    except CustomLabelsError:
        raise
    except Exception as error:
        raise ServiceError(f"{doing} on the tracking server: {masked(_short(error))}") from None


def _short(error: Exception) -> str:
    """What the error says, cut off where it goes on and on."""
    return (str(error).strip() or type(error).__name__)[:_LONGEST_CAUSE]
