"""Options and tables of the commands that deploy stacks."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.aws.stacks.stack import Stack
from customlabels.core.console import Console
from customlabels.session import Session

code_bucket_option = click.option("--bucket", help="Where the functions' code is put.")


def show_changes(console: Console, changes: Sequence[Change]) -> None:
    """The table of what a deployment makes, changes and deletes."""
    console.table(
        ("", "what", "type", "replaced"), [tuple(asdict(change).values()) for change in changes], give_way=("type",)
    )


def show_difference(session: Session, stack: Stack) -> None:
    """What deploying would change in the template, as lines of a diff."""
    difference = deployment.diff(session.clients, stack)
    lines, shown = difference.lines, difference.deployed
    same = "no difference" if shown else "nothing is deployed yet"
    session.console.result(
        {"stack": difference.name, "deployed": shown, "same": not lines, "diff": lines},
        lambda _: session.console.lines(lines if lines and shown else [same]),
    )
