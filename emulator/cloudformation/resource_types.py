"""The CloudFormation types that the local service makes: each by calls to the services themselves.

Here are those that act, and what lets them; see data_types.py for those that hold data. Source: CloudFormation template
reference; properties have the names of the operations' members unless a function says otherwise.
"""

import io
import zipfile
from collections.abc import Callable

from customlabels.emulator.cloudformation.data_types import DATA_TYPES
from customlabels.emulator.cloudformation.definitions import Call, Made, Properties, Type, tags_of, text_of, without
from customlabels.emulator.cloudformation.state_machines import STATE_MACHINE_TYPES


def _put_group(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    if before is None:
        arn = call("scheduler", "CreateScheduleGroup", {**given, "Name": name})["ScheduleGroupArn"]
    else:
        arn = before.attributes["Arn"]
        _retag(call, "scheduler", arn, given, before)
    return Made(name, {"Arn": arn})


def _retag(call: Call, service: str, arn: str, given: Properties, before: Made) -> None:
    gone = sorted(tags_of(before.properties).keys() - tags_of(given).keys())
    if gone:
        call(service, "UntagResource", {"ResourceArn": arn, "TagKeys": gone})
    if given.get("Tags"):
        call(service, "TagResource", {"ResourceArn": arn, "Tags": given["Tags"]})


def _put_schedule(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    operation = "CreateSchedule" if before is None else "UpdateSchedule"
    return Made(name, {"Arn": call("scheduler", operation, {**given, "Name": name})["ScheduleArn"]})


def _delete_schedule(call: Call, made: Made) -> None:
    group = {"GroupName": made.properties["GroupName"]} if "GroupName" in made.properties else {}
    call("scheduler", "DeleteSchedule", {"Name": made.reference, **group})


def _put_alarm(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    call("cloudwatch", "PutMetricAlarm", {**given, "AlarmName": name})
    (shown,) = call("cloudwatch", "DescribeAlarms", {"AlarmNames": [name]})["MetricAlarms"]
    return Made(name, {"Arn": shown["AlarmArn"]})


def _put_subscription(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    asked: Properties = {key: given[key] for key in ("TopicArn", "Protocol", "Endpoint") if key in given}
    settings = {key: text_of(value) for key, value in without(given, *asked, "Region").items()}
    if before is None:
        arn = call("sns", "Subscribe", {**asked, "Attributes": settings, "ReturnSubscriptionArn": True})
        return Made(arn["SubscriptionArn"], {"Arn": arn["SubscriptionArn"]})
    for key, value in settings.items():
        parameters = {"SubscriptionArn": before.reference, "AttributeName": key, "AttributeValue": value}
        call("sns", "SetSubscriptionAttributes", parameters)
    return Made(before.reference, before.attributes)


def _put_topic(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    settings = {key: text_of(value) for key, value in without(given, "Subscription", "Tags", "TopicName").items()}
    if before is None:
        parameters = {"Name": name, "Attributes": settings, "Tags": given.get("Tags", [])}
        arn = call("sns", "CreateTopic", parameters)["TopicArn"]
    else:
        arn = before.reference
        for key, value in settings.items():
            call("sns", "SetTopicAttributes", {"TopicArn": arn, "AttributeName": key, "AttributeValue": value})
    wanted = _endpoints(given)
    held = _endpoints(before.properties) if before else set()
    for protocol, endpoint in sorted(wanted - held):
        call("sns", "Subscribe", {"TopicArn": arn, "Protocol": protocol, "Endpoint": endpoint})
    listed = call("sns", "ListSubscriptionsByTopic", {"TopicArn": arn})["Subscriptions"] if held - wanted else []
    for subscription in listed:
        if (subscription["Protocol"], subscription["Endpoint"]) in held - wanted:
            call("sns", "Unsubscribe", {"SubscriptionArn": subscription["SubscriptionArn"]})
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _endpoints(given: Properties) -> set[tuple[str, str]]:
    """Protocol and endpoint of each subscription in a topic's own definition."""
    return {(subscription["Protocol"], subscription["Endpoint"]) for subscription in given.get("Subscription", [])}


def _put_topic_policy(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    policy = {"AttributeName": "Policy", "AttributeValue": text_of(given["PolicyDocument"])}
    for topic in given["Topics"]:
        call("sns", "SetTopicAttributes", {"TopicArn": topic, **policy})
    return Made(name, {})


def _put_queue_policy(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    for queue in given["Queues"]:
        call(
            "sqs", "SetQueueAttributes", {"QueueUrl": queue, "Attributes": {"Policy": text_of(given["PolicyDocument"])}}
        )
    return Made(name, {})


def _delete_queue_policy(call: Call, made: Made) -> None:
    for queue in made.properties["Queues"]:
        call("sqs", "SetQueueAttributes", {"QueueUrl": queue, "Attributes": {"Policy": ""}})


def _put_bucket_policy(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    call("s3", "PutBucketPolicy", {"Bucket": given["Bucket"], "Policy": text_of(given["PolicyDocument"])})
    return Made(name, {})


def _put_log_group(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    if before is None:
        call("logs", "CreateLogGroup", {"logGroupName": name, "tags": tags_of(given)})
    if "RetentionInDays" in given:
        days = {"logGroupName": name, "retentionInDays": given["RetentionInDays"]}
        call("logs", "PutRetentionPolicy", days)
    elif before is not None and "RetentionInDays" in before.properties:
        call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
    groups = call("logs", "DescribeLogGroups", {"logGroupNamePrefix": name})["logGroups"]
    return Made(name, {"Arn": next(group["arn"] for group in groups if group["logGroupName"] == name)})


def _put_role(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    role, trust = {"RoleName": name}, text_of(given["AssumeRolePolicyDocument"])
    if before is None:
        settings = without(given, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "RoleName")
        call("iam", "CreateRole", {**settings, **role, "AssumeRolePolicyDocument": trust})
    else:
        call("iam", "UpdateAssumeRolePolicy", {**role, "PolicyDocument": trust})
        settings = {key: given[key] for key in ("Description", "MaxSessionDuration") if key in given}
        call("iam", "UpdateRole", {**role, **settings})
    old = before.properties if before else {}
    inline = {policy["PolicyName"]: text_of(policy["PolicyDocument"]) for policy in given.get("Policies", [])}
    for policy in {inline_policy["PolicyName"] for inline_policy in old.get("Policies", [])} - inline.keys():
        call("iam", "DeleteRolePolicy", {**role, "PolicyName": policy})
    for policy, document in inline.items():
        call("iam", "PutRolePolicy", {**role, "PolicyName": policy, "PolicyDocument": document})
    attached, wanted = set(old.get("ManagedPolicyArns", [])), set(given.get("ManagedPolicyArns", []))
    for arn in sorted(attached - wanted):
        call("iam", "DetachRolePolicy", {**role, "PolicyArn": arn})
    for arn in sorted(wanted - attached):
        call("iam", "AttachRolePolicy", {**role, "PolicyArn": arn})
    shown = call("iam", "GetRole", role)["Role"]
    return Made(name, {"Arn": shown["Arn"], "RoleId": shown["RoleId"]})


def _delete_role(call: Call, made: Made) -> None:
    role = {"RoleName": made.reference}
    for policy in call("iam", "ListRolePolicies", role)["PolicyNames"]:
        call("iam", "DeleteRolePolicy", {**role, "PolicyName": policy})
    for policy in call("iam", "ListAttachedRolePolicies", role)["AttachedPolicies"]:
        call("iam", "DetachRolePolicy", {**role, "PolicyArn": policy["PolicyArn"]})
    call("iam", "DeleteRole", role)


def _put_managed_policy(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    document = text_of(given["PolicyDocument"])
    if before is None:
        settings: Properties = {key: given[key] for key in ("Description", "Path") if key in given}
        arn = call("iam", "CreatePolicy", {**settings, "PolicyName": name, "PolicyDocument": document})["Policy"]["Arn"]
    else:
        arn = before.reference
        for version in call("iam", "ListPolicyVersions", {"PolicyArn": arn})["Versions"]:
            if not version["IsDefaultVersion"]:
                call("iam", "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": version["VersionId"]})
        parameters = {"PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": True}
        call("iam", "CreatePolicyVersion", parameters)
    return Made(arn, {"PolicyArn": arn})


def _delete_managed_policy(call: Call, made: Made) -> None:
    policy = {"PolicyArn": made.reference}
    for version in call("iam", "ListPolicyVersions", policy)["Versions"]:
        if not version["IsDefaultVersion"]:
            call("iam", "DeletePolicyVersion", {**policy, "VersionId": version["VersionId"]})
    call("iam", "DeletePolicy", policy)


_CODE = ("S3Bucket", "S3Key", "S3ObjectVersion", "ZipFile")


def _code(given: Properties) -> Properties:
    """Where a function's code is; text in the template becomes a zip of index.py."""
    code = {key: value for key, value in given["Code"].items() if key in _CODE}
    if "ZipFile" in code:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr(zipfile.ZipInfo("index.py"), code["ZipFile"])
        code["ZipFile"] = body.getvalue()
    return code


def _put_function(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    function = {"FunctionName": name}
    settings = without(given, "Code", "FunctionName", "ReservedConcurrentExecutions", "Tags")
    if before is None:
        shown = call("lambda", "CreateFunction", {**settings, **function, "Code": _code(given), "Tags": tags_of(given)})
    else:
        if given["Code"] != before.properties["Code"]:
            call("lambda", "UpdateFunctionCode", {**function, **_code(given)})
        changed = without(settings, "Architectures", "PackageType")
        shown = call("lambda", "UpdateFunctionConfiguration", {**changed, **function})
    if "ReservedConcurrentExecutions" in given:
        most = {"ReservedConcurrentExecutions": given["ReservedConcurrentExecutions"]}
        call("lambda", "PutFunctionConcurrency", {**function, **most})
    elif before is not None and "ReservedConcurrentExecutions" in before.properties:
        call("lambda", "DeleteFunctionConcurrency", function)
    return Made(name, {"Arn": shown["FunctionArn"]})


def _put_version(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    shown = call("lambda", "PublishVersion", given)
    arn = shown["FunctionArn"]
    return Made(arn, {"FunctionArn": arn, "Version": shown["Version"]})


def _delete_version(call: Call, made: Made) -> None:
    function = made.properties["FunctionName"]
    call("lambda", "DeleteFunction", {"FunctionName": function, "Qualifier": made.attributes["Version"]})


def _put_alias(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    operation = "CreateAlias" if before is None else "UpdateAlias"
    arn = call("lambda", operation, without(given, "ProvisionedConcurrencyConfig"))["AliasArn"]
    return Made(arn, {"AliasArn": arn})


def _delete_alias(call: Call, made: Made) -> None:
    call("lambda", "DeleteAlias", {key: made.properties[key] for key in ("FunctionName", "Name")})


def _put_permission(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    if before is not None:
        _delete_permission(call, before)
    call("lambda", "AddPermission", {**given, "StatementId": name})
    return Made(name, {"Id": name})


def _delete_permission(call: Call, made: Made) -> None:
    parameters = {"FunctionName": made.properties["FunctionName"], "StatementId": made.reference}
    call("lambda", "RemovePermission", parameters)


def _put_invoke_config(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    if before is not None:
        _delete_invoke_config(call, before)
    call("lambda", "PutFunctionEventInvokeConfig", without(given, "Qualifier"))
    return Made(name, {})


def _delete_invoke_config(call: Call, made: Made) -> None:
    call("lambda", "DeleteFunctionEventInvokeConfig", {"FunctionName": made.properties["FunctionName"]})


def _nothing(call: Call, made: Made) -> None:
    """Goes with what it belongs to."""


def _by_reference(service: str, operation: str, member: str) -> Callable[[Call, Made], object]:
    return lambda call, made: call(service, operation, {member: made.reference})


TYPES: dict[str, Type] = {
    "AWS::Scheduler::ScheduleGroup": Type(
        _put_group, _by_reference("scheduler", "DeleteScheduleGroup", "Name"), name="Name"
    ),
    "AWS::Scheduler::Schedule": Type(_put_schedule, _delete_schedule, name="Name", fixed=("GroupName",)),
    "AWS::CloudWatch::Alarm": Type(
        _put_alarm,
        lambda call, made: call("cloudwatch", "DeleteAlarms", {"AlarmNames": [made.reference]}),
        name="AlarmName",
    ),
    "AWS::SNS::Subscription": Type(
        _put_subscription,
        _by_reference("sns", "Unsubscribe", "SubscriptionArn"),
        fixed=("TopicArn", "Protocol", "Endpoint"),
    ),
    "AWS::SNS::Topic": Type(
        _put_topic,
        _by_reference("sns", "DeleteTopic", "TopicArn"),
        name="TopicName",
        fixed=("FifoTopic",),
        attributes=("TopicArn", "TopicName"),
    ),
    "AWS::SNS::TopicPolicy": Type(_put_topic_policy, _nothing),
    "AWS::SQS::QueuePolicy": Type(_put_queue_policy, _delete_queue_policy),
    "AWS::S3::BucketPolicy": Type(
        _put_bucket_policy,
        lambda call, made: call("s3", "DeleteBucketPolicy", {"Bucket": made.properties["Bucket"]}),
        fixed=("Bucket",),
    ),
    "AWS::Logs::LogGroup": Type(
        _put_log_group, _by_reference("logs", "DeleteLogGroup", "logGroupName"), name="LogGroupName"
    ),
    "AWS::IAM::Role": Type(_put_role, _delete_role, name="RoleName", fixed=("Path",), attributes=("Arn", "RoleId")),
    "AWS::IAM::ManagedPolicy": Type(
        _put_managed_policy, _delete_managed_policy, name="ManagedPolicyName", attributes=("PolicyArn",)
    ),
    "AWS::Lambda::Function": Type(
        _put_function, _by_reference("lambda", "DeleteFunction", "FunctionName"), name="FunctionName"
    ),
    "AWS::Lambda::Version": Type(
        _put_version, _delete_version, fixed=("FunctionName", "CodeSha256"), attributes=("FunctionArn", "Version")
    ),
    "AWS::Lambda::Alias": Type(_put_alias, _delete_alias, fixed=("FunctionName", "Name"), attributes=("AliasArn",)),
    "AWS::Lambda::Permission": Type(_put_permission, _delete_permission, attributes=("Id",)),
    "AWS::Lambda::EventInvokeConfig": Type(_put_invoke_config, _delete_invoke_config, fixed=("FunctionName",)),
    **DATA_TYPES,
    **STATE_MACHINE_TYPES,
}
"""By the names that templates give them; all others are refused."""
