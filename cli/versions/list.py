"""customlabels versions list."""

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.known_names import remember
from customlabels.session import Session


@click.command("list", cls=Command)
@project_option
@pass_session
def list_(session: Session, project: str | None) -> None:
    """Show every version with its F1, images, test set and cost, newest first; * marks the champion.

    Example: customlabels versions list --project surface
    """
    name = session.project(project)
    table = session.versions(project=name)
    remember(project=[name], version=[row["version"] for row in table.documents()])
    rows = [{**row, "created": row["created"].strftime("%Y-%m-%d %H:%M")} for row in table.documents()]
    columns = ["version", "", "status", "F1", "train", "test", "test set", "created"]
    # Nobody pays for what is trained here.
    columns += ["seconds", "message"] if session.local else ["hours", "$", "message"]
    failed = any(row["message"] for row in rows)

    def show(_: object) -> None:
        if not rows:
            session.console.text(f"project {name} has no version yet")
            return
        shown = [[*row.values()] for row in rows]
        for row in shown:
            row[1] = "*" if row[1] else ""
            hours, dollars = row[8:10]
            cells = [(hours and hours * 3600, ".0f")] if session.local else [(hours, ".2f"), (dollars, ".2f")]
            row[8:10] = ["–" if figure is None else format(figure, form) for figure, form in cells]
        keep = len(columns) if failed else len(columns) - 1
        session.console.table(
            columns[:keep],
            [row[:keep] for row in shown],
            give_way=("hours", "test set", "message", "created", "train", "test", "$"),
        )

    session.console.result(rows, show)
