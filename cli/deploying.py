"""customlabels schedule deploy, diff, render and remove."""

import difflib
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from customlabels.aws import archives, parameters
from customlabels.aws.clients import explained
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.overriding import held
from customlabels.core.addresses import join_key
from customlabels.core.errors import ServiceError
from customlabels.core.files import written_aside
from customlabels.core.prices import hosting_cost
from customlabels.core.watching import ticking
from customlabels.pipelines.service import champion, hosting
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.states import UP
from customlabels.pipelines.service.versions import Description, is_trained, list_versions, version_name
from customlabels.scheduler import memory
from customlabels.scheduler.deployed import deployed
from customlabels.scheduler.stack import deployment, packaging
from customlabels.scheduler.stack.template import Stack, stack_name, template
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
    stack, text, code = _made(session, session.project(project), session.bucket(bucket))
    name, clients = stack_name(stack.project), session.clients
    with session.console.step(f"working out what changes in {name}") as advance:
        tick = ticking(advance)
        if deployment.clear_dead(clients.cloudformation, name, tick):
            session.console.note("what was left of a deployment that failed is deleted")
        put = _template_put(session, stack)
        proposal = deployment.propose(clients.cloudformation, name, text, put, tick)
    if proposal is None:
        session.console.done(f"{name} is as the settings have it; nothing to change", stack=name, changes=[])
        return
    rows = [tuple(asdict(one).values()) for one in proposal.changes]
    if not session.console.as_json:
        session.console.table(("", "what", "type", "replaced"), rows)
        session.console.text(_priced(stack.schedule, session))
    try:
        if not yes:
            click.confirm(f"Make these {len(rows)} changes to {name}?", abort=True, err=True)
    except click.Abort:
        deployment.discard(clients.cloudformation, proposal)
        raise
    deployment.put_code(clients.s3, stack.bucket, stack.key, code)
    with session.console.step(f"deploying {name}", None) as advance:
        deployment.execute(clients.cloudformation, proposal, ticking(advance))
    held(session, deployed(session.clients, stack.project, session.now()), session.now())
    if stack.champion is None:
        session.console.warn("there is no champion yet to start: customlabels versions promote VERSION makes one")
    for email in stack.emails:
        session.console.note(f"{email} is told once it has agreed to in the mail that SNS sends")
    session.console.done(
        f"{name} is deployed; customlabels schedule status shows what it does",
        stack=name,
        changes=[asdict(one) for one in proposal.changes],
    )


