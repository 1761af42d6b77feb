"""The whole run: upload, project, datasets, version, evaluation. Run again, it goes on where it was cut off."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from customlabels.datasets.model import Side
from customlabels.pipelines.comparison import Measured
from customlabels.pipelines.plan import Plan
from customlabels.pipelines.project import ensure_dataset, ensure_project, find_project
from customlabels.pipelines.results import measure
from customlabels.pipelines.upload import check_bucket, missing_images, upload_images, upload_manifest
from customlabels.pipelines.versions import ensure_version, find_version, is_trained, wait_trained

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client


class Watch(Protocol):
    """Who is told how a run goes."""

    def step(self, title: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: what was measured, whether it trained, and the seconds that the training was billed."""

    measured: Measured
    trained: bool
    billable_seconds: int | None


def run(plan: Plan, *, rekognition: "RekognitionClient", s3: "S3Client", region: str, watch: Watch) -> Outcome:
    """Carries the plan out, except for what is done already.

    Raises
    ------
    ServiceError, ManifestError, TrainingFailed
    """
    check_bucket(s3, plan.bucket, region)
    project = find_project(rekognition, plan.project)
    there = find_version(rekognition, project["ProjectArn"], plan.version) if project else None
    project_arn = project["ProjectArn"] if project and there else _prepare(plan, rekognition, s3, watch)
    started = ensure_version(rekognition, project_arn, plan)
    if there is None or not is_trained(there):
        title = "training" if started else "waiting for the training under way of"
        with watch.step(f"{title} version {plan.version}") as advance:
            there = wait_trained(rekognition, project_arn, plan.version, lambda seconds: advance(0))
    return Outcome(measure(s3, there), started, there.get("BillableTrainingTimeInSeconds"))


def _prepare(plan: Plan, rekognition: "RekognitionClient", s3: "S3Client", watch: Watch) -> str:
    """Brings images, manifests, project and datasets to what the plan wants; the project's ARN."""
    missing = missing_images(s3, plan)
    with watch.step(f"uploading {len(missing)} of {len(plan.dataset.records)} images", len(missing)) as advance:
        upload_images(s3, plan, missing, advance)
    manifests = {side: upload_manifest(s3, plan, side) for side in Side}
    with watch.step(f"project {plan.project}"):
        project_arn = ensure_project(rekognition, plan.project)
    for side in Side:
        with watch.step(f"{side.value} dataset, {len(plan.dataset.side(side))} images"):
            ensure_dataset(rekognition, project_arn, plan, side, manifests[side])
    return project_arn
