"""customlabels schedule deploy, diff, render and remove."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.stack import render as render_files
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.overriding import held
from customlabels.core.console import Console
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.versions import version_name
from customlabels.scheduler.deployed import deployed
from customlabels.scheduler.stack.assembly import Assembled, assemble, code_folder, learned_lead
from customlabels.scheduler.stack.removal import remove as remove_schedule
from customlabels.scheduler.stack.removal import versions_up
from customlabels.scheduler.uptime import Schedule, spans, versions
from customlabels.session import Session

_bucket = click.option("--bucket", help="Where the functions' code is put.")


@click.command(cls=Command)
@project_option
@_bucket
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def deploy(session: Session, project: str | None, bucket: str | None, yes: bool) -> None:
    """Deploy the schedule, once its changes have been shown and agreed to; run again, it goes on where it was.

    Example: customlabels schedule deploy
    """
    assembled = _assembled(session, project, bucket)
    parts, stack, console = assembled.parts, assembled.stack, session.console

    def confirm(changes: tuple[Change, ...]) -> bool:
        if not console.as_json:
            show_changes(console, changes)
            console.text(_priced(parts.schedule, session))
        return yes or click.confirm(f"Make these {len(changes)} changes to {stack.name}?", abort=True, err=True)

    outcome = deployment.deploy(session.clients, stack, confirm=confirm, watch=console)
    if outcome is None or not outcome.changes:
        console.done(f"{stack.name} is as the settings have it; nothing to change", stack=stack.name, changes=[])
        return
    held(session, deployed(session.clients, parts.project, session.now()), session.now())
    if parts.champion is None:
        console.warn("there is no champion yet to start: customlabels versions promote VERSION makes one")
    for email in parts.emails:
        console.note(f"{email} is told once it has agreed to in the mail that SNS sends")
    console.done(
        f"{stack.name} is deployed; customlabels schedule status shows what it does",
        stack=stack.name,
        changes=[asdict(change) for change in outcome.changes],
    )


@click.command(cls=Command)
@project_option
@_bucket
@pass_session
def diff(session: Session, project: str | None, bucket: str | None) -> None:
    """Show what deploying would change in the template; nothing is written.

    Example: customlabels schedule diff
    """
    difference = deployment.diff(session.clients, _assembled(session, project, bucket).stack)
    lines, shown = difference.lines, difference.deployed
    same = "no difference" if shown else "nothing is deployed yet"
    session.console.result(
        {"stack": difference.name, "deployed": shown, "same": not lines, "diff": lines},
        lambda _: session.console.text("\n".join(lines) if lines and shown else same),
    )


@click.command(cls=Command)
@project_option
@_bucket
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="Write template.yaml and functions.zip there."
)
@pass_session
def render(session: Session, project: str | None, bucket: str | None, to: Path | None) -> None:
    """Print the CloudFormation template, for teams that deploy with tools of their own.

    It names the functions' zip in the bucket, where you put it: --to writes both.

    Example: customlabels schedule render --to stack
    """
    assembled = _assembled(session, project, bucket)
    parts, stack = assembled.parts, assembled.stack
    if to is None:
        session.console.text(stack.template.rstrip())
        return
    template, code = render_files(stack, to, {parts.key: "functions.zip"})
    session.console.done(
        f"wrote {template} and {code}; upload the zip as s3://{parts.bucket}/{parts.key}",
        template=str(template),
        zip=str(code),
        bucket=parts.bucket,
        key=parts.key,
    )


@click.command(cls=Command)
@project_option
@_bucket
@click.option("--leave-running", is_flag=True, help="Do not stop models that are up.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(session: Session, project: str | None, bucket: str | None, leave_running: bool, yes: bool) -> None:
    """Stop the project's models and delete its schedule, functions, alarms, parameters and code; nothing is left.

    Versions, datasets and the champion stay as they are.

    Example: customlabels schedule remove
    """
    name, clients = session.project(project), session.clients
    stack, code = stack_name(name), code_folder(session.settings, name, session.bucket(bucket))
    names = ", ".join(version_name(version) for version in versions_up(clients, name))
    if not yes:
        up = f" {names} is up, and {'stays up' if leave_running else 'is stopped'}." if names else ""
        click.confirm(f"Delete {stack}?{up}", abort=True, err=True)
    removed = remove_schedule(clients, name, code=code, leave_running=leave_running, watch=session.console)
    if removed.up and leave_running:
        session.console.warn(f"{', '.join(removed.up)} is up, and nothing stops it any more: customlabels model stop")
    done = (
        f"{stack} and all that belonged to it is deleted"
        if removed.existed
        else f"there was no {stack}; what it left is deleted"
    )
    stopped = [] if leave_running else list(removed.up)
    session.console.done(done, stack=stack, deleted=removed.existed, stopped=stopped)


def show_changes(console: Console, changes: Sequence[Change]) -> None:
    console.table(("", "what", "type", "replaced"), [tuple(asdict(change).values()) for change in changes])


def _assembled(session: Session, project: str | None, bucket: str | None) -> Assembled:
    """What the settings make of the project's stack."""
    name, place = session.project(project), session.bucket(bucket)
    schedule = session.schedule(learned_lead(session.clients.ssm, name))
    return assemble(session.clients, session.settings, project=name, bucket=place, schedule=schedule, now=session.now())


def _priced(schedule: Schedule, session: Session) -> str:
    now = session.now()
    week = timedelta(days=7)
    total = sum(
        hosting_cost((min(span.stop, now + week) - max(span.start, now)) / timedelta(hours=1), span.units)
        for version in versions(schedule)
        for span in spans(schedule, now, now + week, version)
    )
    always = hosting_cost(24 * 7, 1)
    return f"windows of the next seven days: ${total:.2f}; one unit that is never stopped costs ${always:.2f} a week"
