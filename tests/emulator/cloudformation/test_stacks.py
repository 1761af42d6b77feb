"""CloudFormation makes, changes and deletes what it is told, and says so where it cannot."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service, client, kill_and_return, zipped

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def template(hour: int = 7, days: int = 7, answer: str = "one", threshold: str = "1") -> str:
    """What a deployment of scheduled functions is made of; written as people write it, in YAML and short forms."""
    return f"""
Parameters:
  Zone: {{Type: String, Default: Europe/Berlin}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {json.dumps(TRUST)}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{{Effect: Allow, Action: "logs:*", Resource: "arn:aws:s3:::{answer}"}}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handle
      Role: !GetAtt Role.Arn
      Timeout: "20"
      Environment: {{Variables: {{ANSWER: "{answer}"}}}}
      Code:
        ZipFile: |
          import os
          def handle(event, context):
              return "{answer}" + os.environ["ANSWER"]
  Calm: {{Type: "AWS::Lambda::EventInvokeConfig", Properties: {{
    FunctionName: !Ref Function, Qualifier: $LATEST, MaximumRetryAttempts: 0}}}}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {{FunctionName: !Ref Function, FunctionVersion: $LATEST, Name: live}}
  Allowed:
    Type: AWS::Lambda::Permission
    Properties: {{FunctionName: !Ref Function, Action: "lambda:InvokeFunction", Principal: events.amazonaws.com}}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {{LogGroupName: !Sub "/aws/lambda/${{Function}}", RetentionInDays: {days}}}
  Dead: {{Type: AWS::SQS::Queue}}
  DeadPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Dead]
      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: "*", Action: "sqs:SendMessage", Resource: "*"}}]}}
  Topic: {{Type: AWS::SNS::Topic}}
  Told:
    Type: AWS::SNS::Subscription
    Properties: {{TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Dead.Arn}}
  Group: {{Type: "AWS::Scheduler::ScheduleGroup", Properties: {{Name: !Sub "${{AWS::StackName}}-group"}}}}
  Opening:
    Type: AWS::Scheduler::Schedule
    Properties:
      GroupName: !Ref Group
      ScheduleExpression: cron(0 {hour} ? * MON-FRI *)
      ScheduleExpressionTimezone: !Ref Zone
      FlexibleTimeWindow: {{Mode: "OFF"}}
      Target:
        Arn: !GetAtt Function.Arn
        RoleArn: !GetAtt Role.Arn
        DeadLetterConfig: {{Arn: !GetAtt Dead.Arn}}
        RetryPolicy: {{MaximumRetryAttempts: "2"}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Statistic: Sum
      Period: "300"
      EvaluationPeriods: 1
      Threshold: "{threshold}"
      ComparisonOperator: GreaterThanOrEqualToThreshold
      AlarmActions: [!Ref Topic]
Outputs:
  Function: {{Value: !GetAtt Function.Arn}}
"""


def state(service: Service, name: str) -> Any:
    """What a client sees of the stack's resources."""
    stacks = client(service, "cloudformation")
    made = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in stacks.describe_stack_resources(StackName=name)["StackResources"]
    }
    schedule = client(service, "scheduler").get_schedule(GroupName=made["Group"], Name=made["Opening"])
    alarm = client(service, "cloudwatch").describe_alarms(AlarmNames=[made["Alarm"]])["MetricAlarms"][0]
    policy = client(service, "iam").get_role_policy(RoleName=made["Role"], PolicyName="own")["PolicyDocument"]
    logs = client(service, "logs").describe_log_groups(logGroupNamePrefix=made["Logs"])["logGroups"][0]
    answer = json.load(client(service, "lambda").invoke(FunctionName=made["Function"])["Payload"])
    return made, {
        "status": stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"],
        "hour": schedule["ScheduleExpression"],
        "zone": schedule["ScheduleExpressionTimezone"],
        "retries": schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"],
        "threshold": alarm["Threshold"],
        "role": policy["Statement"][0]["Resource"],
        "days": logs["retentionInDays"],
        "answer": answer,
    }


