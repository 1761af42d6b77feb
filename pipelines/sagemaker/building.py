"""What was seen of the images made into the project's datasets, and a ticket for the training that follows."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from customlabels.aws.bucket import check_bucket
from customlabels.aws.clients import Clients, explained
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.console import Console
from customlabels.core.errors import LayoutError
from customlabels.datasets.model import Side
from customlabels.datasets.split import Group, group_by, own_group, split
from customlabels.pipelines.sagemaker.definition import TICKET
from customlabels.pipelines.sagemaker.processing import seen
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.versions import find_version
from customlabels.pipelines.training import lineage
from customlabels.pipelines.training.project_datasets import DIGEST_TAG, check_held
from customlabels.pipelines.training.run import prepare
from customlabels.pipelines.training.run_plan import Plan, make_plan
from customlabels.pipelines.training.s3_source import Remote, arrange, folder_address
from customlabels.pipelines.training.submission import check_same

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client


def build(chosen: argparse.Namespace, settings: dict[str, Any], clients: Clients, console: Console) -> None:
    """Makes manifests, project and datasets of what was seen, as `train` does, and leaves the ticket.

    Raises
    ------
    LayoutError : images cannot be used
    ManifestError : the service would refuse the manifests, or refused them
    """
    given = settings["dataset"]
    remote = arrange(
        folder_address(chosen.source),
        seen(clients.s3, chosen.to),
        label_from=given["label_from"],
        label_map=given["label_map"],
    )
    plan = plan_of(remote, settings, chosen.version_name or None, chosen.seed, chosen.test_fraction)
    project_arn = bring_about(plan, clients.rekognition, clients.s3, clients.region, console)
    place = S3Address(chosen.to.bucket, join_key(chosen.to.key, TICKET))
    with explained(f"writing {place}"):
        body = json.dumps(ticket(plan, project_arn), indent=1).encode()
        clients.s3.put_object(Bucket=place.bucket, Key=place.key, Body=body, ContentType="application/json")
    console.note(f"version {plan.version}: {len(plan.dataset.records)} images")


def plan_of(remote: Remote, settings: dict[str, Any], version: str | None, seed: int, fraction: float) -> Plan:
    """The plan that `train` makes of the same images with the same settings.

    Raises
    ------
    LayoutError : images cannot be used
    ManifestError : the service would refuse the manifests
    """
    faults = [f"{finding.name}: {finding.message}" for finding in remote.dataset.faults]
    if faults:
        raise LayoutError(f"{remote.address}: {len(faults)} faults: {faults[0]}", details=faults[1:])
    pattern = settings["dataset"]["group_by"]
    group: Group = group_by(pattern) if pattern else own_group
    return make_plan(
        split(remote.dataset, fraction=fraction, seed=seed, group=group),
        project=settings["name"],
        bucket=settings["bucket"],
        prefix=settings["prefix"],
        version=version,
        settings=f"test-fraction={fraction:g} seed={seed} group-by={pattern or 'none'}",
        kms_key=settings["kms_key"],
        source=remote.address,
        hashes=remote.hashes,
    )


def bring_about(plan: Plan, rekognition: "RekognitionClient", s3: "S3Client", region: str, console: Console) -> str:
    """Brings project and datasets to what the plan wants, unless its version is there; the project's ARN."""
    check_bucket(s3, plan.bucket, region)
    project = find_project(rekognition, plan.project)
    there = find_version(rekognition, project["ProjectArn"], plan.version) if project else None
    if project and there:
        check_same(rekognition, there, plan)
        return project["ProjectArn"]
    project_arn, _ = prepare(plan, rekognition, s3, console)
    check_held(rekognition, plan)
    return project_arn


def ticket(plan: Plan, project_arn: str) -> dict[str, Any]:
    """What starting and registering the plan's version take; the tag by which its datasets are known among it."""
    return {
        "project": plan.project,
        "project_arn": project_arn,
        "version": plan.version,
        "bucket": plan.bucket,
        "output": plan.output,
        "kms_key": plan.kms_key,
        "tags": lineage.tags(plan),
        "description": lineage.description(plan),
        "dataset_tag": DIGEST_TAG,
        "datasets": {side.value: plan.dataset_digest(side) for side in Side},
        "digests": {side.value: plan.digest(side) for side in Side},
        "images": {side.value: len(plan.dataset.side(side)) for side in Side},
    }
