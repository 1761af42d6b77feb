"""A project whose inspection is deployed, as use cases find it."""

import json
from dataclasses import dataclass
from datetime import timedelta

from customlabels.aws import parameters
from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import deployment
from customlabels.core.addresses import S3Address, bucket_and_key
from customlabels.core.errors import ServiceError
from customlabels.inspection.claims import Table
from customlabels.inspection.documents import Inspection, read_inspection_text
from customlabels.inspection.stack.template import Names, names_of

_AGAIN = "customlabels inspection deploy puts it right"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is deployed, and how images are inspected by it.

    Parameters
    ----------
    queue, dead : URLs of the queue and of its dead letters
    mapping : that feeds the function from the queue
    deadline : how long an image may wait
    batch_sources : folders beside the source whose images batches may look at; None where that is not told
    """

    project: str
    names: Names
    inspection: Inspection
    queue: str
    queue_arn: str
    dead: str
    dead_arn: str
    mapping: str
    deadline: timedelta
    batch_sources: tuple[S3Address, ...] | None = None


def deployed(clients: Clients, project: str) -> Deployed:
    """The project's deployed inspection.

    Raises
    ------
    ServiceError : none is deployed
    """
    names = names_of(project)
    outputs = deployment.outputs(clients, names.stack)
    paths = [parameters.inspection(project), parameters.inspection_rules(project)]
    with explained(f"reading the inspection of {project}"):
        texts = parameters.read(clients.ssm, paths)
    if outputs is None:
        raise ServiceError(
            f"no inspection is deployed for {project}",
            hint="customlabels inspection deploy does, once you have seen its changes",
        )
    if missing := [path for path in paths if path not in texts]:
        raise ServiceError(f"{names.stack}: the parameter {missing[0]} is not there", hint=_AGAIN)
    try:
        inspection, own = read_inspection_text(texts[paths[1]]), json.loads(texts[paths[0]])
        return Deployed(
            project,
            names,
            inspection,
            own["queue_url"],
            own["queue_arn"],
            outputs["DeadLetters"],
            outputs["DeadLettersArn"],
            own["mapping_uuid"],
            timedelta(seconds=own["deadline_seconds"]),
            _folders(own["batch_sources"]) if "batch_sources" in own else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError(f"{names.stack}: {error}", hint=_AGAIN) from error


def watched(clients: Clients, project: str) -> Inspection | None:
    """How images are inspected as deployed; None where none are."""
    path = parameters.inspection_rules(project)
    with explained("reading how images are inspected"):
        text = parameters.read(clients.ssm, [path]).get(path)
    try:
        return read_inspection_text(text) if text else None
    except ValueError:
        return None


def _folders(given: list[str]) -> tuple[S3Address, ...]:
    return tuple(S3Address(*bucket_and_key(text)) for text in given)


def results_table(clients: Clients, project: str) -> Table:
    """The project's results table, which outlives what is deployed.

    Raises
    ------
    ServiceError : there is none
    """
    name = names_of(project).table
    try:
        with explained(f"table {name}"):
            clients.dynamodb.describe_table(TableName=name)
    except ServiceError as error:
        if error.code == "ResourceNotFoundException":
            raise ServiceError(
                f"{project} has no results yet: there is no table {name}",
                hint="customlabels inspection deploy makes it",
            ) from error
        raise
    return Table(clients.dynamodb, name)
