"""customlabels review collect."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.review_options import review_option
from customlabels.session import Session


@click.command(cls=Command)
@review_option
@click.option("--nothing", multiple=True, metavar="LABEL", help="A label that says that nothing is there; repeatable.")
@pass_session
def collect(session: Session, folder: Path, nothing: tuple[str, ...]) -> None:
    """Bring the answers back that people gave in Label Studio; whose project it is says who answers.

    A task that was skipped is one that its person cannot tell. Run again, it adds what is new.

    Example: customlabels review collect && customlabels review status
    """
    new, known, given, people = session.collect_review(review=folder, nothing=nothing)
    notes = [f"{finding.name}: {finding.message}" for finding in given.findings]
    for note in notes:
        session.console.note(note)
    by_person = ", ".join(f"{person} {count}" for person, count in people.items() if count) or "nobody"
    session.console.done(
        f"{new} answers are new, {known} were known ({by_person}); {len(notes)} notes",
        new=new,
        known=known,
        people=people,
        notes=notes,
    )
