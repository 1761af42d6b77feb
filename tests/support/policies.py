"""Commands held against the policies that `customlabels iam policy` prints for them."""

import json
import re

from support.shells import Shell

_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "lambda:Invoke": "lambda:InvokeFunction",
}
"""Calls that are allowed by an action of another name. Source: Service Authorization Reference."""

_FREE = {"sts:GetCallerIdentity"}
"""Calls that need no permission."""


def allowed(shell: Shell, use: str, *words: str) -> set[str]:
    """The actions of the policy that is printed for a use; none of them is a pattern."""
    printed = shell.run("iam", "policy", *use.split(), *words, "--account", "111122223333", "--local")
    actions = {action for statement in json.loads(printed.stdout)["Statement"] for action in statement["Action"]}
    assert not [action for action in actions if "*" in action]
    return actions


def needed(log: str) -> set[str]:
    """The actions that the calls in a command's log (`-v`) take."""
    # The first use of S3 sees to the local bucket, which no command makes elsewhere.
    log = log.replace("calls s3 HeadBucket\n", "", 1).replace("calls stepfunctions ", "calls states ")
    calls = {":".join(call) for call in re.findall(r"^calls (\w+) (\w+)$", log, re.MULTILINE)}
    calls -= {"s3:CreateBucket", *_FREE}
    assert calls
    return {_ACTIONS.get(call, call) for call in calls}
