"""Stacks deployed onto the local service: agreed to, declined, cut off, failed, and removed."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.local_services import BUCKET, Service, client

from customlabels.aws import s3
from customlabels.aws.clients import Clients, Connection
from customlabels.aws.stacks import change_sets, deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.aws.stacks.stack import Stack, render
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError

NAME = "customlabels-trial"


def resource(number: int, value: str = "a") -> dict[str, Any]:
    about = {"Name": f"/trial/{number}", "Type": "String", "Value": value}
    return {"Type": "AWS::SSM::Parameter", "Properties": about}


def stack(resources: dict[str, Any] | None = None, code: bytes = b"zip", kms_key: str | None = None) -> Stack:
    document = {
        "Resources": resources or {"One": resource(1)},
        "Outputs": {"One": {"Value": {"Ref": "One"}}},
    }
    folder = S3Address(BUCKET, "trial/code")
    return Stack(
        NAME, change_sets.json_template(document), folder, {f"{folder.key}/{code.decode()}.zip": code}, kms_key
    )


def agree(_: tuple[Change, ...]) -> bool:
    return True


@pytest.fixture
def clients(service: Service) -> Iterator[Clients]:
    service.s3.create_bucket(Bucket=BUCKET)
    made = Clients(Connection(region="us-east-1", endpoint_url=service.endpoint_url, local_key=service.key))
    yield made
    deployment.remove(made, NAME, code=S3Address(BUCKET, "trial/code"))


def keys(clients: Clients) -> list[str]:
    return [stored.address.key for stored in s3.listed(clients.s3, BUCKET, "trial/")]


def test_a_stack_is_deployed_once_and_changes_nothing_the_second_time(clients: Clients) -> None:
    shown: list[tuple[Change, ...]] = []

    def confirm(changes: tuple[Change, ...]) -> bool:
        shown.append(changes)
        return True

    first = deployment.deploy(clients, stack(), confirm=confirm)
    again = deployment.deploy(clients, stack(), confirm=confirm)
    assert first is not None
    assert again is not None
    assert [change.name for change in first.changes] == ["One"]
    assert (again.changes, again.outputs) == ((), first.outputs) == ((), {"One": "/trial/1"})
    assert len(shown) == 1
    assert deployment.diff(clients, stack()).lines == []
    assert any(
        "Two" in line for line in deployment.diff(clients, stack({"One": resource(1), "Two": resource(2)})).lines
    )


def test_what_is_not_agreed_to_leaves_nothing(clients: Clients) -> None:
    assert deployment.deploy(clients, stack(), confirm=lambda _: False) is None

    def abort(_: tuple[Change, ...]) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deployment.deploy(clients, stack(), confirm=abort)
    assert keys(clients) == []
    assert change_sets.find(clients.cloudformation, NAME) is None
    with pytest.raises(clients.cloudformation.exceptions.ClientError, match="does not exist"):
        clients.cloudformation.describe_stacks(StackName=NAME)


def test_a_deployment_that_was_cut_off_in_review_is_taken_up_again(clients: Clients) -> None:
    wanted = stack()
    proposal = change_sets.propose(clients.cloudformation, NAME, wanted.template, lambda text: text, lambda _: None)
    assert proposal is not None
    (description,) = clients.cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert description["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert not deployment.diff(clients, wanted).deployed
    deployed = deployment.deploy(clients, wanted, confirm=agree)
    assert deployed is not None
    assert deployed.outputs == {"One": "/trial/1"}


def test_a_stack_that_is_left_in_review_can_be_removed(clients: Clients) -> None:
    assert change_sets.propose(clients.cloudformation, NAME, stack().template, lambda text: text, lambda _: None)
    assert deployment.remove(clients, NAME)
    assert not deployment.remove(clients, NAME)


FAILING = {"One": resource(1), "Odd": {"Type": "AWS::Odd::Thing", "Properties": {}}}


def test_a_first_deployment_that_fails_is_taken_back_and_the_next_begins_anew(clients: Clients) -> None:
    with pytest.raises(ServiceError, match="is ROLLBACK_COMPLETE: Odd") as caught:
        deployment.deploy(clients, stack(FAILING), confirm=agree)
    assert "was taken back" in (caught.value.hint or "")
    assert deployment.deploy(clients, stack(), confirm=agree) is not None


def test_a_change_that_fails_leaves_the_stack_as_it_was(clients: Clients) -> None:
    deployment.deploy(clients, stack(), confirm=agree)
    with pytest.raises(ServiceError, match="is UPDATE_ROLLBACK_COMPLETE") as caught:
        deployment.deploy(clients, stack(FAILING), confirm=agree)
    assert "was taken back" in (caught.value.hint or "")
    assert deployment.outputs(clients, NAME) == {"One": "/trial/1"}


@pytest.mark.parametrize(
    "status", ["ROLLBACK_FAILED", "CREATE_FAILED", "UPDATE_ROLLBACK_FAILED", "gone", "DELETE_COMPLETE"]
)
def test_what_was_not_taken_back_is_not_said_to_be(status: str) -> None:
    hint = change_sets.HINTS.get(status, change_sets.ELSEWHERE)
    assert "was taken back" not in hint


def test_code_and_a_long_template_are_put_before_and_encrypted_by_the_key(service: Service, clients: Clients) -> None:
    wanted = stack(
        {f"P{number}": resource(number, "x" * 900) for number in range(60)} | {"One": resource(99)}, kms_key="k"
    )
    assert len(wanted.template) > change_sets.MOST_INLINE
    assert deployment.deploy(clients, wanted, confirm=agree) is not None
    found = keys(clients)
    assert {key.rpartition(".")[2] for key in found} == {"json", "zip"}
    assert {service.s3.head_object(Bucket=BUCKET, Key=key).get("SSEKMSKeyId") for key in found} == {"k"}


def test_a_bucket_of_another_region_is_named_before_anything_is_made(service: Service) -> None:
    service.s3.create_bucket(Bucket=BUCKET)
    elsewhere = Clients(Connection(region="eu-west-1", endpoint_url=service.endpoint_url, local_key=service.key))
    with pytest.raises(ServiceError, match=f"bucket {BUCKET} is in us-east-1, the project in eu-west-1"):
        deployment.deploy(elsewhere, stack(), confirm=agree)
    assert client(service, "cloudformation", "eu-west-1").list_stacks()["StackSummaries"] == []


def test_removing_empties_the_folder_that_the_template_names(clients: Clients) -> None:
    function = {"Type": "AWS::SSM::Parameter", "Properties": resource(1)["Properties"]}
    metadata = {"Code": {"S3Bucket": BUCKET, "S3Key": "trial/older/zip.zip"}}
    deployment.deploy(clients, stack({"One": {**function, "Metadata": metadata}}), confirm=agree)
    s3.put(clients.s3, S3Address(BUCKET, "trial/older/zip.zip"), b"", kms_key=None)
    assert deployment.remove(clients, NAME, code=S3Address(BUCKET, "trial/code"))
    assert keys(clients) == ["trial/code/zip.zip"]


def test_what_is_rendered_is_what_is_deployed(tmp_path: Any) -> None:
    wanted = stack()
    assert [path.name for path in render(wanted, tmp_path)] == ["template.json", "zip.zip"]
    assert (tmp_path / "template.json").read_text() == wanted.template
