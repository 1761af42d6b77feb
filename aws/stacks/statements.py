"""Statements of policies: the one place that knows which calls a use of a bucket, a key or a project takes. Pure.

The same statements serve policies that are printed, with a region and an account, and roles of a template, where
CloudFormation fills both in. Source: Service Authorization Reference; Custom Labels developer guide,
su-sdk-programmatic-access.md and su-encrypt-bucket.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Statement = dict[str, Any]
Arn = str | dict[str, str]
"""An ARN, or {"Fn::Sub": …} where CloudFormation fills it in."""

LOOK_AT_BUCKET = ("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket")
READ_OBJECTS = ("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion")
"""What the service needs of images and manifests, since it reads them with the caller's permissions."""

EVERYTHING = "*"
"""For calls that take no resource."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where resources are."""

    region: str
    account: str
    partition: str = "aws"

    def arn(self, service: str, resource: str, *, regional: bool = True) -> Arn:
        """The ARN of a service's resource; those of S3 have neither region nor account."""
        where = ":" if service == "s3" else f"{self.region if regional else ''}:{self.account}"
        if self == IN_TEMPLATE:
            # Nothing of the resource's name is a reference of the template.
            return sub(f"arn:{self.partition}:{service}:{where}:{resource.replace('${', '${!')}")
        return f"arn:{self.partition}:{service}:{where}:{resource}"


IN_TEMPLATE = Site("${AWS::Region}", "${AWS::AccountId}", "${AWS::Partition}")
"""As CloudFormation fills it in."""


def allow(
    actions: Iterable[str],
    resources: Sequence[Arn | Mapping[str, Any]],
    *,
    sid: str | None = None,
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """The statement that allows these calls on these resources."""
    statement: Statement = {"Sid": sid} if sid else {}
    statement |= {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": list(resources)}
    return statement | ({"Condition": dict(condition)} if condition else {})


def policy(statements: Iterable[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def attribute(logical: str, name: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical, name]}


def of_rekognition(*actions: str) -> list[str]:
    return [f"rekognition:{action}" for action in actions]


def bucket(site: Site, name: str) -> Arn:
    return site.arn("s3", name)


def objects(site: Site, name: str, prefix: str, ending: str = "*") -> Arn:
    """The objects of a bucket below a prefix."""
    return site.arn("s3", "/".join(part for part in (name, prefix.strip("/"), ending) if part))


def project(site: Site, name: str) -> Arn:
    """A project, its datasets and its versions."""
    return site.arn("rekognition", f"project/{name}/*")


def versions(site: Site, name: str) -> Arn:
    """A project's versions; `*` for those of all projects."""
    return site.arn("rekognition", f"project/{name}/version/*/*")


def parameter(site: Site, path: str) -> Arn:
    return site.arn("ssm", f"parameter{path}")


def notify(site: Site, topic: str | None, event_bus: str | None) -> list[Statement]:
    """What it takes to tell a topic and an event bus, where there are any."""
    statements = []
    if topic:
        statements.append(allow(["sns:Publish"], [topic], sid="Topic"))
    if event_bus:
        arn = event_bus if event_bus.startswith("arn:") else site.arn("events", f"event-bus/{event_bus}")
        statements.append(allow(["events:PutEvents"], [arn], sid="EventBus"))
    return statements


def find_project(sid: str | None = None) -> Statement:
    """Looking a project up by its name, which takes no resource."""
    return allow(of_rekognition("DescribeProjects"), [EVERYTHING], sid=sid)


def create_project(sid: str | None = None) -> Statement:
    """Making a project, which is none yet: in the reference the call takes no resource."""
    return allow(of_rekognition("CreateProject"), [EVERYTHING], sid=sid)


def key(
    site: Site, kms_key: str | None, *, writes: bool = False, trains: bool = False, sid: str | None = None
) -> list[Statement]:
    """What objects under the project's KMS key take; nothing where there is none.

    Parameters
    ----------
    writes : whether objects are written, too
    trains : whether the service is given the key, to encrypt what it makes
    """
    if not kms_key:
        return []
    actions = {"kms:Decrypt"}
    if writes or trains:
        actions.add("kms:GenerateDataKey")
    if trains:
        actions |= {"kms:CreateGrant", "kms:DescribeKey"}
    return [allow(actions, [key_arn(site, kms_key)], sid=sid)]


def key_arn(site: Site, kms_key: str) -> Arn:
    """The key's ARN; an alias names no key in a policy, so all of the account's are meant then."""
    if kms_key.startswith("arn:") and ":key/" in kms_key:
        return kms_key
    return site.arn("kms", f"key/{'*' if 'alias/' in kms_key else kms_key}")
