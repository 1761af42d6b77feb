"""A project's parameters in SSM Parameter Store: their names, and one way to read, write and delete them.

Light, since the Lambda functions carry it: the standard library alone. What Parameter Store refuses is botocore's
error; commands put these calls into `explained`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

ROOT = "/customlabels"


class Version(NamedTuple):
    """What a parameter held: since when, and written by whom, where that is told."""

    value: str
    when: datetime
    by: str = ""


_MOST_NAMES = 10
"""Parameters that one call gives, or deletes. Source: Systems Manager API reference, "GetParameters"."""


def champion(project: str) -> str:
    """Which version is the champion; written by promotions."""
    return f"{ROOT}/{project}/champion"


def inspection_rules(project: str) -> str:
    """How images are inspected; part of the inspection's stack."""
    return f"{ROOT}/{project}/inspection-rules"


def schedule(project: str) -> str:
    """The schedule; part of the stack."""
    return f"{ROOT}/{project}/schedule"


def overrides(project: str) -> str:
    """What overrides the schedule for a time; written by people."""
    return f"{ROOT}/{project}/overrides"


def memory(project: str) -> str:
    """What the functions remember; written by them."""
    return f"{ROOT}/{project}/uptime"


def serving(project: str) -> str:
    """Which version answers requests, as far as the functions know; written by them."""
    return f"{ROOT}/{project}/serving"


def inspection(project: str) -> str:
    """Where images are inspected: queue, mapping, table, function; part of the inspection's stack."""
    return f"{ROOT}/{project}/inspection"


def read(ssm: "SSMClient", paths: Sequence[str]) -> dict[str, str]:
    """The values of those of the parameters that there are, by their names."""
    return {path: held.value for path, held in read_dated(ssm, paths).items()}


def read_dated(ssm: "SSMClient", paths: Sequence[str]) -> dict[str, Version]:
    """What those of the parameters hold that there are, and since when, by their names.

    Raises
    ------
    KeyError : of one the answer says neither what it holds nor that it is not there
    """
    held: dict[str, Version] = {}
    for batch in _batches(paths):
        answer = ssm.get_parameters(Names=batch)
        held |= {
            parameter["Name"]: Version(parameter["Value"], parameter["LastModifiedDate"])
            for parameter in answer["Parameters"]
        }
        if untold := set(batch) - held.keys() - set(answer.get("InvalidParameters", ())):
            raise KeyError(min(untold))
    return held


def newest(ssm: "SSMClient", path: str) -> Version | None:
    """What the parameter holds, and since when; None where there is none."""
    try:
        parameter = ssm.get_parameter(Name=path)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        return None
    return Version(parameter["Value"], parameter["LastModifiedDate"])


def history(ssm: "SSMClient", path: str) -> list[Version]:
    """All that the parameter has held, as far as it is kept, newest first; none where there is none."""
    try:
        return [
            Version(version["Value"], version["LastModifiedDate"], version.get("LastModifiedUser", ""))
            for page in ssm.get_paginator("get_parameter_history").paginate(Name=path)
            for version in page["Parameters"]
        ][::-1]
    except ssm.exceptions.ParameterNotFound:
        return []


def write(ssm: "SSMClient", path: str, value: str, description: str) -> None:
    """Writes a parameter, whether it is there or not."""
    ssm.put_parameter(Name=path, Value=value, Type="String", Overwrite=True, Description=description)


def delete(ssm: "SSMClient", paths: Sequence[str]) -> None:
    """Deletes those of the parameters that there are."""
    for batch in _batches(paths):
        ssm.delete_parameters(Names=batch)


def _batches(paths: Iterable[str]) -> Iterable[list[str]]:
    remaining = iter(paths)
    while batch := list(islice(remaining, _MOST_NAMES)):
        yield batch
