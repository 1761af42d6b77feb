"""The project's datasets, brought to what a plan wants with the fewest calls; what is there already is kept."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import orjson

from customlabels.aws.clients import explained
from customlabels.aws.s3 import get_if_there
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ManifestError, ServiceError
from customlabels.core.waiting import wait_for
from customlabels.datasets.model import Side
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.training.failure import dataset_complaints
from customlabels.pipelines.training.run_plan import Plan, manifest_lines
from customlabels.pipelines.training.ticket import DATASET_TAG

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import DatasetDescriptionTypeDef, DatasetMetadataTypeDef
    from mypy_boto3_s3 import S3Client

_TO, _SHORT = "/", 16
"""While a dataset is being updated its tag says from which content to which, by the first digits of their digests."""

MAX_UPDATE = 5_000_000
"""Bytes in one UpdateDatasetEntries. Source: Custom Labels developer guide, limits.md (5 MB, taken as the smaller)."""

_MOST_UPDATES = 3
"""Calls beyond which a new dataset takes fewer."""

_MINUTE = 60.0
_ENDED = {"CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "UPDATE_FAILED"}


def ensure_dataset(
    rekognition: "RekognitionClient", s3: "S3Client", project_arn: str, plan: Plan, side: Side, manifest: S3Address
) -> bool:
    """Sees that the project's dataset of that side holds the plan's images; whether it had to be made or changed.

    One that lacks a few entries, or has a few others, is updated; one that holds images which have to go is deleted
    and made again. Its images and manifests stay in S3 in any case.

    Raises
    ------
    ManifestError : the service refused the manifest, or dropped lines of it
    """
    digest = plan.dataset_digest(side)
    there = _dataset(rekognition, plan.project, side)
    if there is not None:
        arn = there["DatasetArn"]
        if there["Status"] != "DELETE_IN_PROGRESS":
            ended = _ended(rekognition, arn)["Status"]
            held = _tags(rekognition, arn).get(DATASET_TAG, "")
            if ended != "CREATE_FAILED":
                if held == digest:
                    _check(rekognition, arn, len(plan.dataset.side(side)), side, manifest)
                    return False
                before, _, going_to = held.partition(_TO)
                changes = updates(s3, plan, side, before) if going_to in ("", digest[:_SHORT]) else None
                if changes is not None:
                    _tag(rekognition, arn, f"{before[:_SHORT]}{_TO}{digest[:_SHORT]}")
                    _update(rekognition, arn, changes)
                    _tag(rekognition, arn, digest)
                    _check(rekognition, arn, len(plan.dataset.side(side)), side, manifest)
                    return True
            with explained(f"deleting the {side.value} dataset"):
                rekognition.delete_dataset(DatasetArn=arn)
        _wait_gone(rekognition, plan.project, side, arn)
    try:
        arn = _create_dataset(rekognition, project_arn, side, digest, manifest)
    except ServiceError as error:
        # Another run of the same images was first: what it makes is looked at like any other.
        if error.code != "ResourceAlreadyExistsException":
            raise
        return ensure_dataset(rekognition, s3, project_arn, plan, side, manifest)
    _check(rekognition, arn, len(plan.dataset.side(side)), side, manifest)
    return True


def updates(s3: "S3Client", plan: Plan, side: Side, held: str) -> list[bytes] | None:
    """The changes that bring a dataset of content `held` to the plan, in as few calls; None where entries have to go,
    where it takes more calls than making it anew, or where what it holds is not known.
    """
    if not held:
        return None
    body = get_if_there(s3, plan.manifest_of(side, held))
    if body is None:
        return None
    before, wanted = dict(_by_source(body.splitlines())), dict(_by_source(manifest_lines(plan, side)))
    if before.keys() - wanted.keys():
        return None
    batches: list[list[bytes]] = [[]]
    size = 0
    for source, line in wanted.items():
        if before.get(source) != line:
            size += len(line) + 1
            if size > MAX_UPDATE:
                batches.append([])
                size = len(line) + 1
            if len(batches) > _MOST_UPDATES:
                return None
            batches[-1].append(line)
    return [b"".join(line + b"\n" for line in batch) for batch in batches]


def _by_source(lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for line in lines:
        yield orjson.loads(line)["source-ref"], line.rstrip(b"\n")


def _update(rekognition: "RekognitionClient", arn: str, batches: list[bytes]) -> None:
    """Changes a dataset's entries; another run of the same images may be doing the same."""
    for batch in filter(None, batches):

        def send(batch: bytes = batch) -> bool | None:
            try:
                with explained("updating the dataset"):
                    rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": batch})
            except ServiceError as error:
                if error.code != "ResourceInUseException":
                    raise
                return None
            return True

        wait_for(send, what="updating the dataset", most=180 * _MINUTE)
        described = _ended(rekognition, arn)
        if described["Status"] == "UPDATE_FAILED":
            raise ManifestError(f"the service refused to update the dataset: {described.get('StatusMessage', '')}")


