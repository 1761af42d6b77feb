"""Which actions a request is, and on which resources, as policies name them.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.core.addresses import S3Address
from customlabels.emulator.s3 import objects
from customlabels.emulator.sagemaker.tokens import execution_of
from customlabels.emulator.server.http import Environ, bucket_and_key, scope
from customlabels.emulator.server.requests import Asked, Parameters

ANY = "*"
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:.*", re.DOTALL)

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Prefixes of actions, where they are not what requests are signed for."""

_WITHOUT_RESOURCE = {"CreateProject", "DescribeProjects"}
"""Operations of Custom Labels that only * matches."""

_RENAMED = {
    ("lambda", "Invoke"): "InvokeFunction",
    # Policies know no batches. Source: SQS developer guide, "Amazon SQS API permissions".
    **{("sqs", f"{call}Batch"): call for call in ("ChangeMessageVisibility", "DeleteMessage", "SendMessage")},
}
"""What policies call an operation, where that is not its name."""

_GRANTING = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey")
"""Of a key that the service is given. Source: Custom Labels developer guide, su-encrypt-bucket.md."""

Place = Callable[[Asked, Parameters], Iterator[str]]


def needed(asked: Asked) -> list[tuple[str, str]]:
    """(action, resource) of all that an operation needs."""
    prefix = PREFIXES.get(asked.service, asked.service)
    action = f"{prefix}:{_RENAMED.get((asked.service, asked.operation), asked.operation)}"
    parameters = asked.parameters or {}
    if asked.service == "rekognition":
        resources = [] if asked.operation in _WITHOUT_RESOURCE else list(_arns(parameters))
    else:
        resources_of = _PLACES.get(asked.service)
        resources = list(resources_of(asked, parameters)) if resources_of else []
    pairs = [(action, resource) for resource in resources or [ANY]]
    if asked.service == "rekognition":
        pairs += _more(asked.operation, asked.region, parameters)
    if asked.operation == "PassRole" or parameters.keys() & {"RoleArn", "Role", "roleArn"}:
        role = str(parameters.get("RoleArn") or parameters.get("Role") or parameters.get("roleArn") or "")
        if role.startswith("arn:") and asked.service in {"lambda", "events", "sagemaker", "cloudformation", "states"}:
            pairs.append(("iam:PassRole", role))
    target = parameters.get("Target")
    if asked.service == "scheduler" and isinstance(target, dict) and "RoleArn" in target:
        pairs.append(("iam:PassRole", str(target["RoleArn"])))
    return pairs


def _more(operation: str, region: str, parameters: Parameters) -> list[tuple[str, str]]:
    """What an operation of Custom Labels needs beside its own action: S3 and KMS with the caller's permissions, and
    tags.
    """
    pairs: list[tuple[str, str]] = []
    if parameters.get("Tags") and operation != "TagResource":
        pairs.append(("rekognition:TagResource", _to_be_made(operation, region, parameters)))
    for held in _s3_objects(parameters):
        if "Bucket" in held and "Name" in held:
            pairs.append(("s3:GetObject", f"arn:aws:s3:::{held['Bucket']}/{held['Name']}"))
            pairs += _decrypting(region, S3Address(held["Bucket"], held["Name"]))
    source = (parameters.get("DatasetSource") or {}).get("DatasetArn")
    if source:
        pairs.append(("rekognition:ListDatasetEntries", source))
    output = parameters.get("OutputConfig") or {}
    if operation in {"CreateProjectVersion", "CopyProjectVersion"} and "S3Bucket" in output:
        prefix = output.get("S3KeyPrefix", "").rstrip("/")
        pairs.append(("s3:PutObject", f"arn:aws:s3:::{output['S3Bucket']}/{prefix + '/' if prefix else ''}out"))
    if "KmsKeyId" in parameters:
        pairs += [(f"kms:{action}", key_arn(region, parameters["KmsKeyId"])) for action in _GRANTING]
    return pairs


