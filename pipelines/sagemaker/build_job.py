"""What was seen of the images made into the project's datasets, and a ticket for the training that follows."""

import argparse
import json
from typing import Any

from customlabels.aws.clients import Clients
from customlabels.aws.s3 import put
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.console import Console
from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.datasets.split import Group, group_by, own_group, split
from customlabels.pipelines.sagemaker.definition import TICKET
from customlabels.pipelines.sagemaker.sightings import seen
from customlabels.pipelines.training import lineage
from customlabels.pipelines.training.run import bring_about
from customlabels.pipelines.training.run_plan import Plan, make_plan
from customlabels.pipelines.training.s3_source import Remote, arrange, folder_address
from customlabels.pipelines.training.ticket import document


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
    ready = bring_about(plan, rekognition=clients.rekognition, s3=clients.s3, region=clients.region, watch=console)
    body = json.dumps(document(lineage.ticket(plan, ready.project_arn)), indent=1).encode()
    address = S3Address(chosen.to.bucket, join_key(chosen.to.key, TICKET))
    put(clients.s3, address, body, kms_key=plan.kms_key, content_type="application/json")
    console.note(f"version {plan.version}: {counted(len(plan.dataset.records), 'image')}")


def plan_of(remote: Remote, settings: dict[str, Any], version: str | None, seed: int, fraction: float) -> Plan:
    """The plan that `train` makes of the same images with the same settings.

    Raises
    ------
    LayoutError : images cannot be used
    ManifestError : the service would refuse the manifests
    """
    faults = [f"{finding.name}: {finding.message}" for finding in remote.dataset.faults]
    if faults:
        raise LayoutError(f"{remote.address}: {counted(len(faults), 'fault')}: {faults[0]}", details=faults[1:])
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
