"""What policies let pass, as IAM has it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.emulator.iam.policies import ALLOWED, DENIED, NOT_ALLOWED, decision

NAMES = st.text("abcXYZ:/*?", min_size=1, max_size=8)


def statement(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", **parts}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], NOT_ALLOWED),
        ([statement()], ALLOWED),
        ([statement(Action="S3:getobject")], ALLOWED),
        ([statement(Action=["s3:Put*", "s3:Get?bject"])], ALLOWED),
        ([statement(Action="s3:GetObjects")], NOT_ALLOWED),
        ([statement(Action="*"), statement("Deny", Action="s3:*")], DENIED),
        ([statement(Resource="arn:aws:s3:::b/*")], ALLOWED),
        ([statement(Resource="arn:aws:s3:::B/*")], NOT_ALLOWED),
        ([statement(Resource="arn:aws:s3:::b")], NOT_ALLOWED),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], ALLOWED),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/secret*"}], ALLOWED),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/k*"}], NOT_ALLOWED),
        ([statement(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})], NOT_ALLOWED),
        ([statement(Condition={"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}})], ALLOWED),
        ([statement(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})], ALLOWED),
        ([statement(Condition={"StringLike": {"aws:RequestedRegion": "us-*"}})], ALLOWED),
        ([statement(Condition={"StringEquals": {"aws:Unknown": "x"}})], NOT_ALLOWED),
        ([statement(Condition={"StringEqualsIfExists": {"aws:Unknown": "x"}})], ALLOWED),
        ([statement(Condition={"Null": {"aws:Unknown": "true"}})], ALLOWED),
        ([statement(Condition={"Bool": {"aws:SecureTransport": "false"}})], ALLOWED),
        ([statement(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}})], ALLOWED),
        ([statement(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}})], NOT_ALLOWED),
        ([statement(Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}})], ALLOWED),
        ([statement(Condition={"NoSuchOperator": {"aws:RequestedRegion": "us-east-1"}})], NOT_ALLOWED),
    ],
)
def test_statements_let_pass_what_they_name(statements: list[dict[str, Any]], expected: str) -> None:
    context = {"aws:requestedregion": "us-east-1", "aws:securetransport": "false", "aws:tagkeys": "a\0b"}
    assert decision(statements, "s3:GetObject", "arn:aws:s3:::b/key", context) == expected


@given(st.lists(st.tuples(NAMES, NAMES), max_size=5), NAMES, NAMES)
def test_a_denial_outweighs_whatever_is_allowed(rules: list[tuple[str, str]], action: str, resource: str) -> None:
    allowed = [statement(Action=name, Resource=resource) for name, resource in rules]
    assert decision([*allowed, statement("Deny", Action="*")], action, resource, {}) == DENIED


@given(st.lists(st.tuples(NAMES, NAMES), max_size=5), NAMES, NAMES)
def test_a_statement_more_that_allows_takes_nothing_away(
    rules: list[tuple[str, str]], action: str, resource: str
) -> None:
    statements = [statement(Action=name, Resource=pattern) for name, pattern in rules]
    before = decision(statements[1:], action, resource, {})
    assert before != ALLOWED or decision(statements, action, resource, {}) == ALLOWED
