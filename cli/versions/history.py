"""customlabels versions history."""

import click

from customlabels.aws.clients import caller_name
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@pass_session
def history(session: Session, project: str | None) -> None:
    """Show every promotion, newest first: when, which version, by whom and why.

    Example: customlabels versions history
    """
    from customlabels.pipelines.service import champion

    name = session.project(project)
    rows = [
        {
            "when": promotion.when.astimezone().strftime("%Y-%m-%d %H:%M") if promotion.when else "",
            "version": promotion.version,
            "by": caller_name(promotion.by),
            "why": promotion.why + (" (forced)" if promotion.forced else ""),
        }
        for promotion in champion.history(session.clients.ssm, name)
    ]

    def show(_: object) -> None:
        if rows:
            session.console.table(("when", "version", "by", "why"), [tuple(row.values()) for row in rows])
        else:
            session.console.text(f"project {name} has no champion yet")

    session.console.result(rows, show)
