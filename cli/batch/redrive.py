"""customlabels batch redrive."""

import click

from customlabels.cli.asking import ask
from customlabels.cli.batch.concluded import show_end
from customlabels.cli.batch.status import batch_option
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@batch_option
@click.option("--units", type=click.IntRange(1, MAX_UNITS), help="Units.  [default: as before]")
@click.option("--no-wait", is_flag=True, help="Begin it, and leave.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def redrive(
    session: Session, project: str | None, batch: str | None, units: int | None, no_wait: bool, yes: bool
) -> None:
    """Go on with the images of a batch that failed, or that it did not come to; no other is looked at again.

    Example: customlabels batch redrive
    """

    def confirm(images: int, dollars: float) -> None:
        ask(f"Look at {images:,} images again? On AWS it costs up to ${dollars:,.2f}.", yes=yes or session.local)

    again = session.redrive_batch(project=project, batch=batch, units=units, confirm=confirm)
    if again is None:
        session.console.done("no image of the batch failed; there is nothing to redrive", batch=None)
        return
    if no_wait:
        session.console.done(
            f"batch {again.name} runs again; customlabels batch status shows how far it is", batch=again.name
        )
        return
    show_end(session, session.follow_batch(again, project=project))
