"""customlabels train."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.gate_options import end_on, judges
from customlabels.cli.group import Command, Figure, pass_session
from customlabels.cli.shown import show_evaluation, show_verdict
from customlabels.cli.source_options import Source, divides_images, wanted
from customlabels.cli.tracking_options import Kept, keeps, write_files
from customlabels.core.errors import SettingsError
from customlabels.core.known_names import remember
from customlabels.core.prices import training_cost
from customlabels.core.settings import GateSettings
from customlabels.datasets.model import Side
from customlabels.pipelines.service import arns
from customlabels.pipelines.training.conclusion import Trained, resuming, under_way
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.training.forecast import Planned
    from customlabels.pipelines.training.run import Begun


@click.command(cls=Command)
@divides_images
@click.option("--bucket", help="Where images, manifests and results go.")
@click.option("--project", help="Name of the project.  [default: that of the folder]")
@click.option("--version-name", help="Name of the version.  [default: made from the images]")
@click.option("--external-manifests", is_flag=True, help="Train from manifests in S3, without datasets in the project.")
@click.option("--max-cost", type=Figure(0, min_open=True), help="Refuse a training that may cost more dollars.")
@click.option("--fix-bucket-policy", is_flag=True, help="Add what the service needs to the bucket's policy.")
@click.option("--no-upload", is_flag=True, help="Upload no image; all have to be in S3 already.")
@click.option("--no-wait", is_flag=True, help="Start the training and leave.")
@click.option("--resume", is_flag=True, help="Wait for the training that is under way, and judge it; needs no SOURCE.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop before the first write.")
@pass_session
@judges
@keeps
def train(
    session: Session,
    source: Source,
    bucket: str | None,
    project: str | None,
    version_name: str | None,
    external_manifests: bool,
    max_cost: float | None,
    fix_bucket_policy: bool,
    no_upload: bool,
    no_wait: bool,
    resume: bool,
    dry_run: bool,
    gate: GateSettings,
    junit: Path | None,
    kept: Kept,
) -> None:
    """Train a version on the images below SOURCE, a folder a label, and judge it by its F1.

    SOURCE may be s3://bucket/folder, or a manifest: images that are in S3 already are used where they are.

    The version's name is made from the images: the same command again trains nothing, and finishes what was cut off.

    Example: customlabels --local train images --min-f1 0.8
    """
    if resume:
        if source.path or dry_run or no_wait:
            raise SettingsError("--resume waits for what is being trained: it takes no SOURCE, --dry-run or --no-wait")
        begun = under_way(session.clients.rekognition, session.project(project), version_name)
        _finish(session, begun, gate, junit, kept)
        return
    planned = session.plan_training(
        wanted(session, source),
        bucket=bucket,
        project=project,
        version=version_name,
        gate=gate,
        max_cost=max_cost,
        offline=dry_run,
    )
    if dry_run:
        session.console.result(
            _plan_document(planned),
            lambda _: session.console.text("nothing was uploaded or trained (--dry-run)"),
        )
        return
    begun = session.begin_training(
        planned.plan, external=external_manifests, upload=not no_upload, fix_policy=fix_bucket_policy
    )
    if no_wait and not begun.trained:
        session.console.done(
            f"version {begun.version} is being trained; to wait for it and judge it: {resuming(planned.plan.project)}",
            version=begun.version,
            project=planned.plan.project,
            started=begun.started,
        )
        return
    _finish(session, begun, gate, junit, kept)


def _finish(session: Session, begun: "Begun", gate: GateSettings, junit: Path | None, kept: Kept) -> None:
    """Waits for the training, and shows, judges and keeps what came of it."""

    def on_result(trained: Trained) -> None:
        labels = [metrics.label for metrics in trained.measured.evaluation.labels]
        remember(project=[arns.project_name(begun.project_arn)], version=[trained.version], label=labels)
        document = asdict(trained.measured.evaluation) | {"trained": trained.started} | trained.verdict.document()
        session.console.result(document, lambda _: _show(session, trained))
        write_files(kept, trained.measured)

    try:
        trained = session.finish_training(begun, gate=gate, tracker=kept.server, on_result=on_result)
    except KeyboardInterrupt:
        project = arns.project_name(begun.project_arn)
        session.console.note("")
        session.console.note(f"the training of {begun.version} goes on; to come back: {resuming(project)}")
        raise
    end_on(trained.verdict, junit)


def _show(session: Session, trained: Trained) -> None:
    console, seconds = session.console, trained.billed_seconds
    show_evaluation(console, trained.measured.evaluation)
    if not trained.started:
        console.text(f"version {trained.version} was trained already; nothing was trained or billed")
    elif seconds is not None and session.local:
        console.text(f"{seconds} seconds of training, which nobody is billed for")
    elif seconds is not None:
        console.text(f"billed: {seconds} seconds of training, ${training_cost(seconds):.2f} at the AWS price")
    show_verdict(console, trained.verdict)


def _plan_document(planned: "Planned") -> dict[str, Any]:
    plan, estimate = planned.plan, planned.estimate
    return {
        "project": plan.project,
        "version": plan.version,
        "bucket": plan.bucket,
        "images": {side.value: len(plan.dataset.side(side)) for side in Side},
        "digests": {side.value: plan.digest(side) for side in Side},
        "exists": estimate is None,
        "estimate": asdict(estimate) if estimate else None,
        "estimated_dollars": list(estimate.dollars) if estimate else [0.0, 0.0],
    }
