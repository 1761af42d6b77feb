"""A throwaway project: late answers, tags on datasets, and the resource of CreateProject, tried."""

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks.statements import Site, allow, policy, project
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import GRACE, wait_for
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing, is_denied
from customlabels.pipelines.readiness.questions import CREATE_PROJECT, LATE, TAGS, answered
from customlabels.pipelines.readiness.removal import Removal
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.training.dataset_marks import REFUSED

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_LONGEST = 15 * 60.0
_TAGS = {"customlabels:probe": "doctor"}
_GONE = "ResourceNotFoundException"


def probe_project(clients: Clients, name: str, removal: Removal) -> Iterator[Finding]:
    """Makes a project of that name with an empty dataset; both are owed to `removal`."""
    rekognition = clients.rekognition
    called: list[float] = []
    removal.owe(f"project {name}", lambda: remove_project(rekognition, name, called[0] + GRACE if called else 0.0))
    called.append(time.monotonic())
    try:
        with explained(f"creating project {name}"):
            project_arn = rekognition.create_project(ProjectName=name)["ProjectArn"]
    except ServiceError as error:
        if is_denied(error) or error.code == "LimitExceededException":
            # Nothing was made: there is none to wait for.
            called.clear()
        raise
    delays = [_delay(lambda: find_project(rekognition, name) is not None)]
    yield create_project_finding(clients, name)
    wait_for(lambda: _is_created(rekognition, name), what=f"project {name}", most=_LONGEST)
    refused, dataset_arn = _tagged_dataset(rekognition, project_arn)
    delays.append(_delay(lambda: _shows(rekognition, dataset_arn)))
    wait_for(lambda: _is_settled(rekognition, dataset_arn), what="the dataset", most=_LONGEST)
    if not refused:
        delays.append(_delay(lambda: _has_tags(rekognition, dataset_arn)))
    yield tags_finding(refused)
    yield late_finding(delays)


def create_project_finding(clients: Clients, name: str) -> Finding:
    """What IAM's simulator says of CreateProject on a project's ARN; the call itself was allowed."""
    arn = project(Site(clients.region, clients.account), name)
    document = json.dumps(policy([allow(["rekognition:CreateProject"], [arn])]))
    try:
        with explained("simulating a policy"):
            answer = clients.once("iam").simulate_custom_policy(
                PolicyInputList=[document],
                ActionNames=["rekognition:CreateProject"],
                ResourceArns=[str(arn).replace("/*", "/1700000000000")],
            )
    except ServiceError as error:
        seen = f"the project was made; whether its ARN would have been enough is not told: {error.message}"
        return answered(CREATE_PROJECT, seen, CREATE_PROJECT.either_way, Standing.UNKNOWN)
    allowed = answer["EvaluationResults"][0]["EvalDecision"] == "allowed"
    seen = "a project's ARN is enough" if allowed else "only * matches, as the printed policies have it"
    return answered(CREATE_PROJECT, seen, NOTHING)


def tags_finding(refused: str) -> Finding:
    """What the answer to a tagged dataset means.

    Parameters
    ----------
    refused : the service's code and words; empty where it took the tag
    """
    if refused:
        return answered(TAGS, f"datasets take no tags: {refused}", f"{NOTHING}: {TAGS.either_way}")
    return answered(TAGS, "datasets take tags", NOTHING)


def late_finding(delays: list[float]) -> Finding:
    """What the longest delay means.

    Parameters
    ----------
    delays : seconds after a write until it showed
    """
    longest = max(delays)
    seen = f"the latest of {len(delays)} writes showed after {longest:.1f} s"
    if longest >= GRACE:
        advice = f"answers lag longer than the {GRACE:.0f} s that are allowed for: report this, and run commands again"
        return answered(LATE, seen, advice, Standing.WARNING)
    return answered(LATE, seen, f"{NOTHING}: {GRACE:.0f} s are allowed for")


def remove_project(rekognition: "RekognitionClient", name: str, until: float = 0.0) -> None:
    """Deletes the project and its datasets, and waits until they are gone; there may be none.

    Parameters
    ----------
    until : time of the monotonic clock before which one that has never been seen may only not show yet

    Raises
    ------
    ServiceError : something of it cannot be deleted
    """
    seen = False

    def gone() -> bool | None:
        nonlocal seen
        held = find_project(rekognition, name)
        if held is None:
            return True if seen or time.monotonic() >= until else None
        seen = True
        try:
            for dataset in held.get("Datasets", []):
                with explained("deleting the dataset"):
                    rekognition.delete_dataset(DatasetArn=dataset["DatasetArn"])
            if not held.get("Datasets") and held["Status"] != "DELETING":
                with explained(f"deleting project {name}"):
                    rekognition.delete_project(ProjectArn=held["ProjectArn"])
        except ServiceError as error:
            # It is being made, or deleted, at this moment.
            if error.code not in {"ResourceInUseException", _GONE}:
                raise
        return None

    wait_for(gone, what=f"deleting project {name}", most=_LONGEST)


def _tagged_dataset(rekognition: "RekognitionClient", project_arn: str) -> tuple[str, str]:
    """Why a dataset with tags was refused, empty where it was not; and the ARN of the one that was made."""
    try:
        with explained("creating a dataset with tags"):
            made = rekognition.create_dataset(ProjectArn=project_arn, DatasetType="TRAIN", Tags=_TAGS)
        return "", made["DatasetArn"]
    except ServiceError as error:
        if error.code not in REFUSED and not is_denied(error):
            raise
        with explained("creating a dataset without tags"):
            made = rekognition.create_dataset(ProjectArn=project_arn, DatasetType="TRAIN")
        return error.message, made["DatasetArn"]


def _delay(shows: Callable[[], bool]) -> float:
    """Seconds until something shows."""
    began = time.monotonic()
    wait_for(lambda: True if shows() else None, what="what was just written", most=_LONGEST)
    return time.monotonic() - began


def _is_created(rekognition: "RekognitionClient", name: str) -> bool | None:
    held = find_project(rekognition, name)
    return True if held and held["Status"] == "CREATED" else None


def _shows(rekognition: "RekognitionClient", dataset_arn: str) -> bool:
    try:
        with explained("reading the dataset"):
            rekognition.describe_dataset(DatasetArn=dataset_arn)
    except ServiceError as error:
        if error.code != _GONE:
            raise
        return False
    return True


def _is_settled(rekognition: "RekognitionClient", dataset_arn: str) -> bool | None:
    with explained("reading the dataset"):
        status = rekognition.describe_dataset(DatasetArn=dataset_arn)["DatasetDescription"]["Status"]
    return True if status in {"CREATE_COMPLETE", "CREATE_FAILED"} else None


def _has_tags(rekognition: "RekognitionClient", dataset_arn: str) -> bool:
    with explained("reading the dataset's tags"):
        return rekognition.list_tags_for_resource(ResourceArn=dataset_arn)["Tags"].items() >= _TAGS.items()
