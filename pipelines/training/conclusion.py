"""How a training ends: waited for, measured, judged, told of, and logged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.aws.clients import Clients
from customlabels.core.errors import ServiceError
from customlabels.core.settings import GateSettings, NotifySettings
from customlabels.core.watching import Watch
from customlabels.pipelines import notices
from customlabels.pipelines.evaluation.gate import Verdict
from customlabels.pipelines.evaluation.judging import judge_beside_champion
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import list_versions, version_name
from customlabels.pipelines.training.run import Begun, Outcome, finish

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


@dataclass(frozen=True, slots=True)
class Trained:
    """A version that is trained and judged.

    Parameters
    ----------
    started : whether it had to be trained for this
    billed_seconds : of its training; None where the service does not tell
    """

    project: str
    version: str
    started: bool
    measured: Measured
    verdict: Verdict
    billed_seconds: int | None


Keep = Callable[[str, Outcome, Verdict], None]
"""Logs a trained version of a project somewhere; raises ServiceError where that fails."""


def conclude(
    begun: Begun,
    *,
    clients: Clients,
    gate: GateSettings,
    notify: NotifySettings,
    watch: Watch,
    keep: Keep | None = None,
    held_up: Callable[[str], None] = lambda sentence: None,
    on_result: Callable[[Trained], None] = lambda trained: None,
) -> Trained:
    """Waits for the training, judges the version, tells of it, and keeps it where that is asked.

    Parameters
    ----------
    held_up : told what the wait is held up by
    on_result : told the result before anybody else is

    Raises
    ------
    TrainingFailed : with the codes and lines of what the service found
    ServiceError : the service refuses, or the version is trained and cannot be kept
    """
    project = arns.project_name(begun.project_arn)
    outcome = finish(begun, rekognition=clients.rekognition, s3=clients.s3, watch=watch, notify=held_up)
    for sentence in outcome.measured.unread:
        watch.warn(sentence)
    verdict = judge_beside_champion(clients, project, outcome.measured, gate, watch)
    trained = Trained(project, begun.version, begun.started, outcome.measured, verdict, outcome.billable_seconds)
    detail = {"project": project, "version": begun.version, "f1": outcome.measured.evaluation.f1}
    if begun.started:
        notices.notify(clients, notify, notices.TRAINED, detail, watch.warn)
    on_result(trained)
    unkept: ServiceError | None = None
    if keep is not None:
        try:
            keep(project, outcome, verdict)
        except ServiceError as error:
            unkept = error
    if verdict.checks:
        event = notices.FAILED if verdict.shortfalls else notices.PASSED
        notices.notify(clients, notify, event, {**detail, "shortfalls": verdict.shortfalls}, watch.warn)
    if unkept is not None:
        if not verdict.shortfalls:
            raise unkept
        # What ends the run is the gate.
        watch.warn(unkept.message)
    return trained


def under_way(rekognition: "RekognitionClient", project: str, name: str | None) -> Begun:
    """The version of that name; the newest that is being trained, or else the newest, where it is None.

    Raises
    ------
    ServiceError : there is none
    """
    versions = [version for version in list_versions(rekognition, project) if name in (None, version_name(version))]
    if not versions:
        raise ServiceError(
            f"project {project} has no version{f' {name}' if name else ''} to wait for", hint="customlabels train DIR"
        )
    versions.sort(key=lambda version: version["Status"] != State.TRAINING_IN_PROGRESS)
    training = versions[0]["Status"] == State.TRAINING_IN_PROGRESS
    return Begun(need_project(rekognition, project), version_name(versions[0]), training)


def resuming(project: str) -> str:
    """The command that waits for a training that is under way."""
    return f"customlabels train --resume --project {project}"
