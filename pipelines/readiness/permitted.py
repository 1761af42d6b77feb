"""Permissions: what IAM's own simulator says of every call in every printed policy.

Source: IAM API reference, SimulatePrincipalPolicy; a policy of the organisation or of a resource may still deny.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks.scope import Policy
from customlabels.core.errors import ServiceError
from customlabels.pipelines.readiness.findings import NOTHING, ON_AWS, Finding, Standing, is_denied

SUBJECT = "permissions"
NEEDED = frozenset({"train"})
"""Uses without which a project is not ready; the others are for those who do them."""

_CREATED = "1700000000000"
_ON_VERSIONS = frozenset(
    f"rekognition:{name}"
    for name in ("StartProjectVersion", "StopProjectVersion", "DeleteProjectVersion", "DetectCustomLabels")
)
_ON_DATASETS = frozenset(
    f"rekognition:{name}"
    for name in (
        *("DescribeDataset", "DeleteDataset", "UpdateDatasetEntries", "ListDatasetEntries", "ListDatasetLabels"),
        "DistributeDatasetEntries",
    )
)
_SHOWN = 6
_MOST = 1000
"""Results of one simulation."""


def permitted(clients: Clients, policies: Mapping[str, Policy], *, emulated: bool = False) -> Iterator[Finding]:
    """A finding for each use.

    Parameters
    ----------
    policies : as printed, by use
    emulated : whether no AWS is asked but something that speaks its protocol, and may not know all of it
    """
    arn: str = clients.caller
    principal = principal_of(arn)
    if principal is None:
        seen = f"{arn} is no user or role that IAM simulates"
        yield Finding(SUBJECT, "policies", Standing.UNKNOWN, seen, "ask with the role or user that trains")
        return
    if ":role/" in principal:
        principal = _whole_role(clients, principal)
    simulation = _Simulation(clients, principal)
    try:
        denied = {
            use: {call for statement in policy["Statement"] for call in simulation.denied(statement)}
            for use, policy in policies.items()
        }
    except ServiceError as error:
        seen = f"IAM's simulator does not tell: {error.message}"
        by_hand = "compare by hand: customlabels iam policy USE"
        advice = f"allow iam:SimulatePrincipalPolicy, or {by_hand}" if is_denied(error) else by_hand
        if emulated and not is_denied(error):
            advice = ON_AWS
        yield Finding(SUBJECT, "policies", Standing.UNKNOWN, seen, advice)
        return
    for use, calls in denied.items():
        yield use_finding(use, sorted(calls))


def use_finding(use: str, denied: list[str]) -> Finding:
    """What the calls that are denied to the caller mean for a use."""
    if not denied:
        return Finding(SUBJECT, use, Standing.OK, "every call is allowed", NOTHING)
    more = f" and {len(denied) - _SHOWN} more" if len(denied) > _SHOWN else ""
    seen = f"denied: {', '.join(denied[:_SHOWN])}{more}"
    state = Standing.FAILED if use in NEEDED else Standing.WARNING
    return Finding(SUBJECT, use, state, seen, f"customlabels iam policy {use} prints what whoever does it needs")


def principal_of(arn: str) -> str | None:
    """The user or role behind a caller's ARN, as SimulatePrincipalPolicy takes it; None where it takes none.

    Source: IAM user guide, "IAM identifiers"; a session's ARN leaves the role's path out.
    """
    head, _, resource = arn.rpartition(":")
    kind, _, name = resource.partition("/")
    parts = head.split(":")
    if kind == "user" and name:
        # STS has users of the account under its own name in some places.
        return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:user/{name}" if len(parts) == 5 else None
    if kind == "assumed-role" and len(parts) == 5:
        return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{name.partition('/')[0]}"
    return None


def _whole_role(clients: Clients, arn: str) -> str:
    """The role's ARN with its path, where that may be asked."""
    try:
        with explained("asking for the role's path"):
            return str(clients.once("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]["Arn"])
    except ServiceError:
        return arn


class _Simulation:
    """IAM's answers for one principal; what several policies ask is asked once."""

    def __init__(self, clients: Clients, principal: str) -> None:
        self._iam = clients.iam
        self._principal = principal
        self._answers: dict[str, list[str]] = {}

    def denied(self, statement: Mapping[str, Any]) -> Iterator[str]:
        """The statement's calls that the principal may not make, as the conditions of the statement have it."""
        for resources, actions in examples(statement).items():
            asked: dict[str, Any] = {"ActionNames": actions, "ContextEntries": context(statement), "MaxItems": _MOST}
            if resources != ("*",):
                asked["ResourceArns"] = list(resources)
            key = json.dumps(asked)
            if key not in self._answers:
                with explained("simulating the caller's policies"):
                    answer = self._iam.simulate_principal_policy(PolicySourceArn=self._principal, **asked)
                results = answer["EvaluationResults"]
                self._answers[key] = [
                    result["EvalActionName"] for result in results if result["EvalDecision"] != "allowed"
                ]
            yield from self._answers[key]


def context(statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the statement's conditions ask for, as if it were so."""
    return [
        {
            "ContextKeyName": name,
            "ContextKeyValues": [
                str(value).replace("*", "any") for value in (values if isinstance(values, list) else [values])
            ],
            "ContextKeyType": "string",
        }
        for conditions in statement.get("Condition", {}).values()
        for name, values in conditions.items()
    ]


def examples(statement: Mapping[str, Any]) -> dict[tuple[str, ...], list[str]]:
    """Calls by resources that are like those of a statement: a pattern stands for one that it matches."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for action in statement["Action"]:
        resources = tuple(example(action, str(resource)) for resource in statement["Resource"])
        grouped.setdefault(resources, []).append(action)
    return grouped


def example(action: str, pattern: str) -> str:
    """An ARN that the pattern matches, of the kind of resource that the call is for."""
    if pattern == "*":
        return pattern
    if ":rekognition:" in pattern and pattern.endswith("/*") and pattern.count("/") == 2:
        stem = pattern.removesuffix("/*").replace("*", "any")
        if action in _ON_VERSIONS:
            return f"{stem}/version/any/{_CREATED}"
        if action in _ON_DATASETS:
            return f"{stem}/dataset/train/{_CREATED}"
        return f"{stem}/{_CREATED}"
    return pattern.replace("*", _CREATED)
