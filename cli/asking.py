"""Questions before something is deleted, changed or begins to cost."""

import sys

import click

from customlabels.core.printable import printable


class Unasked(click.Abort):
    """Nobody is there to answer."""


class Declined(click.Abort):
    """The person said no."""


def ask(question: str, *, yes: bool) -> None:
    """Asks on standard error, unless `yes` has answered.

    Raises
    ------
    Declined : the answer is no
    Unasked : standard input has ended, as where no terminal is
    """
    if yes:
        return
    try:
        agreed = click.confirm(printable(question, encoding=sys.stderr.encoding or "utf-8"), err=True)
    except click.Abort as error:
        # click makes an Abort of the end of the input and of Ctrl-C.
        if isinstance(error.__context__, EOFError):
            click.echo(err=True)
            raise Unasked from error
        raise
    if not agreed:
        raise Declined
