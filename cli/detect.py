"""customlabels detect."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.group import Command
from customlabels.cli.session import Session, pass_session
from customlabels.core.errors import LayoutError, ServiceError

if TYPE_CHECKING:
    from customlabels.pipelines.detection import Seen


@click.command(cls=Command)
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--project", help="Name of the project.")
@click.option("--version", "version", help="Name of the version.  [default: the newest trained]")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 100),
    help="0 to 100, in place of each label's assumed threshold.",
)
@pass_session
def detect(
    session: Session, source: Path, project: str | None, version: str | None, min_confidence: float | None
) -> int:
    """Show the labels that a running version sees in an image, or in every image below a folder.

    Exits 1 where an image could not be looked at; the others are shown all the same.

    Example: customlabels detect images/crack
    """
    from customlabels.datasets.files import image_files
    from customlabels.pipelines import detection
    from customlabels.pipelines.versions import choose_version, version_name

    if min_confidence is not None and 0 < min_confidence < 1:
        session.console.warn(f"--min-confidence goes from 0 to 100; {min_confidence} is under one per cent")
    images = image_files(source)
    if not images:
        raise LayoutError(f"{source}: holds no JPEG or PNG image")
    clients = session.clients
    chosen = choose_version(clients.rekognition, session.project(project), version)
    if chosen["Status"] != "RUNNING":
        raise ServiceError(
            f"version {version_name(chosen)} is {chosen['Status']}, not RUNNING",
            hint="customlabels model start (on AWS an inference unit costs $4 an hour until it is stopped)",
        )
    with session.console.step(f"looking at {len(images)} images", len(images)) as advance:
        found = list(
            detection.detect(
                clients.rekognition,
                chosen["ProjectVersionArn"],
                images,
                min_confidence=min_confidence,
                advance=advance,
            )
        )
    session.console.result(
        [asdict(detection) for detection in found],
        lambda _: session.console.table(
            ("image", "labels (confidence), where: left, top, width, height in %"),
            [
                (
                    detection.name,
                    detection.error or ", ".join(map(_in_words, detection.labels)) or "none",
                )
                for detection in found
            ],
        ),
    )
    return 1 if any(detection.error for detection in found) else 0


def _in_words(seen: "Seen") -> str:
    where = "" if seen.box is None else f" at {', '.join(f'{100 * side:.0f}' for side in seen.box)}"
    return f"{seen.label} ({seen.confidence:.1f}){where}"
