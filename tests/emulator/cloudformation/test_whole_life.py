"""A stack of queue, table, bucket, function and rule lives its whole life; what is not made is refused."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.line_stack import template
from support.local_services import BUCKET, Service, client, kill_and_return

from customlabels.core.waiting import wait_for


def items(service: Service) -> int:
    return int(client(service, "dynamodb").scan(TableName="parts")["Count"])


@pytest.mark.around
def test_a_stack_of_queue_table_function_and_rule_lives_its_whole_life(own_service: Service) -> None:
    stacks = client(own_service, "cloudformation")
    stacks.create_stack(StackName="line", TemplateBody=template())
    (made,) = stacks.describe_stacks(StackName="line")["Stacks"]
    events = stacks.describe_stack_events(StackName="line")["StackEvents"]
    assert made["StackStatus"] == "CREATE_COMPLETE", events
    tables = client(own_service, "dynamodb")
    assert tables.describe_time_to_live(TableName="parts")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    backups = tables.describe_continuous_backups(TableName="parts")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    names = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in stacks.describe_stack_resources(StackName="line")["StackResources"]
    }
    assert names["Work"].startswith(own_service.endpoint_url)
    shown = client(own_service, "lambda").get_event_source_mapping(UUID=names["Mapping"])
    assert (shown["ScalingConfig"], shown["FunctionResponseTypes"], shown["State"]) == (
        {"MaximumConcurrency": 2},
        ["ReportBatchItemFailures"],
        "Enabled",
    )
    table = tables.describe_table(TableName="parts")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    (told,) = own_service.s3.get_bucket_notification_configuration(Bucket="images-of-the-line")["QueueConfigurations"]
    assert told["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": "a"}]
    alarms = client(own_service, "cloudwatch").describe_alarms()["MetricAlarms"]
    assert [alarm["MetricName"] for alarm in alarms] == ["ApproximateAgeOfOldestMessage"]
    assert client(own_service, "cloudwatch").get_dashboard(DashboardName="line")["DashboardBody"]
    own_service.s3.put_object(Bucket="images-of-the-line", Key="a.jpg", Body=b"x")
    client(own_service, "events").put_events(Entries=[{"Source": "line", "DetailType": "seen", "Detail": "{}"}])
    # One more: a bucket that is told to tell a queue tries it first.
    wait_for(lambda: True if items(own_service) >= 3 else None, what="items", most=30)
    service = kill_and_return(own_service)
    stacks = client(service, "cloudformation")
    changed = template(
        Work={"VisibilityTimeout": 60}, Setting={"Value": "2"}, Mapping={"BatchSize": 7, "Enabled": False}
    )
    stacks.update_stack(StackName="line", TemplateBody=changed)
    attributes = client(service, "sqs").get_queue_attributes(QueueUrl=names["Work"], AttributeNames=["All"])[
        "Attributes"
    ]
    assert attributes["VisibilityTimeout"] == "60"
    assert client(service, "ssm").get_parameter(Name="/line/rate")["Parameter"]["Value"] == "2"
    # A change of a queue's attributes leaves its policy.
    assert "s3.amazonaws.com" in attributes["Policy"]
    mapping = client(service, "lambda").get_event_source_mapping(UUID=names["Mapping"])
    assert (mapping["BatchSize"], mapping["State"]) == (7, "Disabled")
    less = json.loads(changed)
    del less["Resources"]["Mapping"]["Properties"]["ScalingConfig"]
    stacks.update_stack(StackName="line", TemplateBody=json.dumps(less))
    mapping = client(service, "lambda").get_event_source_mapping(UUID=names["Mapping"])
    assert not mapping.get("ScalingConfig")
    service.s3.delete_object(Bucket="images-of-the-line", Key="a.jpg")
    stacks.delete_stack(StackName="line")
    assert client(service, "dynamodb").list_tables()["TableNames"] == []
    assert "QueueUrls" not in client(service, "sqs").list_queues()
    assert [bucket["Name"] for bucket in service.s3.list_buckets()["Buckets"]] == [BUCKET]
    assert client(service, "events").list_rules()["Rules"] == []
    assert client(service, "lambda").list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("AWS::StepFunctions::Activity", {}, "does not make AWS::StepFunctions::Activity"),
        ("AWS::S3::Bucket", {"WebsiteConfiguration": {}}, "WebsiteConfiguration"),
        ("AWS::DynamoDB::Table", {"KinesisStreamSpecification": {"StreamArn": "x"}}, "KinesisStreamSpecification"),
        ("AWS::Lambda::EventSourceMapping", {"NoSuchProperty": 1, "FunctionName": "f"}, "NoSuchProperty"),
        ("Custom::Anything", {"ServiceToken": "x"}, "does not make Custom::Anything"),
    ],
)
def test_what_is_not_made_is_refused(service: Service, kind: str, properties: dict[str, Any], reason: str) -> None:
    stacks, name = client(service, "cloudformation"), f"refused-{kind.replace(':', '').lower()}"
    body = json.dumps({"Resources": {"It": {"Type": kind, "Properties": properties}}})
    stacks.create_stack(StackName=name, TemplateBody=body)
    (made,) = stacks.describe_stacks(StackName=name)["Stacks"]
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [
        event.get("ResourceStatusReason", "") for event in stacks.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert any(reason in told for told in reasons), reasons


def test_a_stack_that_was_only_reviewed_is_taken_up_again(service: Service) -> None:
    stacks = client(service, "cloudformation")
    body = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    asked = {"StackName": "reviewed", "TemplateBody": body, "ChangeSetType": "CREATE"}
    first = stacks.create_change_set(ChangeSetName="one", **asked)
    second = stacks.create_change_set(ChangeSetName="two", **asked)
    assert first["StackId"] == second["StackId"]
    assert [stack["StackStatus"] for stack in stacks.describe_stacks(StackName="reviewed")["Stacks"]] == [
        "REVIEW_IN_PROGRESS"
    ]
    stacks.execute_change_set(ChangeSetName=second["Id"])
    assert stacks.describe_stacks(StackName="reviewed")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="already exists"):
        stacks.create_change_set(ChangeSetName="three", **asked)
