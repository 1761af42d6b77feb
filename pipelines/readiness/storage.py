"""The bucket and the key: where they lie, whose they are, what the bucket's policy denies."""

import json
from collections.abc import Iterator
from typing import Any

from customlabels.aws import bucket as buckets
from customlabels.aws.clients import Clients, explained
from customlabels.core.errors import ServiceError
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing, is_denied, looked

SUBJECT = "bucket"


def storage(clients: Clients, bucket: str, kms_key: str | None, *, emulated: bool) -> Iterator[Finding]:
    """Region, owner, public access, policy and key."""
    try:
        buckets.check_bucket(clients.s3, bucket, clients.region)
    except ServiceError as error:
        yield Finding(SUBJECT, "region", Standing.FAILED, error.message, error.hint or "name another with --bucket")
        return
    yield Finding(SUBJECT, "region", Standing.OK, f"{bucket} is there, in {clients.region}", NOTHING)
    for check, look in (
        ("owner", lambda: _owner(clients, bucket)),
        ("public access", lambda: _public(clients, bucket, emulated=emulated)),
        ("policy", lambda: _policy(clients, bucket)),
        ("key", lambda: _key(clients, kms_key)),
    ):
        yield from looked(SUBJECT, check, look, emulated=emulated)


def _owner(clients: Clients, bucket: str) -> Iterator[Finding]:
    """Source: S3 user guide, "Verifying bucket ownership with bucket owner condition"."""
    account = clients.account
    try:
        with explained(f"owner of bucket {bucket}"):
            clients.once("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ServiceError as error:
        if not is_denied(error):
            raise
        advice = "images and results have to lie in buckets of one owner: use a bucket of this account"
        yield Finding(SUBJECT, "owner", Standing.FAILED, f"{bucket} is not account {account}'s", advice)
        return
    yield Finding(SUBJECT, "owner", Standing.OK, f"account {account}", NOTHING)


def _public(clients: Clients, bucket: str, *, emulated: bool) -> Iterator[Finding]:
    if emulated:
        yield Finding(SUBJECT, "public access", Standing.UNKNOWN, "nobody else reaches this endpoint's buckets", NOTHING)
    elif sentence := buckets.exposure(clients.s3, bucket):
        advice = "block public access (aws s3api put-public-access-block), unless it is meant"
        yield Finding(SUBJECT, "public access", Standing.WARNING, sentence, advice)
    else:
        yield Finding(SUBJECT, "public access", Standing.OK, "blocked", NOTHING)


def _policy(clients: Clients, bucket: str) -> Iterator[Finding]:
    try:
        with explained(f"policy of bucket {bucket}"):
            policy = json.loads(clients.once("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    except ServiceError as error:
        if error.code != "NoSuchBucketPolicy":
            raise
        policy = {}
    yield policy_finding(policy)


def policy_finding(policy: dict[str, Any]) -> Finding:
    """Whether the bucket's policy denies something: none is needed, and one that denies may stop a training."""
    statements = policy.get("Statement", [])
    denials = [
        statement.get("Sid") or ", ".join(_listed(statement.get("Action", statement.get("NotAction", "?"))))
        for statement in _listed(statements)
        if statement.get("Effect") == "Deny"
    ]
    if denials:
        seen = f"denies: {'; '.join(denials)}"
        advice = "see that nothing of it is denied to whoever trains, to Rekognition on their behalf, or by encryption"
        return Finding(SUBJECT, "policy", Standing.WARNING, seen, advice)
    seen = "denies nothing" if statements else "there is none, and none is needed: the caller's permissions count"
    return Finding(SUBJECT, "policy", Standing.OK, seen, NOTHING)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _key(clients: Clients, kms_key: str | None) -> Iterator[Finding]:
    if kms_key is None:
        yield Finding(SUBJECT, "key", Standing.SKIPPED, "project.kms_key names none: an AWS-owned one is used", NOTHING)
        return
    with explained(f"key {kms_key}"):
        described = clients.once("kms").describe_key(KeyId=kms_key)["KeyMetadata"]
    yield key_finding(kms_key, described, clients.region)


def key_finding(kms_key: str, described: dict[str, Any], region: str) -> Finding:
    """Whether a key can be used, by what KMS tells of it."""
    state, lies_in = described.get("KeyState", "Enabled"), described["Arn"].split(":")[3]
    if state != "Enabled":
        advice = "enable it, or name another in project.kms_key"
        return Finding(SUBJECT, "key", Standing.FAILED, f"{kms_key} is {state}", advice)
    if lies_in != region:
        advice = f"name a key in {region} in project.kms_key"
        return Finding(SUBJECT, "key", Standing.FAILED, f"{kms_key} is in {lies_in}, the project in {region}", advice)
    return Finding(SUBJECT, "key", Standing.OK, f"{kms_key} is enabled", NOTHING)
