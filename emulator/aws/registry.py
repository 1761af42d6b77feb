"""moto's SageMaker brought to what AWS does: names that come back after a restart, metadata that an update keeps.

Source of moto's names: moto.sagemaker.models; of the behaviour: SageMaker API reference, UpdateModelPackage.
"""

from typing import Any

from moto.moto_api._internal import mock_random
from moto.sagemaker import models

_update = models.SageMakerModelBackend.update_model_package


def install() -> None:
    """Changes moto; done again it does nothing."""
    models.random = mock_random
    models.SageMakerModelBackend.update_model_package = _updating


def _updating(backend: Any, *, model_package_arn: str, **given: Any) -> str:
    held = backend.describe_model_package(model_package_arn).customer_metadata_properties or {}
    given["customer_metadata_properties"] = {**held, **(given["customer_metadata_properties"] or {})}
    updated: str = _update(backend, model_package_arn=model_package_arn, **given)
    return updated
