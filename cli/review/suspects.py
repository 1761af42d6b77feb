"""customlabels review suspects."""

from dataclasses import asdict
from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.review_options import review_option
from customlabels.cli.source_options import Source, reads_images, wanted
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
    asked = wanted(session, source)
    dataset, ordered = session.label_suspects(asked, version=version, project=project, seed=model_seed)
    doubtful = [suspect for suspect in ordered if suspect.counted][:count]
    if ask:
        from customlabels.review.suspects import ask_about

        put = ask_about(folder, dataset, doubtful, session.now())
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
