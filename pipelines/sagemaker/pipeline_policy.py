"""The smallest IAM policy for deploying a pipeline, and for running it."""

from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.permissions import deploy_statements, resource_types
from customlabels.aws.stacks.scope import Policy, Scope, stack_code
from customlabels.aws.stacks.statements import allow, policy
from customlabels.core.settings import Settings
from customlabels.pipelines.policies import sagemaker_arns


def pipeline(scope: Scope) -> Policy:
    """What `customlabels pipeline deploy`, `run` and `remove` need."""
    from customlabels.pipelines.sagemaker.pipeline_stack import assemble

    name = stack_name(scope.project)
    stack = assemble(Settings(), project=scope.project, bucket=scope.bucket, region=scope.region).stack
    pipelines, executions = (sagemaker_arns(scope, "pipeline", name, ending) for ending in ("", "/execution/*"))
    calls = ["CreatePipeline", "DeletePipeline", "DescribePipeline", "StartPipelineExecution", "UpdatePipeline"]
    looking = ["DescribePipelineExecution", "ListPipelineExecutionSteps", "StopPipelineExecution"]
    return policy(
        [
            allow([f"sagemaker:{call}" for call in calls], pipelines, sid="Pipeline"),
            allow([f"sagemaker:{call}" for call in looking], executions, sid="Executions"),
            *stack_code(scope, "pipeline"),
            *deploy_statements(scope.site, stack_name(scope.project, "pipeline"), resource_types(stack.template)),
        ]
    )
