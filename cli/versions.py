"""customlabels versions."""

from dataclasses import asdict
from typing import Any

import click

from customlabels.cli.group import Group
from customlabels.cli.session import Session, pass_session
from customlabels.core.console import Console
from customlabels.pipelines.evaluation import Evaluation, load_evaluation
from customlabels.pipelines.versions import choose_version, delete_version, list_versions, version_name

_project = click.option("--project", help="Name of the project.")


@click.group(cls=Group)
def versions() -> None:
    """Trained versions of a project."""


@versions.command("list")
@_project
@pass_session
def list_(session: Session, project: str | None) -> None:
    """Show every version with its status and F1, newest first.

    Example: customlabels versions list --project surface
    """
    found = list_versions(session.clients.rekognition, session.project(project))
    rows = [
        {
            "version": version_name(version),
            "status": version["Status"],
            "f1": version.get("EvaluationResult", {}).get("F1Score"),
            "created": version["CreationTimestamp"].strftime("%Y-%m-%d %H:%M"),
            "billed_seconds": version.get("BillableTrainingTimeInSeconds"),
            "message": version.get("StatusMessage") if version["Status"] in {"TRAINING_FAILED", "FAILED"} else None,
        }
        for version in found
    ]
    columns = ["version", "status", "F1", "created", "billed s"]
    failed = any(row["message"] for row in rows)
    session.console.result(
        rows,
        lambda _: session.console.table(
            [*columns, "message"] if failed else columns,
            [list(row.values()) if failed else list(row.values())[:-1] for row in rows],
        ),
    )


@versions.command()
@click.argument("version", required=False)
@_project
@pass_session
def show(session: Session, version: str | None, project: str | None) -> None:
    """Show precision, recall, F1 and threshold a label of VERSION (default: the newest).

    Example: customlabels versions show v-3f9c2a71b0
    """
    clients = session.clients
    chosen = choose_version(clients.rekognition, session.project(project), version)
    evaluation = load_evaluation(clients.s3, chosen)
    session.console.result(as_document(evaluation), lambda _: show_evaluation(session.console, evaluation))


@versions.command()
@click.argument("version")
@_project
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def delete(session: Session, version: str, project: str | None, yes: bool) -> None:
    """Delete VERSION for good; its images and results stay in S3.

    Example: customlabels versions delete v-3f9c2a71b0
    """
    name = session.project(project)
    found = choose_version(session.clients.rekognition, name, version)
    if not yes:
        click.confirm(f"Delete version {version} of {name} ({found['Status']})?", abort=True, err=True)
    with session.console.step(f"deleting {version}"):
        delete_version(session.clients.rekognition, name, version)
    session.console.done(f"version {version} is deleted", version=version, status="DELETED")


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
