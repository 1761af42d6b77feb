"""Executions: their names, their waits by the service's clock, retries, histories, ends, and definitions refused."""

import json
from typing import Any

import pytest
from support.local_services import BUCKET, Service, client, kill_and_return
from support.machines import ended, make, powerful_role, result, start

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

WAITS = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 7200, "Next": "Done"}, "Done": {"Type": "Pass", "End": True}},
}


def test_the_same_name_begins_once_and_other_input_is_refused(service: Service) -> None:
    states, machine = client(service, "stepfunctions"), make(service, "named", WAITS)
    first = states.start_execution(stateMachineArn=machine, name="x", input='{"a": 1}')
    again = states.start_execution(stateMachineArn=machine, name="x", input='{ "a":1 }')
    assert (first["executionArn"], first["startDate"]) == (again["executionArn"], again["startDate"])
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="x", input='{"a": 2}')
    states.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="x", input='{"a": 1}')


def test_a_wait_goes_by_the_clock_and_outlives_a_kill(own_service: Service) -> None:
    service = own_service
    execution = start(service, make(service, "waits", WAITS), {"a": 1})
    address.advance(service.state, 7000)
    service = kill_and_return(service)
    assert client(service, "stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"
    address.advance(service.state, 300)
    shown = client(service, "stepfunctions").describe_execution(executionArn=execution)
    took = (shown["stopDate"] - shown["startDate"]).total_seconds()
    assert (shown["status"], json.loads(shown["output"]), 7200 <= took < 7260) == ("SUCCEEDED", {"a": 1}, True)


def test_moving_the_clock_on_passes_every_wait_at_its_time(service: Service) -> None:
    loop = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 300, "Next": "Add"},
            "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough?"},
            "Enough?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThanEquals": 4, "Next": "Done"}],
                "Default": "Wait",
            },
            "Done": {"Type": "Succeed"},
        },
    }
    execution = start(service, make(service, "loops", loop), {"n": 0})
    address.advance(service.state, 1250)
    shown = client(service, "stepfunctions").describe_execution(executionArn=execution)
    assert (shown["status"], json.loads(shown["output"])) == ("SUCCEEDED", {"n": 4})


def test_a_failed_task_is_retried_then_caught_by_the_name_that_its_service_gives(service: Service) -> None:
    machine = {
        "StartAt": "Head",
        "States": {
            "Head": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:rekognition:describeProjectVersions",
                "Parameters": {"ProjectArn": "arn:aws:rekognition:us-east-1:123456789012:project/none/1600000000000"},
                "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                "Catch": [
                    {
                        "ErrorEquals": ["Rekognition.ResourceNotFoundException"],
                        "ResultPath": "$.why",
                        "Next": "Gone",
                    }
                ],
                "End": True,
            },
            "Gone": {"Type": "Pass", "Parameters": {"why.$": "$.why.Error", "kept.$": "$.kept"}, "End": True},
        },
    }
    arn = make(service, "catches", machine)
    shown = ended(service, start(service, arn, {"kept": 1}))
    assert shown["output"] == {"why": "Rekognition.ResourceNotFoundException", "kept": 1}
    history = client(service, "stepfunctions").get_execution_history(executionArn=shown["executionArn"])["events"]
    assert [event["type"] for event in history].count("TaskFailed") == 2
    assert (history[0]["type"], history[-1]["type"]) == ("ExecutionStarted", "ExecutionSucceeded")


def test_calls_of_services_give_their_answers_as_documents(service: Service) -> None:
    topic = client(service, "sns").create_topic(Name="notices")["TopicArn"]
    machine = {
        "StartAt": "Put",
        "States": {
            "Put": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                "Parameters": {"Bucket": BUCKET, "Key": "from-a-state", "Body.$": "$"},
                "ResultPath": None,
                "Next": "Get",
            },
            "Get": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                "Parameters": {"Bucket": BUCKET, "Key": "from-a-state"},
                "ResultSelector": {"read.$": "States.StringToJson($.Body)"},
                "Next": "Tell",
            },
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {"TopicArn": topic, "Message.$": "$.read"},
                "ResultSelector": {"id.$": "$.MessageId"},
                "ResultPath": "$.told",
                "End": True,
            },
        },
    }
    shown = result(service, "calls", machine, {"a": [1]})
    assert shown["output"]["read"] == {"a": [1]}
    assert shown["output"]["told"]["id"]


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ({"Type": "Fail", "Error": "No", "CausePath": "$.why"}, "No"),
        ({"Type": "Pass", "InputPath": "$.none", "End": True}, "States.Runtime"),
        ({"Type": "Pass", "Parameters": {"a.$": "$.none"}, "End": True}, "States.ParameterPathFailure"),
        ({"Type": "Pass", "Parameters": {"a.$": "States.StringToJson('{')"}, "End": True}, "States.IntrinsicFailure"),
    ],
)
def test_a_state_that_fails_fails_its_execution(service: Service, state: dict[str, Any], error: str) -> None:
    name = f"fails-{error}-{state['Type']}".replace(".", "-")
    shown = result(service, name, {"StartAt": "S", "States": {"S": state}}, {"why": "so"})
    assert (shown["status"], shown["error"]) == ("FAILED", error)


