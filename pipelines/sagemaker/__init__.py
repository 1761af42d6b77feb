"""The run as a SageMaker Pipeline: its definition, the functions and jobs of its steps, what is deployed for it.

From outside: `pipeline_stack.assemble`, `pipeline_deployment.deploy` and `remove`, `executions`, `registry`,
`definition`, and `sdk_steps`. The processing jobs' zip starts in `processing`, the functions' in `functions.handlers`.
"""

__all__ = [
    "definition",
    "executions",
    "packages",
    "pipeline_deployment",
    "pipeline_policy",
    "pipeline_stack",
    "registry",
    "sdk_steps",
    "text_limits",
]
