"""Which actions a request is, and on which resources, as policies name them.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.server.http import Environ, bucket_and_key
from customlabels.emulator.server.requests import Asked, Parameters

ANY = "*"
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:.*", re.DOTALL)

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Prefixes of actions, where they are not what requests are signed for."""

_WITHOUT_RESOURCE = {"CreateProject", "DescribeProjects"}
"""Operations of Custom Labels that only * matches."""

_RENAMED = {("lambda", "Invoke"): "InvokeFunction", ("lambda", "ListVersionsByFunction"): "ListVersionsByFunction"}

Place = Callable[[str, Parameters], Iterator[str]]


def needed(asked: Asked) -> list[tuple[str, str]]:
    """(action, resource) of all that an operation needs."""
    prefix = PREFIXES.get(asked.service, asked.service)
    action = f"{prefix}:{_RENAMED.get((asked.service, asked.operation), asked.operation)}"
    parameters = asked.parameters or {}
    if asked.service == "rekognition":
        resources = [] if asked.operation in _WITHOUT_RESOURCE else list(_arns(parameters))
    else:
        place = _PLACES.get(asked.service)
        resources = list(place(asked.region, parameters)) if place else []
    pairs = [(action, resource) for resource in resources or [ANY]]
    if asked.service == "rekognition":
        pairs += _more(asked.operation, parameters)
    if asked.operation == "PassRole" or "RoleArn" in parameters or "Role" in parameters:
        role = str(parameters.get("RoleArn") or parameters.get("Role") or "")
        if role.startswith("arn:") and asked.service in {"lambda", "events", "sagemaker", "cloudformation"}:
            pairs.append(("iam:PassRole", role))
    target = parameters.get("Target")
    if asked.service == "scheduler" and isinstance(target, dict) and "RoleArn" in target:
        pairs.append(("iam:PassRole", str(target["RoleArn"])))
    return pairs


def _more(operation: str, parameters: Parameters) -> list[tuple[str, str]]:
    """What an operation of Custom Labels needs beside its own action: S3 with the caller's permissions, and tags."""
    pairs: list[tuple[str, str]] = []
    if parameters.get("Tags"):
        pairs.append(("rekognition:TagResource", ANY))
    for held in _s3_objects(parameters):
        if "Bucket" in held and "Name" in held:
            pairs.append(("s3:GetObject", f"arn:aws:s3:::{held['Bucket']}/{held['Name']}"))
    source = (parameters.get("DatasetSource") or {}).get("DatasetArn")
    if source:
        pairs.append(("rekognition:ListDatasetEntries", source))
    output = parameters.get("OutputConfig") or {}
    if operation in {"CreateProjectVersion", "CopyProjectVersion"} and "S3Bucket" in output:
        prefix = output.get("S3KeyPrefix", "").rstrip("/")
        pairs.append(("s3:PutObject", f"arn:aws:s3:::{output['S3Bucket']}/{prefix + '/' if prefix else ''}out"))
    return pairs


def _s3_objects(value: Any) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("S3Object"), dict):
            yield value["S3Object"]
        for part in value.values():
            yield from _s3_objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from _s3_objects(part)


