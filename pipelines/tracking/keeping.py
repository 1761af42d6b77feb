"""A trained version logged on the tracking server, and the alias that follows the champion."""

from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws.clients import Clients
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.watching import Watch
from customlabels.pipelines.evaluation.gate import Verdict
from customlabels.pipelines.following import Follower
from customlabels.pipelines.model_alias import ALIAS
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.champion import Promotion
from customlabels.pipelines.service.versions import version_tags
from customlabels.pipelines.tracking import artifacts, server
from customlabels.pipelines.tracking.record import make_record
from customlabels.pipelines.training.conclusion import Keep
from customlabels.pipelines.training.run import Outcome

if TYPE_CHECKING:
    from mlflow import MlflowClient


def keeper(tracker: "MlflowClient", clients: Clients, watch: Watch) -> Keep:
    """Logs a version, and has the alias point at it where it is the champion."""

    def keep(project: str, outcome: Outcome, verdict: Verdict) -> None:
        version = outcome.measured.name
        try:
            made_of = version_tags(clients.rekognition, outcome.description)
            gate = str(verdict.result) if verdict.checks else None
            record = make_record(project, outcome.description, outcome.measured.evaluation, made_of, gate)

            def gather(folder: Path) -> None:
                artifacts.gather(
                    folder, project, outcome.description, outcome.measured, made_of, clients.s3, watch.warn
                )

            with watch.step(f"logging version {version}"):
                logged = server.log(tracker, record, gather)
            promoted = champion.current(clients.ssm, project)
            if promoted is not None and promoted.arn == record.arn:
                server.point(tracker, project, record.arn)
        except ServiceError as error:
            raise ServiceError(
                f"version {version} is trained and stays, but is not logged: {error.message}",
                hint=f"the same command again logs it and trains nothing; so does {logging_command(project, version)}",
            ) from error
        done = "is logged" if logged.new else "was logged already"
        watch.note(f"version {version} {done} as MLflow run {logged.run}, model {project}/{logged.model_version}")

    return keep


def alias_follower(uri: str | None) -> Follower:
    """Has the alias of the registered model point at the champion, on the server of the environment or of `uri`."""

    def follow(project: str, promotion: Promotion) -> None:
        mended = f"{logging_command(project, promotion.version)} puts that right"
        try:
            logged = server.point(server.connect(uri), project, promotion.arn)
        except (ServiceError, SettingsError) as error:
            raise ServiceError(
                f"the tracking server does not know of the champion: {error.message}; {mended}"
            ) from error
        if not logged:
            raise ServiceError(
                f"version {promotion.version} is not logged on the tracking server: its model has no {ALIAS} "
                f"now; {mended}"
            )

    return follow


def logging_command(project: str, version: str) -> str:
    """The command that logs a version which is trained already."""
    return f"customlabels train --resume --project {project} --version-name {version} --track mlflow"
