"""customlabels train."""

from dataclasses import replace

import click

from customlabels.cli.group import Command
from customlabels.cli.reading import Source, divide_images, divides_images, warn_of_leaks
from customlabels.cli.session import Session, pass_session
from customlabels.cli.versions import as_document, show_evaluation
from customlabels.core.errors import GateFailed
from customlabels.core.prices import training_cost
from customlabels.datasets.model import Dataset, Side, label_counts
from customlabels.pipelines.gate import shortfalls
from customlabels.pipelines.plan import LONGEST_HOURS, SHORTEST_HOURS, Plan, make_plan


@click.command(cls=Command)
@divides_images
@click.option("--bucket", help="Where images, manifests and results go.")
@click.option("--project", help="Name of the project.  [default: that of the folder]")
@click.option("--version-name", help="Name of the version.  [default: made from the images]")
@click.option("--min-f1", type=click.FloatRange(0, 1), help="Exit 3 when the version's F1 is lower.")
@click.option("--min-label-f1", type=click.FloatRange(0, 1), help="Exit 3 when the F1 of any label is lower.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop before the first write.")
@pass_session
def train(
    session: Session,
    source: Source,
    bucket: str | None,
    project: str | None,
    version_name: str | None,
    min_f1: float | None,
    min_label_f1: float | None,
    dry_run: bool,
) -> None:
    """Train a version on the images below SOURCE, a folder a label, and judge it by its F1.

    The version's name is made from the images: the same command again trains nothing, and finishes what was cut off.

    Example: customlabels --local train images --min-f1 0.8
    """
    console = session.console
    divided, _ = divide_images(session, source)
    warn_of_leaks(session, source, divided)
    plan = plan_for(session, divided, bucket, project, version_name)
    _note_plan(session, plan)
    if dry_run:
        console.result(_plan_document(plan), lambda _: console.text("nothing was uploaded or trained (--dry-run)"))
        return
    from customlabels.pipelines.run import run

    clients = session.clients
    outcome = run(plan, rekognition=clients.rekognition, s3=clients.s3, region=clients.region, watch=console)
    flags = {"min_f1": min_f1, "min_label_f1": min_label_f1}
    gate = replace(session.settings.gate, **{name: value for name, value in flags.items() if value is not None})
    missed = shortfalls(outcome.evaluation, gate)
    document = as_document(outcome.evaluation) | {"trained": outcome.trained, "gate": missed or "passed"}

    def show(_: object) -> None:
        show_evaluation(console, outcome.evaluation)
        if not outcome.trained:
            console.text(f"version {plan.version} was trained on these images already; nothing was trained or billed")
        elif outcome.billable_seconds is not None:
            seconds = outcome.billable_seconds
            console.text(f"billed: {seconds} seconds of training, ${training_cost(seconds):.2f} at the AWS price")
        if not missed and gate != type(gate)():
            console.text(f"gate passed: F1 {outcome.evaluation.f1:.3f}")

    console.result(document, show)
    if missed:
        raise GateFailed(
            f"the gate failed: version {plan.version}: {missed[0]}",
            details=missed[1:],
            hint="add or mend images of the labels with the lowest F1; the version itself stays",
        )


def plan_for(
    session: Session,
    divided: Dataset,
    bucket: str | None,
    project: str | None,
    version: str | None,
) -> Plan:
    """The plan that flags and settings ask for."""
    with session.console.step(f"hashing {len(divided.records)} images", len(divided.records)) as advance:
        return make_plan(
            divided,
            project=session.project(project, divided.root),
            bucket=session.bucket(bucket),
            prefix=session.settings.project.prefix,
            version=version,
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
