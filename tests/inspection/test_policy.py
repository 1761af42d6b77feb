"""The policy for an inspection, held against what the stack may hold."""

from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from customlabels.aws.stacks.permissions import deploy_statements, resource_types
from customlabels.aws.stacks.scope import Scope
from customlabels.inspection.documents import Inspection
from customlabels.inspection.inspection_settings import Asked
from customlabels.inspection.rules import Rules
from customlabels.inspection.stack.batch_policy import batch
from customlabels.inspection.stack.inspection_policy import inspection
from customlabels.inspection.stack.template import Parts, names_of, template

SCOPE = Scope("111122223333", "eu-west-1", "surface", "plant-7", "customlabels", watched="s3://line-1/images/")


@pytest.mark.parametrize(
    "arns", [("arn:aws:rekognition:eu-west-1:111122223333:project/surface/17", "arn:topic"), (None, None)]
)
def test_the_policy_deploys_every_resource_that_a_stack_may_have(arns: tuple[str | None, str | None]) -> None:
    asked = Asked(Inspection("line-1", "images/", Rules(frozenset({"crack"}))), timedelta(hours=4), 3)
    text = template(
        Parts("surface", *arns, asked, ("plant-7", "customlabels"), "plant-7", "functions/ab.zip", "functions/cd.zip")
    )
    types = {resource["Type"] for resource in yaml.safe_load(text)["Resources"].values()}
    assert resource_types(text) == types
    allowed = {action for statement in inspection(SCOPE)["Statement"] for action in statement["Action"]}
    needed = {action for statement in deploy_statements(SCOPE.site, "s", types) for action in statement["Action"]}
    assert needed <= allowed


def test_the_watched_buckets_notification_alone_may_be_set() -> None:
    (statement,) = (one for one in inspection(SCOPE)["Statement"] if "s3:PutBucketNotification" in one["Action"])
    assert statement["Resource"] == ["arn:aws:s3:::line-1"]


def test_folders_beside_the_source_are_reached_and_nothing_else_of_them_is_asked() -> None:
    scope = replace(
        SCOPE, defects_to="s3://bad/x/", archives=("s3://line-1/older/", "s3://archive-1/parts/", "s3://archive-2")
    )
    (beside,) = (statement for statement in inspection(scope)["Statement"] if statement.get("Sid") == "Beside")
    assert beside["Action"] == ["s3:GetEncryptionConfiguration", "s3:ListBucket"]
    assert beside["Resource"] == ["arn:aws:s3:::archive-1", "arn:aws:s3:::archive-2", "arn:aws:s3:::bad"]
    assert "Beside" not in {statement.get("Sid") for statement in inspection(SCOPE)["Statement"]}
    (images,) = (statement for statement in batch(scope)["Statement"] if statement.get("Sid") == "Images")
    assert set(images["Resource"]) == {
        "arn:aws:s3:::line-1/images/*",
        "arn:aws:s3:::line-1/older/*",
        "arn:aws:s3:::archive-1/parts/*",
        "arn:aws:s3:::archive-2/*",
    }


def test_every_name_is_of_what_the_policy_reaches() -> None:
    names = names_of("surface")
    assert len({names.queue, names.dead, names.function, names.table}) == 4
    assert all(name.startswith(f"{names.stack}-") for name in (names.queue, names.dead, names.function, names.table))
    assert len(names.function) <= 64
    assert len(names_of("x" * 255).function) <= 64
