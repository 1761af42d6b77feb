"""What CloudFormation says where the local service says nothing: checks before a change, as botocore has them."""

from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from customlabels.aws.stacks.change_sets import propose
from customlabels.core.errors import ServiceError

STACK, ARN = "customlabels-trial", "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/customlabels-1/2"
EARLY = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]."


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Any:
    make: Any = boto3.client
    return make("cloudformation", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


def refused(stubber: Stubber, reason: str) -> None:
    stubber.add_client_error("describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist")
    stubber.add_response("create_change_set", {"Id": ARN})
    answer = {"Status": "FAILED", "StatusReason": reason, "ExecutionStatus": "UNAVAILABLE", "ChangeSetId": ARN}
    stubber.add_response("describe_change_set", answer)


def discarded(stubber: Stubber) -> None:
    stubber.add_response("delete_change_set", {}, {"StackName": STACK, "ChangeSetName": ARN})
    stubber.add_response("delete_stack", {}, {"StackName": STACK})


def test_a_change_set_that_a_validation_refuses_is_told_with_its_events(cloudformation: Any) -> None:
    def event(number: int, **about: str) -> dict[str, Any]:
        return {"EventId": str(number), "EventType": "VALIDATION_ERROR", **about}

    first = event(
        1,
        LogicalResourceId="Start",
        ResourceType="AWS::Lambda::Function",
        ValidationStatusReason="#: extraneous key [Timout] is not permitted",
        ValidationPath="/Resources/Start/Properties",
    )
    second = event(2, LogicalResourceId="Topic", ResourceType="AWS::SNS::Topic", ValidationStatusReason="it exists")
    with Stubber(cloudformation) as stubber:
        refused(stubber, EARLY)
        about = {"ChangeSetName": ARN, "Filters": {"FailedEvents": True}}
        stubber.add_response("describe_events", {"OperationEvents": [event(0), first], "NextToken": "n"}, about)
        stubber.add_response("describe_events", {"OperationEvents": [second]}, {**about, "NextToken": "n"})
        discarded(stubber)
        with pytest.raises(ServiceError) as caught:
            propose(cloudformation, STACK, "{}", lambda text: text, lambda _: None)
        stubber.assert_no_pending_responses()
    assert caught.value.message == (
        f"CloudFormation refuses the template of {STACK}: Start (AWS::Lambda::Function): "
        "#: extraneous key [Timout] is not permitted, at /Resources/Start/Properties"
    )
    assert caught.value.details == ("Topic (AWS::SNS::Topic): it exists",)


@pytest.mark.parametrize("denied", [True, False])
def test_where_the_events_tell_nothing_the_reason_is_what_there_is(cloudformation: Any, denied: bool) -> None:
    with Stubber(cloudformation) as stubber:
        refused(stubber, EARLY)
        if denied:
            stubber.add_client_error(
                "describe_events", "AccessDenied", "no", expected_params={"ChangeSetName": ANY, "Filters": ANY}
            )
        else:
            stubber.add_response("describe_events", {"OperationEvents": []})
        discarded(stubber)
        with pytest.raises(ServiceError, match="EarlyValidation::PropertyValidation"):
            propose(cloudformation, STACK, "{}", lambda text: text, lambda _: None)


def test_a_change_set_of_another_run_that_is_being_made_is_waited_for(cloudformation: Any) -> None:
    """A stack is in review from its first change set on, and until the execution has reached its own status."""
    review = {"Stacks": [{"StackName": STACK, "StackStatus": "REVIEW_IN_PROGRESS", "CreationTime": 0}]}
    done = {"Stacks": [{"StackName": STACK, "StackStatus": "CREATE_COMPLETE", "CreationTime": 0}]}

    def change_set(execution: str) -> dict[str, Any]:
        return {"Status": "CREATE_COMPLETE", "ExecutionStatus": execution, "ChangeSetId": ARN}

    with Stubber(cloudformation) as stubber:
        stubber.add_response("describe_stacks", review)
        stubber.add_response("describe_change_set", change_set("EXECUTE_IN_PROGRESS"))
        stubber.add_response("describe_change_set", change_set("EXECUTE_COMPLETE"))
        stubber.add_response("describe_stacks", done)
        stubber.add_client_error("create_change_set", "ValidationError", "No updates are to be performed.")
        assert propose(cloudformation, STACK, "{}", lambda text: text, lambda _: None) is None
        stubber.assert_no_pending_responses()
