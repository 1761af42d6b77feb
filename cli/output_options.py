"""Where a result goes is --to, in every command; what kind of result it is, --as."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from customlabels.core.console import Console

former_target: Callable[[Any], Any] = click.option("-o", "former", hidden=True)
"""What --to was called while --to named the kind."""


def kind_and_target(
    console: Console, kind: str | None, to: str | None, former: str | None, kinds: Sequence[str]
) -> tuple[str | None, Path]:
    """What the result is, None where that is left open, and where it goes.

    Raises
    ------
    click.UsageError : nothing says where, or two options do
    """
    if former is not None and to in kinds and kind is None:
        console.warn(f"--to {to} -o {former} is now written --as {to} --to {former}")
        return to, Path(former)
    if (to is None) == (former is None):
        raise click.UsageError("say once where the result goes, with --to")
    if to in kinds and kind is None:
        console.note(f"--to {to} names where the result goes; --as {to} would say what it is")
    return kind, Path(to or former or "")
