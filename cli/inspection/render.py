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
from customlabels.inspection.stack.inspection_stack import GOLDEN, WATCH_ZIP, ZIP
from customlabels.inspection.stack.notifications import configuration
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Write template.yaml, {ZIP}, {WATCH_ZIP} and notification.json there, {GOLDEN} of golden images, "
    "stream.json of a stream.",
)
@pass_session
def render(session: Session, project: str | None, bucket: str | None, to: Path | None) -> None:
    """Print the CloudFormation template, for teams that deploy with tools of their own.

    It names the zips of the functions, and that of golden images, in the bucket, where you put them: --to writes all of
    it, and the notification that the watched bucket needs beside its own. Without credentials it leaves out what only
    the account knows, and says so.

    Example: customlabels inspection render --to stack
    """
    assembled = session.inspection_stack(project, bucket, unaided=True)
    parts, stack = assembled.parts, assembled.stack
    if to is None:
        session.console.document(stack.template.rstrip())
        return
    names = {parts.key: ZIP, parts.watch_key: WATCH_ZIP} | ({parts.golden: GOLDEN} if parts.golden else {})
    template, *zips = render_files(stack, to, names)
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
    uploads = [f"{path} as s3://{parts.bucket}/{key}" for path, key in zip(zips, names, strict=True)]
    session.console.done(
        f"wrote {template} and {notification}; upload {' and '.join(uploads)}, and add the notification to those of "
        f"bucket {inspection.bucket}"
        + "".join(f"; {path} is what update-image-generation-configuration takes" for path in streams),
        template=str(template),
        zip=str(zips[0]),
        notification=str(notification),
        stream=str(streams[0]) if streams else None,
        bucket=parts.bucket,
        key=parts.key,
    )
