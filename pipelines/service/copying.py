"""A trained version copied to another project, of the same account or another.

Source: Custom Labels developer guide, "Copying a model": the copy lies in the same region, the source project's
policy has to allow another account to copy.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import join_key
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import GRACE, wait_for
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.lifetime import ensure_project
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, find_version, version_name, version_tags

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_LONGEST_COPY = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a copy goes."""

    project: str
    version: str
    bucket: str
    prefix: str
    kms_key: str | None = None
    """Encrypts the copy and its results; one of the account and region that it goes to."""


def policy_for(version_arn: str, account: str) -> dict[str, Any]:
    """The project policy that lets an account copy this one version."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": account},
                "Action": "rekognition:CopyProjectVersion",
                "Resource": version_arn,
            }
        ],
    }


def copy(
    source: "RekognitionClient",
    destination: "RekognitionClient",
    version: Description,
    target: Destination,
    policy: dict[str, Any] | None,
    tick: Callable[[float], None],
) -> Description:
    """The copy's description once it is complete; one that is there or under way is waited for.

    Raises
    ------
    ServiceError : it is refused, or fails
    """
    version_arn = version["ProjectVersionArn"]
    source_project = need_project(source, arns.project_name(version_arn))
    name = f"copy-{version_name(version)}"[:128]
    if policy is not None:
        with explained(f"allowing the copy of {version_name(version)}"):
            held = source.list_project_policies(ProjectArn=source_project)["ProjectPolicies"]
            revision = next((entry["PolicyRevisionId"] for entry in held if entry["PolicyName"] == name), None)
            given: dict[str, Any] = {"PolicyRevisionId": revision} if revision else {}
            source.put_project_policy(
                ProjectArn=source_project, PolicyName=name, PolicyDocument=json.dumps(policy), **given
            )
    project_arn = ensure_project(destination, target.project)
    existing = find_version(destination, project_arn, target.version)
    if existing is not None and existing.get("SourceProjectVersionArn") != version_arn:
        raise ServiceError(
            f"project {target.project} has another version named {target.version}",
            hint="name the copy with --to-version",
        )
    if existing is None:
        encrypted: dict[str, Any] = {"KmsKeyId": target.kms_key} if target.kms_key else {}
        with explained(f"copying {version_name(version)} to {target.project}"):
            destination.copy_project_version(
                SourceProjectArn=source_project,
                SourceProjectVersionArn=version_arn,
                DestinationProjectArn=project_arn,
                VersionName=target.version,
                Tags=version_tags(source, version),
                OutputConfig={
                    "S3Bucket": target.bucket,
                    "S3KeyPrefix": join_key(target.prefix, target.project, "output", target.version),
                },
                **encrypted,
            )

    until = time.monotonic() + GRACE

    def look() -> Description | None:
        made = find_version(destination, project_arn, target.version)
        if made is None:
            if time.monotonic() < until:
                return None
            raise ServiceError(f"copying to {target.project} failed: it is gone")
        if made["Status"] == State.COPYING_FAILED:
            raise ServiceError(f"copying to {target.project} failed: {made.get('StatusMessage', 'no reason given')}")
        return made if made["Status"] != State.COPYING_IN_PROGRESS else None

    copied = wait_for(look, what=f"the copy in {target.project}", most=_LONGEST_COPY, tick=tick)
    if policy is not None:
        # It has served: a project holds five policies at most.
        with explained(f"removing the policy {name}"):
            source.delete_project_policy(ProjectArn=source_project, PolicyName=name)
    return copied
