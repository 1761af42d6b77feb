"""CloudFormation types that hold data or hand it on: buckets, queues, tables, parameters, rules, mappings.

Each is made by calls to the services themselves. A property that is not handed on is refused, never dropped. Source:
CloudFormation template reference.
"""

from collections.abc import Callable
from typing import Any

from customlabels.emulator.cloudformation.definitions import Call, Made, Properties, Type, tags_of, text_of, without


def _only(given: Properties, *names: str) -> None:
    """Refuses properties that are not made here."""
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(f"the local service does not make the property {', '.join(unknown)}")


def _retag(
    call: Call, service: str, operations: tuple[str, str], named: Properties, given: Properties, before: Made | None
) -> None:
    """Brings tags, in the form of a list, to what they are to be: by an operation that adds, and one that removes."""
    old, new = tags_of(before.properties) if before else {}, tags_of(given)
    if before is not None and old.keys() - new.keys():
        call(service, operations[1], {**named, "TagKeys": sorted(old.keys() - new.keys())})
    if new and new != old:
        call(service, operations[0], {**named, "Tags": given["Tags"]})


_QUEUE_DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "RedrivePolicy": "",
    "RedriveAllowPolicy": "",
    "KmsMasterKeyId": "",
    "KmsDataKeyReusePeriodSeconds": "300",
    "SqsManagedSseEnabled": "true",
}


