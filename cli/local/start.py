"""customlabels local start."""

from dataclasses import replace
from pathlib import Path

import click

from customlabels.cli.group import Command, Figure, pass_session
from customlabels.core.errors import ServiceError
from customlabels.emulator.server import address
from customlabels.session import Session


@click.command(cls=Command)
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this folder.")
@click.option("--fast", "speed", flag_value="fast", help="States last a moment, and units take 100 requests a second.")
@click.option("--real", "speed", flag_value="real", help="States last as long as on AWS: a start 15 minutes.")
@click.option("--strict", is_flag=True, help="As unkind as AWS: answers lag, IAM is enforced, all inputs are checked.")
@click.option("--iam", is_flag=True, help="Enforce IAM for users and roles that are made there.")
@click.option("--lag", type=Figure(min=0), help="Seconds that answers of Custom Labels lag behind writes.")
@click.option("--rate", type=Figure(min=0, min_open=True), help="Requests a second that a unit takes.")
@pass_session
def start(
    session: Session,
    state: Path | None,
    speed: str | None,
    strict: bool,
    iam: bool,
    lag: float | None,
    rate: float | None,
) -> None:
    """Start it in the background; it remembers how fast it was.

    A folder named with --state is reached by the other commands through CUSTOMLABELS_STATE.

    Example: customlabels local start --real && customlabels local advance 15m
    """
    folder = state or session.state
    pace = {"fast": address.FAST, "real": address.REAL}.get(speed or "")
    if rate is not None:
        pace = replace(pace or address.USUAL, rate=rate)
    if strict or iam or lag is not None:
        pace = replace(pace or address.USUAL, strict=strict, iam=iam, lag=lag or 0.0)
    service = address.start(folder, pace, session.console)
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
