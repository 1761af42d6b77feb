"""moto's SageMaker brought to what AWS does: names that come back after a restart, an update that keeps what it does
not name, and an event for EventBridge whenever a package is made or decided on.

Source of moto's names: moto.sagemaker.models, moto.events.models; of the behaviour: SageMaker API reference,
UpdateModelPackage; developer guide, "SageMaker model package state change".
"""

import json
from typing import Any

from moto.events.models import events_backends
from moto.moto_api._internal import mock_random
from moto.sagemaker import models

from customlabels.emulator.server.seams import replace

_create = models.SageMakerModelBackend.create_model_package
_update = models.SageMakerModelBackend.update_model_package


def install() -> None:
    """Changes moto; done again it does nothing."""
    replace("moto.sagemaker.models:random", mock_random)
    replace("moto.sagemaker.models:SageMakerModelBackend.create_model_package", _creating)
    replace("moto.sagemaker.models:SageMakerModelBackend.update_model_package", _updating)


def _creating(backend: Any, **given: Any) -> str:
    arn: str = _create(backend, **given)
    _tell(backend, arn)
    return arn


def _updating(backend: Any, *, model_package_arn: str, **given: Any) -> str:
    held = backend.describe_model_package(model_package_arn)
    before, metadata = held.model_approval_status, held.customer_metadata_properties or {}
    given["customer_metadata_properties"] = {**metadata, **(given["customer_metadata_properties"] or {})}
    for name in ("model_approval_status", "approval_description"):
        given[name] = getattr(held, name) if given[name] is None else given[name]
    updated: str = _update(backend, model_package_arn=model_package_arn, **given)
    if held.model_approval_status != before:
        _tell(backend, updated)
    return updated


def _tell(backend: Any, arn: str) -> None:
    package = backend.describe_model_package(arn)
    detail = {
        "ModelPackageGroupName": package.model_package_group_name,
        "ModelPackageVersion": package.model_package_version,
        "ModelPackageArn": arn,
        "ModelPackageStatus": package.model_package_status,
        "ModelApprovalStatus": package.model_approval_status,
    }
    event = {"Source": "aws.sagemaker", "DetailType": "SageMaker Model Package State Change"}
    events_backends[backend.account_id][backend.region_name].put_events([{**event, "Detail": json.dumps(detail)}])
