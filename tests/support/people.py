"""A person with an access key of their own, whom a strict local service lets do what a policy says, and no more."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from customlabels.cli.group import run
from support.local_services import Service, client

LONGEST_POLICY = 6144
"""Characters of a managed policy, blanks left out. Source: IAM user guide, "IAM and AWS STS quotas"."""

_NAME = "somebody"
_HIDDEN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "CUSTOMLABELS_LOCAL", "CUSTOMLABELS_STATE")


@dataclass(frozen=True)
class Person:
    """Somebody who runs commands in a folder, in this process."""

    service: Service
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    access_key: str
    secret_key: str

    def may(self, *policies: dict[str, Any]) -> None:
        """Has them do what the policies allow from now on, and nothing else."""
        iam = client(self.service, "iam")
        for held in iam.list_attached_user_policies(UserName=_NAME)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=_NAME, PolicyArn=held["PolicyArn"])
            iam.delete_policy(PolicyArn=held["PolicyArn"])
        for number, policy in enumerate(policies):
            text = json.dumps(policy, separators=(",", ":"))
            assert len(text) <= LONGEST_POLICY
            made = iam.create_policy(PolicyName=f"own-{number}", PolicyDocument=text)["Policy"]["Arn"]
            iam.attach_user_policy(UserName=_NAME, PolicyArn=made)

    def run(self, line: str) -> tuple[int, str]:
        """Runs a command; its exit code and what it said."""
        return self._run(line, self.access_key, self.secret_key)

    def have_done(self, line: str) -> None:
        """Has the account's owner run a command."""
        code, said = self._run(line, self.service.key, "any")
        assert code == 0, f"{line}: {said}"

    def _run(self, line: str, access_key: str, secret_key: str) -> tuple[int, str]:
        self.patch.setenv("AWS_ACCESS_KEY_ID", access_key)
        self.patch.setenv("AWS_SECRET_ACCESS_KEY", secret_key)
        self.capture.readouterr()
        code = run(["-v", "--endpoint-url", self.service.endpoint_url, "--region", "us-east-1", *shlex.split(line)])
        said = self.capture.readouterr()
        return code, said.out + said.err


def make_person(
    service: Service, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Person:
    """Somebody who may do nothing yet, in `folder`."""
    iam = client(service, "iam")
    if not iam.list_users()["Users"]:
        iam.create_user(UserName=_NAME)
    for held in iam.list_access_keys(UserName=_NAME)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=_NAME, AccessKeyId=held["AccessKeyId"])
    made = iam.create_access_key(UserName=_NAME)["AccessKey"]
    for name in _HIDDEN:
        patch.delenv(name, raising=False)
    patch.setenv("HOME", str(folder))
    patch.setenv("NO_COLOR", "1")
    patch.chdir(folder)
    return Person(service, patch, capture, made["AccessKeyId"], made["SecretAccessKey"])
