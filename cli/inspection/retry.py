"""customlabels inspection retry."""

from dataclasses import asdict

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.plurals import these
from customlabels.inspection import retrying
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def retry(session: Session, project: str | None, yes: bool) -> None:
    """Put what could not be inspected back into the queue, after what ails it has been shown.

    Example: customlabels inspection retry
    """
    console = session.console
    count, letters = session.dead_letters(project=project)
    document = {"dead_letters": count, "shown": [asdict(letter) for letter in letters]}
    if not count:
        console.done("there are no dead letters", **document, moved=0)
        return
    if not console.as_json:
        console.table(
            ("image", "tries", "what ails it"),
            [(letter.address, letter.tries, letter.error) for letter in letters],
            give_way=("tries",),
            addresses="image",
        )
        if count > retrying.MOST_SHOWN:
            console.text(f"{count} in all; the first {retrying.MOST_SHOWN} are shown")
    ask(f"Put {these(count, 'dead letter')} back into the queue?", yes=yes)
    moved = session.retry_inspection(project=project)
    if moved < count:
        console.warn(f"{count - moved} of them somebody else is looking at: run the same command again in a while")
    console.done(f"{moved} are in the queue again", **document, moved=moved)
