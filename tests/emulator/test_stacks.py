"""Templates with types that nothing here makes are refused instead of passed over."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from local_service import BUCKET, Service

KNOWN = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
UNKNOWN = """
Resources:
  Topic:
    Type: AWS::SNS::Topic
  Pass:
    Type: AWS::GameLift::Fleet
    Properties: {Name: !Sub "${AWS::StackName}-x"}
"""


@pytest.fixture
def stacks(service: Service) -> Any:
    return boto3.client(
        "cloudformation",
        endpoint_url=service.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )


def test_a_stack_of_known_types_is_made(stacks: Any) -> None:
    stacks.create_stack(StackName="known", TemplateBody=json.dumps(KNOWN))
    (found,) = stacks.describe_stacks(StackName="known")["Stacks"]
    assert found["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize("by", ["body", "url"])
def test_a_type_that_nothing_makes_is_refused_and_nothing_is_made(service: Service, stacks: Any, by: str) -> None:
    service.s3.put_object(Bucket=BUCKET, Key="stacks/unknown.yaml", Body=UNKNOWN.encode())
    given = {"TemplateBody": UNKNOWN} if by == "body" else {
        "TemplateURL": f"https://{BUCKET}.s3.us-east-1.amazonaws.com/stacks/unknown.yaml"
    }  # fmt: skip
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::GameLift::Fleet\]") as caught:
        stacks.create_stack(StackName=f"unknown-{by}", **given)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert f"unknown-{by}" not in [one["StackName"] for one in stacks.describe_stacks()["Stacks"]]
