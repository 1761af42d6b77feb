"""customlabels iam policy."""

import json

import click

from customlabels.aws.stacks.names import stack_name
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.pipelines import policies
from customlabels.session import Session

_POLICIES = {
    "train": policies.train,
    "promote": policies.promote,
    "detect": policies.detect,
    "bucket": policies.bucket,
    "copy": policies.copy,
    "delete": policies.delete,
    "status": policies.status,
    "schedule": policies.schedule,
    "pipeline": policies.pipeline,
}


@click.command(cls=Command)
@click.argument("use", type=click.Choice(list(_POLICIES)))
@project_option
@click.option("--bucket", help="The bucket that it works in.")
@click.option("--images", metavar="S3-ADDRESS", help="Images that are trained on where they lie.")
@click.option("--to-project", help="Where copies go.  [default: any project of the account]")
@click.option("--account", help="Number of the AWS account.  [default: that of the credentials]")
@pass_session
def policy(
    session: Session,
    use: str,
    project: str | None,
    bucket: str | None,
    images: str | None,
    to_project: str | None,
    account: str | None,
) -> None:
    """Print the smallest IAM policy for USE, with the project's own ARNs.

    Example: customlabels iam policy train --project surface > train.json
    """
    settings, name = session.settings, session.project(project)
    scope = policies.Scope(
        account=account or session.clients.account,
        region=session.clients.region,
        project=name,
        bucket=session.bucket(bucket),
        prefix=settings.project.prefix,
        kms_key=settings.project.kms_key,
        topic=settings.notify.topic,
        event_bus=settings.notify.event_bus,
        images=images,
        to_project=to_project,
        packages=stack_name(name) if settings.track.sagemaker else None,
    )
    session.console.text(json.dumps(_POLICIES[use](scope), indent=2))
