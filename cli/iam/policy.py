"""customlabels iam policy."""

import json

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.session import Session
from customlabels.session.printed_policies import POLICIES


@click.command(cls=Command)
@click.argument("use", type=click.Choice(list(POLICIES)))
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
    scope = session.scope(project, bucket=bucket, images=images, to_project=to_project, account=account)
    session.console.document(json.dumps(POLICIES[use](scope), indent=2))
