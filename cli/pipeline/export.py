"""customlabels pipeline export."""

import json
from pathlib import Path

import click

from customlabels.aws.stacks.stack import render, write_files
from customlabels.cli.group import Command, pass_session
from customlabels.cli.pipeline_options import assembled_pipeline, defines_pipeline
from customlabels.pipelines.sagemaker.definition import definition
from customlabels.session import Session


@click.command(cls=Command)
@defines_pipeline
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="Write the code and a whole template there too."
)
@pass_session
def export(
    session: Session,
    project: str | None,
    bucket: str | None,
    source: str | None,
    image: str | None,
    instance_type: str,
    to: Path | None,
) -> None:
    """Print the pipeline's definition, in SageMaker's JSON; nothing is deployed, and AWS is not asked.

    ${Start.Arn} and the like stand for what CloudFormation makes: the template that --to writes fills them in.

    Example: customlabels pipeline export --project surface --bucket my-bucket --to pipeline
    """
    assembled = assembled_pipeline(session, project, bucket, source, image, instance_type)
    text = json.dumps(definition(assembled.pipeline), indent=2)
    if to is None:
        session.console.document(text)
        return
    files = [*write_files(to, {"definition.json": text.encode()}), *render(assembled.exported, to)]
    folder = assembled.stack.folder
    session.console.done(
        f"wrote {', '.join(path.name for path in files)} to {to}; upload both zips to {folder}/, "
        "then deploy the template",
        files=[str(path) for path in files],
        bucket=folder.bucket,
        folder=folder.key,
    )
