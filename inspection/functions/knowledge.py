"""What the function knows before it looks at images: how they are judged, and which version is to answer."""

import json
from collections.abc import Mapping
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


class Known(NamedTuple):
    """How images are inspected, and the versions that may answer: the champion, then who serves until it is up."""

    inspection: Inspection
    versions: tuple[Version, ...]


def look_up(ssm: "SSMClient", project: str) -> Known:
    """What the project's parameters say now.

    Raises
    ------
    LookupError : there is no inspection
    ValueError : it is none
    """
    names = [parameters.inspection_rules(project), parameters.champion(project), parameters.serving(project)]
    texts = parameters.read(ssm, names)
    if names[0] not in texts:
        raise LookupError(f"the parameter {names[0]} is not there")
    named = [version for version in map(_version, (texts.get(names[1]), texts.get(names[2]))) if version is not None]
    return Known(read_inspection_text(texts[names[0]]), tuple(dict.fromkeys(named)))


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


def _version(text: str | None) -> Version | None:
    """The version that a parameter names; None where it names none."""
    try:
        arn = str(json.loads(text)["arn"]) if text else ""
        return Version(arns.version_name(arn), arn) if arn else None
    except (ValueError, KeyError, TypeError):
        return None
