"""customlabels batch status."""

from typing import Any

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.session import Session

batch_option = click.option("--batch", metavar="NAME", help="Which batch.  [default: the newest]")


@click.command(cls=Command)
@project_option
@batch_option
@pass_session
def status(session: Session, project: str | None, batch: str | None) -> None:
    """Show how far a batch is: images done, failed and waiting, the rate, the model.

    Example: customlabels batch status
    """
    document = session.batch_status(project=project, batch=batch)
    session.console.result(document, lambda _: _show(session, document))


def _show(session: Session, shown: dict[str, Any]) -> None:
    console = session.console
    names = ("images", "done", "under_way", "waiting", "failed", "images_a_second", "units")
    console.table(
        ("images", "done", "under way", "waiting", "failed", "images/s", "units"),
        [tuple(shown[name] for name in names)],
        title=f"batch {shown['batch']}: {shown['status']}",
        give_way=("under way",),
    )
    if shown["minutes_left"] is not None:
        console.text(f"about {shown['minutes_left']:.0f} min are left")
    elif shown["status"] == "RUNNING" and shown["units"] is None:
        console.text(f"{shown['version']} is not running yet")
    if shown["error"]:
        console.text(f"{shown['error']}; customlabels batch redrive goes on with what is left")
    if shown["kept_up_until"]:
        console.text(f"the model is kept up for it until {shown['kept_up_until'][:16]} UTC at the latest")
