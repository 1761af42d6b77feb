"""The account: region, credentials, whose they are, and whether this machine's clock is AWS's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from customlabels.aws.clients import Clients, caller_name, explained
from customlabels.core.errors import CustomLabelsError
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing

SUBJECT = "account"

TOLERATED = timedelta(minutes=5)
"""Clocks further apart than this have calls refused. Source: Signature Version 4, "Troubleshooting"."""

NOTICEABLE = timedelta(seconds=30)


def account(clients: Clients) -> Iterator[Finding]:
    """Region, credentials, account and clock; nothing else can be asked where one of the first two fails."""
    try:
        region = clients.region
    except CustomLabelsError as error:
        yield Finding(SUBJECT, "region", Standing.FAILED, error.message, error.hint or "name another with --region")
        return
    yield Finding(SUBJECT, "region", Standing.OK, f"{region} has Custom Labels", NOTHING)
    try:
        with explained("asking who calls"):
            identity: dict[str, Any] = clients.once("sts").get_caller_identity()
    except CustomLabelsError as error:
        advice = error.hint or "log in again, or name another --profile"
        yield Finding(SUBJECT, "credentials", Standing.FAILED, error.message, advice)
        date = _date_of(error.__cause__)
        if date is not None:
            yield clock(date, datetime.now(UTC))
        return
    name = caller_name(identity["Arn"]) or identity["Arn"]
    yield Finding(SUBJECT, "credentials", Standing.OK, f"AWS knows them as {name}", NOTHING)
    yield Finding(SUBJECT, "account", Standing.OK, identity["Account"], NOTHING)
    yield clock(_date(identity["ResponseMetadata"]["HTTPHeaders"].get("date", "")), datetime.now(UTC))


def clock(theirs: datetime | None, ours: datetime) -> Finding:
    """Whether this machine's clock is right, by the service's own.

    Parameters
    ----------
    theirs : the Date header of an answer, to the second; None where it has none
    """
    if theirs is None:
        return Finding(SUBJECT, "clock", Standing.UNKNOWN, "the answer has no date", "compare the clock by hand")
    apart = abs(ours - theirs)
    way = "behind" if ours < theirs else "ahead"
    seen = f"{apart.total_seconds():.0f} s {way} of the service's clock"
    advice = "set this machine's clock by a time server (chrony, systemd-timesyncd, Windows Time)"
    if apart > TOLERATED:
        return Finding(SUBJECT, "clock", Standing.FAILED, f"{seen}: calls are refused", advice)
    if apart > NOTICEABLE:
        return Finding(SUBJECT, "clock", Standing.WARNING, f"{seen}; from five minutes on calls are refused", advice)
    return Finding(SUBJECT, "clock", Standing.OK, seen, NOTHING)


def _date_of(error: BaseException | None) -> datetime | None:
    """The date of the answer that an error of botocore came with."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return _date(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", ""))


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