def gone(service: Service, made: dict[str, str]) -> bool:
    named: list[tuple[str, str, dict[str, str]]] = [
        ("lambda", "get_function", {"FunctionName": made["Function"]}),
        ("iam", "get_role", {"RoleName": made["Role"]}),
        ("scheduler", "get_schedule_group", {"Name": made["Group"]}),
        ("sqs", "get_queue_attributes", {"QueueUrl": made["Dead"]}),
        ("sns", "get_topic_attributes", {"TopicArn": made["Topic"]}),
    ]
    for one, operation, parameters in named:
        with pytest.raises(ClientError):
            getattr(client(service, one), operation)(**parameters)
    alarms = client(service, "cloudwatch").describe_alarms(AlarmNames=[made["Alarm"]])["MetricAlarms"]
    groups = client(service, "logs").describe_log_groups(logGroupNamePrefix=made["Logs"])["logGroups"]
    subscriptions = client(service, "sns").list_subscriptions()["Subscriptions"]
    return not alarms and not groups and made["Told"] not in [one["SubscriptionArn"] for one in subscriptions]


def test_a_stack_is_made_changed_kept_and_deleted(own_service: Service) -> None:
    stacks = client(own_service, "cloudformation")
    stacks.create_stack(StackName="plant", TemplateBody=template(), Capabilities=["CAPABILITY_IAM"])
    made, seen = state(own_service, "plant")
    first = {
        "status": "CREATE_COMPLETE",
        "hour": "cron(0 7 ? * MON-FRI *)",
        "zone": "Europe/Berlin",
        "retries": 2,
        "threshold": 1.0,
        "role": "arn:aws:s3:::one",
        "days": 7,
        "answer": "oneone",
    }
    assert seen == first
    stacks.update_stack(StackName="plant", TemplateBody=template(6, 30, "two", "5"), Capabilities=["CAPABILITY_IAM"])
    again, seen = state(own_service, "plant")
    assert again == made
    second = {
        "status": "UPDATE_COMPLETE",
        "hour": "cron(0 6 ? * MON-FRI *)",
        "zone": "Europe/Berlin",
        "retries": 2,
        "threshold": 5.0,
        "role": "arn:aws:s3:::two",
        "days": 30,
        "answer": "twotwo",
    }
    assert seen == second
    own_service = kill_and_return(own_service)
    assert state(own_service, "plant") == (made, second)
    client(own_service, "cloudformation").delete_stack(StackName="plant")
    assert gone(own_service, made)


def test_a_change_set_shows_what_it_changes_and_does_it(own_service: Service) -> None:
    stacks = client(own_service, "cloudformation")
    for number, body in enumerate((template(), template(6, 30, "two", "5"))):
        kind = "CREATE" if number == 0 else "UPDATE"
        change = stacks.create_change_set(
            StackName="plant", ChangeSetName=f"set-{number}", ChangeSetType=kind, TemplateBody=body
        )["Id"]
        shown = stacks.describe_change_set(ChangeSetName=change)
        assert shown["Status"] == "CREATE_COMPLETE"
        stacks.execute_change_set(ChangeSetName=change)
    assert {one["ResourceChange"]["LogicalResourceId"] for one in shown["Changes"]} == {
        *("Role", "Function", "Logs", "Opening", "Alarm")
    }
    assert state(own_service, "plant")[1]["answer"] == "twotwo"


