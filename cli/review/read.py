"""customlabels review read."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.review_options import review_option
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER…", type=click.Path(path_type=Path))
@review_option
@click.option("--nothing", multiple=True, metavar="LABEL", help="A label that says that nothing is there; repeatable.")
@pass_session
def read(session: Session, sources: tuple[Path, ...], folder: Path, nothing: tuple[str, ...]) -> None:
    """Take answers of other tools into the review: A2I's output, Ground Truth's manifests, Label Studio's JSON.

    Each is matched to the image that was picked by its address or name; the same file again adds nothing.

    Example: aws s3 sync s3://out/flow answers && customlabels review read answers
    """
    new, known, given = session.read_answers(sources, review=folder, nothing=nothing)
    notes = [f"{finding.name}: {finding.message}" for finding in given.findings]
    for note in notes:
        session.console.note(note)
    session.console.done(
        f"{new} answers are new, {known} were known; {len(notes)} notes", new=new, known=known, notes=notes
    )
