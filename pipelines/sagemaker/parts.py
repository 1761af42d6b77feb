"""What the pipeline's stack is made of."""

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a template is made of.

    Parameters
    ----------
    name : the stack's, which the names of functions begin with
    pipeline, group : names of the pipeline and the model package group
    folder : in `bucket`, below which all of the project lies
    key : of the functions' zip in `bucket`
    topic, event_bus, tracking_uri : who is told of a promotion that an approval brings about, and what follows it
    images : s3://bucket/folder of the labelled images; None where any bucket of the account may be named
    """

    name: str
    project: str
    pipeline: str
    group: str
    bucket: str
    folder: str
    key: str
    images: str | None = None
    kms_key: str | None = None
    topic: str | None = None
    event_bus: str | None = None
    tracking_uri: str | None = None
