"""A stack of bucket, queue, dead letters, table, function, mapping, rule and alarm, as teams deploy one."""

import json
from typing import Any

TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
CODE = """import boto3, json
def handle(event, context):
    for record in event.get("Records", []):
        boto3.client("dynamodb").put_item(TableName="parts", Item={"k": {"S": record["messageId"]}})
"""


def _arn(resource: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, "Arn"]}


READS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
MAY = [
    {"Effect": "Allow", "Action": READS, "Resource": _arn("Work")},
    {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": _arn("Parts")},
]


def template(**changes: Any) -> str:
    """The template, properties of its resources changed."""
    resources: dict[str, Any] = {
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Work": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 30,
                "RedrivePolicy": {"deadLetterTargetArn": _arn("Dead"), "maxReceiveCount": 3},
            },
        },
        "Parts": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "parts",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
                "TimeToLiveSpecification": {"AttributeName": "ends", "Enabled": True},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        },
        "Images": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": "MayTell",
            "Properties": {
                "BucketName": "images-of-the-line",
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {
                            "Event": "s3:ObjectCreated:*",
                            "Queue": _arn("Work"),
                            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "a"}]}},
                        },
                    ]
                },
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": MAY}}],
            },
        },
        "Look": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handle",
                "Role": _arn("Role"),
                "Timeout": 20,
                "MemorySize": 256,
                "Code": {"ZipFile": CODE},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": _arn("Work"),
                "FunctionName": {"Ref": "Look"},
                "BatchSize": 5,
                "MaximumBatchingWindowInSeconds": 0,
                "Enabled": True,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": 2},
            },
        },
        "MayTell": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Work"}],
                "PolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "s3.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": _arn("Work"),
                        }
                    ]
                },
            },
        },
        "Late": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Work", "QueueName"]}}],
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 2,
                "Threshold": 600,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
            },
        },
        "Board": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": "line", "DashboardBody": json.dumps({"widgets": []})},
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["line"]},
                "Targets": [{"Id": "work", "Arn": _arn("Work")}],
            },
        },
        "Setting": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": "1", "Name": "/line/rate"},
        },
    }
    for name, properties in changes.items():
        resources[name]["Properties"] = {**resources[name].get("Properties", {}), **properties}
    return json.dumps({"Resources": resources})
