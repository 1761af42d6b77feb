"""Requests refused that the caller's policies do not let pass: those of users, and of sessions of roles.

Whoever has the state's key is the account, and may do everything. Source: IAM user guide, "Policy evaluation logic";
moto's names: moto.iam.models.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

from customlabels.emulator.iam.credentials import role_of, user_of
from customlabels.emulator.iam.policies import ALLOWED, DENIED, Statement, decision, statements_of
from customlabels.emulator.iam.resources import needed, needed_of_s3
from customlabels.emulator.server.clients import ROLES
from customlabels.emulator.server.gate import access_key
from customlabels.emulator.server.http import Environ, scope
from customlabels.emulator.server.requests import Asked


def is_on() -> bool:
    """Whether this process enforces permissions."""
    return ROLES in os.environ


_FREE = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}


def forbidden(environ: Environ, asked: Asked | None, key: str) -> str | None:
    """Why a caller may not do what a request asks; None where it may.

    Parameters
    ----------
    asked : None for a request to S3
    key : the state's own
    """
    given = access_key(environ)
    if given == key:
        return None
    user, role = user_of(given), role_of(given)
    if user is None and role is None:
        return "The security token included in the request is invalid."
    who = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:user/{user}" if user is not None else str(role)
    statements = list(_of_user(user) if user is not None else statements_of_role(str(role)))
    region, _ = scope(environ)
    context = {"aws:requestedregion": region, "aws:principalarn": who, "aws:securetransport": "false"}
    if asked is None:
        pairs = needed_of_s3(environ)
    else:
        if (asked.service, asked.operation) in _FREE:
            return None
        pairs = needed(asked)
        context |= _of_request(asked)
    for action, resource in pairs:
        verdict = decision(statements, action, resource, context)
        if verdict != ALLOWED:
            why = "with an explicit deny in" if verdict == DENIED else "because no"
            end = (
                "an identity-based policy" if verdict == DENIED else f"identity-based policy allows the {action} action"
            )
            return f"User: {who} is not authorized to perform: {action} on resource: {resource} {why} {end}"
    return None


def _of_request(asked: Asked) -> dict[str, str]:
    """Condition keys of a request's tags, of whom a role is passed to, and of which function a mapping is."""
    tags = (asked.parameters or {}).get("Tags")
    if isinstance(tags, list):
        tags = {tag.get("Key", ""): tag.get("Value", "") for tag in tags if isinstance(tag, dict)}
    context = {f"aws:requesttag/{name.lower()}": str(value) for name, value in (tags or {}).items()}
    if tags:
        context["aws:tagkeys"] = "\0".join(tags)
    mapping = (asked.parameters or {}).get("UUID")
    if asked.service == "lambda" and isinstance(mapping, str):
        held = lambda_backends[DEFAULT_ACCOUNT_ID][asked.region]._event_source_mappings.get(mapping)
        context |= {"lambda:functionarn": str(held.function_arn)} if held is not None else {}
    return {**context, "iam:passedtoservice": f"{asked.service}.amazonaws.com"}


def _of_user(name: str) -> Iterator[Statement]:
    backend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    user = backend.users.get(name)
    if user is None:
        return
    yield from _of(user.policies.values(), user.managed_policies.values())
    for group in backend.groups.values():
        if any(member.name == name for member in group.users):
            yield from _of(group.policies.values(), group.managed_policies.values())


def statements_of_role(arn: str) -> Iterator[Statement]:
    """What a role may do."""
    backend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    role = next((role for role in backend.roles.values() if role.arn == arn), None)
    if role is not None:
        yield from _of(role.policies.values(), role.managed_policies.values())


def _of(inline: Any, managed: Any) -> Iterator[Statement]:
    for document in inline:
        yield from statements_of(_document(document))
    for policy in managed:
        for version in policy.versions:
            if version.version_id == policy.default_version_id:
                yield from statements_of(_document(version.document))


def _document(text: Any) -> Mapping[str, Any]:
    if isinstance(text, dict) and "policy_document" in text:
        text = text["policy_document"]
    document: Mapping[str, Any] = json.loads(text) if isinstance(text, str) else text
    return document
