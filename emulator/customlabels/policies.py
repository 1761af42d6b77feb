"""Policies of projects: who may copy their versions.

Source: Custom Labels developer guide, md-create-project-policy-document.md, and API reference, PutProjectPolicy.
"""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from customlabels.emulator.customlabels.context import Context, page
from customlabels.emulator.customlabels.state import Policy, Project
from customlabels.emulator.server.refusals import Refusal, limit_exceeded, not_found

MAX_POLICIES = 5
_ACTION = "rekognition:CopyProjectVersion"
_REQUIRED, _FORBIDDEN = ("Effect", "Principal", "Action", "Resource"), ("NotAction", "NotResource", "NotPrincipal")
_RESOURCE = re.compile(
    r"arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[\w.\-]{1,255}/version/(\*|[\w.\-]{1,255}/\d+)"
)


def put_project_policy(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    name, document = parameters["PolicyName"], parameters["PolicyDocument"]
    revision = parameters.get("PolicyRevisionId")
    _check(document)
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        there = project.policies.get(name)
        if there is None and revision is not None:
            raise _stale()
        if there is not None and revision is None:
            raise Refusal("ResourceAlreadyExistsException", f"The project has a policy named {name} already.")
        if there is not None and revision != there.revision:
            raise _stale()
        if there is None and len(project.policies) >= MAX_POLICIES:
            raise limit_exceeded(f"A project has at most {MAX_POLICIES} policies.")
        now = context.clock()
        new = hashlib.sha256(f"{project.arn}{name}{document}{now}{revision}".encode()).hexdigest()[:32]
        policy = Policy(name, document, new, created=there.created if there else now, updated=now)
        context.save(replace(project, policies={**project.policies, name: policy}))
    return {"PolicyRevisionId": new}


def list_project_policies(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    project = context.find(Project, parameters["ProjectArn"])
    shown, token = page(sorted(project.policies.values(), key=lambda policy: policy.created), parameters, MAX_POLICIES)
    return {
        "ProjectPolicies": [
            {
                "ProjectArn": project.arn,
                "PolicyName": policy.name,
                "PolicyRevisionId": policy.revision,
                "PolicyDocument": policy.document,
                "CreationTimestamp": datetime.fromtimestamp(policy.created, UTC),
                "LastUpdatedTimestamp": datetime.fromtimestamp(policy.updated, UTC),
            }
            for policy in shown
        ],
        "NextToken": token,
    }


def delete_project_policy(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    name, revision = parameters["PolicyName"], parameters.get("PolicyRevisionId")
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        there = project.policies.get(name)
        if there is None:
            raise not_found(f"The project has no policy named {name}.")
        if revision is not None and revision != there.revision:
            raise _stale()
        context.save(replace(project, policies={key: one for key, one in project.policies.items() if key != name}))
    return {}


def _stale() -> Refusal:
    return Refusal("InvalidPolicyRevisionIdException", "The supplied revision id for the project policy is invalid.")


def _check(text: str) -> None:
    """Raises MalformedPolicyDocumentException where the document is not one that lets versions be copied."""
    try:
        document = json.loads(text)
        statements = document["Statement"]
        statements = statements if isinstance(statements, list) else [statements]
        wrong = not statements or any(_is_wrong(statement) for statement in statements)
    except (ValueError, TypeError, KeyError, AttributeError):
        wrong = True
    if wrong:
        raise Refusal("MalformedPolicyDocumentException", "The format of the project policy document is incorrect.")


def _is_wrong(statement: dict[str, Any]) -> bool:
    actions, resources = (_listed(statement.get(name)) for name in ("Action", "Resource"))
    return (
        any(not statement.get(name) for name in _REQUIRED)
        or any(name in statement for name in _FORBIDDEN)
        # The guide's own command has ALLOW.
        or str(statement["Effect"]).title() not in ("Allow", "Deny")
        or any(action != _ACTION for action in actions)
        or any(not isinstance(resource, str) or not _RESOURCE.fullmatch(resource) for resource in resources)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
