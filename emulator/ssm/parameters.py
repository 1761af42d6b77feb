"""moto's parameters brought to what AWS does: who wrote one is told, as STS names the caller.

Source of moto's names: moto.ssm.models, moto.sts.models; of the behaviour: SSM API reference, ParameterHistory.
"""

from typing import Any

from moto.ssm.models import Parameter

from customlabels.emulator.server.seams import replace

_described = Parameter.describe_response_object


def install() -> None:
    """Changes moto; done again it does nothing."""
    replace("moto.ssm.models:Parameter.describe_response_object", _describing)


def _describing(parameter: Any, *given: Any, **named: Any) -> dict[str, Any]:
    described: dict[str, Any] = _described(parameter, *given, **named)
    return {**described, "LastModifiedUser": f"arn:aws:sts::{parameter.account_id}:user/moto"}