def _put_queue(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    settings = {key: _setting(value) for key, value in without(given, "QueueName", "Tags").items()}
    fifo = settings.get("FifoQueue") == "true"
    if before is None:
        named = name if not fifo or name.endswith(".fifo") else f"{name}.fifo"
        parameters = {"QueueName": named, "Attributes": settings, "tags": tags_of(given)}
        url = call("sqs", "CreateQueue", parameters)["QueueUrl"]
    else:
        url, named = before.reference, before.attributes["QueueName"]
        dropped = {key: value for key, value in _QUEUE_DEFAULTS.items() if key in before.properties}
        changed = without({**dropped, **settings}, "FifoQueue")
        if changed:
            call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": changed})
        gone = sorted(tags_of(before.properties).keys() - tags_of(given).keys())
        if gone:
            call("sqs", "UntagQueue", {"QueueUrl": url, "TagKeys": gone})
        if tags_of(given):
            call("sqs", "TagQueue", {"QueueUrl": url, "Tags": tags_of(given)})
    shown = call("sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]})["Attributes"]
    return Made(url, {"Arn": shown["QueueArn"], "QueueName": named, "QueueUrl": url})


def _setting(value: Any) -> str:
    """An attribute of a queue, which is a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return text_of(value) if isinstance(value, dict) else str(value)


_TABLE = (
    *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema"),
    *("LocalSecondaryIndexes", "ProvisionedThroughput", "TableClass", "Tags"),
)
_TABLE_OWN = ("PointInTimeRecoverySpecification", "SSESpecification", "StreamSpecification", "TimeToLiveSpecification")
_CHANGED_TABLE = ("BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput", "StreamSpecification")


def _put_table(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    _only(given, "TableName", *_TABLE, *_TABLE_OWN)
    table = {"TableName": name}
    settings = {key: value for key, value in given.items() if key in _TABLE}
    settings.setdefault("BillingMode", "PROVISIONED")
    if "StreamSpecification" in given:
        settings["StreamSpecification"] = {"StreamEnabled": True, **given["StreamSpecification"]}
    if "SSESpecification" in given:
        chosen = given["SSESpecification"]
        settings["SSESpecification"] = {"Enabled": chosen["SSEEnabled"], **without(chosen, "SSEEnabled")}
    if before is None:
        call("dynamodb", "CreateTable", {**table, **settings})
    else:
        if given.get("GlobalSecondaryIndexes") != before.properties.get("GlobalSecondaryIndexes"):
            raise ValueError("the local service does not change the indexes of an AWS::DynamoDB::Table")
        old = before.properties
        changed = {key: settings[key] for key in _CHANGED_TABLE if key in settings and given.get(key) != old.get(key)}
        if "StreamSpecification" in before.properties and "StreamSpecification" not in given:
            changed["StreamSpecification"] = {"StreamEnabled": False}
        if changed:
            call("dynamodb", "UpdateTable", {**table, **changed})
    shown = call("dynamodb", "DescribeTable", table)["Table"]
    if before is not None:
        _retag(call, "dynamodb", ("TagResource", "UntagResource"), {"ResourceArn": shown["TableArn"]}, given, before)
    _put_expiry(call, table, given, before)
    recovery = given.get("PointInTimeRecoverySpecification")
    if recovery is not None or (before is not None and "PointInTimeRecoverySpecification" in before.properties):
        wanted = recovery or {"PointInTimeRecoveryEnabled": False}
        call("dynamodb", "UpdateContinuousBackups", {**table, "PointInTimeRecoverySpecification": wanted})
    return Made(name, {"Arn": shown["TableArn"], "StreamArn": shown.get("LatestStreamArn", "")})


def _put_expiry(call: Call, table: Properties, given: Properties, before: Made | None) -> None:
    """Time to live of a table's items."""
    old = before.properties.get("TimeToLiveSpecification") if before else None
    new = given.get("TimeToLiveSpecification")
    if new == old:
        return
    wanted = new or {**(old or {}), "Enabled": False}
    call("dynamodb", "UpdateTimeToLive", {**table, "TimeToLiveSpecification": wanted})


_BUCKET = (
    *("BucketEncryption", "BucketName", "CorsConfiguration", "LifecycleConfiguration", "NotificationConfiguration"),
    *("OwnershipControls", "PublicAccessBlockConfiguration", "Tags", "VersioningConfiguration"),
)


def _put_bucket(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    _only(given, *_BUCKET)
    name = name if before else name.lower()
    bucket = {"Bucket": name}
    if before is None:
        location = (
            {} if call.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": call.region}}
        )
        call("s3", "CreateBucket", {**bucket, **location})
    old = before.properties if before else {}
    for part, (put, delete) in _BUCKET_PARTS.items():
        if part in given and given[part] != old.get(part):
            operation, parameters = put(given[part])
            call("s3", operation, {**bucket, **parameters})
        elif part in old and part not in given:
            operation, parameters = delete
            call("s3", operation, {**bucket, **parameters})
    domain = f"{name}.s3.amazonaws.com"
    regional = f"{name}.s3.{call.region}.amazonaws.com"
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": regional})


def _encryption(given: Properties) -> tuple[str, Properties]:
    rules = [
        {
            **without(rule, "ServerSideEncryptionByDefault"),
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"}),
        }
        for rule in given["ServerSideEncryptionConfiguration"]
    ]
    return "PutBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _notifications(given: Properties) -> tuple[str, Properties]:
    _only(given, "EventBridgeConfiguration", "LambdaConfigurations", "QueueConfigurations", "TopicConfigurations")
    wanted: Properties = {}
    if given.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled", "EventBridgeConfiguration" in given):
        wanted["EventBridgeConfiguration"] = {}
    for part, kind, target in (
        ("LambdaConfigurations", "LambdaFunctionConfigurations", ("Function", "LambdaFunctionArn")),
        ("QueueConfigurations", "QueueConfigurations", ("Queue", "QueueArn")),
        ("TopicConfigurations", "TopicConfigurations", ("Topic", "TopicArn")),
    ):
        wanted |= (
            {kind: [_notification(notification, *target) for notification in given[part]]} if given.get(part) else {}
        )
    return "PutBucketNotificationConfiguration", {"NotificationConfiguration": wanted}


def _notification(given: Properties, target: str, member: str) -> Properties:
    _only(given, "Event", "Filter", target)
    made: Properties = {member: given[target], "Events": [given["Event"]]}
    if "Filter" in given:
        made["Filter"] = {"Key": {"FilterRules": given["Filter"]["S3Key"]["Rules"]}}
    return made


def _lifecycle(given: Properties) -> tuple[str, Properties]:
    rules = []
    for rule in given["Rules"]:
        _only(rule, "AbortIncompleteMultipartUpload", "ExpirationInDays", "Id", "Prefix", "Status")
        made: Properties = {"ID": rule["Id"]} if "Id" in rule else {}
        made |= {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        if "ExpirationInDays" in rule:
            made["Expiration"] = {"Days": rule["ExpirationInDays"]}
        if "AbortIncompleteMultipartUpload" in rule:
            made["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
        rules.append(made)
    return "PutBucketLifecycleConfiguration", {"LifecycleConfiguration": {"Rules": rules}}


def _cors(given: Properties) -> tuple[str, Properties]:
    names = {"MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders", "Id": "ID"}
    rules = [{names.get(key, key): value for key, value in rule.items()} for rule in given["CorsRules"]]
    return "PutBucketCors", {"CORSConfiguration": {"CORSRules": rules}}


def _as_it_is(operation: str, member: str) -> Callable[[Any], tuple[str, Properties]]:
    return lambda given: (operation, {member: given})


_BUCKET_PARTS: dict[str, tuple[Callable[[Any], tuple[str, Properties]], tuple[str, Properties]]] = {
    "BucketEncryption": (_encryption, ("DeleteBucketEncryption", {})),
    "CorsConfiguration": (_cors, ("DeleteBucketCors", {})),
    "LifecycleConfiguration": (_lifecycle, ("DeleteBucketLifecycle", {})),
    "NotificationConfiguration": (
        _notifications,
        ("PutBucketNotificationConfiguration", {"NotificationConfiguration": {}}),
    ),
    "OwnershipControls": (
        _as_it_is("PutBucketOwnershipControls", "OwnershipControls"),
        ("DeleteBucketOwnershipControls", {}),
    ),
    "PublicAccessBlockConfiguration": (
        _as_it_is("PutPublicAccessBlock", "PublicAccessBlockConfiguration"),
        ("DeletePublicAccessBlock", {}),
    ),
    "Tags": (lambda tags: ("PutBucketTagging", {"Tagging": {"TagSet": tags}}), ("DeleteBucketTagging", {})),
    "VersioningConfiguration": (
        _as_it_is("PutBucketVersioning", "VersioningConfiguration"),
        ("PutBucketVersioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
    ),
}
"""How each property of a bucket is put, and taken away."""


def _put_rule(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    bus = {"EventBusName": given["EventBusName"]} if "EventBusName" in given else {}
    settings = without(given, "Name", "Targets", "EventPattern", "EventBusName")
    if "EventPattern" in given:
        settings["EventPattern"] = text_of(given["EventPattern"])
    arn = call("events", "PutRule", {**settings, **bus, "Name": name})["RuleArn"]
    targets = given.get("Targets", [])
    held = before.properties.get("Targets", []) if before else []
    gone = sorted({target["Id"] for target in held} - {target["Id"] for target in targets})
    if gone:
        call("events", "RemoveTargets", {**bus, "Rule": name, "Ids": gone})
    if targets:
        call("events", "PutTargets", {**bus, "Rule": name, "Targets": targets})
    return Made(name, {"Arn": arn})


def _delete_rule(call: Call, made: Made) -> None:
    bus = {"EventBusName": made.properties["EventBusName"]} if "EventBusName" in made.properties else {}
    held = call("events", "ListTargetsByRule", {**bus, "Rule": made.reference}).get("Targets", [])
    if held:
        call("events", "RemoveTargets", {**bus, "Rule": made.reference, "Ids": [target["Id"] for target in held]})
    call("events", "DeleteRule", {**bus, "Name": made.reference})


_MAPPING_DEFAULTS: Properties = {
    "BatchSize": 10,
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "ScalingConfig": {},
}


def _put_mapping(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    settings = without(given, "Tags")
    if before is None:
        tags = {"Tags": tags_of(given)} if tags_of(given) else {}
        shown = call("lambda", "CreateEventSourceMapping", {**settings, **tags})
    else:
        dropped = {key: value for key, value in _MAPPING_DEFAULTS.items() if key in before.properties}
        changed = without({**dropped, **settings}, "EventSourceArn", "StartingPosition")
        shown = call("lambda", "UpdateEventSourceMapping", {**changed, "UUID": before.reference})
    number = shown["UUID"]
    return Made(number, {"Id": number, "EventSourceMappingArn": shown.get("EventSourceMappingArn", number)})


def _put_parameter(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    settings = {**without(given, "Name", "Tags"), "Name": name}
    tags = [{"Key": key, "Value": value} for key, value in (given.get("Tags") or {}).items()]
    if before is None:
        call("ssm", "PutParameter", {**settings, **({"Tags": tags} if tags else {})})
    else:
        call("ssm", "PutParameter", {**settings, "Overwrite": True})
    return Made(name, {"Type": given["Type"], "Value": given["Value"]})


def _put_policy(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    _only(given, "Groups", "PolicyDocument", "PolicyName", "Roles", "Users")
    policy = {"PolicyName": given["PolicyName"]}
    if before is not None:
        for kind, member, operation in _HOLDERS:
            for holder in set(before.properties.get(kind, [])) - set(given.get(kind, [])):
                call("iam", f"Delete{operation}", {member: holder, **policy})
    for kind, member, operation in _HOLDERS:
        for holder in given.get(kind, []):
            document = text_of(given["PolicyDocument"])
            call("iam", f"Put{operation}", {member: holder, **policy, "PolicyDocument": document})
    return Made(given["PolicyName"], {"Id": given["PolicyName"]})


def _delete_policy(call: Call, made: Made) -> None:
    for kind, member, operation in _HOLDERS:
        for holder in made.properties.get(kind, []):
            call("iam", f"Delete{operation}", {member: holder, "PolicyName": made.reference})


_HOLDERS = (
    ("Roles", "RoleName", "RolePolicy"),
    ("Users", "UserName", "UserPolicy"),
    ("Groups", "GroupName", "GroupPolicy"),
)


def _put_dashboard(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    body = given["DashboardBody"]
    call("cloudwatch", "PutDashboard", {"DashboardName": name, "DashboardBody": text_of(body)})
    return Made(name, {})


def _put_key(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    _only(given, "Description", "EnableKeyRotation", "KeyPolicy", "KeySpec", "KeyUsage", "PendingWindowInDays", "Tags")
    if before is None:
        names = {"Description": "Description", "KeyPolicy": "Policy", "KeySpec": "KeySpec", "KeyUsage": "KeyUsage"}
        settings = {names[key]: text_of(value) for key, value in given.items() if key in names}
        tags = [{"TagKey": key, "TagValue": value} for key, value in tags_of(given).items()]
        shown = call("kms", "CreateKey", {**settings, **({"Tags": tags} if tags else {})})["KeyMetadata"]
    else:
        shown = call("kms", "DescribeKey", {"KeyId": before.reference})["KeyMetadata"]
        if "KeyPolicy" in given:
            policy = {"PolicyName": "default", "Policy": text_of(given["KeyPolicy"])}
            call("kms", "PutKeyPolicy", {"KeyId": before.reference, **policy})
    rotation = "EnableKeyRotation" if given.get("EnableKeyRotation") else "DisableKeyRotation"
    call("kms", rotation, {"KeyId": shown["KeyId"]})
    return Made(shown["KeyId"], {"Arn": shown["Arn"], "KeyId": shown["KeyId"]})


def _put_key_alias(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    operation = "CreateAlias" if before is None else "UpdateAlias"
    call("kms", operation, given)
    return Made(given["AliasName"], {})


def _by_reference(service: str, operation: str, member: str) -> Callable[[Call, Made], object]:
    return lambda call, made: call(service, operation, {member: made.reference})


DATA_TYPES: dict[str, Type] = {
    "AWS::SQS::Queue": Type(
        _put_queue,
        _by_reference("sqs", "DeleteQueue", "QueueUrl"),
        name="QueueName",
        fixed=("FifoQueue",),
        attributes=("Arn", "QueueName", "QueueUrl"),
    ),
    "AWS::DynamoDB::Table": Type(
        _put_table,
        _by_reference("dynamodb", "DeleteTable", "TableName"),
        name="TableName",
        fixed=("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes"),
        attributes=("Arn", "StreamArn"),
    ),
    "AWS::S3::Bucket": Type(
        _put_bucket,
        _by_reference("s3", "DeleteBucket", "Bucket"),
        name="BucketName",
        attributes=("Arn", "DomainName", "RegionalDomainName"),
    ),
    "AWS::Events::Rule": Type(_put_rule, _delete_rule, name="Name", fixed=("EventBusName",)),
    "AWS::Lambda::EventSourceMapping": Type(
        _put_mapping,
        _by_reference("lambda", "DeleteEventSourceMapping", "UUID"),
        fixed=("EventSourceArn", "StartingPosition"),
        attributes=("Id", "EventSourceMappingArn"),
    ),
    "AWS::SSM::Parameter": Type(
        _put_parameter, _by_reference("ssm", "DeleteParameter", "Name"), name="Name", attributes=("Type", "Value")
    ),
    "AWS::IAM::Policy": Type(_put_policy, _delete_policy, fixed=("PolicyName",), attributes=("Id",)),
    "AWS::CloudWatch::Dashboard": Type(
        _put_dashboard,
        lambda call, made: call("cloudwatch", "DeleteDashboards", {"DashboardNames": [made.reference]}),
        name="DashboardName",
        attributes=(),
    ),
    "AWS::KMS::Key": Type(
        _put_key,
        lambda call, made: call("kms", "ScheduleKeyDeletion", {"KeyId": made.reference, "PendingWindowInDays": 7}),
        fixed=("KeySpec", "KeyUsage"),
        attributes=("Arn", "KeyId"),
    ),
    "AWS::KMS::Alias": Type(
        _put_key_alias, _by_reference("kms", "DeleteAlias", "AliasName"), fixed=("AliasName",), attributes=()
    ),
}
