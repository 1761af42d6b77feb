"""The gate held against a version, as `train` does; intervals, which need numpy, are left to the command.

A version beside the champion is judged on the service's own figures, where both were judged on the same test images.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, load_evaluation
from customlabels.pipelines.evaluation.gate import Verdict, beside, judge
from customlabels.pipelines.evaluation.gate_document import read_gate
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.results import measure
from customlabels.pipelines.service import arns, champion
from customlabels.pipelines.service.lost import replaced_sentence
from customlabels.pipelines.service.versions import Description, find_version

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
    asked : the gate, as the definition has it

    Raises
    ------
    ServiceError : the version is not there, or has no evaluation
    SettingsError : the gate asks for what cannot be told here, or for labels that the version does not have
    """
    gate = read_gate(asked)
    if gate.decide_on != "figure":
        raise SettingsError(f"a pipeline's gate decides on figures, not on {gate.decide_on}s")
    description = _need(rekognition, project_arn, version)
    promoted = champion.current(ssm, arns.project_name(project_arn)) if gate.max_regression is not None else None
    if promoted is None or promoted.arn == description["ProjectVersionArn"]:
        # Snapshots are long, and only tell whether two versions saw the same test images.
        measured, other = Measured(load_evaluation(s3, description), None), None
    else:
        other = measure(s3, _need(rekognition, project_arn, promoted.version, promoted.arn))
        measured = measure(s3, description)
    return measured.evaluation, judge(measured.evaluation, gate, champion=beside(measured, other, gate))


def _need(rekognition: "RekognitionClient", project_arn: str, name: str, arn: str | None = None) -> Description:
    description = find_version(rekognition, project_arn, name)
    if description is None:
        raise ServiceError(f"version {name} has been deleted")
    if arn is not None and description["ProjectVersionArn"] != arn:
        raise ServiceError(replaced_sentence(name))
    return description