def _arns(value: Any) -> Iterator[str]:
    """ARNs of Rekognition's own among parameters; a source that is only read is seen to elsewhere."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in {"DatasetSource", "Tags", "KmsKeyId"}:
                yield from _arns(part)
    elif isinstance(value, list):
        for part in value:
            yield from _arns(part)
    elif isinstance(value, str) and _ARN.fullmatch(value) and ":rekognition:" in value:
        yield value


def _arn(service: str, region: str, rest: str) -> str:
    return rest if rest.startswith("arn:") else f"arn:aws:{service}:{region}:{DEFAULT_ACCOUNT_ID}:{rest}"


def _named(service: str, template: str, *members: str, regional: bool = True) -> Place:
    """Resources named by one of some members: a name, or an ARN."""

    def place(region: str, parameters: Parameters) -> Iterator[str]:
        for member in members:
            value = parameters.get(member)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name:
                    if name.startswith("arn:"):
                        yield name
                    else:
                        yield _arn(service, region if regional else "", template.replace("NAME", name.lstrip("/")))

    return place


def _queue(region: str, parameters: Parameters) -> Iterator[str]:
    name = str(parameters.get("QueueUrl") or parameters.get("QueueName") or "").rpartition("/")[2]
    if name:
        yield _arn("sqs", region, name)


def _schedule(region: str, parameters: Parameters) -> Iterator[str]:
    if ("Name" in parameters and "ScheduleExpression" in parameters) or "GroupName" in parameters:
        group = parameters.get("GroupName", "default")
        yield _arn("scheduler", region, f"schedule/{group}/{parameters.get('Name', '*')}")
    elif "ResourceArn" in parameters:
        yield str(parameters["ResourceArn"])
    elif "Name" in parameters:
        yield _arn("scheduler", region, f"schedule-group/{parameters['Name']}")


def _held_by_iam(_: str, parameters: Parameters) -> Iterator[str]:
    for member, kind in (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group")):
        if member in parameters:
            yield _arn("iam", "", f"{kind}/{parameters[member]}")
            return
    if "PolicyArn" in parameters:
        yield str(parameters["PolicyArn"])
    elif "PolicyName" in parameters:
        yield _arn("iam", "", f"policy/{parameters['PolicyName']}")


def _stack(region: str, parameters: Parameters) -> Iterator[str]:
    name = str(parameters.get("StackName") or "")
    if name:
        yield name if name.startswith("arn:") else _arn("cloudformation", region, f"stack/{name}/*")


_PLACES: dict[str, Place] = {
    "lambda": _named("lambda", "function:NAME", "FunctionName", "Resource"),
    "sqs": _queue,
    "sns": _named("sns", "NAME", "TopicArn", "Name", "ResourceArn", "SubscriptionArn"),
    "ssm": _named("ssm", "parameter/NAME", "Name", "Names", "Path"),
    "dynamodb": _named("dynamodb", "table/NAME", "TableName", "ResourceArn"),
    "events": _named("events", "rule/NAME", "Rule", "Name", "ResourceARN"),
    "scheduler": _schedule,
    "cloudformation": _stack,
    "logs": _named("logs", "log-group:NAME", "logGroupName", "logGroupIdentifier", "resourceArn"),
    "iam": _held_by_iam,
    "sts": _named("iam", "role/NAME", "RoleArn", regional=False),
    "kms": _named("kms", "key/NAME", "KeyId"),
    "secretsmanager": _named("secretsmanager", "secret:NAME", "SecretId"),
    "sagemaker": _named(
        "sagemaker",
        "pipeline/NAME",
        *("PipelineName", "PipelineExecutionArn", "ModelPackageGroupName", "ModelPackageName", "ModelPackageArn"),
    ),
    "monitoring": _named("cloudwatch", "alarm:NAME", "AlarmName", "AlarmNames"),
}


_S3_QUERIES: dict[str, str] = {
    "acl": "Acl",
    "tagging": "Tagging",
    "versioning": "Versioning",
    "encryption": "EncryptionConfiguration",
    "policy": "Policy",
    "lifecycle": "LifecycleConfiguration",
    "notification": "Notification",
    "cors": "CORS",
    "publicAccessBlock": "PublicAccessBlock",
    "ownershipControls": "OwnershipControls",
    "location": "Location",
    "logging": "Logging",
}
_BUCKET_NAMED = {"acl", "tagging", "versioning", "policy", "notification", "cors", "location", "logging"}
_ALWAYS_BUCKET = {"publicAccessBlock": "BucketPublicAccessBlock", "ownershipControls": "BucketOwnershipControls"}


def needed_of_s3(environ: Environ) -> list[tuple[str, str]]:
    """(action, resource) of a request to S3."""
    method, (bucket, key) = environ["REQUEST_METHOD"], bucket_and_key(environ)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if not bucket:
        return [("s3:ListAllMyBuckets", ANY)]
    arn = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    part = next((name for name in _S3_QUERIES if name in query), None)
    verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Put", "POST": "Put"}.get(method, "Get")
    if key:
        return _of_object(environ, method, verb, arn, part, query)
    if part is not None:
        named = _ALWAYS_BUCKET.get(part) or ("Bucket" if part in _BUCKET_NAMED else "") + _S3_QUERIES[part]
        if method == "DELETE" and part == "policy":
            verb = "Delete"
        return [(f"s3:{verb}{named}", arn)]
    if "delete" in query:
        return [("s3:DeleteObject", f"{arn}/*")]
    if "versions" in query:
        return [("s3:ListBucketVersions", arn)]
    if "uploads" in query:
        return [("s3:ListBucketMultipartUploads", arn)]
    own = {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "ListBucket")
    return [(f"s3:{own}", arn)]


def _of_object(
    environ: Environ, method: str, verb: str, arn: str, part: str | None, query: dict[str, list[str]]
) -> list[tuple[str, str]]:
    version = "Version" if "versionId" in query else ""
    if part in {"acl", "tagging"}:
        verb = "Delete" if method == "DELETE" else verb
        return [(f"s3:{verb}Object{version}{_S3_QUERIES[part]}", arn)]
    if "uploadId" in query and method == "DELETE":
        return [("s3:AbortMultipartUpload", arn)]
    if "uploadId" in query and method == "GET":
        return [("s3:ListMultipartUploadParts", arn)]
    if method == "DELETE":
        return [(f"s3:DeleteObject{version}", arn)]
    pairs = [(f"s3:{verb}Object{version if verb == 'Get' else ''}", arn)]
    source = environ.get("HTTP_X_AMZ_COPY_SOURCE")
    if source:
        pairs.append(("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/').partition('?')[0]}"))
    if verb == "Put" and "HTTP_X_AMZ_TAGGING" in environ:
        pairs.append(("s3:PutObjectTagging", arn))
    return pairs