def _to_be_made(operation: str, region: str, parameters: Parameters) -> str:
    """The ARN of what an operation makes, but for the time that it ends in."""
    if operation == "CreateProject":
        return _arn("rekognition", region, f"project/{parameters.get('ProjectName', '')}/0")
    stem = str(parameters.get("DestinationProjectArn") or parameters.get("ProjectArn", "")).rpartition("/")[0]
    if operation == "CreateDataset":
        return f"{stem}/dataset/{str(parameters.get('DatasetType', '')).lower()}/0"
    return f"{stem}/version/{parameters.get('VersionName', '')}/0"


def _decrypting(region: str, address: S3Address) -> list[tuple[str, str]]:
    """What reading an object needs beside S3's own action."""
    key = objects.encrypted_by(address)
    return [("kms:Decrypt", key_arn(region, key))] if key else []


def key_arn(region: str, key: str) -> str:
    """The ARN of a key that is named by it, by its id or by an alias, which stands for some key of the account."""
    if key.startswith("arn:") and ":key/" in key:
        return key
    return _arn("kms", region, f"key/{key.rpartition('alias/')[2]}")


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

    def resources_of(asked: Asked, parameters: Parameters) -> Iterator[str]:
        for member in members:
            value = parameters.get(member)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name:
                    if name.startswith("arn:"):
                        yield name
                    else:
                        yield _arn(
                            service, asked.region if regional else "", template.replace("NAME", name.lstrip("/"))
                        )

    return resources_of


def _function(asked: Asked, parameters: Parameters) -> Iterator[str]:
    if isinstance(parameters.get("UUID"), str):
        yield _arn("lambda", asked.region, f"event-source-mapping:{parameters['UUID']}")
    else:
        yield from _named("lambda", "function:NAME", "FunctionName", "Resource")(asked, parameters)


def _queue(asked: Asked, parameters: Parameters) -> Iterator[str]:
    name = str(parameters.get("QueueUrl") or parameters.get("QueueName") or "").rpartition("/")[2]
    # Tasks that move messages are their source's.
    name = name or str(parameters.get("SourceArn") or "")
    if name:
        yield _arn("sqs", asked.region, name)


def _schedule(asked: Asked, parameters: Parameters) -> Iterator[str]:
    if "ResourceArn" in parameters:
        yield str(parameters["ResourceArn"])
    elif asked.operation.endswith("ScheduleGroup"):
        yield _arn("scheduler", asked.region, f"schedule-group/{parameters.get('Name', '*')}")
    elif "Name" in parameters:
        group = parameters.get("GroupName", "default")
        yield _arn("scheduler", asked.region, f"schedule/{group}/{parameters['Name']}")


def _rule(asked: Asked, parameters: Parameters) -> Iterator[str]:
    if asked.operation == "PutEvents":
        for entry in parameters.get("Entries", []):
            yield _arn("events", asked.region, f"event-bus/{entry.get('EventBusName', 'default')}")
    else:
        yield from _named("events", "rule/NAME", "Rule", "Name", "ResourceARN")(asked, parameters)


_MODEL_PACKAGES = _named("sagemaker", "model-package/NAME", "ModelPackageName", "ModelPackageArn")
_MODEL_PACKAGE_GROUPS = _named("sagemaker", "model-package-group/NAME", "ModelPackageGroupName")
_PIPELINES = _named("sagemaker", "pipeline/NAME", "PipelineName", "PipelineExecutionArn")


def _held_by_sagemaker(asked: Asked, parameters: Parameters) -> Iterator[str]:
    execution = execution_of(str(parameters.get("CallbackToken")))
    if execution is not None:
        yield execution
    if asked.operation == "CreateModelPackage" and "ModelPackageGroupName" in parameters:
        yield from _MODEL_PACKAGE_GROUPS(asked, parameters)
        yield _arn("sagemaker", asked.region, f"model-package/{parameters['ModelPackageGroupName']}/0")
    elif not asked.operation.startswith("List") or "PipelineExecutionArn" in parameters:
        for resources_of in (_MODEL_PACKAGES, _MODEL_PACKAGE_GROUPS, _PIPELINES):
            yield from resources_of(asked, parameters)


