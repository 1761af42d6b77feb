"""Options and tables of the commands that deploy stacks."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from customlabels.aws.stacks.change_sets import Change
from customlabels.core.console import Console

code_bucket_option = click.option("--bucket", help="Where the functions' code is put.")


def show_changes(console: Console, changes: Sequence[Change]) -> None:
    """The table of what a deployment makes, changes and deletes."""
    console.table(
        ("", "what", "type", "replaced"), [tuple(asdict(change).values()) for change in changes], give_way=("type",)
    )
