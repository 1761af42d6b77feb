"""What S3 does not take of a bucket's notifications: filters that overlap, targets that are not there or do not let it.

Source: S3 user guide, "Configuring event notifications using object key name filtering" and "Granting permissions to
publish event notification messages to a destination".
"""

import json
from itertools import combinations
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from customlabels.emulator.iam import enforcement
from customlabels.emulator.iam.policies import ALLOWED, decision, statements_of

_ARNS = {"TopicConfiguration": "Topic", "QueueConfiguration": "Queue", "CloudFunctionConfiguration": "CloudFunction"}


def fault(given: dict[str, Any], bucket: str, region: str) -> str | None:
    """Why S3 would not take a configuration, in moto's form, for a bucket of a region; None where it would."""
    configurations = [
        (str(configuration[target]), configuration)
        for kind, target in _ARNS.items()
        for configuration in given.get(kind) or []
    ]
    names = [str(configuration["Id"]) for _, configuration in configurations if configuration.get("Id")]
    if len(names) != len(set(names)):
        return "Same ID used for multiple configurations. IDs must be unique"
    for (_, first), (_, other) in combinations(configurations, 2):
        if share_events(first["Event"], other["Event"]) and overlap(filters(first), filters(other)):
            return "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    queues = [arn for arn, _ in configurations if arn.split(":")[2:4] == ["sqs", region]]
    refused = [arn for arn in queues if not _takes(arn, bucket, region)]
    return f"Unable to validate the following destination configurations: {', '.join(refused)}" if refused else None


def _takes(arn: str, bucket: str, region: str) -> bool:
    """Whether there is a queue, and where permissions are enforced its policy lets S3 send to it."""
    account, name = arn.split(":")[4:6]
    queue = sqs_backends[account][region].queues.get(name) if account == DEFAULT_ACCOUNT_ID else None
    if queue is None or not enforcement.is_on():
        return queue is not None
    context = {"aws:sourcearn": f"arn:aws:s3:::{bucket}", "aws:sourceaccount": account}
    statements = [held for held in statements_of(json.loads(queue.policy or "{}")) if _names_s3(held)]
    return decision(statements, "sqs:SendMessage", arn, context) == ALLOWED


def _names_s3(statement: Any) -> bool:
    principal = statement.get("Principal")
    service = principal.get("Service", []) if isinstance(principal, dict) else principal
    return service == "*" or "s3.amazonaws.com" in ([service] if isinstance(service, str) else service or [])


def share_events(first: list[str], other: list[str]) -> bool:
    """Whether an event may be of a type of each; a type that ends in a star stands for all that begin like it."""
    return any(_meet(kind, further) for kind in first for further in other)


def _meet(first: str, other: str) -> bool:
    if first.endswith("*") and other.startswith(first[:-1]):
        return True
    return first == other or (other.endswith("*") and first.startswith(other[:-1]))


def filters(configuration: dict[str, Any]) -> tuple[str, str]:
    """Prefix and suffix, empty where there is none."""
    rules = ((configuration.get("Filter") or {}).get("S3Key") or {}).get("FilterRule") or []
    of = {rule["Name"]: str(rule["Value"]) for rule in rules}
    return of.get("prefix", ""), of.get("suffix", "")


def overlap(first: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a key may pass both filters: one prefix begins the other, and one suffix ends the other."""
    prefixes = first[0].startswith(other[0]) or other[0].startswith(first[0])
    return prefixes and (first[1].endswith(other[1]) or other[1].endswith(first[1]))
