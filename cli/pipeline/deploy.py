"""customlabels pipeline deploy."""

from dataclasses import asdict

import click

from customlabels.aws.stacks.change_sets import Change
from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session
from customlabels.cli.pipeline_options import assembled_pipeline, defines_pipeline
from customlabels.cli.stack_options import show_changes
from customlabels.core.plurals import these
from customlabels.pipelines.sagemaker import pipeline_deployment
from customlabels.session import Session


@click.command(cls=Command)
@defines_pipeline
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def deploy(
    session: Session,
    project: str | None,
    bucket: str | None,
    source: str | None,
    image: str | None,
    instance_type: str,
    yes: bool,
) -> None:
    """Deploy functions, queue, roles and pipeline, once the changes have been shown and agreed to. Nothing is run.

    Example: customlabels pipeline deploy --project surface --source s3://my-bucket/photos
    """
    assembled, console = assembled_pipeline(session, project, bucket, source, image, instance_type), session.console
    stack = assembled.stack.name

    def confirm(changes: tuple[Change, ...], differences: list[str]) -> bool:
        if not console.as_json:
            show_changes(console, changes)
            console.lines(differences)
        ask(f"Make {these(len(changes), 'change')}?", yes=yes)
        return True

    changes = pipeline_deployment.deploy(session.clients, assembled, confirm=confirm, watch=console)
    if not changes:
        console.done(f"{stack} is as the settings have it; nothing to change", pipeline=assembled.name, changes=[])
        return
    console.done(
        f"the pipeline {assembled.name} is deployed; customlabels pipeline run starts it",
        pipeline=assembled.name,
        stack=stack,
        changes=[list(asdict(change).values()) for change in changes],
    )
