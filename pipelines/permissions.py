"""The smallest IAM policies for what the commands do, with a project's own ARNs.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Rekognition" and "for
Amazon S3"; Custom Labels developer guide, su-sdk-programmatic-access.md and su-encrypt-bucket.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from customlabels.aws import parameters
from customlabels.pipelines.sagemaker import registry

Policy = dict[str, Any]

_TRAINING = (
    *("CreateProject", "DescribeProjectVersions", "CreateProjectVersion"),
    *("CreateDataset", "DescribeDataset", "DeleteDataset", "UpdateDatasetEntries", "ListDatasetEntries"),
    *("TagResource", "ListTagsForResource"),
)


_LOOKING = ("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket")
_READING = ("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy is for: whose project, in which region, with which bucket and folder, keys and listeners."""

    account: str
    region: str
    project: str
    bucket: str
    prefix: str
    kms_key: str | None = None
    topic: str | None = None
    event_bus: str | None = None
    images: str | None = None
    """s3://bucket/folder of images that are trained on where they lie."""
    packages: str | None = None
    """Name of the model package group that follows the champion."""

    @property
    def resources(self) -> list[str]:
        """The project, and all that is in it."""
        arn = f"arn:aws:rekognition:{self.region}:{self.account}:project/{self.project}"
        return [f"{arn}/*"]

    @property
    def folder(self) -> str:
        return "/".join(part for part in (f"arn:aws:s3:::{self.bucket}", self.prefix.strip("/"), "*") if part)


def train(scope: Scope) -> Policy:
    """What `customlabels train` and the judging of versions need."""
    statements = [
        _allow("Project", _rekognition(_TRAINING), scope.resources),
        _allow("FindProject", ["rekognition:DescribeProjects"], ["*"]),
        _allow(
            "Bucket",
            [*_LOOKING, "s3:GetBucketPublicAccessBlock"],
            [f"arn:aws:s3:::{scope.bucket}"],
        ),
        _allow(
            "Objects",
            [*_READING, "s3:PutObject"],
            [scope.folder],
        ),
        _allow("Champion", ["ssm:GetParameter"], [_parameter(scope)]),
        *_listeners(scope),
    ]
    if scope.images:
        place = scope.images.removeprefix("s3://").strip("/")
        source = [f"arn:aws:s3:::{place.partition('/')[0]}"]
        statements.append(_allow("ImageBucket", _LOOKING, source))
        statements.append(_allow("Images", _READING, [f"arn:aws:s3:::{place}/*"]))
    if scope.kms_key:
        actions = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        statements.append(_allow("Key", actions, [_key(scope)]))
    return _policy(statements)


def promote(scope: Scope) -> Policy:
    """What `customlabels versions promote`, `rollback` and `history` need."""
    return _policy(
        [
            _allow("Project", _rekognition(["DescribeProjectVersions", "DetectCustomLabels"]), scope.resources),
            _allow("FindProject", ["rekognition:DescribeProjects"], ["*"]),
            _allow("Bucket", ["s3:ListBucket"], [f"arn:aws:s3:::{scope.bucket}"]),
            _allow("Results", ["s3:GetObject"], [scope.folder]),
            _allow(
                "Champion", ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"], [_parameter(scope)]
            ),
            _schedule(scope),
            *_packages(scope),
            *_listeners(scope),
            *_key_to_read(scope),
        ]
    )


def detect(scope: Scope) -> Policy:
    """What `customlabels detect` needs, starting and stopping the model included."""
    actions = ["DescribeProjectVersions", "DetectCustomLabels", "StartProjectVersion", "StopProjectVersion"]
    return _policy(
        [
            _allow("Model", _rekognition(actions), scope.resources),
            _allow("FindProject", ["rekognition:DescribeProjects"], ["*"]),
            _allow("Bucket", ["s3:ListBucket"], [f"arn:aws:s3:::{scope.bucket}"]),
            _allow("Images", ["s3:GetObject"], [f"arn:aws:s3:::{scope.bucket}/*"]),
            _allow("Champion", ["ssm:GetParameter"], [_parameter(scope)]),
            _schedule(scope),
            *_key_to_read(scope),
        ]
    )


def bucket(scope: Scope) -> Policy:
    """What `customlabels train --fix-bucket-policy` needs once, beside what training needs."""
    actions = ["s3:GetBucketPolicy", "s3:PutBucketPolicy"]
    return _policy([_allow("BucketPolicy", actions, [f"arn:aws:s3:::{scope.bucket}"])])


def _listeners(scope: Scope) -> list[Policy]:
    found = []
    if scope.topic:
        found.append(_allow("Topic", ["sns:Publish"], [scope.topic]))
    if scope.event_bus:
        name = scope.event_bus
        arn = name if name.startswith("arn:") else f"arn:aws:events:{scope.region}:{scope.account}:event-bus/{name}"
        found.append(_allow("EventBus", ["events:PutEvents"], [arn]))
    return found


def _packages(scope: Scope) -> list[Policy]:
    """What registering the champion takes; its packages are listed by calls that take no resource."""
    if scope.packages is None:
        return []
    stem = f"arn:aws:sagemaker:{scope.region}:{scope.account}"
    # Some of SageMaker's ARNs have the name in small letters.
    names = sorted({scope.packages, scope.packages.lower()})
    groups = [f"{stem}:model-package-group/{name}" for name in names]
    on_groups = ["CreateModelPackage", "CreateModelPackageGroup", "DescribeModelPackageGroup"]
    on_packages = ["CreateModelPackage", "UpdateModelPackage"]
    figures = f"{scope.folder}/{registry.QUALITY}-*.json"
    return [
        _allow("PackageGroup", [f"sagemaker:{action}" for action in on_groups], groups),
        _allow(
            "Packages",
            [f"sagemaker:{action}" for action in on_packages],
            [f"{stem}:model-package/{name}/*" for name in names],
        ),
        _allow("ListPackages", ["sagemaker:ListModelPackages"], ["*"]),
        _allow("PackageFigures", ["s3:PutObject"], [figures]),
        _allow("Lineage", ["rekognition:ListTagsForResource"], scope.resources),
        *([_allow("PackageKey", ["kms:GenerateDataKey"], [_key(scope)])] if scope.kms_key else []),
    ]


def _key_to_read(scope: Scope) -> list[Policy]:
    return [_allow("Key", ["kms:Decrypt"], [_key(scope)])] if scope.kms_key else []


def _key(scope: Scope) -> str:
    """The key's ARN; an alias names no key in a policy, so all of the account's are meant then."""
    key = scope.kms_key or ""
    if key.startswith("arn:") and ":key/" in key:
        return key
    stem = f"arn:aws:kms:{scope.region}:{scope.account}:key"
    return f"{stem}/*" if "alias/" in key else f"{stem}/{key}"


def _schedule(scope: Scope) -> Policy:
    """What a deployed schedule wants, and which version it has answer."""
    arn = f"arn:aws:ssm:{scope.region}:{scope.account}:parameter{parameters.ROOT}/{scope.project}/*"
    return _allow("Schedule", ["ssm:GetParameters"], [arn])


def _parameter(scope: Scope) -> str:
    return f"arn:aws:ssm:{scope.region}:{scope.account}:parameter{parameters.champion(scope.project)}"


def _rekognition(actions: Sequence[str]) -> list[str]:
    return [f"rekognition:{action}" for action in actions]


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Policy:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}


def _policy(statements: Sequence[Policy]) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}
