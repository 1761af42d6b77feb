"""What the function knows before it looks at images: how they are judged, and which version is to answer."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from customlabels.aws import parameters
from customlabels.inspection.documents import Inspection, read_inspection_text
from customlabels.pipelines.service import arns

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


class Version(NamedTuple):
    """A version by name and ARN."""

    name: str
    arn: str


SETTLED = timedelta(minutes=5)
"""Longer than any worker goes on with what it knows: 30 seconds, and a call's time."""


class Known(NamedTuple):
    """How images are inspected, and the versions that may answer: the champion, then who serves until it is up.

    Parameters
    ----------
    settled : whether there is one version, for so long that no worker looks with another
    """

    inspection: Inspection
    versions: tuple[Version, ...]
    settled: bool = False


def look_up(ssm: "SSMClient", project: str, now: datetime) -> Known:
    """What the project's parameters say.

    Raises
    ------
    LookupError : there is no inspection
    ValueError : it is none
    """
    names = [parameters.inspection_rules(project), parameters.champion(project), parameters.serving(project)]
    held = parameters.read_dated(ssm, names)
    if names[0] not in held:
        raise LookupError(f"the parameter {names[0]} is not there")
    naming = [held[name] for name in names[1:] if name in held]
    versions = tuple(dict.fromkeys(filter(None, (_version(parameter.value) for parameter in naming))))
    settled = len(versions) == 1 and all(now - parameter.when > SETTLED for parameter in naming)
    return Known(read_inspection_text(held[names[0]].value), versions, settled)


def assumed_thresholds(
    rekognition: "RekognitionClient", s3: "S3Client", project_arn: str, version: Version
) -> Mapping[str, float]:
    """Each label's threshold with the best F1 on the version's test images, 0..100; none of a version without any.

    Raises
    ------
    ServiceError, ValueError : its evaluation cannot be read
    """
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation
    from customlabels.pipelines.service.versions import find_version

    description = find_version(rekognition, project_arn, version.name)
    if description is None or "EvaluationResult" not in description:
        return {}
    return {metrics.label: 100 * metrics.threshold for metrics in load_evaluation(s3, description).labels}


def _version(text: str) -> Version | None:
    """The version that a parameter names; None where it names none."""
    try:
        arn = str(json.loads(text)["arn"])
        return Version(arns.version_name(arn), arn) if arn else None
    except (ValueError, KeyError, TypeError):
        return None