def test_an_execution_that_is_out_of_time_ends(service: Service) -> None:
    execution = start(service, make(service, "late", {**WAITS, "TimeoutSeconds": 60}))
    address.advance(service.state, 61)
    assert ended(service, execution)["status"] == "TIMED_OUT"


def test_every_end_is_an_event(service: Service) -> None:
    events, sqs = client(service, "events"), client(service, "sqs")
    queue = sqs.create_queue(QueueName="ends")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    machine = make(service, "told", {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]}}
    events.put_rule(Name="ends", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="ends", Targets=[{"Id": "q", "Arn": arn}])
    execution = start(service, machine, {"a": 1})
    received = wait_for(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), what="an event", most=10)
    detail = json.loads(received[0]["Body"])["detail"]
    assert (detail["executionArn"], json.loads(detail["output"])) == (execution, {"a": 1})
    events.remove_targets(Rule="ends", Ids=["q"])
    events.delete_rule(Name="ends")


BROKEN = {
    "StartAt": "Nowhere",
    "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Next": "B"},
        "B": {"Type": "Wait", "Seconds": -1, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"x.$": "States.Nope()"}, "Next": "D", "Assign": {}},
        "D": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringIs": "x", "Next": "Elsewhere"}]},
        "E": {"Type": "Map", "ItemReader": {}, "ItemProcessor": {"StartAt": "X", "States": {}}, "End": True},
    },
}


def test_a_definition_is_refused_with_all_its_faults_at_once(service: Service) -> None:
    states = client(service, "stepfunctions")
    text, role = json.dumps(BROKEN), powerful_role(service)
    with pytest.raises(states.exceptions.InvalidDefinition) as refused:
        states.create_state_machine(name="broken", definition=text, roleArn=role)
    for said in (
        "'Nowhere' is none of the states at /StartAt",
        "glue:startJobRun",
        "takes a whole number of seconds at /States/B/Seconds",
        "States.Nope is no intrinsic function at /States/C/Parameters/x.$",
        "is not known of a Pass at /States/C/Assign",
        "StringIs is not known at /States/D/Choices[0]",
        "'Elsewhere' is none of the states beside it",
        "needs a Map in mode DISTRIBUTED at /States/E/ItemReader",
        "there are no states at /States/E/ItemProcessor/States",
        "nothing leads to it at /States/E",
    ):
        assert said in str(refused.value)
    shown = states.validate_state_machine_definition(definition=text)
    assert (shown["result"], len(shown["diagnostics"]) >= 10) == ("FAIL", True)
    assert states.validate_state_machine_definition(definition=json.dumps(WAITS))["result"] == "OK"
    assert not [machine for machine in states.list_state_machines()["stateMachines"] if machine["name"] == "broken"]


TEMPLATE = {
    "Resources": {
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "of-a-stack",
                "RoleArn": "arn:aws:iam::123456789012:role/runs",
                "DefinitionString": json.dumps(
                    {"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": "${What}", "End": True}}}
                ),
                "DefinitionSubstitutions": {"What": "this"},
                "Tags": [{"Key": "project", "Value": "p"}],
            },
        }
    },
    "Outputs": {
        "Arn": {"Value": {"Fn::GetAtt": ["Machine", "Arn"]}},
        "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
    },
}


@pytest.mark.around
def test_a_stack_makes_changes_and_deletes_a_machine_and_a_restart_changes_nothing(own_service: Service) -> None:
    service = own_service
    powerful_role(service)
    formation = client(service, "cloudformation")
    formation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
    shown = formation.describe_stacks(StackName="s")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in shown["Outputs"]}
    assert (shown["StackStatus"], outputs["Name"]) == ("CREATE_COMPLETE", "of-a-stack")
    assert ended(service, start(service, outputs["Arn"]))["output"] == "this"
    changed = json.loads(json.dumps(TEMPLATE).replace('"this"', '"that"'))
    formation.update_stack(StackName="s", TemplateBody=json.dumps(changed))
    service = kill_and_return(service)
    states = client(service, "stepfunctions")
    assert ended(service, start(service, outputs["Arn"]))["output"] == "that"
    assert states.list_tags_for_resource(resourceArn=outputs["Arn"])["tags"] == [{"key": "project", "value": "p"}]
    client(service, "cloudformation").delete_stack(StackName="s")
    service = kill_and_return(service)
    assert not client(service, "stepfunctions").list_state_machines()["stateMachines"]
