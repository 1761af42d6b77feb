"""customlabels versions delete."""

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.lifetime import delete_version
from customlabels.pipelines.service.states import may_be_up
from customlabels.pipelines.service.versions import version_name
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version")
@project_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def delete(session: Session, version: str, project: str | None, yes: bool) -> None:
    """Delete VERSION for good; its images and results stay in S3. Neither the champion nor a running version goes.

    Example: customlabels versions delete v-3f9c2a71b0
    """
    from customlabels.pipelines.service import champion

    name = session.project(project)
    chosen = session.version(name, version, gone=True)
    promoted = champion.current(session.clients.ssm, name)
    if promoted is not None and promoted.arn == chosen["ProjectVersionArn"]:
        raise ServiceError(
            f"version {version_name(chosen)} is the champion of {name}", hint="promote another first, or roll back"
        )
    if may_be_up(chosen["Status"]):
        raise ServiceError(
            f"version {version_name(chosen)} is {chosen['Status']}",
            hint=f"customlabels model stop {version_name(chosen)}",
        )
    score = chosen.get("EvaluationResult", {}).get("F1Score")
    about = (
        f"{chosen['Status']}, of {chosen['CreationTimestamp']:%Y-%m-%d}, F1 {'–' if score is None else f'{score:.3f}'}"
    )
    ask(f"Delete version {version_name(chosen)} of {name} ({about})?", yes=yes)
    with session.console.step(f"deleting {version_name(chosen)}"):
        delete_version(session.clients.rekognition, name, version_name(chosen))
    session.console.done(f"version {version_name(chosen)} is deleted", version=version_name(chosen), status="DELETED")
