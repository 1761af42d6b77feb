"""customlabels versions promote, rollback and history."""

from pathlib import Path

import click

from customlabels.aws import parameters
from customlabels.aws.clients import caller_name
from customlabels.cli.gating import end_on, judged, judges, show_verdict
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.scheduled import known_schedule
from customlabels.cli.tracking import follow
from customlabels.core.errors import ServiceError
from customlabels.core.settings import GateSettings
from customlabels.pipelines.service.versions import version_name
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@click.option("--why", default="", help="Noted in the history.")
@click.option("--force", is_flag=True, help="Promote a version that fails its gate.")
@click.option(
    "--smoke",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Labelled images, a folder a label, that the running version must get right first.",
)
@pass_session
@judges
def promote(
    session: Session,
    version: str | None,
    project: str | None,
    why: str,
    force: bool,
    smoke: Path | None,
    gate: GateSettings,
    junit: Path | None,
) -> None:
    """Make VERSION (default: the newest) the champion, once it passes the gate.

    Example: customlabels versions promote v-3f9c2a71b0 --min-f1 0.9 --smoke golden
    """
    from customlabels.pipelines import notices
    from customlabels.pipelines.evaluation.results import measure
    from customlabels.pipelines.service import champion
    from customlabels.pipelines.smoke_test import smoke_test

    clients, name = session.clients, session.project(project)
    chosen = session.version(name, version)
    verdict = judged(session, name, measure(clients.s3, chosen), gate)
    if not force:
        if verdict.shortfalls:
            show_verdict(session.console, verdict)
        end_on(verdict, junit)
    if smoke is not None:
        with session.console.step(f"smoke test of {version_name(chosen)}") as advance:
            wrong = smoke_test(clients.rekognition, chosen, smoke, advance)
        if wrong:
            raise ServiceError(
                f"the smoke test of {version_name(chosen)} failed: {wrong[0]}",
                details=wrong[1:],
                hint="the champion is what it was",
            )
    forced = force and bool(verdict.shortfalls)
    promotion = champion.Promotion(version_name(chosen), chosen["ProjectVersionArn"], why, forced)
    changed = champion.promote(clients.ssm, name, promotion)
    said = "is the champion now" if changed else "is the champion already"
    if changed:
        detail = {"project": name, "version": promotion.version, "why": why, "forced": forced}
        notices.notify(clients, session.settings.notify, notices.PROMOTED, detail, session.console.warn)
        _note_schedule(session, name)
    follow(session, name, chosen)
    session.console.done(
        f"{version_name(chosen)} {said} of {name}{' (forced past its gate)' if forced and changed else ''}",
        version=version_name(chosen),
        promoted=changed,
        forced=forced,
        parameter=parameters.champion(name),
    )


@click.command(cls=Command)
@project_option
@click.option("--why", default="", help="Noted in the history.")
@pass_session
def rollback(session: Session, project: str | None, why: str) -> None:
    """Make the champion before this one the champion again.

    Example: customlabels versions rollback --why "misses cracks on line 2"
    """
    from customlabels.pipelines import notices
    from customlabels.pipelines.service import champion

    clients, name = session.clients, session.project(project)
    promotions = champion.history(clients.ssm, name)
    if not promotions:
        raise ServiceError(f"project {name} has no champion", hint="customlabels versions promote VERSION makes one")
    earlier = champion.before(promotions)
    back = session.version(name, earlier.version)
    why = why or f"back from {promotions[0].version}"
    champion.promote(clients.ssm, name, champion.Promotion(earlier.version, earlier.arn, why, back=True))
    detail = {"project": name, "version": earlier.version, "why": why, "forced": False}
    notices.notify(clients, session.settings.notify, notices.PROMOTED, detail, session.console.warn)
    _note_schedule(session, name)
    follow(session, name, back, left=promotions[0].arn)
    session.console.done(
        f"{earlier.version} is the champion of {name} again, in place of {promotions[0].version}",
        version=earlier.version,
        before=promotions[0].version,
    )


def _note_schedule(session: Session, project: str) -> None:
    """Says what a deployed schedule makes of a new champion."""
    if known_schedule(session, project) is None:
        return
    session.console.note(
        "while a window is open, the schedule brings it up first, and then stops the one before; "
        "customlabels schedule deploy has the stop after closing time know it"
    )


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
            "when": one.when.astimezone().strftime("%Y-%m-%d %H:%M") if one.when else "",
            "version": one.version,
            "by": caller_name(one.by),
            "why": one.why + (" (forced)" if one.forced else ""),
        }
        for one in champion.history(session.clients.ssm, name)
    ]

    def show(_: object) -> None:
        if rows:
            session.console.table(("when", "version", "by", "why"), [tuple(row.values()) for row in rows])
        else:
            session.console.text(f"project {name} has no champion yet")

    session.console.result(rows, show)
