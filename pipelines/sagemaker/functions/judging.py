"""The gate held against a version, as `train` does; intervals, which need numpy, are left to the command.

A version beside the champion is judged on the service's own figures, where both were judged on the same test images.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.gate import Champion, Verdict, judge
from customlabels.pipelines.evaluation.snapshot import parse_snapshot
from customlabels.pipelines.evaluation.summary import Evaluation, load_evaluation
from customlabels.pipelines.service import arns, champion
from customlabels.pipelines.service.versions import Description, find_version, version_name

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


def evaluate(
    rekognition: "RekognitionClient",
    s3: "S3Client",
    ssm: "SSMClient",
    project_arn: str,
    version: str,
    asked: Mapping[str, Any],
) -> tuple[Evaluation, Verdict]:
    """The version's figures, and the verdict on it.

    Parameters
    ----------
    asked : the gate, as the definition has it; figures of 0, and a regression below 0, ask for nothing

    Raises
    ------
    ServiceError : the version is not there, or has no evaluation
    SettingsError : the gate asks for labels that the version does not have
    """
    found = _need(rekognition, project_arn, version)
    evaluation = load_evaluation(s3, found)
    gate = gate_of(asked)
    beside = None
    if gate.max_regression is not None:
        promoted = champion.current(ssm, arns.project_name(project_arn))
        if promoted is not None and promoted.version != version:
            other = _need(rekognition, project_arn, promoted.version)
            same = _test_images(s3, found) == _test_images(s3, other) != ""
            beside = Champion(promoted.version, load_evaluation(s3, other).f1, None, same)
    return evaluation, judge(evaluation, gate, champion=beside)


def gate_of(asked: Mapping[str, Any]) -> GateSettings:
    """The gate that the definition's figures mean."""
    # Numbers that come by way of a pipeline's parameters may come as text.
    names = ("min_f1", "min_precision", "min_recall", "min_label_f1")
    figures: dict[str, Any] = {name: float(asked[name]) or None for name in names}
    return GateSettings(
        **figures,
        min_label=asked["min_label"],
        min_test_images=int(asked["min_test_images"]) or None,
        max_regression=float(asked["max_regression"]) if float(asked["max_regression"]) >= 0 else None,
    )


def _need(rekognition: "RekognitionClient", project_arn: str, name: str) -> Description:
    found = find_version(rekognition, project_arn, name)
    if found is None:
        raise ServiceError(f"version {name} has been deleted")
    return found


def _test_images(s3: "S3Client", version: Description) -> str:
    """A digest of the images that a version was tested on; empty where they are not known any more."""
    assets: Any = version.get("TestingDataResult", {}).get("Output", {}).get("Assets", [])
    place = assets[0].get("GroundTruthManifest", {}).get("S3Object") if assets else None
    if place is None:
        return ""
    try:
        with explained(f"reading s3://{place['Bucket']}/{place['Name']}"):
            body = s3.get_object(Bucket=place["Bucket"], Key=place["Name"])["Body"].read()
        snapshot = parse_snapshot(version_name(version), body.splitlines(), {})
    except (ServiceError, ValueError):
        return ""
    return f"{snapshot.boxes} {snapshot.test_digest}"
