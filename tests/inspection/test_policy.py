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


def test_buckets_beside_the_watched_one_may_be_looked_at() -> None:
    scope = replace(SCOPE, beside=("s3://bad/x/", "s3://archive/2025/", "s3://archive/2026/"))
    (statement,) = (one for one in inspection(scope)["Statement"] if one.get("Sid") == "Beside")
    assert statement["Resource"] == ["arn:aws:s3:::archive", "arn:aws:s3:::bad"]
    assert statement["Action"] == ["s3:GetEncryptionConfiguration", "s3:ListBucket"]


def test_every_name_is_of_what_the_policy_reaches() -> None:
    names = names_of("surface")
    assert len({names.queue, names.dead, names.function, names.table}) == 4
    assert all(name.startswith(f"{names.stack}-") for name in (names.queue, names.dead, names.function, names.table))
    assert len(names.function) <= 64
    assert len(names_of("x" * 255).function) <= 64
