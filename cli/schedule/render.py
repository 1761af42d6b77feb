"""customlabels schedule render."""

from pathlib import Path

import click

from customlabels.aws.stacks.stack import render as render_files
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="Write template.yaml and functions.zip there."
)
@pass_session
def render(session: Session, project: str | None, bucket: str | None, to: Path | None) -> None:
    """Print the CloudFormation template, for teams that deploy with tools of their own.

    It names the functions' zip in the bucket, where you put it: --to writes both. Without credentials it leaves out
    what only the account knows, and says so.

    Example: customlabels schedule render --to stack
    """
    assembled = session.schedule_stack(project, bucket, unaided=True)
    parts, stack = assembled.parts, assembled.stack
    if to is None:
        session.console.document(stack.template.rstrip())
        return
    template, code = render_files(stack, to, {parts.key: "functions.zip"})
    session.console.done(
        f"wrote {template} and {code}; upload the zip as s3://{parts.bucket}/{parts.key}",
        stack=stack.name,
        template=str(template),
        zip=str(code),
        bucket=parts.bucket,
        key=parts.key,
    )