def _tag(rekognition: "RekognitionClient", arn: str, digest: str) -> None:
    with explained("tagging the dataset"):
        rekognition.tag_resource(ResourceArn=arn, Tags={DATASET_TAG: digest})


def _check(rekognition: "RekognitionClient", arn: str, sent: int, side: Side, manifest: S3Address) -> None:
    """Sees that the service took every line.

    Raises
    ------
    ManifestError : with the codes and lines of what it did not take
    """
    described = _ended(rekognition, arn)
    if described["Status"] == "CREATE_FAILED":
        raise ManifestError(f"{manifest}: the service refused it: {described.get('StatusMessage', '')}")
    stats = described["DatasetStats"]
    if faulty := stats.get("ErrorEntries", 0):
        complaints = [str(one) for one in dataset_complaints(rekognition, arn, side.value)]
        raise ManifestError(f"{manifest}: the service found {faulty} faulty lines", details=complaints)
    kept = stats.get("TotalEntries", 0)
    if kept != sent:
        raise ManifestError(f"{manifest}: the service dropped {sent - kept} of {sent} lines")


def _create_dataset(
    rekognition: "RekognitionClient", project_arn: str, side: Side, digest: str, manifest: S3Address
) -> str:
    with explained(f"creating the {side.value} dataset"):
        return rekognition.create_dataset(
            ProjectArn=project_arn,
            DatasetType="TRAIN" if side is Side.TRAIN else "TEST",
            DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": manifest.bucket, "Name": manifest.key}}},
            Tags={DATASET_TAG: digest},
        )["DatasetArn"]


def _wait_gone(rekognition: "RekognitionClient", project: str, side: Side, arn: str) -> None:
    """Waits until the dataset is deleted; another run may have made a new one in its place by then."""

    def look() -> bool | None:
        there = _dataset(rekognition, project, side)
        return True if there is None or there["DatasetArn"] != arn else None

    wait_for(look, what=f"deleting the {side.value} dataset", most=60 * _MINUTE)


def _dataset(rekognition: "RekognitionClient", project: str, side: Side) -> "DatasetMetadataTypeDef | None":
    found = find_project(rekognition, project)
    datasets = found.get("Datasets", []) if found else []
    return next((dataset for dataset in datasets if dataset["DatasetType"] == side.value.upper()), None)


def _ended(rekognition: "RekognitionClient", arn: str) -> "DatasetDescriptionTypeDef":
    """The dataset's description once nothing is being done to it."""

    def look() -> "DatasetDescriptionTypeDef | None":
        with explained("reading the dataset"):
            described = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        return described if described["Status"] in _ENDED else None

    return wait_for(look, what="the dataset", most=180 * _MINUTE)


def _tags(rekognition: "RekognitionClient", arn: str) -> dict[str, str]:
    with explained("reading the dataset's tags"):
        return rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
