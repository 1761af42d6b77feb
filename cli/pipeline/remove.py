"""customlabels pipeline remove."""

import click

from customlabels.aws.stacks.names import stack_name
from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.pipelines.sagemaker import pipeline_deployment
from customlabels.pipelines.sagemaker.pipeline_stack import steps_stack_name
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(session: Session, project: str | None, yes: bool) -> None:
    """Delete the pipeline and its stack; versions, model packages and what lies in S3 stay.

    Example: customlabels pipeline remove
    """
    named = session.project(project)
    name, stack = stack_name(named), steps_stack_name(named)
    ask(f"Delete the pipeline {name} and {stack}?", yes=yes)
    existed = pipeline_deployment.remove(session.clients, name, named, watch=session.console)
    done = f"the pipeline {name} is deleted" if existed else f"there was no pipeline {name}"
    session.console.done(done, pipeline=name, deleted=existed)
