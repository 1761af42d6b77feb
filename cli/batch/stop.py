"""customlabels batch stop."""

import click

from customlabels.cli.batch.status import batch_option
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@batch_option
@pass_session
def stop(session: Session, project: str | None, batch: str | None) -> None:
    """Stop a batch, and let its model go; what was done stays done.

    Example: customlabels batch stop
    """
    stopped, running = session.stop_batch(project=project, batch=batch)
    sentence = "is stopped" if running else f"had ended already: {stopped.status}"
    session.console.done(
        f"batch {stopped.name} {sentence}; nothing keeps its model up. customlabels batch redrive goes on with it",
        batch=stopped.name,
        stopped=running,
    )
