"""customlabels review suspects."""

from dataclasses import asdict
from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.review_options import review_option
from customlabels.cli.source_options import Source, reads_images, wanted
from customlabels.core.errors import LayoutError
from customlabels.session import Session


@click.command(cls=Command)
@reads_images
@review_option
@click.option("--count", type=click.IntRange(1), default=50, show_default=True, help="Images to show, at most.")
@click.option("--by", "version", metavar="VERSION", help="By what that version said of its test images.")
@click.option("--ask", is_flag=True, help="Put them into the review, so that `review page` asks about them.")
@click.option("--model-seed", type=int, default=0, show_default=True, help="Another seed, other models.")
@project_option
@pass_session
def suspects(
    session: Session,
    source: Source,
    folder: Path,
    count: int,
    version: str | None,
    ask: bool,
    model_seed: int,
    project: str | None,
) -> None:
    """Show the images in SOURCE whose label is probably wrong, the most suspicious first.

    Five models of the local engine, each trained without the images that it judges, say what they see; or a version,
    of the images that it was tested on. Of boxes it is doubted whether their labels are on the image.

    Example: customlabels review suspects images --ask && customlabels review page
    """
    from customlabels.pipelines.training.sources import read_images
    from customlabels.review import suspects as finding

    asked = wanted(session, source)
    taken = read_images(asked)
    if taken.remote is not None:
        raise LayoutError(f"{asked.path}: its images lie in S3, and only files here are looked at", hint="aws s3 sync")
    if version is None:
        ordered = finding.suspects(taken.dataset, session.console, seed=model_seed)
    else:
        measured = session.measured(session.project(project), version)
        if measured.snapshot is None:
            raise LayoutError(f"version {version}: what it said of its test images is not there any more")
        ordered = finding.suspects_of_version(taken.dataset, measured.snapshot)
    doubtful = [suspect for suspect in ordered if suspect.counted][:count]
    if ask:
        put = finding.ask_about(folder, taken.dataset, doubtful, session.now())
        session.console.note(f"{put} images are in {folder}; customlabels review page asks about them")
    console = session.console

    def show(_: object) -> None:
        if doubtful:
            console.table(
                ("image", "labels", "doubted", "seen"),
                [
                    (suspect.name, ", ".join(suspect.labels) or "none", ", ".join(suspect.doubted), suspect.likely)
                    for suspect in doubtful
                ],
            )
        counted = sum(suspect.counted for suspect in ordered)
        console.text(f"{counted} of {len(ordered)} images are probably labelled wrongly; {len(doubtful)} shown")

    console.result([asdict(suspect) for suspect in doubtful], show)
