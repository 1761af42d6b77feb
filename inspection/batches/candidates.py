"""What sources of a batch give: images as arrivals, and what of a source is none. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from customlabels.core.addresses import S3Address
from customlabels.inspection.records import Arrival


@dataclass(slots=True)
class Left:
    """What of a source is no image to be looked at, by what it is instead: how many, and the first.

    Parameters
    ----------
    told : sentences on how the source is taken
    """

    out: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def note(self, what: str, address: S3Address) -> None:
        self.out[what] += 1
        self.first.setdefault(what, str(address))

    def add(self, other: "Left") -> None:
        self.out.update(other.out)
        self.first = {**other.first, **self.first}
        self.told += other.told


def made(address: S3Address, etag: str, size: int, at: datetime) -> Arrival:
    """The arrival of an object as S3 tells of it; a time without a zone is UTC's."""
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return Arrival(address, etag, size, at.isoformat(timespec="milliseconds"), at)
