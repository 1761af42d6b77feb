"""What the settings make of a project's pipeline."""

from dataclasses import dataclass

from customlabels.aws import archives
from customlabels.core.addresses import join_key
from customlabels.core.errors import SettingsError
from customlabels.pipelines.sagemaker import packaging
from customlabels.pipelines.sagemaker.definition import Pipeline, Places
from customlabels.pipelines.sagemaker.stack import Stack
from customlabels.pipelines.sagemaker.template import REFERENCES
from customlabels.pipelines.training.s3_source import folder_address
from customlabels.scheduler.stack.template import stack_name
from customlabels.session import Session

_IMAGE = "763104351884.dkr.ecr.{region}.amazonaws.com/pytorch-training:2.6.0-cpu-py312-ubuntu22.04-sagemaker"
"""AWS's own image with Python 3.12, in the same account in all regions that have Custom Labels. Source: AWS Deep
Learning Containers, "Available images"."""


@dataclass(frozen=True, slots=True)
class Made:
    """What the settings make: the pipeline, with references in place of what the stack gives, the stack, both zips."""

    pipeline: Pipeline
    stack: Stack
    functions: bytes
    jobs: bytes
    folder: str

    @property
    def code_key(self) -> str:
        return self.pipeline.code.removeprefix(f"s3://{self.stack.bucket}/")


def make(
    session: Session, project: str | None, bucket: str | None, source: str | None, image: str | None, instance: str
) -> Made:
    """What the settings make of the project's pipeline; AWS is not asked."""
    settings, name, place = session.settings, session.project(project), session.bucket(bucket)
    given, gate = settings.dataset, settings.gate
    if gate.decide_on == "interval":
        raise SettingsError(
            "a pipeline's gate decides on figures: intervals take numpy, which its functions do not have",
            hint='leave gate.decide_on = "interval" to customlabels train',
        )
    source = source or (given.source if (given.source or "").startswith("s3://") else None)
    images = str(folder_address(source)).rstrip("/") if source else None
    folder, region = join_key(settings.project.prefix, f"{name}/pipeline"), session.clients.region
    functions = packaging.function_zip()
    dataset = {
        "label_from": given.label_from,
        "label_map": dict(given.label_map),
        "include": list(given.include),
        "exclude": list(given.exclude),
        "group_by": given.group_by,
    }
    about = {"name": name, "bucket": place, "prefix": settings.project.prefix, "kms_key": settings.project.kms_key}
    jobs = packaging.processing_zip({**about, "dataset": dataset})
    stack = Stack(
        name=steps_stack_name(name),
        project=name,
        pipeline=stack_name(name),
        group=stack_name(name),
        bucket=place,
        folder=join_key(settings.project.prefix, name),
        key=f"{folder}/code/functions-{archives.digest(functions)[:16]}.zip",
        images=images,
        kms_key=settings.project.kms_key,
    )
    made = Pipeline(
        project=name,
        region=region,
        places=Places(**REFERENCES),
        runs=f"s3://{place}/{folder}/runs",
        code=f"s3://{place}/{folder}/code/jobs-{archives.digest(jobs)[:16]}.zip",
        image=image or _IMAGE.format(region=region),
        group=stack.group,
        source=images,
        seed=given.seed,
        test_fraction=given.test_fraction,
        gate=gate,
        instance=instance,
    )
    return Made(made, stack, functions, jobs, folder)


def steps_stack_name(project: str) -> str:
    # A name that no project's schedule has: the point makes it end in a digest.
    return stack_name(f"{project}.pipeline")
