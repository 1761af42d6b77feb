"""The pipeline deployed: the stack that its steps call, then the pipeline itself."""

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from customlabels.aws.clients import Clients
from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.core.watching import UNWATCHED, Watch
from customlabels.pipelines.sagemaker import executions
from customlabels.pipelines.sagemaker.definition import Pipeline, Places, definition
from customlabels.pipelines.sagemaker.pipeline_stack import Assembled, steps_stack_name

Confirm = Callable[[tuple[Change, ...], list[str]], bool]
"""Asked whether these changes are to be made; of the definition there is a diff, where it alone changes."""


def deploy(
    clients: Clients, assembled: Assembled, *, confirm: Confirm, watch: Watch = UNWATCHED
) -> tuple[Change, ...] | None:
    """The changes that were made, none where all was as the settings have it; None where they were not agreed to.

    Raises
    ------
    ServiceError : as aws.stacks.deployment.deploy
    """
    before = executions.find(clients.sagemaker, assembled.name)
    own = Change("Modify" if before else "Add", assembled.name, "the pipeline")
    deployed = deployment.deploy(
        clients, assembled.stack, confirm=lambda changes: confirm((*changes, own), []), watch=watch
    )
    if deployed is None:
        return None
    wanted = definition(_placed(assembled.pipeline, deployed.outputs))
    if not deployed.changes:
        if before == wanted:
            return ()
        if not confirm((own,), _differences(before, wanted) if before else []):
            return None
        deployment.put_code(clients, assembled.stack)
    role = deployed.outputs["PipelineRole"]
    executions.put(
        clients.sagemaker, assembled.name, wanted, role, new=before is None, project=assembled.pipeline.project
    )
    return (*deployed.changes, own)


def remove(clients: Clients, pipeline: str, project: str, *, watch: Watch = UNWATCHED) -> bool:
    """Deletes the pipeline and its stack; whether there was either. What lies in S3 stays."""
    existed = executions.delete(clients.sagemaker, pipeline)
    return deployment.remove(clients, steps_stack_name(project), watch=watch) or existed


def _placed(pipeline: Pipeline, outputs: Mapping[str, str]) -> Pipeline:
    """The pipeline with what the deployed stack gives."""
    functions = {name: outputs[name.capitalize()] for name in pipeline.places.functions}
    return replace(pipeline, places=Places(functions, outputs["Queue"], outputs["ProcessingRole"]))


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    deployed, wanted = (json.dumps(document, indent=2).splitlines() for document in (before, after))
    return list(
        difflib.unified_diff(deployed, wanted, "pipeline deployed", "pipeline by the settings", lineterm="", n=2)
    )
