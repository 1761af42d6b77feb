"""customlabels local."""

import shlex
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from customlabels.aws.clients import DEFAULT_LOCAL_REGION
from customlabels.cli.group import Figure, Group, pass_session
from customlabels.core.errors import ServiceError
from customlabels.core.spans import parse_span
from customlabels.emulator.server import address
from customlabels.session import Session


@click.group(cls=Group)
def local() -> None:
    """The local service that stands in for AWS; it starts by itself with --local."""


@local.command()
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this folder.")
@click.option("--fast", "speed", flag_value="fast", help="States last a moment, and units take 100 requests a second.")
@click.option("--real", "speed", flag_value="real", help="States last as long as on AWS: a start 15 minutes.")
@click.option("--strict", is_flag=True, help="As unkind as AWS: answers lag, IAM is enforced, all inputs are checked.")
@click.option("--iam", is_flag=True, help="Enforce IAM for users and roles that are made there.")
@click.option("--rate", type=Figure(min=0, min_open=True), help="Requests a second that a unit takes.")
@pass_session
def start(session: Session, state: Path | None, speed: str | None, strict: bool, iam: bool, rate: float | None) -> None:
    """Start it in the background; it remembers how fast it was.

    A folder named with --state is reached by the other commands through CUSTOMLABELS_STATE.

    Example: customlabels local start --real && customlabels local advance 15m
    """
    folder = state or session.state
    pace = {"fast": address.FAST, "real": address.REAL}.get(speed or "")
    if rate is not None:
        pace = replace(pace or address.USUAL, rate=rate)
    if strict or iam:
        pace = replace(pace or address.USUAL, strict=strict, iam=iam)
    service = address.start(folder, pace)
    if pace is not None and service.pace != pace:
        raise ServiceError(
            "the local service is running at another pace", hint="customlabels local stop, then start it"
        )
    session.console.done(
        f"running at {service.endpoint_url} (process {service.pid}), state in {folder}",
        endpoint_url=service.endpoint_url,
        pid=service.pid,
        state=str(folder),
    )


@local.command()
@pass_session
def stop(session: Session) -> None:
    """Stop it; what it holds stays on disk.

    Example: customlabels local stop
    """
    stopped = address.stop(session.state)
    session.console.done("stopped" if stopped else "was not running", stopped=stopped)


@local.command()
@pass_session
def status(session: Session) -> None:
    """Show whether it runs, where, and where its state lies.

    Example: customlabels local status
    """
    service = address.running(session.state)
    document = {"running": service is not None, "state": str(session.state)}
    if service:
        document |= {"endpoint_url": service.endpoint_url, "pid": service.pid}
    where = f"running at {service.endpoint_url} (process {service.pid})" if service else "not running"
    session.console.result(document, lambda _: session.console.text(f"{where}, state in {session.state}"))


@local.command()
@click.argument("span")
@pass_session
def advance(session: Session, span: str) -> None:
    """Move its clock on by SPAN (90s, 25m, 8h, 2d): states, billing and all that is due follow.

    Example: customlabels local advance 8h
    """
    now = datetime.fromtimestamp(address.advance(session.state, parse_span(span).total_seconds()), UTC)
    session.console.done(f"it is {now:%Y-%m-%d %H:%M:%S} UTC there now", now=now.isoformat())


@local.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def reset(session: Session, yes: bool) -> None:
    """Stop it and delete everything it holds.

    Example: customlabels local reset
    """
    if not yes:
        click.confirm(f"Delete every bucket, project and version in {session.state}?", abort=True, err=True)
    address.reset(session.state)
    session.console.done(f"{session.state} is empty", state=str(session.state))


@local.command()
@pass_session
def env(session: Session) -> None:
    """Print the variables that point the AWS CLI, boto3 or any SDK at it; starts it where needed.

    Example: eval "$(customlabels local env)" && aws rekognition describe-projects
    """
    service = address.start(session.state)
    variables = {
        "AWS_ENDPOINT_URL": service.endpoint_url,
        "AWS_ACCESS_KEY_ID": service.key,
        "AWS_SECRET_ACCESS_KEY": address.SECRET,
        "AWS_REGION": DEFAULT_LOCAL_REGION,
        "AWS_DEFAULT_REGION": DEFAULT_LOCAL_REGION,
    }

    def show(_: object) -> None:
        session.console.text("unset AWS_PROFILE AWS_SESSION_TOKEN")
        for name, value in variables.items():
            session.console.text(f"export {name}={shlex.quote(value)}")
        if _has_own_hosts():
            session.console.text(_GUARD)
            session.console.note("aws sqs of the AWS CLI version 1 leaves the machine without --endpoint-url")

    session.console.result(variables, show)


_GUARD = (
    'aws() { case " $* " in *" --endpoint-url"*) command aws "$@";; '
    '*) command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@";; esac; }'
)
"""Gives each call of the AWS CLI the address that its version 1 takes from no variable for SQS."""


def _has_own_hosts() -> bool:
    """Whether the AWS CLI that is found is its version 1, a Python script that imports awscli."""
    program = shutil.which("aws")
    try:
        with Path(program or "").open("rb") as file:
            return b"import awscli" in file.read(4096)
    except OSError:
        return False
