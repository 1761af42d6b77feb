"""What the settings make of a project's pipeline: its definition, its stack, its code. AWS is not asked."""

from dataclasses import dataclass

from customlabels.aws.stacks.archives import digest
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.stack import Stack
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import SettingsError
from customlabels.core.settings import Settings
from customlabels.core.text_groups import text_pattern
from customlabels.pipelines.sagemaker import pipeline_code
from customlabels.pipelines.sagemaker.definition import Pipeline, Places, check_limits, definition
from customlabels.pipelines.sagemaker.parts import Parts
from customlabels.pipelines.sagemaker.pipeline_template import REFERENCES, template
from customlabels.pipelines.training.s3_source import folder_address

_IMAGE = "763104351884.dkr.ecr.{region}.amazonaws.com/pytorch-training:2.6.0-cpu-py312-ubuntu22.04-sagemaker"
"""AWS's own image with Python 3.12, in the same account in all regions that have Custom Labels. Source: AWS Deep
Learning Containers, "Available images"."""

_SHORT = 16
"""Digits of a digest in the names of zips."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """What the settings make: the pipeline, with references in place of what the stack gives, and the stack.

    The stack has what the pipeline's steps call; the pipeline itself is made once that is there. `exported` is the
    template with both.
    """

    pipeline: Pipeline
    stack: Stack
    exported: Stack
    name: str
    """The pipeline's."""


def steps_stack_name(project: str) -> str:
    return stack_name(project, "pipeline")


def assemble(
    settings: Settings,
    *,
    project: str,
    bucket: str,
    region: str,
    source: str | None = None,
    image: str | None = None,
    instance: str = "ml.m5.large",
) -> Assembled:
    """What the settings make of the project's pipeline.

    Parameters
    ----------
    source : s3://bucket/folder of the images; None where the settings name it, or each execution does
    image : of the processing jobs; AWS's own where it is None

    Raises
    ------
    SettingsError : a pipeline cannot do what the settings ask for
    """
    given, gate = settings.dataset, settings.gate
    if gate.decide_on == "interval":
        raise SettingsError(
            "a pipeline's gate decides on figures: intervals take numpy, which its functions do not have",
            hint='leave gate.decide_on = "interval" to customlabels train',
        )
    if text_pattern(given.group_by) is not None:
        raise SettingsError(
            f"dataset.group_by: {given.group_by!r} looks into pictures, and a pipeline's job into their names alone",
            hint="give a regular expression of names, or leave it to customlabels train",
        )
    source = source or (given.source if (given.source or "").startswith("s3://") else None)
    images = str(folder_address(source)).rstrip("/") if source else None
    folder = join_key(settings.project.prefix, f"{project}/pipeline")
    dataset = {
        "label_from": given.label_from,
        "label_map": dict(given.label_map),
        "include": list(given.include),
        "exclude": list(given.exclude),
        "group_by": given.group_by,
    }
    about = {"name": project, "bucket": bucket, "prefix": settings.project.prefix, "kms_key": settings.project.kms_key}
    functions, jobs = pipeline_code.function_zip(), pipeline_code.processing_zip({**about, "dataset": dataset})
    functions_key, jobs_key = (
        f"{folder}/code/{name}-{digest(body)[:_SHORT]}.zip" for name, body in (("functions", functions), ("jobs", jobs))
    )
    parts = Parts(
        name=steps_stack_name(project),
        project=project,
        pipeline=stack_name(project),
        group=stack_name(project),
        bucket=bucket,
        folder=join_key(settings.project.prefix, project),
        key=functions_key,
        images=images,
        kms_key=settings.project.kms_key,
        topic=settings.notify.topic,
        event_bus=settings.notify.event_bus,
        tracking_uri=settings.track.uri if settings.track.to == "mlflow" else None,
    )
    pipeline = Pipeline(
        project=project,
        region=region,
        places=Places(**REFERENCES),
        runs=f"s3://{bucket}/{folder}/runs",
        code=f"s3://{bucket}/{jobs_key}",
        image=image or _IMAGE.format(region=region),
        group=parts.group,
        source=images,
        seed=given.seed,
        test_fraction=given.test_fraction,
        gate=gate,
        instance=instance,
    )
    check_limits(pipeline)

    def stack(text: str) -> Stack:
        return Stack(
            name=parts.name,
            template=text,
            folder=S3Address(bucket, f"{folder}/code"),
            code={functions_key: functions, jobs_key: jobs},
            kms_key=settings.project.kms_key,
        )

    return Assembled(pipeline, stack(template(parts)), stack(template(parts, definition(pipeline))), parts.pipeline)
