"""What starting, finding again and registering a version take of the plan that it is trained by.

A pipeline writes it down where its plan is made, and reads it where the training is started. Pure and light.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

DATASET_TAG = "customlabels:digest"
"""The tag by which a project's dataset tells what it holds."""


def digest_tag(side: str) -> str:
    """The tag by which a version tells which images of that side it was trained by."""
    return f"customlabels:{side}-digest"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A version to be trained.

    Parameters
    ----------
    output : folder in `bucket` that the service writes the version's results to
    datasets : what the project's datasets have to hold, a digest a side
    digests : of the images themselves, a digest a side
    images : how many, a side
    """

    project: str
    project_arn: str
    version: str
    bucket: str
    output: str
    tags: Mapping[str, str]
    description: str
    datasets: Mapping[str, str]
    digests: Mapping[str, str]
    images: Mapping[str, int]
    kms_key: str | None = None


def document(ticket: Ticket) -> dict[str, Any]:
    """The ticket as it is written."""
    return asdict(ticket)


def read_ticket(written: Mapping[str, Any]) -> Ticket:
    """The ticket that was written so.

    Raises
    ------
    ValueError : it is none, or one of another version of customlabels
    """
    try:
        return Ticket(**{field.name: written[field.name] for field in fields(Ticket)})
    except (KeyError, TypeError) as error:
        raise ValueError(f"no ticket of customlabels: {error!r}") from error