def test_what_cannot_be_made_is_told_and_nothing_of_it_stays(service: Service) -> None:
    stacks = client(service, "cloudformation")
    body = (
        "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n  Fleet:\n    Type: AWS::GameLift::Fleet\n    DependsOn: Topic\n"
    )
    service.s3.put_object(Bucket=BUCKET, Key="stacks/fleet.yaml", Body=body.encode())
    address = f"https://{BUCKET}.s3.us-east-1.amazonaws.com/stacks/fleet.yaml"
    before = len(client(service, "sns").list_topics()["Topics"])
    stacks.create_stack(StackName="fleet", TemplateURL=address)
    assert stacks.describe_stacks(StackName="fleet")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    told = {
        one["LogicalResourceId"]: (one["ResourceStatus"], one["ResourceStatusReason"])
        for one in stacks.describe_stack_events(StackName="fleet")["StackEvents"]
        if one["ResourceStatus"] == "CREATE_FAILED"
    }
    assert told == {"Fleet": ("CREATE_FAILED", "the local service does not make AWS::GameLift::Fleet")}
    assert len(client(service, "sns").list_topics()["Topics"]) == before
    with pytest.raises(ClientError, match="can not be updated"):
        stacks.create_change_set(StackName="fleet", ChangeSetName="again", ChangeSetType="UPDATE", TemplateURL=address)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("cron(0 7 ? * MON-FRI *)", "cron(61 25 * * * *)"),
        ("Europe/Berlin", "Mars/Olympus"),
        ("Statistic: Sum", "Statistik: Sum"),
    ],
)
def test_a_change_that_fails_leaves_what_was(service: Service, wrong: str, said: str) -> None:
    stacks, name = client(service, "cloudformation"), f"kept-{abs(hash(said))}"
    stacks.create_stack(StackName=name, TemplateBody=template())
    before = state(service, name)
    stacks.update_stack(StackName=name, TemplateBody=template(answer="two").replace(wrong, said))
    after = state(service, name)
    assert after == (before[0], {**before[1], "status": "UPDATE_ROLLBACK_COMPLETE"})
    reasons = [
        one.get("ResourceStatusReason", "") for one in stacks.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert any(said.partition(":")[0] in one for one in reasons)
    stacks.delete_stack(StackName=name)


def test_a_template_runs_nothing(service: Service) -> None:
    body = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !!python/object/apply:os.getcwd []}}}"
    with pytest.raises(ClientError):
        client(service, "cloudformation").create_stack(StackName="evil", TemplateBody=body)


def test_code_from_a_bucket_comes_back_with_the_service(own_service: Service) -> None:
    own_service.s3.create_bucket(Bucket="code")
    own_service.s3.put_object(
        Bucket="code", Key="a.zip", Body=zipped("def handle(event, context):\n    return 'kept'\n")
    )
    body = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.12",
                    "Handler": "app.handle",
                    "FunctionName": "kept",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Code": {"S3Bucket": "code", "S3Key": "a.zip"},
                },
            },
        }
    }
    client(own_service, "cloudformation").create_stack(StackName="code", TemplateBody=json.dumps(body))
    # What was deployed runs on, whatever becomes of the object.
    own_service.s3.delete_object(Bucket="code", Key="a.zip")
    own_service = kill_and_return(own_service)
    assert json.load(client(own_service, "lambda").invoke(FunctionName="kept")["Payload"]) == "kept"


CONDITIONED = """
Parameters:
  Loud: {Type: String, Default: "no"}
  Path: {Type: String, Default: /one/}
Conditions:
  IsLoud: !Equals [!Ref Loud, "yes"]
Resources:
  Topic: {Type: AWS::SNS::Topic, Condition: IsLoud}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Path: !Ref Path
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: index.handle, Role: !GetAtt Role.Arn, Code: {ZipFile: "x = 1"}}
  Kept: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {LogGroupName: kept-logs}}
"""


def test_conditions_replacements_and_what_is_retained(service: Service) -> None:
    stacks = client(service, "cloudformation")

    def resources() -> dict[str, str]:
        found = stacks.describe_stack_resources(StackName="conditioned")["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    stacks.create_stack(StackName="conditioned", TemplateBody=CONDITIONED)
    first = resources()
    assert "Topic" not in first
    given = [{"ParameterKey": "Loud", "ParameterValue": "yes"}, {"ParameterKey": "Path", "ParameterValue": "/two/"}]
    stacks.update_stack(StackName="conditioned", TemplateBody=CONDITIONED, Parameters=given)
    second = resources()
    assert second["Topic"]
    assert second["Role"] != first["Role"]
    configured = client(service, "lambda").get_function_configuration(FunctionName=second["Function"])
    assert configured["Role"] == client(service, "iam").get_role(RoleName=second["Role"])["Role"]["Arn"]
    shorter = CONDITIONED[: CONDITIONED.index("  Kept")]
    stacks.update_stack(
        StackName="conditioned", TemplateBody=shorter, Parameters=[{**given[0], "ParameterValue": "no"}]
    )
    assert set(resources()) == {"Role", "Function"}
    groups = client(service, "logs").describe_log_groups(logGroupNamePrefix="kept-logs")["logGroups"]
    assert len(groups) == 1
    with pytest.raises(ClientError, match="Template format error"):
        stacks.update_stack(StackName="conditioned", TemplateBody="Resources: [")
    assert set(resources()) == {"Role", "Function"}
