"""customlabels versions: what there is, and what is in it."""

from dataclasses import asdict
from typing import Any

import click

from customlabels.cli.champions import history, promote, rollback
from customlabels.cli.comparing import compare, gate, report, thresholds
from customlabels.cli.copying import copy
from customlabels.cli.group import Group, pass_session, project_option
from customlabels.core.console import Console
from customlabels.core.errors import ServiceError
from customlabels.core.prices import training_cost
from customlabels.pipelines.evaluation.summary import Evaluation
from customlabels.pipelines.service.states import HELD, State
from customlabels.pipelines.service.versions import delete_version, list_versions, version_name, version_tags
from customlabels.pipelines.training.lineage import read_description
from customlabels.session import Session

_FAILED = frozenset({State.TRAINING_FAILED, State.FAILED})


@click.group(cls=Group)
def versions() -> None:
    """Trained versions of a project: listed, judged, compared, promoted."""


for _command in (compare, gate, report, thresholds, promote, rollback, history, copy):
    versions.add_command(_command)


@versions.command("list")
@project_option
@pass_session
def list_(session: Session, project: str | None) -> None:
    """Show every version with its F1, images, test set and cost, newest first; * marks the champion.

    Example: customlabels versions list --project surface
    """
    from customlabels.pipelines.service import champion

    clients, name = session.clients, session.project(project)
    found = list_versions(clients.rekognition, name)
    promoted = champion.current(clients.ssm, name)
    rows = []
    for version in found:
        seconds, made = (
            version.get("BillableTrainingTimeInSeconds"),
            read_description(version.get("VersionDescription")),
        )
        rows.append(
            {
                "version": version_name(version),
                "champion": promoted is not None and promoted.arn == version["ProjectVersionArn"],
                "status": version["Status"],
                "f1": version.get("EvaluationResult", {}).get("F1Score"),
                "train_images": made.train_images if made else None,
                "test_images": made.test_images if made else None,
                "test_digest": made.test_digest if made else None,
                "created": version["CreationTimestamp"].strftime("%Y-%m-%d %H:%M"),
                "hours": None if seconds is None else round(seconds / 3600, 2),
                "dollars": None if seconds is None else round(training_cost(seconds), 2),
                "message": version.get("StatusMessage")
                if version["Status"] in {State.TRAINING_FAILED, State.FAILED}
                else None,
            }
        )
    columns = ["version", "", "status", "F1", "train", "test", "test set", "created", "hours", "$", "message"]
    failed = any(row["message"] for row in rows)

    def show(_: object) -> None:
        if not rows:
            session.console.text(f"project {name} has no version yet")
            return
        shown = [[*row.values()] for row in rows]
        for row in shown:
            row[1] = "*" if row[1] else ""
            row[8:10] = ["–" if one is None else f"{one:.2f}" for one in row[8:10]]
        keep = len(columns) if failed else len(columns) - 1
        session.console.table(columns[:keep], [row[:keep] for row in shown])

    session.console.result(rows, show)


@versions.command()
@click.argument("version", required=False)
@project_option
@pass_session
def show(session: Session, version: str | None, project: str | None) -> None:
    """Show all figures a label, the confusion matrix and the lineage of VERSION (default: the newest).

    Example: customlabels versions show champion
    """
    from customlabels.pipelines.evaluation.metrics import confusion
    from customlabels.pipelines.evaluation.results import measure

    clients = session.clients
    chosen = session.version(session.project(project), version)
    measured = measure(clients.s3, chosen)
    tags = version_tags(clients.rekognition, chosen)
    lineage = {name: value for name, value in tags.items() if name.startswith("customlabels:")}
    crossed = confusion(measured.snapshot) if measured.snapshot else None
    document = as_document(measured.evaluation) | {
        "lineage": lineage,
        "confusion": {"labels": crossed[0], "images": crossed[1].tolist()} if crossed else None,
    }

    def in_words(_: object) -> None:
        console = session.console
        show_evaluation(console, measured.evaluation)
        if crossed and len(crossed[0]) <= _MOST_CROSSED:
            labels, table = crossed
            rows = [[label, *map(int, table[place])] for place, label in enumerate(labels)]
            console.text("")
            console.table(["true \\ said", *labels], rows)
        for tag, value in sorted(lineage.items()):
            console.text(f"{tag.removeprefix('customlabels:')}: {value}")

    session.console.result(document, in_words)


_MOST_CROSSED = 12
"""Labels up to which the matrix is printed."""


@versions.command()
@click.argument("version")
@project_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def delete(session: Session, version: str, project: str | None, yes: bool) -> None:
    """Delete VERSION for good; its images and results stay in S3. Neither the champion nor a running version goes.

    Example: customlabels versions delete v-3f9c2a71b0
    """
    from customlabels.pipelines.service import champion

    name = session.project(project)
    found = session.version(name, version)
    promoted = champion.current(session.clients.ssm, name)
    if promoted is not None and promoted.arn == found["ProjectVersionArn"]:
        raise ServiceError(
            f"version {version_name(found)} is the champion of {name}", hint="promote another first, or roll back"
        )
    if found["Status"] in HELD:
        raise ServiceError(
            f"version {version_name(found)} is {found['Status']}", hint=f"customlabels model stop {version_name(found)}"
        )
    score = found.get("EvaluationResult", {}).get("F1Score")
    about = (
        f"{found['Status']}, of {found['CreationTimestamp']:%Y-%m-%d}, F1 {'–' if score is None else f'{score:.3f}'}"
    )
    if not yes:
        click.confirm(f"Delete version {version_name(found)} of {name} ({about})?", abort=True, err=True)
    with session.console.step(f"deleting {version_name(found)}"):
        delete_version(session.clients.rekognition, name, version_name(found))
    session.console.done(f"version {version_name(found)} is deleted", version=version_name(found), status="DELETED")


def as_document(evaluation: Evaluation) -> dict[str, Any]:
    return asdict(evaluation)


def show_evaluation(console: Console, evaluation: Evaluation) -> None:
    """The table of a version's figures a label."""
    console.table(
        ("label", "test images", "precision", "recall", "F1", "threshold"),
        [
            (metrics.label, metrics.images, metrics.precision, metrics.recall, metrics.f1, metrics.threshold)
            for metrics in evaluation.labels
        ],
    )
    console.text(
        f"version {evaluation.version}: F1 {evaluation.f1:.3f} (mean over labels), "
        f"precision {evaluation.precision:.3f}, recall {evaluation.recall:.3f}; "
        f"{evaluation.training_images} images trained, {evaluation.testing_images} tested"
    )
