"""What a check finds, and how what cannot be asked becomes a finding too."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from customlabels.core.errors import CustomLabelsError, ServiceError


class Standing(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    """It works, and costs or fails under some circumstance."""
    FAILED = "failed"
    """Something will not work."""
    UNKNOWN = "unknown"
    """It may not, or cannot, be asked here."""
    SKIPPED = "skipped"
    """It was not asked: nothing needs it, or it takes an option."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Parameters
    ----------
    subject : machine, account, bucket, permissions, quotas, models, schedule or open questions
    seen : what was seen, in words
    advice : a sentence to act on; that nothing is to be done is one
    """

    subject: str
    check: str
    state: Standing
    seen: str
    advice: str


NOTHING = "nothing is to be done"
ON_AWS = "ask again on AWS: leave --local out"

_DENIED = ("AccessDenied", "Forbidden", "UnauthorizedOperation", "NotAuthorized", "403")


def is_denied(error: ServiceError) -> bool:
    """Whether the caller may not ask, rather than that the answer is bad."""
    return any(error.code.startswith(name) for name in _DENIED)


def looked(subject: str, check: str, look: Callable[[], Iterable[Finding]], *, emulated: bool = False) -> list[Finding]:
    """What `look` finds; an error of it is a finding, so that one check does not end the others.

    Parameters
    ----------
    emulated : whether no AWS is asked but something that speaks its protocol, and may not know all of it
    """
    try:
        return list(look())
    except CustomLabelsError as error:
        if isinstance(error, ServiceError) and is_denied(error):
            advice = f"have somebody look who may, or have the call allowed: {error.hint or 'see the message'}"
            return [Finding(subject, check, Standing.UNKNOWN, f"may not be asked: {error.message}", advice)]
        if isinstance(error, ServiceError) and emulated:
            seen = f"this endpoint is no AWS and does not tell: {error.message}"
            return [Finding(subject, check, Standing.UNKNOWN, seen, ON_AWS)]
        return [Finding(subject, check, Standing.FAILED, error.message, error.hint or "see the message")]


def failed(findings: Iterable[Finding]) -> bool:
    """Whether something will not work."""
    return any(finding.state == Standing.FAILED for finding in findings)
