"""What an account tells, for documents that can be made without it, too."""

from collections.abc import Callable
from typing import TypeVar

from customlabels.aws.refusals import is_out_of_reach
from customlabels.core.errors import ServiceError

A = TypeVar("A")


def account_or(look_up: Callable[[], A], nothing: A, *, unaided: bool, warn: Callable[[str], None], lacking: str) -> A:
    """What `look_up` tells of the account; `nothing`, and that said, where it cannot be asked.

    Parameters
    ----------
    unaided : whether it may be that it cannot be asked
    lacking : what a template lacks that is made of nothing, in words

    Raises
    ------
    ServiceError : the account refuses, or it cannot be asked and has to be
    """
    try:
        return look_up()
    except ServiceError as error:
        if not unaided or not is_out_of_reach(error):
            raise
        warn(f"{error.message}: nothing of the account is in the template. {lacking}")
        return nothing
