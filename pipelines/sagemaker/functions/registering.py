"""Versions that passed the gate, in a model package group: their figures, their digests, whether they are approved.

An approved version is the champion: at once where the execution says so, or when a person approves it in the registry.
Source: SageMaker API reference, CreateModelPackage; developer guide, "Update the approval status of a model".
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from customlabels.core.aws import explained
from customlabels.core.errors import ServiceError
from customlabels.core.s3 import S3Address, join_key
from customlabels.pipelines import champion
from customlabels.pipelines.champion import Promotion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

APPROVED = "Approved"
_METRICS = "model-quality.json"


def ensure_group(sagemaker: Any, group: str, project: str) -> None:
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
                ModelPackageGroupDescription=f"Versions of the Custom Labels project {project} that passed their gate",
            )


def register(
    sagemaker: Any,
    s3: "S3Client",
    *,
    group: str,
    ticket: Mapping[str, Any],
    version_arn: str,
    metrics: Mapping[str, float],
    approval: str,
    execution: str,
) -> str:
    """The ARN of the version's model package, which is made where there is none."""
    ensure_group(sagemaker, group, ticket["project"])
    there = find(sagemaker, group, version_arn)
    if there is not None:
        if approval == APPROVED:
            with explained(f"approving {there}"):
                sagemaker.update_model_package(ModelPackageArn=there, ModelApprovalStatus=APPROVED)
        return there
    place = S3Address(ticket["bucket"], join_key(ticket["output"], _METRICS))
    with explained(f"writing {place}"):
        body = json.dumps(quality(metrics), indent=1).encode()
        s3.put_object(Bucket=place.bucket, Key=place.key, Body=body, ContentType="application/json")
    with explained(f"registering version {ticket['version']}"):
        made = sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription=_describes(version_arn),
            ModelApprovalStatus=approval,
            SourceUri=version_arn,
            ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": str(place)}}},
            CustomerMetadataProperties={
                "project": ticket["project"],
                "version": ticket["version"],
                "version-arn": version_arn,
                "f1": f"{metrics['F1']:.4f}",
                "train-digest": ticket["digests"]["train"],
                "test-digest": ticket["digests"]["test"],
                "train-images": str(ticket["images"]["train"]),
                "test-images": str(ticket["images"]["test"]),
                "execution": execution,
            },
        )
    arn: str = made["ModelPackageArn"]
    return arn


def find(sagemaker: Any, group: str, version_arn: str) -> str | None:
    """The ARN of the version's model package; None where there is none."""
    with explained(f"model packages of {group}"):
        pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        for page in pages:
            for one in page["ModelPackageSummaryList"]:
                if one.get("ModelPackageDescription") == _describes(version_arn):
                    return str(one["ModelPackageArn"])
    return None


def quality(metrics: Mapping[str, float]) -> dict[str, Any]:
    """The figures in the form that the registry shows. Source: Model Monitor, "Model quality metrics"."""
    names = {"F1": "f1", "Precision": "precision", "Recall": "recall"}
    figures = {names[name]: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
    return {"multiclass_classification_metrics": figures}


def promote_approved(sagemaker: Any, ssm: "SSMClient", package: str) -> str:
    """Makes the version of an approved model package champion; its name, empty where it is not approved or not ours."""
    with explained(f"model package {package}"):
        found = sagemaker.describe_model_package(ModelPackageName=package)
    about = found.get("CustomerMetadataProperties", {})
    if found.get("ModelApprovalStatus") != APPROVED or "version-arn" not in about:
        return ""
    why = f"approved as {package.rpartition(':')[2]}"
    champion.promote(ssm, about["project"], Promotion(about["version"], about["version-arn"], why))
    return str(about["version"])


def _describes(version_arn: str) -> str:
    return f"Custom Labels version {version_arn}"
