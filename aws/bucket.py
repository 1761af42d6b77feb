"""The bucket that a run works in: looked at before anything is written, its policy brought in order where asked.

Source: Custom Labels developer guide, su-console-policy.md. Since November 2021 the service reads and writes with the
caller's permissions; the policy is for accounts and organisations that still need it.
"""

import json
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadBucketOutputTypeDef

_SID = "CustomLabels"
_ABSENT = {"NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration"}


def check_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    """Sees that the bucket is there, can be reached, and lies in `region`.

    Raises
    ------
    ServiceError
    """
    try:
        with explained(f"bucket {bucket}"):
            answer = s3.head_bucket(Bucket=bucket)
    except ServiceError as error:
        if error.code in {"404", "NoSuchBucket"}:
            raise ServiceError(
                f"bucket {bucket} does not exist",
                hint=f"create it (aws s3 mb s3://{bucket} --region {region}), or name another with --bucket",
                code=error.code,
            ) from error
        if error.code in {"403", "AccessDenied"}:
            raise ServiceError(
                f"bucket {bucket} may not be read with these credentials, or belongs to another account",
                hint="name another bucket with --bucket, or log in with another --profile",
                code=error.code,
            ) from error
        raise
    _refuse_elsewhere(bucket, _told_region(answer), region)


def check_images_near(s3: "S3Client", bucket: str, region: str) -> None:
    """Sees that the service, called in `region`, reads the images of a bucket, as far as may be asked where it lies.

    Raises
    ------
    ServiceError
    """
    _refuse_elsewhere(bucket, bucket_region(s3, bucket), region)


def _refuse_elsewhere(bucket: str, other: str | None, region: str) -> None:
    if other and other != region:
        raise ServiceError(
            f"bucket {bucket} is in {other}, the project in {region}; the service wants both in one region",
            hint=f"use --region {other}, or a bucket in {region}",
        )


def make_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    """Makes the bucket where there is none.

    Raises
    ------
    ServiceError
    """
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        with explained(f"creating bucket {bucket}"):
            if region == "us-east-1":
                s3.create_bucket(Bucket=bucket)
            else:
                configuration: Any = {"LocationConstraint": region}
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=configuration)


def bucket_region(s3: "S3Client", bucket: str) -> str | None:
    """The region that the bucket lies in; None where it does not exist, or may not be asked."""
    try:
        with explained(f"bucket {bucket}"):
            return _told_region(s3.head_bucket(Bucket=bucket))
    except ServiceError:
        return None


def _told_region(answer: "HeadBucketOutputTypeDef") -> str | None:
    return answer.get("BucketRegion") or answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")


def exposure(s3: "S3Client", bucket: str) -> str | None:
    """A sentence where the bucket does not block public access; None where it does, or may not be asked."""
    try:
        with explained(f"public access of bucket {bucket}"):
            blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ServiceError as error:
        if error.code not in _ABSENT:
            return None
        blocked = {}
    open_ = [name for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
             if not blocked.get(name)]  # fmt: skip
    return f"bucket {bucket} does not block public access ({', '.join(open_)})" if open_ else None


def policy_statements(bucket: str, prefix: str, account: str) -> list[dict[str, Any]]:
    """What the service needs to work in the bucket by a policy, for this account's projects only."""
    mine = {"StringEquals": {"aws:SourceAccount": account}}
    service = {"Service": "rekognition.amazonaws.com"}
    arn = f"arn:aws:s3:::{bucket}"
    folder = f"{arn}/{prefix.strip('/')}/*" if prefix.strip("/") else f"{arn}/*"
    name = "".join(filter(str.isalnum, prefix.title()))
    return [
        {
            "Sid": f"{_SID}Bucket",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:GetBucketAcl", "s3:GetBucketLocation"],
            "Resource": arn,
            "Condition": mine,
        },
        {
            "Sid": f"{_SID}Read{name}",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectVersion", "s3:GetObjectTagging"],
            "Resource": folder,
            "Condition": mine,
        },
        {
            "Sid": f"{_SID}Write{name}",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": folder,
            "Condition": {"StringEquals": {**mine["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]


def policy_change(s3: "S3Client", bucket: str, prefix: str, account: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The bucket's policy as it is and as the service needs it; others' statements are left as they are."""
    before: dict[str, Any] = {}
    try:
        with explained(f"policy of bucket {bucket}"):
            before = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ServiceError as error:
        if error.code not in _ABSENT:
            raise
    needed = policy_statements(bucket, prefix, account)
    own = {statement["Sid"] for statement in needed}
    held = before.get("Statement", [])
    kept = [statement for statement in (held if isinstance(held, list) else [held]) if statement.get("Sid") not in own]
    return before, {**before, "Version": before.get("Version", "2012-10-17"), "Statement": kept + needed}


def put_policy(s3: "S3Client", bucket: str, policy: dict[str, Any]) -> None:
    with explained(f"writing the policy of bucket {bucket}"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
