"""Versions in a model package group: their figures, their digests, whether they are approved.

Either side may lead. The pipeline registers what passed its gate, and a package that is approved becomes champion;
`versions promote` and `rollback` have the packages follow the champion, so that the latest approved one is it.
Source: SageMaker API reference, CreateModelPackage; developer guide, "Update the approval status of a model".
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from customlabels.aws.clients import Clients, explained
from customlabels.aws.s3 import put
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import ServiceError
from customlabels.core.watching import Watch
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.following import Following, crown
from customlabels.pipelines.sagemaker.text_limits import LONGEST_ARGUMENT
from customlabels.pipelines.service import arns, champion
from customlabels.pipelines.service.champion import Promotion
from customlabels.pipelines.service.versions import Description

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ModelPackageSummaryTypeDef

Approval = Literal["PendingManualApproval", "Approved", "Rejected"]
PENDING: Approval = "PendingManualApproval"
APPROVED: Approval = "Approved"
REJECTED: Approval = "Rejected"
QUALITY = "model-quality"
"""What the names of files with a package's figures begin with."""

_LONGEST_WHY = 1024
"""Characters. Source: UpdateModelPackage, ApprovalDescription."""

_TICK = timedelta(seconds=1)
"""What the times of events are rounded to."""


def register(
    sagemaker: "SageMakerClient",
    s3: "S3Client",
    group: str,
    version: Description,
    evaluation: Evaluation,
    digests: Mapping[str, str],
    *,
    approval: Approval = PENDING,
    execution: str | None = None,
) -> str:
    """The ARN of the version's model package, which is made where there is none.

    Parameters
    ----------
    digests : of its training and its test images, `train` and `test`; none where they are not known
    approval : of a package that is made; one that is there is only ever approved
    execution : of the pipeline, where one registers it
    """
    arn = version["ProjectVersionArn"]
    project = arns.project_name(arn)
    _ensure_group(sagemaker, group, project)
    package = next((summary for summary in _packages(sagemaker, group) if _is_of(summary, arn)), None)
    if package is not None:
        if approval == APPROVED and package.get("ModelApprovalStatus") != APPROVED:
            _decide(sagemaker, package["ModelPackageArn"], APPROVED)
        return package["ModelPackageArn"]
    output = version["OutputConfig"]
    address = S3Address(
        output["S3Bucket"],
        join_key(output.get("S3KeyPrefix", ""), f"{QUALITY}-{project}-{evaluation.version}.json"),
    )
    body = json.dumps(quality(evaluation), indent=1).encode()
    put(s3, address, body, kms_key=version.get("KmsKeyId"), content_type="application/json")
    about = {
        "project": project,
        "version": evaluation.version,
        # A long one stands in SourceUri alone.
        **({"version-arn": arn} if len(arn) <= LONGEST_ARGUMENT else {}),
        "f1": f"{evaluation.f1:.4f}",
        **{f"{side}-digest": digest for side, digest in digests.items()},
        "train-images": str(evaluation.training_images),
        "test-images": str(evaluation.testing_images),
        **({"execution": execution} if execution else {}),
    }
    with explained(f"registering version {evaluation.version}"):
        return sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription=_describes(arn),
            ModelApprovalStatus=approval,
            SourceUri=arn,
            ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": str(address)}}},
            CustomerMetadataProperties=about,
        )["ModelPackageArn"]


def follow(
    sagemaker: "SageMakerClient", group: str, package: str, version: str, why: str, left: str | None = None
) -> list[str]:
    """Approves the champion's package, and rejects what would pass for it; ARNs of the packages that were rejected.

    What would pass for it is an approved package that is newer than its own. Done again it changes nothing.

    Parameters
    ----------
    package, version : ARN of the champion's package, and its name
    why : noted with the packages that change
    left : ARN of the version that was gone back from, which is rejected however old its package is
    """
    approved = [summary for summary in _packages(sagemaker, group) if summary.get("ModelApprovalStatus") == APPROVED]
    if package not in [summary["ModelPackageArn"] for summary in approved]:
        _decide(sagemaker, package, APPROVED, why)
    over = [
        summary["ModelPackageArn"]
        for summary in approved
        if _number(summary["ModelPackageArn"]) > _number(package) or (left is not None and _is_of(summary, left))
    ]
    for summary in over:
        _decide(sagemaker, summary, REJECTED, f"{version} is the champion in its place{': ' if why else ''}{why}")
    return over


def promote_approved(
    clients: Clients, following: Following, watch: Watch, package: str, approved: datetime | None = None
) -> str:
    """Makes the version of an approved model package champion.

    Parameters
    ----------
    approved : when it was, where an event tells of it; what was promoted since then stays

    Returns
    -------
    its name; empty where it is not approved any more, or not ours
    """
    with explained(f"model package {package}"):
        description = clients.sagemaker.describe_model_package(ModelPackageName=package)
    about = description.get("CustomerMetadataProperties", {})
    arn = about.get("version-arn") or description.get("SourceUri", "")
    if description.get("ModelApprovalStatus") != APPROVED or not {"project", "version"} <= about.keys() or not arn:
        return ""
    project = about["project"]
    now = champion.current(clients.ssm, project) if approved else None
    if approved and now and now.when and now.when >= approved + _TICK:
        # EventBridge may bring an event late, or twice.
        return ""
    why = f"approved as {package.rpartition(':')[2]}"
    crown(clients, project, Promotion(about["version"], arn, why), following, watch)
    return about["version"]


def quality(evaluation: Evaluation) -> dict[str, Any]:
    """The figures in the form that the registry shows. Source: Model Monitor, "Model quality metrics"."""
    figures = {
        name: {"value": getattr(evaluation, name), "standard_deviation": "NaN"}
        for name in ("f1", "precision", "recall")
    }
    return {"multiclass_classification_metrics": figures}


def _ensure_group(sagemaker: "SageMakerClient", group: str, project: str) -> None:
    """Sees that there is a model package group of that name."""
    try:
        with explained(f"model package group {group}"):
            sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    except ServiceError as error:
        if error.code not in {"ValidationException", "ValidationError"}:
            raise
        with explained(f"creating the model package group {group}"):
            sagemaker.create_model_package_group(
                ModelPackageGroupName=group,
                ModelPackageGroupDescription=f"Versions of the Custom Labels project {project}; made by customlabels",
            )


def _packages(sagemaker: "SageMakerClient", group: str) -> "list[ModelPackageSummaryTypeDef]":
    with explained(f"model packages of {group}"):
        pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        return [summary for page in pages for summary in page["ModelPackageSummaryList"]]


def _decide(sagemaker: "SageMakerClient", package: str, approval: Approval, why: str = "") -> None:
    reason = " ".join(why.split())[:_LONGEST_WHY]
    with explained(f"model package {package}"):
        sagemaker.update_model_package(
            ModelPackageArn=package, ModelApprovalStatus=approval, ApprovalDescription=reason
        )


def _is_of(package: "ModelPackageSummaryTypeDef", version_arn: str) -> bool:
    return package.get("ModelPackageDescription") == _describes(version_arn)


def _number(package: str) -> int:
    """The package's version in its group, which ends its ARN."""
    return int(package.rpartition("/")[2])


def _describes(version_arn: str) -> str:
    return f"Custom Labels version {version_arn}"
