"""What checks make of what they see: pure, case by case."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.aws.stacks.scope import Scope
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.watching import Callbacks
from customlabels.pipelines.readiness.account import clock
from customlabels.pipelines.readiness.findings import Finding, Standing, failed, looked
from customlabels.pipelines.readiness.machine import dependencies, extra_finding, python
from customlabels.pipelines.readiness.metrics import period_finding
from customlabels.pipelines.readiness.models import running
from customlabels.pipelines.readiness.permitted import context, examples, principal_of, use_finding
from customlabels.pipelines.readiness.probe_project import late_finding, tags_finding
from customlabels.pipelines.readiness.probe_stack import target_finding
from customlabels.pipelines.readiness.questions import QUESTIONS, untried
from customlabels.pipelines.readiness.quotas import PROJECTS, RUNNING, TRAININGS, Quota, limit_of, quota_finding
from customlabels.pipelines.readiness.removal import removed_after
from customlabels.pipelines.readiness.storage import key_finding, policy_finding
from customlabels.session.printed_policies import POLICIES

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OK, WARNING, FAILED, UNKNOWN, SKIPPED = Standing
KEY = {"Arn": "arn:aws:kms:eu-west-1:111122223333:key/1"}


@pytest.mark.parametrize(
    ("finding", "state"),
    [
        (python((3, 11), "CPython"), OK),
        (python((3, 10), "CPython"), FAILED),
        (dependencies({}), OK),
        (dependencies({"boto3>=1.40": "1.34 is installed"}), FAILED),
        (extra_finding("heic", "photographs", {}, needed=False), OK),
        (extra_finding("heic", "photographs", {"pillow-heif": "not installed"}, needed=False), SKIPPED),
        (extra_finding("mlflow", "logging", {"mlflow-skinny": "not installed"}, needed=True), FAILED),
        (clock(None, NOW), UNKNOWN),
        (clock(NOW, NOW + timedelta(seconds=20)), OK),
        (clock(NOW, NOW - timedelta(minutes=2)), WARNING),
        (clock(NOW, NOW - timedelta(minutes=6)), FAILED),
        (clock(NOW, NOW + timedelta(days=365)), FAILED),
        (policy_finding({}), OK),
        (policy_finding({"Statement": [{"Effect": "Allow", "Action": "s3:*"}]}), OK),
        (policy_finding({"Statement": {"Effect": "Deny", "Action": "s3:PutObject"}}), WARNING),
        (key_finding("alias/a", {**KEY, "KeyState": "Enabled"}, "eu-west-1"), OK),
        (key_finding("alias/a", {**KEY, "KeyState": "PendingDeletion"}, "eu-west-1"), FAILED),
        (key_finding("alias/a", {**KEY, "KeyState": "Enabled"}, "us-east-1"), FAILED),
        (use_finding("train", []), OK),
        (use_finding("train", ["s3:PutObject"]), FAILED),
        (use_finding("pipeline", ["sagemaker:CreatePipeline"]), WARNING),
        (quota_finding(RUNNING, 1, 2, known=True), OK),
        (quota_finding(RUNNING, 2, 2, known=True), WARNING),
        (quota_finding(PROJECTS, 80, 100, known=False), WARNING),
        (quota_finding(PROJECTS, 100, 100, known=True), FAILED),
        (tags_finding(""), OK),
        (tags_finding("InvalidParameterException: no"), OK),
        (late_finding([0.1, 119.0]), OK),
        (late_finding([0.1, 130.0]), WARNING),
        (target_finding(None), WARNING),
        (target_finding("AccessDeniedException"), FAILED),
        (target_finding("ResourceNotFoundException: no such version"), OK),
        (period_finding([NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=6)]), OK),
        (period_finding([NOW, NOW + timedelta(minutes=5)]), WARNING),
    ],
)
def test_what_is_seen_is_judged(finding: Finding, state: Standing) -> None:
    assert finding.state == state
    assert finding.seen
    assert finding.advice


def test_every_open_question_says_what_holds_meanwhile() -> None:
    for finding in map(untried, QUESTIONS):
        assert finding.state == SKIPPED
        assert finding.advice.startswith("customlabels doctor --probe")


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        ("arn:aws:iam::111122223333:user/plants/ci", "arn:aws:iam::111122223333:user/plants/ci"),
        ("arn:aws:sts::111122223333:assumed-role/Trainer/me", "arn:aws:iam::111122223333:role/Trainer"),
        ("arn:aws-cn:sts::111122223333:assumed-role/Trainer/a/b", "arn:aws-cn:iam::111122223333:role/Trainer"),
        ("arn:aws:iam::111122223333:root", None),
        ("arn:aws:sts::111122223333:federated-user/me", None),
        ("", None),
    ],
)
def test_the_principal_behind_a_session_is_simulated(arn: str, principal: str | None) -> None:
    assert principal_of(arn) == principal


NAMES = st.from_regex(r"[a-z][a-z0-9-]{2,20}", fullmatch=True)


@given(st.sampled_from(sorted(POLICIES)), NAMES, NAMES)
def test_what_is_simulated_is_what_the_printed_policy_allows(use: str, project: str, bucket: str) -> None:
    scope = Scope("111122223333", "eu-west-1", project, bucket, "customlabels", kms_key="alias/models")
    for statement in POLICIES[use](scope)["Statement"]:
        shown = examples(statement)
        assert sorted(action for actions in shown.values() for action in actions) == sorted(statement["Action"])
        for resources in shown:
            for resource, pattern in zip(resources, statement["Resource"], strict=True):
                assert fnmatchcase(resource, str(pattern))
                assert resource == "*" or "*" not in resource


def test_conditions_of_a_statement_are_taken_for_met() -> None:
    condition = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}, "StringLike": {"kms:a": ["x*"]}}
    entries = context({"Condition": condition})
    assert [(entry["ContextKeyName"], entry["ContextKeyValues"]) for entry in entries] == [
        ("iam:PassedToService", ["scheduler.amazonaws.com"]),
        ("kms:a", ["xany"]),
    ]
    assert context({}) == []


GIVEN = {
    "Amazon Rekognition Custom Labels maximum number of concurrent training jobs": 4.0,
    "Transactions per second for Rekognition Image": 50.0,
}


@pytest.mark.parametrize(
    ("quota", "given", "region", "limit"),
    [
        (TRAININGS, GIVEN, "us-east-1", 4),
        (TRAININGS, {}, "us-east-1", 2),
        (TRAININGS, {}, "ap-southeast-2", 1),
        (RUNNING, GIVEN, "us-east-1", 2),
        (PROJECTS, {}, "us-east-1", 100),
    ],
)
def test_a_limit_is_the_accounts_own_where_it_is_told(
    quota: Quota, given: dict[str, float], region: str, limit: int
) -> None:
    assert limit_of(quota, given, region) == limit


def test_models_that_are_up_are_told_with_their_price() -> None:
    arn = "arn:aws:rekognition:eu-west-1:111122223333:project/p/version/v1/1790000000000"
    version: Any = {"ProjectVersionArn": arn, "Status": "RUNNING", "MinInferenceUnits": 2, "MaxInferenceUnits": 3}
    (finding,) = running([("eu-west-1", "p", version)])
    assert finding.state == WARNING
    assert "on 2 units, $8.00 an hour to 3 units, $12.00: $192 a day" in finding.seen
    assert "customlabels --region eu-west-1 model stop v1 --project p" in finding.advice
    (none,) = running([])
    assert none.state == OK


@pytest.mark.parametrize(
    ("error", "emulated", "state"),
    [
        (ServiceError("no", code="AccessDeniedException"), False, UNKNOWN),
        (ServiceError("no", code="AccessDenied"), False, UNKNOWN),
        (ServiceError("no", code="UnknownOperationException"), True, UNKNOWN),
        (ServiceError("no", code="ThrottlingException"), False, FAILED),
        (SettingsError("no"), True, FAILED),
    ],
)
def test_what_cannot_be_asked_is_a_finding(error: Exception, emulated: bool, state: Standing) -> None:
    def look() -> list[Finding]:
        raise error

    (finding,) = looked("bucket", "owner", look, emulated=emulated)
    assert (finding.state, failed([finding])) == (state, state == FAILED)
    assert finding.advice


@given(st.lists(st.booleans(), max_size=6), st.sampled_from([None, KeyboardInterrupt, ServiceError]))
def test_all_that_was_made_is_removed_whatever_happens(removable: list[bool], ends: type[BaseException] | None) -> None:
    asked: list[int] = []

    def remove(number: int) -> None:
        asked.append(number)
        if not removable[number]:
            raise ServiceError("in use")

    warned: list[str] = []
    watch = Callbacks(lambda *step: None, warned.append)
    with suppress(KeyboardInterrupt, ServiceError), removed_after(watch) as removal:
        for number in range(len(removable)):
            removal.owe(f"thing {number}", partial(remove, number))
        if ends is not None:
            raise ends("ended")
    assert asked == list(range(len(removable)))[::-1]
    assert len(removal.left) == removable.count(False)
    assert sum("LEFT OVER" in sentence for sentence in warned) == len(removal.left)
