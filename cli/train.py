"""customlabels train."""

from pathlib import Path

import click

from customlabels.cli.gating import end_on, judges, show_verdict
from customlabels.cli.group import Command
from customlabels.cli.reading import Source, divide_images, divides_images, warn_of_leaks
from customlabels.cli.session import Session, pass_session
from customlabels.cli.versions import as_document, show_evaluation
from customlabels.core.prices import training_cost
from customlabels.core.settings import GateSettings
from customlabels.datasets.model import Dataset, Side, label_counts
from customlabels.pipelines.plan import LONGEST_HOURS, SHORTEST_HOURS, Plan, make_plan


@click.command(cls=Command)
@divides_images
@click.option("--bucket", help="Where images, manifests and results go.")
@click.option("--project", help="Name of the project.  [default: that of the folder]")
@click.option("--version-name", help="Name of the version.  [default: made from the images]")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop before the first write.")
@pass_session
@judges
def train(
    session: Session,
    source: Source,
    bucket: str | None,
    project: str | None,
    version_name: str | None,
    dry_run: bool,
    gate: GateSettings,
    junit: Path | None,
) -> None:
    """Train a version on the images below SOURCE, a folder a label, and judge it by its F1.

    The version's name is made from the images: the same command again trains nothing, and finishes what was cut off.

    Example: customlabels --local train images --min-f1 0.8
    """
    console = session.console
    divided, _ = divide_images(session, source)
    warn_of_leaks(session, source, divided)
    chosen = source.over(session.settings.dataset)
    divided_by = f"test-fraction={chosen.test_fraction:g} seed={chosen.seed} group-by={chosen.group_by or 'none'}"
    plan = plan_for(session, divided, bucket, project, version_name, divided_by)
    _note_plan(session, plan)
    if dry_run:
        console.result(_plan_document(plan), lambda _: console.text("nothing was uploaded or trained (--dry-run)"))
        return
    from customlabels.pipelines.judging import judge_measured
    from customlabels.pipelines.run import run

    clients = session.clients
    outcome = run(plan, rekognition=clients.rekognition, s3=clients.s3, region=clients.region, watch=console)
    champion = session.measured_champion(plan.project) if gate.max_regression is not None else None
    verdict = judge_measured(outcome.measured, gate, champion)
    evaluation = outcome.measured.evaluation
    document = as_document(evaluation) | {"trained": outcome.trained} | verdict.document()

    def show(_: object) -> None:
        show_evaluation(console, evaluation)
        if not outcome.trained:
            console.text(f"version {plan.version} was trained on these images already; nothing was trained or billed")
        elif outcome.billable_seconds is not None:
            seconds = outcome.billable_seconds
            console.text(f"billed: {seconds} seconds of training, ${training_cost(seconds):.2f} at the AWS price")
        show_verdict(console, verdict)

    console.result(document, show)
    end_on(verdict, junit)


def plan_for(
    session: Session,
    divided: Dataset,
    bucket: str | None,
    project: str | None,
    version: str | None,
    settings: str = "",
) -> Plan:
    """The plan that flags and settings ask for."""
    with session.console.step(f"hashing {len(divided.records)} images", len(divided.records)) as advance:
        return make_plan(
            divided,
            project=session.project(project, divided.root),
            bucket=session.bucket(bucket),
            prefix=session.settings.project.prefix,
            version=version,
            settings=settings,
            step=lambda: advance(1),
        )


def _note_plan(session: Session, plan: Plan) -> None:
    sides = {side: plan.dataset.side(side) for side in Side}
    low, high = plan.cost_range
    session.console.note(
        f"plan: project {plan.project}, version {plan.version}\n"
        f"      {len(label_counts(plan.dataset.records))} labels, "
        f"{len(sides[Side.TRAIN])} images to train, {len(sides[Side.TEST])} to test\n"
        f"      images and results in s3://{plan.bucket}/{plan.prefix}\n"
        f"      estimated cost on AWS: ${low:.2f} to ${high:.2f} "
        f"({SHORTEST_HOURS:g} to {LONGEST_HOURS:g} hours of training at $1.00); a version that exists costs nothing"
    )


def _plan_document(plan: Plan) -> dict[str, object]:
    low, high = plan.cost_range
    return {
        "project": plan.project,
        "version": plan.version,
        "bucket": plan.bucket,
        "images": {side.value: len(plan.dataset.side(side)) for side in Side},
        "digests": {side.value: plan.digest(side) for side in Side},
        "estimated_dollars": [low, high],
    }
