"""A definition as the SageMaker SDK's own objects, for pipelines that a team builds with that SDK.

What is made is made of the definition's document, step by step, so that there is one description of the pipeline. The
SDK is the extra `sagemaker`, and imported here alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import CustomLabelsError

if TYPE_CHECKING:
    from sagemaker.core.workflow.pipeline_context import PipelineSession

Document = Mapping[str, Any]

_OUTPUT = re.compile(r"Steps\.(\w+)\.OutputParameters\['(\w+)'\]")


@dataclass(frozen=True, slots=True)
class SdkSteps:
    """Objects of the SDK.

    Parameters
    ----------
    parameters : by their names; a pipeline takes those that its steps refer to
    steps : by their names, in order; those of a branch are in the step that chooses
    """

    parameters: dict[str, Any]
    steps: dict[str, Any]


def sdk_steps(document: Document, session: "PipelineSession") -> SdkSteps:
    """The parameters and steps of a definition.

    Parameters
    ----------
    document : as `definition` makes it, or DescribePipeline gives it
    session : the SDK's, in which calls become steps

    Raises
    ------
    CustomLabelsError : the SDK is not installed
    """
    try:
        # Others of its modules need it imported before them.
        import sagemaker.core.helper.session_helper
        import sagemaker.mlops.workflow.steps  # noqa: F401
    except ImportError as error:
        raise CustomLabelsError(
            "the SageMaker SDK is not installed", hint="pip install 'customlabels[sagemaker]'; it takes a gigabyte"
        ) from error
    parameters = {each["Name"]: _parameter(each) for each in document["Parameters"]}
    made: dict[str, Any] = {}

    def resolve(value: Any) -> Any:
        from sagemaker.core.workflow.execution_variables import ExecutionVariable
        from sagemaker.core.workflow.functions import Join

        match value:
            case {"Get": str(name)} if name.startswith("Parameters."):
                return parameters[name.partition(".")[2]]
            case {"Get": str(name)} if name.startswith("Execution."):
                return ExecutionVariable(name.partition(".")[2])
            case {"Get": str(name)} if output := _OUTPUT.fullmatch(name):
                return made[output[1]].properties.Outputs[output[2]]
            case {"Std:Join": {"On": on, "Values": values}}:
                return Join(on=on, values=[resolve(part) for part in values])
            case dict():
                return {name: resolve(part) for name, part in value.items()}
            case list():
                return [resolve(part) for part in value]
        return value

    def make(step: Document) -> Any:
        made[step["Name"]] = _MAKERS[step["Type"]](step, resolve, make, session)
        return made[step["Name"]]

    return SdkSteps(parameters, {step["Name"]: make(step) for step in document["Steps"]})


Resolve = Callable[[Any], Any]
Make = Callable[[Document], Any]


def _parameter(about: Document) -> Any:
    from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString

    kinds = {"String": ParameterString, "Integer": ParameterInteger, "Float": ParameterFloat}
    words = {"default_value": "DefaultValue", "enum_values": "EnumValues"}
    more = {word: about[name] for word, name in words.items() if name in about}
    return kinds[about["Type"]](name=about["Name"], **more)


def _processing(step: Document, resolve: Resolve, make: Make, session: Any) -> Any:  # noqa: ARG001 - as all makers
    from sagemaker.core.processing import Processor
    from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input
    from sagemaker.mlops.workflow.steps import ProcessingStep

    arguments = step["Arguments"]
    cluster, container = arguments["ProcessingResources"]["ClusterConfig"], arguments["AppSpecification"]
    processor = Processor(
        role=arguments["RoleArn"],
        image_uri=container["ImageUri"],
        instance_count=resolve(cluster["InstanceCount"]),
        instance_type=resolve(cluster["InstanceType"]),
        volume_size_in_gb=cluster["VolumeSizeInGB"],
        entrypoint=container["ContainerEntrypoint"],
        sagemaker_session=session,
    )
    inputs = [
        ProcessingInput(
            input_name=each["InputName"],
            app_managed=each["AppManaged"],
            s3_input=ProcessingS3Input(
                s3_uri=each["S3Input"]["S3Uri"],
                local_path=each["S3Input"]["LocalPath"],
                s3_data_type=each["S3Input"]["S3DataType"],
                s3_input_mode=each["S3Input"]["S3InputMode"],
                s3_data_distribution_type=each["S3Input"]["S3DataDistributionType"],
                s3_compression_type=each["S3Input"]["S3CompressionType"],
            ),
        )
        for each in arguments["ProcessingInputs"]
    ]
    run = processor.run(inputs=inputs, arguments=resolve(container["ContainerArguments"]))
    return ProcessingStep(name=step["Name"], step_args=run, depends_on=step.get("DependsOn"))


def _lambda(step: Document, resolve: Resolve, make: Make, session: Any) -> Any:  # noqa: ARG001
    from sagemaker.core.lambda_helper import Lambda
    from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep

    return LambdaStep(
        name=step["Name"],
        lambda_func=Lambda(function_arn=step["FunctionArn"], session=session),
        inputs=resolve(step["Arguments"]),
        outputs=[
            LambdaOutput(each["OutputName"], LambdaOutputTypeEnum[each["OutputType"]])
            for each in step["OutputParameters"]
        ],
        depends_on=step.get("DependsOn"),
    )


def _callback(step: Document, resolve: Resolve, make: Make, session: Any) -> Any:  # noqa: ARG001
    from sagemaker.mlops.workflow.callback_step import CallbackOutput, CallbackOutputTypeEnum, CallbackStep

    return CallbackStep(
        name=step["Name"],
        sqs_queue_url=step["SqsQueueUrl"],
        inputs=resolve(step["Arguments"]),
        outputs=[
            CallbackOutput(each["OutputName"], CallbackOutputTypeEnum[each["OutputType"]])
            for each in step["OutputParameters"]
        ],
        depends_on=step.get("DependsOn"),
    )


def _condition(step: Document, resolve: Resolve, make: Make, session: Any) -> Any:  # noqa: ARG001
    from sagemaker.core.workflow.conditions import ConditionEquals, ConditionGreaterThanOrEqualTo
    from sagemaker.mlops.workflow.condition_step import ConditionStep

    kinds = {"Equals": ConditionEquals, "GreaterThanOrEqualTo": ConditionGreaterThanOrEqualTo}
    arguments = step["Arguments"]
    return ConditionStep(
        name=step["Name"],
        conditions=[
            kinds[each["Type"]](left=resolve(each["LeftValue"]), right=resolve(each["RightValue"]))
            for each in arguments["Conditions"]
        ],
        if_steps=[make(inner) for inner in arguments["IfSteps"]],
        else_steps=[make(inner) for inner in arguments["ElseSteps"]],
        depends_on=step.get("DependsOn"),
    )


def _fail(step: Document, resolve: Resolve, make: Make, session: Any) -> Any:  # noqa: ARG001
    from sagemaker.mlops.workflow.fail_step import FailStep

    return FailStep(name=step["Name"], error_message=resolve(step["Arguments"]["ErrorMessage"]))


_MAKERS: dict[str, Callable[[Document, Resolve, Make, Any], Any]] = {
    "Processing": _processing,
    "Lambda": _lambda,
    "Callback": _callback,
    "Condition": _condition,
    "Fail": _fail,
}
