"""customlabels versions copy."""

import json
import re

import click

from customlabels.aws.bucket import check_bucket
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.errors import SettingsError
from customlabels.core.prices import training_cost
from customlabels.core.settings import NAME_PATTERN
from customlabels.pipelines.service import copying
from customlabels.pipelines.service.versions import version_name
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version")
@project_option
@click.option("--to-project", required=True, help="Name of the project to copy to; made where there is none.")
@click.option("--to-profile", help="AWS profile of the account to copy to.  [default: this one]")
@click.option("--to-bucket", help="Bucket for the copy's results.  [default: this project's]")
@click.option("--to-kms-key", metavar="KEY", help="KMS key that encrypts the copy.  [default: this project's]")
@click.option("--to-version", help="Name of the copy.  [default: that of the version]")
@click.option("--dry-run", is_flag=True, help="Show the project policy and stop before the first write.")
@pass_session
def copy(
    session: Session,
    version: str,
    project: str | None,
    to_project: str,
    to_profile: str | None,
    to_bucket: str | None,
    to_kms_key: str | None,
    to_version: str | None,
    dry_run: bool,
) -> None:
    """Copy a trained VERSION to another project, of this or another account, with the project policy that it needs.

    A copy costs no training. Between accounts the source project gets a policy that allows the other account to copy
    this one version.

    Example: customlabels versions copy champion --to-project plant-2 --to-profile plant-2 --to-bucket plant-2-models
    """
    name = session.project(project)
    chosen = session.version(name, version)
    destination = session.other(to_profile) if to_profile else session.clients
    if to_profile and not to_bucket:
        raise SettingsError("another account needs a bucket of its own", hint="give --to-bucket")
    for what, given in (("--to-project", to_project), ("--to-version", to_version)):
        if given is not None and not re.fullmatch(NAME_PATTERN, given):
            raise SettingsError(f"{what} {given!r} is no name: the service takes letters, digits, '_', '.' and '-'")
    if not to_profile and (to_project, to_version or version_name(chosen)) == (name, version_name(chosen)):
        raise SettingsError(f"{version_name(chosen)} of {name} would be copied onto itself", hint="give --to-version")
    key = to_kms_key or session.settings.project.kms_key
    if to_profile and key and key.startswith("arn:") and key.split(":")[4] != destination.account:
        raise SettingsError(f"the KMS key {key} is of another account than the copy", hint="give --to-kms-key")
    target = copying.Destination(
        project=to_project,
        version=to_version or version_name(chosen),
        bucket=session.bucket(to_bucket),
        prefix=session.settings.project.prefix,
        kms_key=key,
    )
    policy = copying.policy_for(chosen["ProjectVersionArn"], destination.account) if to_profile else None
    if dry_run:
        document = {"version": version_name(chosen), "to_project": to_project, "policy": policy}
        needed = json.dumps(policy, indent=2) if policy else "no policy is needed"
        sentence = f"{version_name(chosen)} would be copied to {target.version} of {to_project}\n{needed}"
        session.console.result(document, lambda _: session.console.document(sentence))
        return
    check_bucket(destination.s3, target.bucket, destination.region)
    with session.console.step(f"copying {version_name(chosen)} to {to_project}") as advance:
        made = copying.copy(
            session.clients.rekognition, destination.rekognition, chosen, target, policy, lambda _: advance(0)
        )
    seconds = chosen.get("BillableTrainingTimeInSeconds")
    saved = (
        "" if seconds is None or session.local else f"; training it again would have cost ${training_cost(seconds):.2f}"
    )
    session.console.done(
        f"{version_name(chosen)} is copied to {target.version} of {to_project}{saved}",
        version=target.version,
        project=to_project,
        arn=made["ProjectVersionArn"],
    )
