"""The whole run: upload, project, datasets, version, evaluation. Run again, it goes on where it was cut off."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING

from customlabels.aws import bucket
from customlabels.aws.bucket import check_bucket, check_images_near
from customlabels.aws.clients import Clients
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.plurals import counted
from customlabels.core.prices import training_cost
from customlabels.core.waiting import GRACE
from customlabels.core.watching import Watch
from customlabels.datasets.model import Side
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.results import measure
from customlabels.pipelines.service.lifetime import ensure_project
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.versions import Description, find_version, is_trained
from customlabels.pipelines.training import lineage
from customlabels.pipelines.training.project_datasets import ensure_dataset
from customlabels.pipelines.training.run_plan import Plan
from customlabels.pipelines.training.submission import check_same, start_training, wait_trained
from customlabels.pipelines.training.upload import missing_images, upload_images, upload_manifest

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client


_TELL_EVERY = 900.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A version that is trained, or being trained; whether that had to be started."""

    project_arn: str
    version: str
    started: bool
    trained: bool = False
    """Whether it was found trained."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A project that is ready for the plan's training, or has been through it: then `version` is what was found."""

    project_arn: str
    version: Description | None = None
    manifests: Mapping[Side, S3Address] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: what was measured, and the seconds that the training was billed."""

    measured: Measured
    description: Description

    @property
    def billable_seconds(self) -> int | None:
        return self.description.get("BillableTrainingTimeInSeconds")


def see_to_bucket(clients: Clients, plan: Plan, watch: Watch, *, fix_policy: bool, public_check: bool = True) -> None:
    """Sees that the bucket can be used; warns of one that is open to the public; adds to its policy where asked.

    Raises
    ------
    ServiceError : it is not there, may not be used, or lies in another region
    """
    check_bucket(clients.s3, plan.bucket, clients.region)
    if public_check and (sentence := bucket.exposure(clients.s3, plan.bucket)):
        watch.warn(sentence)
    if fix_policy:
        before, after = bucket.policy_change(clients.s3, plan.bucket, plan.prefix, clients.account)
        if before == after:
            watch.note("the bucket's policy has what the service needs")
            return
        now, then = (json.dumps(policy, indent=2).splitlines() for policy in (before, after))
        watch.note("\n".join(unified_diff(now, then, "policy now", "policy to be", lineterm="")))
        bucket.put_policy(clients.s3, plan.bucket, after)


def begin(
    plan: Plan,
    *,
    rekognition: "RekognitionClient",
    s3: "S3Client",
    region: str,
    watch: Watch,
    external: bool = False,
    upload: bool = True,
) -> Begun:
    """Carries the plan out as far as the start of the training, except for what is done already.

    Parameters
    ----------
    external : train from the manifests in S3, without datasets in the project
    upload : whether images may be uploaded; where they may not, all have to be there

    Raises
    ------
    ServiceError, ManifestError, SettingsError
    """
    ready = bring_about(
        plan, rekognition=rekognition, s3=s3, region=region, watch=watch, external=external, upload=upload
    )
    if ready.version is not None:
        return Begun(ready.project_arn, plan.version, False, is_trained(ready.version))
    manifests = {side.value: address for side, address in ready.manifests.items()} if external else None
    ticket = lineage.ticket(plan, ready.project_arn)
    started = start_training(rekognition, s3, ticket, manifests, patience=GRACE)
    return Begun(ready.project_arn, plan.version, started)


def bring_about(
    plan: Plan,
    *,
    rekognition: "RekognitionClient",
    s3: "S3Client",
    region: str,
    watch: Watch,
    external: bool = False,
    upload: bool = True,
) -> Ready:
    """Brings bucket, project and datasets to what the plan wants, unless its version is there already.

    Parameters
    ----------
    external, upload : as begin

    Raises
    ------
    ServiceError, ManifestError, SettingsError
    """
    check_bucket(s3, plan.bucket, region)
    if plan.source is not None:
        check_images_near(s3, plan.source.bucket, region)
    project = find_project(rekognition, plan.project)
    version = find_version(rekognition, project["ProjectArn"], plan.version) if project else None
    if project and version:
        check_same(rekognition, version, lineage.ticket(plan, project["ProjectArn"]))
        return Ready(project["ProjectArn"], version)
    if external and project and project.get("Datasets"):
        raise SettingsError(
            f"project {plan.project} has datasets, and the service trains from manifests only where there are none",
            hint="leave --external-manifests out, or give another --project",
        )
    project_arn, manifests = prepare(plan, rekognition, s3, watch, external=external, upload=upload)
    return Ready(project_arn, manifests=manifests)


def finish(
    begun: Begun, *, rekognition: "RekognitionClient", s3: "S3Client", watch: Watch, notify: Callable[[str], None]
) -> Outcome:
    """Waits for the training and fetches what the service wrote; `notify` tells each quarter of an hour how far it is.

    Raises
    ------
    TrainingFailed : with the codes and lines of what the service found
    ServiceError
    """
    description = find_version(rekognition, begun.project_arn, begun.version)
    if description is None or not is_trained(description):
        title = "training" if begun.started else "waiting for the training under way of"
        with watch.step(f"{title} version {begun.version}") as advance:
            notified = 0.0
            before = (datetime.now(UTC) - description["CreationTimestamp"]).total_seconds() if description else 0.0

            def tick(waited: float) -> None:
                nonlocal notified
                advance(0)
                if waited - notified >= _TELL_EVERY:
                    notified, seconds = waited, before + waited
                    notify(f"{begun.version}: {seconds / 3600:.2g} hours, about ${training_cost(seconds):.2f} so far")

            description = wait_trained(
                rekognition, s3, begun.project_arn, begun.version, started=begun.started, tick=tick, notify=notify
            )
    return Outcome(measure(s3, description), description)


def prepare(
    plan: Plan,
    rekognition: "RekognitionClient",
    s3: "S3Client",
    watch: Watch,
    *,
    external: bool = False,
    upload: bool = True,
) -> tuple[str, dict[Side, S3Address]]:
    """Brings images, manifests, project and datasets to what the plan wants; the project's ARN, and the manifests."""
    if plan.source is None:
        missing = missing_images(s3, plan)
        if missing and not upload:
            raise ServiceError(
                f"{len(missing)} of {len(plan.dataset.records)} images are not in s3://{plan.bucket}/{plan.images}, "
                "or differ there",
                details=[record.name for record in missing],
                hint="leave --no-upload out to upload them",
            )
        title = f"uploading {len(missing)} of {len(plan.dataset.records)} images"
        with watch.step(title, sum(record.info.size for record in missing), in_bytes=True) as advance:
            upload_images(s3, plan, missing, advance)
    manifests = {side: upload_manifest(s3, plan, side) for side in Side}
    with watch.step(f"project {plan.project}"):
        project_arn = ensure_project(rekognition, plan.project)
    for side in Side if not external else ():
        with watch.step(f"{side.value} dataset, {counted(len(plan.dataset.side(side)), 'image')}"):
            ensure_dataset(rekognition, s3, project_arn, plan, side, manifests[side])
    return project_arn, manifests
