"""customlabels local env."""

import shlex
import shutil
from pathlib import Path

import click

from customlabels.aws.clients import DEFAULT_LOCAL_REGION
from customlabels.cli.group import Command, pass_session
from customlabels.emulator.server import address
from customlabels.session import Session

_GUARD = (
    'aws() { case " $* " in *" --endpoint-url"*) command aws "$@";; '
    '*) command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@";; esac; }'
)
"""Gives each call of the AWS CLI the address that its version 1 takes from no variable for SQS."""


@click.command(cls=Command)
@pass_session
def env(session: Session) -> None:
    """Print the variables that point the AWS CLI, boto3 or any SDK at it; starts it where needed.

    Example: eval "$(customlabels local env)" && aws rekognition describe-projects
    """
    service = address.start(session.state, watch=session.console)
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


def _has_own_hosts() -> bool:
    """Whether the AWS CLI that is found is its version 1, a Python script that imports awscli."""
    program = shutil.which("aws")
    try:
        with Path(program or "").open("rb") as file:
            return b"import awscli" in file.read(4096)
    except OSError:
        return False
