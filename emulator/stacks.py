"""CloudFormation templates looked at before moto gets them: a type that it would pass over in silence is refused.

moto answers CREATE_COMPLETE for types that it does not know, and makes nothing. The error is that of CloudFormation
for types that do not exist.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import yaml
from moto.cloudformation.parsing import NULL_MODELS, get_model_map

from customlabels.core.s3 import S3Address
from customlabels.emulator import objects

ACTIONS = {"CreateStack", "UpdateStack", "CreateChangeSet"}


class _Loader(yaml.SafeLoader):
    """Reads a template; short forms of its functions (!Ref, !Sub) are nothing that types hang on."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def unserved_types(template: str) -> list[str]:
    """Resource types of a template that nothing here makes, each once, in order; none where it cannot be read."""
    try:
        document: Any = yaml.load(template, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        try:
            document = json.loads(template)
        except ValueError:
            return []
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict):
        return []
    types = {str(one.get("Type")) for one in resources.values() if isinstance(one, dict)}
    served = get_model_map()
    return sorted(
        one for one in types if one not in served and one not in NULL_MODELS and not one.startswith("Custom::")
    )


def template_of(parameters: dict[str, list[str]]) -> str:
    """The template that a request brings, or names by its address in S3; empty where there is none."""
    if "TemplateBody" in parameters:
        return parameters["TemplateBody"][0]
    address = urlsplit(parameters.get("TemplateURL", [""])[0])
    host, path = address.hostname or "", address.path.lstrip("/")
    bucket, key = (host.partition(".s3")[0], path) if ".s3" in host else path.partition("/")[::2]
    body = objects.read(S3Address(bucket, key)) if bucket and key else None
    return body.decode(errors="replace") if body else ""