@click.command(cls=Command)
@project_option
@_bucket
@pass_session
def diff(session: Session, project: str | None, bucket: str | None) -> None:
    """Show what deploying would change in the template; nothing is written.

    Example: customlabels schedule diff
    """
    stack, text, _ = _made(session, session.project(project), session.bucket(bucket))
    name = stack_name(stack.project)
    found = deployment.find(session.clients.cloudformation, name)
    before = deployment.deployed_template(session.clients.cloudformation, name) if found else ""
    lines = list(
        difflib.unified_diff(
            before.splitlines(), text.splitlines(), f"{name} deployed", f"{name} by the settings", lineterm="", n=6
        )
    )
    same = "nothing is deployed yet" if not found else "no difference"
    session.console.result(
        {"stack": name, "deployed": bool(found), "same": not lines, "diff": lines},
        lambda _: session.console.text("\n".join(lines) if lines and found else same),
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
    stack, text, code = _made(session, session.project(project), session.bucket(bucket))
    if to is None:
        session.console.text(text.rstrip())
        return
    to.mkdir(parents=True, exist_ok=True)
    for name, body in (("template.yaml", text.encode()), ("functions.zip", code)):
        with written_aside(to / name) as file:
            file.write(body)
    session.console.done(
        f"wrote {to / 'template.yaml'} and {to / 'functions.zip'}; upload the zip as s3://{stack.bucket}/{stack.key}",
        template=str(to / "template.yaml"),
        zip=str(to / "functions.zip"),
        bucket=stack.bucket,
        key=stack.key,
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
    stack, place = stack_name(name), session.bucket(bucket)
    up = _up(session, name)
    names = ", ".join(version_name(one) for one in up)
    if not yes:
        told = f" {names} is up, and {'stays up' if leave_running else 'is stopped'}." if up else ""
        click.confirm(f"Delete {stack}?{told}", abort=True, err=True)
    folder = _folder(session, name)
    if deployment.find(clients.cloudformation, stack) is not None:
        place, folder = _code_place(deployment.deployed_template(clients.cloudformation, stack)) or (place, folder)
    with session.console.step(f"deleting {stack}") as advance:
        # First, so that nothing starts again what is then stopped; and it may have started some until now.
        there = deployment.delete(clients.cloudformation, stack, ticking(advance))
        up = _up(session, name)
        for one in [] if leave_running else up:
            hosting.stop(clients.rekognition, one["ProjectVersionArn"], tick=ticking(advance))
    with explained("deleting the functions' code"):
        pages = clients.s3.get_paginator("list_objects_v2").paginate(Bucket=place, Prefix=folder + "/")
        for page in pages:
            for item in page.get("Contents", []):
                clients.s3.delete_object(Bucket=place, Key=item["Key"])
    with explained("deleting the parameters"):
        written = [make(name) for make in (parameters.overrides, parameters.memory, parameters.serving)]
        clients.ssm.delete_parameters(Names=written)
    if up and leave_running:
        names = ", ".join(version_name(one) for one in up)
        session.console.warn(f"{names} is up, and nothing stops it any more: customlabels model stop")
    done = (
        f"{stack} and all that belonged to it is deleted" if there else f"there was no {stack}; what it left is deleted"
    )
    session.console.done(
        done, stack=stack, deleted=there, stopped=[] if leave_running else [version_name(v) for v in up]
    )


def _up(session: Session, project: str) -> list[Description]:
    found = list_versions(session.clients.rekognition, project)
    return [one for one in found if one["Status"] in UP]


def _code_place(template: str) -> tuple[str, str] | None:
    """The bucket and the folder that a deployed template has its functions' code in."""
    found = re.search(r'S3Bucket: "([^"]+)", S3Key: "([^"]+)/[^"/]+"', template)
    return (found[1], found[2]) if found else None


def _made(session: Session, project: str, bucket: str) -> tuple[Stack, str, bytes]:
    """What the settings make of the project's stack: its parts, its template, its functions' zip."""
    clients, settings = session.clients, session.settings.schedule
    known = _remembered(session, project)
    schedule = session.schedule(None if known.lead is None else timedelta(minutes=known.lead))
    found = list_versions(clients.rekognition, project)
    trained = {version_name(one): one["ProjectVersionArn"] for one in found if is_trained(one)}
    missing = [one for one in versions(schedule) if one not in {"champion", *trained}]
    if missing:
        raise ServiceError(
            f"schedule.window names {', '.join(missing)}, which is no trained version of {project}",
            hint="customlabels versions list shows them",
        )
    promoted = champion.current(clients.ssm, project)
    code = packaging.function_zip(schedule.zone)
    stack = Stack(
        project=project,
        project_arn=need_project(clients.rekognition, project),
        schedule=schedule,
        champion=promoted.version if promoted else None,
        trained=trained,
        bucket=bucket,
        key=f"{_folder(session, project)}/{archives.digest(code)}.zip",
        emails=settings.notify,
        stops_orphans=settings.orphans == "stop",
    )
    return stack, template(stack, session.now()), code


def _remembered(session: Session, project: str) -> memory.Memory:
    with explained("reading what the functions remember"):
        found = session.clients.ssm.get_parameters(Names=[parameters.memory(project)])["Parameters"]
    return memory.read(found[0]["Value"]) if found else memory.Memory()


def _folder(session: Session, project: str) -> str:
    """Where in the bucket the functions' code lies."""
    return join_key(session.settings.project.prefix, f"{project}/functions")


def _template_put(session: Session, stack: Stack) -> Callable[[str], str]:
    def put(text: str) -> str:
        key = f"{_folder(session, stack.project)}/{archives.digest(text.encode())}.yaml"
        return deployment.put_template(session.clients.s3, stack.bucket, key, text)

    return put


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
