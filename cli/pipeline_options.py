"""What the commands of a pipeline take, and what the settings make of it."""

from collections.abc import Callable
from typing import Any

import click

from customlabels.cli.group import project_option
from customlabels.pipelines.sagemaker.pipeline_stack import Assembled, assemble
from customlabels.session import Session

_bucket = click.option("--bucket", help="Where code, manifests and results go.")
_source = click.option(
    "--source", metavar="S3-ADDRESS", help="s3://bucket/folder of the images; executions may differ."
)
_image = click.option("--image", metavar="URI", help="Container of the processing jobs.  [default: AWS's, Python 3.12]")
_instance = click.option("--instance-type", default="ml.m5.large", show_default=True, help="Of the processing jobs.")


def defines_pipeline(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command what a definition is made of."""
    for option in (_instance, _image, _source, _bucket, project_option):
        command = option(command)
    return command


def assembled_pipeline(
    session: Session, project: str | None, bucket: str | None, source: str | None, image: str | None, instance: str
) -> Assembled:
    """What the settings make of the project's pipeline."""
    return assemble(
        session.settings,
        project=session.project(project),
        bucket=session.bucket(bucket),
        region=session.clients.region,
        source=source,
        image=image,
        instance=instance,
    )
