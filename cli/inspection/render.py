"""customlabels inspection render."""

import json
from pathlib import Path
from typing import Any

import click

from customlabels.aws.kinesis_video import generation
from customlabels.aws.stacks.stack import render as render_files
from customlabels.aws.stacks.stack import write_files
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option
from customlabels.inspection.stack.inspection_stack import ZIP
from customlabels.inspection.stack.notifications import configuration
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Write template.yaml, {ZIP}, notification.json and, of a stream, stream.json there.",
)
@pass_session
def render(session: Session, project: str | None, bucket: str | None, to: Path | None) -> None:
    """Print the CloudFormation template, for teams that deploy with tools of their own.

    It names the function's zip in the bucket, where you put it: --to writes both, and the notification that the watched
    bucket needs beside its own. Without credentials it leaves out what only the account knows, and says so.

    Example: customlabels inspection render --to stack
    """
    assembled = session.inspection_stack(project, bucket, unaided=True)
    parts, stack = assembled.parts, assembled.stack
    if to is None:
        session.console.document(stack.template.rstrip())
        return
    template, code = render_files(stack, to, {parts.key: ZIP})
    inspection = parts.asked.inspection
    of_queue = configuration(stack.name, "QueueArn of the stack's outputs", inspection.prefix)
    document = {"QueueConfigurations": [of_queue]}
    documents: dict[str, dict[str, Any]] = {"notification.json": document}
    if inspection.stream:
        documents["stream.json"] = {
            "StreamName": inspection.stream,
            "ImageGenerationConfiguration": generation(
                inspection.address, session.region or "the stream's region", inspection.every
            ),
        }
    bodies = {name: (json.dumps(given, indent=2) + "\n").encode() for name, given in documents.items()}
    notification, *streams = write_files(to, bodies)
    session.console.done(
        f"wrote {template}, {code} and {notification}; upload the zip as s3://{parts.bucket}/{parts.key}, and add the "
        f"notification to those of bucket {inspection.bucket}"
        + "".join(f"; {path} is what update-image-generation-configuration takes" for path in streams),
        template=str(template),
        zip=str(code),
        notification=str(notification),
        stream=str(streams[0]) if streams else None,
        bucket=parts.bucket,
        key=parts.key,
    )
