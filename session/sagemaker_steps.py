"""The deployed SageMaker Pipeline from Python, as objects of SageMaker's SDK."""

from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from sagemaker.core.workflow.pipeline_context import PipelineSession

    from customlabels.pipelines.sagemaker.sdk_steps import SdkSteps
    from customlabels.session.session import Session


def sagemaker_steps(
    session: "Session", sagemaker_session: "PipelineSession", *, project: str | None = None
) -> "SdkSteps":
    """The steps and parameters of the project's deployed pipeline, to be put into a pipeline of one's own.

    Parameters
    ----------
    sagemaker_session : the SDK's, in which calls become steps

    Raises
    ------
    ServiceError : there is no such pipeline
    CustomLabelsError : the SDK, the extra `sagemaker`, is not installed
    """
    from customlabels.aws.stacks.names import stack_name
    from customlabels.pipelines.sagemaker import executions
    from customlabels.pipelines.sagemaker.sdk_steps import sdk_steps

    name = stack_name(session.project(project))
    document = executions.find(session.clients.sagemaker, name)
    if document is None:
        raise ServiceError(f"there is no pipeline {name}", hint="customlabels pipeline deploy makes it")
    return sdk_steps(document, sagemaker_session)
