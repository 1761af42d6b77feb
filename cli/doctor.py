"""customlabels doctor."""

from typing import TYPE_CHECKING

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.core.prices import hosting_cost
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.versions import Description


@click.command(cls=Command)
@project_option
@click.option("--bucket", help="The bucket that it works in.")
@click.option("--probe", is_flag=True, help="Try open questions with a throwaway project and stack, removed after.")
@click.option("--paid", is_flag=True, help="With --probe: also start a model, once its price is agreed to.")
@click.option("--yes", is_flag=True, help="Do not ask before a model is started.")
@pass_session
def doctor(session: Session, project: str | None, bucket: str | None, probe: bool, paid: bool, yes: bool) -> int:
    """Tell whether machine, account and project are ready, before money is spent.

    It is free and only reads, unless --probe is given. Exit code 0: ready; 1: something failed, whatever else is
    unknown or warned of.

    Example: customlabels doctor --project surface
    """
    from customlabels.pipelines.readiness.findings import failed

    if paid and not probe:
        raise SettingsError("--paid goes with --probe", hint="customlabels doctor --probe --paid")
    findings = session.doctor(
        project=project, bucket=bucket, probe=probe, paid=paid, before_start=_agreed(session, yes)
    )
    document = {"ready": not failed(findings), "findings": findings.documents()}
    rows = [(row.subject, row.check, row.state.value, row.seen, row.advice) for row in findings]

    def show(_: object) -> None:
        session.console.table(("subject", "check", "state", "seen", "what to do"), rows, give_way=("subject", "seen"))
        many = sum(row[2] == "failed" for row in rows)
        session.console.text(f"not ready: {counted(many, 'check')} failed" if many else "ready: nothing failed")

    session.console.result(document, show)
    return int(failed(findings))


def _agreed(session: Session, yes: bool) -> "BeforeStart":
    """Asks before the paid probe starts a model, with what it may cost."""

    def before_start(version: "Description", units: int) -> None:
        from customlabels.pipelines.readiness.metrics import LONGEST_HOURS
        from customlabels.pipelines.service.versions import version_name

        most = hosting_cost(LONGEST_HOURS, units)
        question = f"Start {version_name(version)} for this, and stop it again?"
        ask(f"{question} On AWS it costs ${most:.2f} at most", yes=yes or session.local)

    return before_start
