"""What becomes of a version's figures beside the table: files for other programs, and a run on a tracking server."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.aws.stacks.names import stack_name
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.session import Session

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from customlabels.pipelines.evaluation.gate import Verdict
    from customlabels.pipelines.evaluation.measured import Measured
    from customlabels.pipelines.service.versions import Description
    from customlabels.pipelines.training.run import Outcome

_FILE = click.Path(path_type=Path, dir_okay=False)
_FLAGS = (
    click.option("--track", type=click.Choice(["mlflow", "none"]), help="Log the version on a tracking server."),
    click.option("--metrics-file", type=_FILE, help="Write the figures there as JSON, as dvc metrics reads it."),
    click.option("--plots-file", type=_FILE, help="Write precision and recall over thresholds there as CSV."),
    click.option("--confusion-file", type=_FILE, help="Write actual and predicted labels there as CSV."),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is asked for; `server` is None where nothing is tracked."""

    server: "MlflowClient | None"
    metrics: Path | None
    plots: Path | None
    confusion: Path | None


def keeps(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command `kept`, from settings and flags; a server that cannot be used is refused before all else."""

    @functools.wraps(command)
    def keeping(session: Session, *args: Any, **kwargs: Any) -> Any:
        track, files = kwargs.pop("track"), [kwargs.pop(f"{name}_file") for name in ("metrics", "plots", "confusion")]
        return command(session, *args, kept=Kept(tracking_server(session, track), *files), **kwargs)

    for flag in reversed(_FLAGS):
        keeping = flag(keeping)
    return keeping


def tracking_server(session: Session, flag: str | None = None) -> "MlflowClient | None":
    """The server that flag or settings ask for.

    Raises
    ------
    SettingsError : it cannot be used
    """
    settings = session.settings.track
    if (flag or settings.to) != "mlflow":
        return None
    from customlabels.pipelines.tracking import server

    return server.connect(settings.uri)


def write_files(kept: Kept, measured: "Measured") -> None:
    """Writes the files that are asked for.

    Raises
    ------
    ServiceError : a table needs the evaluation snapshot, and it is gone
    """
    from customlabels.pipelines.evaluation import metrics_files
    from customlabels.pipelines.evaluation.comparison import need_snapshot

    if kept.metrics:
        metrics_files.write_metrics(kept.metrics, measured.evaluation)
    if kept.plots:
        metrics_files.write_curves(kept.plots, need_snapshot(measured))
    if kept.confusion:
        metrics_files.write_confusion(kept.confusion, need_snapshot(measured))


def track(session: Session, kept: Kept, project: str, outcome: "Outcome", verdict: "Verdict") -> ServiceError | None:
    """Logs the version, and has the alias follow the champion; what kept it from that, as an error to end on."""
    if kept.server is None:
        return None
    from customlabels.pipelines.service import champion
    from customlabels.pipelines.service.versions import version_tags
    from customlabels.pipelines.tracking import artifacts, server
    from customlabels.pipelines.tracking.record import make_record

    clients, version = session.clients, outcome.measured.name
    try:
        made_of = version_tags(clients.rekognition, outcome.description)
        gate = str(verdict.result) if verdict.checks else None
        record = make_record(project, outcome.description, outcome.measured.evaluation, made_of, gate)

        def gather(folder: Path) -> None:
            artifacts.gather(folder, project, outcome.description, outcome.measured, made_of, clients.s3)

        with session.console.step(f"logging version {version}"):
            logged = server.log(kept.server, record, gather)
        promoted = champion.current(clients.ssm, project)
        if promoted is not None and promoted.arn == record.arn:
            server.point(kept.server, project, record.arn)
    except ServiceError as error:
        return ServiceError(
            f"version {version} is trained and stays, but is not logged: {error.message}",
            hint=f"the same command again logs it and trains nothing; so does {_logging(project, version)}",
        )
    said = "is logged" if logged.new else "was logged already"
    session.console.note(f"version {version} {said} as MLflow run {logged.run}, model {project}/{logged.model_version}")
    return None


def follow(session: Session, project: str, promoted: "Description", left: str | None = None) -> None:
    """Has registries follow the champion where the settings say so; what keeps one from that is a warning.

    Parameters
    ----------
    left : ARN of the version that was gone back from
    """
    _point_alias(session, project, promoted)
    if session.settings.track.sagemaker:
        _decide_on_packages(session, project, promoted, left)


def _point_alias(session: Session, project: str, promoted: "Description") -> None:
    """Has the alias of the registered model point at the champion."""
    from customlabels.pipelines.service.versions import version_name

    version = version_name(promoted)
    try:
        client = tracking_server(session)
        if client is None:
            return
        from customlabels.pipelines.tracking import server

        if server.point(client, project, promoted["ProjectVersionArn"]):
            return
        why = f"version {version} is not logged on the tracking server: its model has no {server.ALIAS} now"
    except (ServiceError, SettingsError) as error:
        why = f"the tracking server does not know of the champion: {error.message}"
    session.console.warn(f"{why}; {_logging(project, version)} puts that right")


def _decide_on_packages(session: Session, project: str, promoted: "Description", left: str | None) -> None:
    """Registers and approves the champion's model package, and rejects those that would pass for it."""
    from customlabels.pipelines.evaluation.summary import load_evaluation
    from customlabels.pipelines.sagemaker import registry
    from customlabels.pipelines.service import champion
    from customlabels.pipelines.service.versions import version_name, version_tags
    from customlabels.pipelines.training import lineage

    clients, group = session.clients, stack_name(project)
    try:
        noted = champion.current(clients.ssm, project)
        made_of = version_tags(clients.rekognition, promoted)
        tags = {"train": lineage.TRAIN_TAG, "test": lineage.TEST_TAG}
        digests = {side: made_of[tag] for side, tag in tags.items() if tag in made_of}
        evaluation = load_evaluation(clients.s3, promoted)
        package = registry.register(clients.sagemaker, clients.s3, group, promoted, evaluation, digests)
        why = noted.why if noted else ""
        rejected = registry.follow(clients.sagemaker, group, package, version_name(promoted), why, left)
    except ServiceError as error:
        # Promoting what is champion promotes nothing, so that no gate need be passed.
        again = f"customlabels versions promote {CHAMPION} --force --project {project}"
        session.console.warn(
            f"the model package group {group} does not know of the champion: {error.message}; {again} puts that right"
        )
        return
    told = [f"{package} is approved", *(f"{one} rejected" for one in rejected)]
    session.console.note(f"model packages: {', '.join(told)}")


def _logging(project: str, version: str) -> str:
    return f"customlabels train --resume --project {project} --version-name {version} --track mlflow"