def _held_by_iam(_: Asked, parameters: Parameters) -> Iterator[str]:
    for member, kind in (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group")):
        if member in parameters:
            yield _arn("iam", "", f"{kind}/{parameters[member]}")
            return
    if arn := parameters.get("PolicyArn") or parameters.get("PolicySourceArn"):
        yield str(arn)
    elif "PolicyName" in parameters:
        yield _arn("iam", "", f"policy/{parameters['PolicyName']}")


def _stream(asked: Asked, parameters: Parameters) -> Iterator[str]:
    """A stream; policies name it with the time of its creation, or * in its place."""
    if isinstance(parameters.get("StreamARN"), str):
        yield parameters["StreamARN"]
    elif isinstance(parameters.get("StreamName"), str):
        yield _arn("kinesisvideo", asked.region, f"stream/{parameters['StreamName']}/1")


def _table(asked: Asked, parameters: Parameters) -> Iterator[str]:
    # What is for several items names each table among them.
    items = parameters.get("RequestItems")
    named = {"TableName": list(items)} if isinstance(items, dict) else parameters
    yield from _named("dynamodb", "table/NAME", "TableName", "ResourceArn")(asked, named)


def _state_machine(asked: Asked, parameters: Parameters) -> Iterator[str]:
    members = ("stateMachineArn", "executionArn", "mapRunArn", "resourceArn")
    member = next((member for member in members if parameters.get(member)), None)
    if member is not None:
        yield str(parameters[member])
    elif parameters.get("name"):
        yield _arn("states", asked.region, f"stateMachine:{parameters['name']}")


def _stack(asked: Asked, parameters: Parameters) -> Iterator[str]:
    name = str(parameters.get("StackName") or "")
    if name:
        yield name if name.startswith("arn:") else _arn("cloudformation", asked.region, f"stack/{name}/*")


_PLACES: dict[str, Place] = {
    "lambda": _function,
    "sqs": _queue,
    "sns": _named("sns", "NAME", "TopicArn", "Name", "ResourceArn", "SubscriptionArn"),
    "ssm": _named("ssm", "parameter/NAME", "Name", "Names", "Path"),
    "dynamodb": _table,
    "events": _rule,
    "scheduler": _schedule,
    "cloudformation": _stack,
    "logs": _named("logs", "log-group:NAME", "logGroupName", "logGroupIdentifier", "resourceArn"),
    "iam": _held_by_iam,
    "sts": _named("iam", "role/NAME", "RoleArn", regional=False),
    "kms": _named("kms", "key/NAME", "KeyId"),
    "secretsmanager": _named("secretsmanager", "secret:NAME", "SecretId"),
    "sagemaker": _held_by_sagemaker,
    "states": _state_machine,
    "kinesisvideo": _stream,
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
    region, _ = scope(environ)
    if verb == "Get":
        bucket, key = bucket_and_key(environ)
        if objects.held(S3Address(bucket, key), query.get("versionId", [None])[0]) is None:
            # Who may not list is not told that there is no such key.
            pairs.append(("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
        elif method == "GET":
            pairs += _decrypting(region, S3Address(bucket, key))
    elif given := environ.get("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID"):
        pairs.append(("kms:GenerateDataKey", key_arn(region, given)))
    source = environ.get("HTTP_X_AMZ_COPY_SOURCE")
    if source:
        pairs.append(("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/').partition('?')[0]}"))
    if verb == "Put" and "HTTP_X_AMZ_TAGGING" in environ:
        pairs.append(("s3:PutObjectTagging", arn))
    return pairs
