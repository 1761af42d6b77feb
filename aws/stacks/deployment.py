"""A stack deployed, compared and removed as one call each, whichever stack it is.

Its changes are worked out, shown and agreed to before anything is made; code and template are put into the bucket
first; what fails is told with what became of it, and what was interrupted is taken up by the next call.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from customlabels.aws import s3
from customlabels.aws.bucket import check_bucket
from customlabels.aws.clients import Clients
from customlabels.aws.stacks import change_sets
from customlabels.aws.stacks.archives import digest
from customlabels.aws.stacks.change_sets import Change
from customlabels.aws.stacks.stack import Stack
from customlabels.core.addresses import S3Address
from customlabels.core.watching import UNWATCHED, Watch, ticking

_CODE = re.compile(r'S3Bucket"?: "([^"]+)",\s*"?S3Key"?: "([^"]+)/[^"/]+"')

Confirm = Callable[[tuple[Change, ...]], bool]
"""Asked whether these changes are to be made; they are discarded where it says no, or raises."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack that is as it is to be; `changes` are those that were made for it, none where it was so before."""

    name: str
    changes: tuple[Change, ...]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A stack's template as deployed beside the one by the settings: lines of a unified diff, none where it is same."""

    name: str
    deployed: bool
    lines: list[str]


def deploy(clients: Clients, stack: Stack, *, confirm: Confirm, watch: Watch = UNWATCHED) -> Deployed | None:
    """The stack, deployed; None where that was not agreed to. Run again it goes on where it was.

    Raises
    ------
    ServiceError : the bucket is missing or elsewhere; the template is refused; a change fails, and what became of it
    """
    check_bucket(clients.s3, stack.folder.bucket, clients.region)
    cloudformation = clients.cloudformation
    with watch.step(f"looking at {stack.name}") as advance:
        dead = change_sets.is_dead(cloudformation, stack.name, ticking(advance))
    if dead:
        with watch.step(f"deleting what is left of {stack.name}, whose deployment failed") as advance:
            change_sets.delete(cloudformation, stack.name, ticking(advance))
    with watch.step(f"working out what changes in {stack.name}") as advance:
        proposal = change_sets.propose(
            cloudformation,
            stack.name,
            stack.template,
            lambda text: _put_template(clients, stack, text),
            ticking(advance),
        )
    if proposal is None:
        return Deployed(stack.name, (), outputs(clients, stack.name) or {})
    agreed = False
    try:
        agreed = confirm(proposal.changes)
    finally:
        if not agreed:
            change_sets.discard(cloudformation, proposal)
    if not agreed:
        return None
    put_code(clients, stack)
    with watch.step(f"deploying {stack.name}", None) as advance:
        description = change_sets.execute(cloudformation, proposal, ticking(advance))
    return Deployed(stack.name, proposal.changes, change_sets.outputs(description))


def put_code(clients: Clients, stack: Stack) -> None:
    """Puts the code that the template refers to into the bucket, where it is not there yet."""
    for key, body in stack.code.items():
        s3.put_new(clients.s3, S3Address(stack.folder.bucket, key), body, kms_key=stack.kms_key)


def diff(clients: Clients, stack: Stack) -> Difference:
    """What deploying would change in the template; nothing is written."""
    deployed = change_sets.find(clients.cloudformation, stack.name) is not None
    before = change_sets.deployed_template(clients.cloudformation, stack.name) if deployed else ""
    lines = difflib.unified_diff(
        before.splitlines(),
        stack.template.splitlines(),
        f"{stack.name} deployed",
        f"{stack.name} by the settings",
        lineterm="",
        n=6,
    )
    return Difference(stack.name, deployed, list(lines))


def outputs(clients: Clients, name: str) -> dict[str, str] | None:
    """What the deployed stack gives; None where none is deployed."""
    description = change_sets.find(clients.cloudformation, name)
    return None if description is None else change_sets.outputs(description)


def remove(clients: Clients, name: str, *, code: S3Address | None = None, watch: Watch = UNWATCHED) -> bool:
    """Deletes the stack, and what it had in the bucket; whether there was one.

    Parameters
    ----------
    code : folder that is emptied where no stack tells of its own; where it is None, all stays in the bucket

    Raises
    ------
    ServiceError : something of it cannot be deleted
    """
    cloudformation, folder = clients.cloudformation, code
    if code is not None and change_sets.find(cloudformation, name) is not None:
        folder = _code_folder(change_sets.deployed_template(cloudformation, name)) or code
    with watch.step(f"deleting {name}") as advance:
        existed = change_sets.delete(cloudformation, name, ticking(advance))
    if folder is not None:
        s3.delete_below(clients.s3, folder.bucket, f"{folder.key}/")
    return existed


def _code_folder(template: str) -> S3Address | None:
    """The folder that a deployed template has its functions' code in."""
    code = _CODE.search(template)
    return S3Address(code[1], code[2]) if code else None


def _put_template(clients: Clients, stack: Stack, text: str) -> str:
    """Puts a template that is too long for a call where CloudFormation reads it; its URL."""
    address = stack.in_folder(f"{digest(text.encode())[:16]}{stack.ending}")
    s3.put_new(clients.s3, address, text.encode(), kms_key=stack.kms_key)
    return f"{clients.s3.meta.endpoint_url}/{address.bucket}/{address.key}"
