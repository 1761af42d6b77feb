"""What an account tells, for documents that can be made without it, too."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from customlabels.session.session import Session

A = TypeVar("A")


def account_or(session: "Session", look_up: Callable[[], A], nothing: A, *, unaided: bool, lacking: str) -> A:
    """What `look_up` tells of the account; `nothing`, and that said, where it cannot be asked.

    Parameters
    ----------
    unaided : whether it may be that it cannot be asked
    lacking : what a document lacks that is made of nothing, in words

    Raises
    ------
    ServiceError : the account refuses, or it cannot be asked and has to be
    """
    from customlabels.aws.clients import is_out_of_reach

    try:
        return look_up()
    except ServiceError as error:
        if not unaided or not is_out_of_reach(error):
            raise
        session.console.warn(f"{error.message}: nothing of the account is in the template. {lacking}")
        return nothing
