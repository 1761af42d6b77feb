"""customlabels versions history."""

import click

from customlabels.aws.clients import caller_name, is_local_user
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@pass_session
def history(session: Session, project: str | None) -> None:
    """Show every promotion, newest first: when, which version, by whom and why.

    Example: customlabels versions history
    """
    from customlabels.pipelines.service import champion, projects, versions

    name = session.project(project)
    promotions = champion.history(session.clients.ssm, name)
    rekognition = session.clients.rekognition
    if promotions and projects.find_project(rekognition, name) is not None:
        sentence = champion.trouble(promotions[0], versions.list_versions(rekognition, name))
        if sentence:
            session.console.warn(sentence)
    rows = [
        {
            "when": promotion.when.astimezone().strftime("%Y-%m-%d %H:%M") if promotion.when else "",
            "version": promotion.version,
            "by": caller_name(promotion.by),
            "why": promotion.why + (" (forced)" if promotion.forced else ""),
        }
        for promotion in promotions
    ]

    def show(_: object) -> None:
        if rows:
            shown = [
                {**row, "by": "local user"} if is_local_user(promotion.by) else row
                for row, promotion in zip(rows, promotions, strict=True)
            ]
            session.console.table(
                ("when", "version", "by", "why"), [tuple(row.values()) for row in shown], give_way=("by", "why")
            )
        else:
            session.console.text(f"project {name} has no champion yet")

    session.console.result(rows, show)
