"""customlabels dataset prelabel."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.asking import ask
from customlabels.cli.confirming import confirm_start
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.prelabelling import Prelabelling

KINDS = ("coco", "manifest", "label-studio")


@click.command(cls=Command)
@click.argument("source", metavar="IMAGE|FOLDER|S3-ADDRESS")
@project_option
@click.option(
    "--with",
    "by",
    metavar="champion|VERSION|rekognition",
    help="Who looks; rekognition is DetectLabels, billed an image.  [default: the champion, else the newest trained]",
)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder for the result; run again, it goes on where it was.",
)
@click.option("--as", "kind", type=click.Choice(KINDS), default="coco", show_default=True, help="Format of the result.")
@click.option("--min-confidence", type=Figure(0, 100), help="0 to 100, in place of each label's assumed threshold.")
@click.option("--rate", type=Figure(0, min_open=True), help="Images a second that an inference unit takes.")
@click.option("--dry-run", is_flag=True, help="Show what it takes and costs, and stop.")
@click.option("--start", is_flag=True, help="Start the model where it is stopped, and stop it again afterwards.")
@click.option("--no-guard", is_flag=True, help="Set no schedule that stops the model should this be killed.")
@click.option("--yes", is_flag=True, help="Do not ask before it costs something.")
@pass_session
def prelabel(
    session: Session,
    source: str,
    project: str | None,
    by: str | None,
    folder: Path,
    kind: str,
    min_confidence: float | None,
    rate: float | None,
    dry_run: bool,
    start: bool,
    no_guard: bool,
    yes: bool,
) -> int:
    """Label images ahead by what a model sees in them, for people to correct; confidences are kept beside.

    The plan with its price comes first. Images stay where they are: the result names them, and is read with
    `--images FOLDER`. Nobody has confirmed it. Exits 1 where an image could not be looked at.

    Example: customlabels dataset prelabel photos --with champion --as label-studio --to ahead
    """
    console = session.console
    if min_confidence is not None and 0 < min_confidence < 1:
        console.warn(f"--min-confidence goes from 0 to 100; {min_confidence} is under one per cent")
    plan = session.plan_prelabels(
        source, folder, by=by, project=project, format=kind, min_confidence=min_confidence, rate=rate
    )
    if dry_run:
        console.result(_document(plan), lambda _: console.text(_in_words(plan, free=session.local)))
        return 0
    console.note(_in_words(plan, free=session.local))
    if plan.version is None and plan.waiting:
        ask(f"Show {counted(len(plan.waiting), 'image')} to DetectLabels for ${plan.dollars:.2f}?", yes=yes)
    path, images, findings = session.prelabel(
        plan, start=start, before_start=confirm_start(session, yes), guard=not no_guard
    )
    failed = sum(finding.fatal for finding in findings)
    labels = sum(len(image.labels) for image in images)
    empty = sum(not image.labels for image in images)
    console.done(
        f"{counted(len(images), 'image')} in {path}: {counted(labels, 'label')} seen by {plan.run.version}, nothing "
        f"seen in {empty}; {failed} could not be looked at",
        **{
            **_document(plan),
            "file": str(path),
            "labels": labels,
            "labelled": len(images),
            "empty": empty,
            "failed": failed,
            "findings": [asdict(finding) for finding in findings],
        },
    )
    return 1 if failed else 0


def _document(plan: "Prelabelling") -> dict[str, Any]:
    return {
        "with": plan.run.version,
        "images": len(plan.images),
        "to_look_at": len(plan.waiting),
        "units": plan.units if plan.version else None,
        "images_a_second": plan.rate,
        "seconds": round(plan.seconds, 1),
        "dollars": round(plan.dollars, 4),
    }


def _in_words(plan: "Prelabelling", *, free: bool) -> str:
    kept = len(plan.images) - len(plan.waiting)
    before = f", {kept} of them looked at before" if kept else ""
    parts = [f"{counted(len(plan.images), 'image')}{before}"]
    if plan.waiting:
        who = plan.run.version if plan.version else "DetectLabels"
        price = "" if free else f", ${plan.dollars:.2f}"
        if plan.version and not free:
            price += f" of {counted(plan.units, 'unit')}; starting a model comes on top"
        parts.append(f"{who} looks at {len(plan.waiting)} in {plan.seconds:.0f} s at {plan.rate:g} a second{price}")
    return "; ".join(parts)
