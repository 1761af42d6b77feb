"""ARNs of Custom Labels taken apart. Pure: standard library alone.

arn:aws:rekognition:REGION:ACCOUNT:project/PROJECT/CREATED, and …:project/PROJECT/version/VERSION/CREATED, CREATED being
milliseconds since 1970. Source: Amazon Rekognition API reference, patterns of ProjectArn and ProjectVersionArn.
"""

from typing import NamedTuple

CHAMPION = "champion"
"""What stands for the promoted version's name, wherever a version is named."""


class ArnParts(NamedTuple):
    """Parts of a project's or a version's ARN; `version` is empty in a project's."""

    region: str
    account: str
    project: str
    version: str


def parts(arn: str) -> ArnParts:
    """The parts of a project's, a dataset's or a version's ARN.

    Raises
    ------
    ValueError : it is none of those
    """
    prefix, separator, path = arn.partition(":project/")
    head, names = prefix.split(":"), path.split("/")
    if not separator or len(head) != 5 or head[2] != "rekognition" or not names[0]:
        raise ValueError(f"{arn!r} is no ARN of a Custom Labels project or version")
    version = names[2] if len(names) >= 3 and names[1] == "version" else ""
    return ArnParts(head[3], head[4], names[0], version)


def project_name(arn: str) -> str:
    """The name of the project that a project's, a dataset's or a version's ARN belongs to."""
    return parts(arn).project


def version_name(arn: str) -> str:
    """The version's name, which stands only in its ARN; empty in a project's."""
    return parts(arn).version
