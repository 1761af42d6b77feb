"""The project's datasets, brought to what a plan wants with the fewest calls; what is there already is kept."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from customlabels.aws.clients import explained
from customlabels.aws.s3_reading import get_if_there
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ManifestError, ServiceError
from customlabels.core.waiting import GRACE, wait_for
from customlabels.datasets.model import Side
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.training.dataset_marks import REFUSED, mark_address, read_mark, write_mark
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
_LONGEST = 180 * _MINUTE
_OVERTAKEN = {"ResourceAlreadyExistsException", "ResourceInUseException", "ResourceNotFoundException"}
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
    ServiceError : the service refuses for longer than its answers may lag behind
    """
    refused_since: float | None = None

    def attempt() -> bool | None:
        nonlocal refused_since
        try:
            return _brought_about(rekognition, s3, project_arn, plan, side, manifest)
        except ServiceError as error:
            # Another run of the same images was first, or what was looked at had passed: it is looked at again.
            if error.code not in _OVERTAKEN:
                raise
            now = time.monotonic()
            refused_since = now if refused_since is None else refused_since
            if now - refused_since > GRACE:
                raise
            return None

    return wait_for(attempt, what=f"the {side.value} dataset", most=_LONGEST)


def _brought_about(
    rekognition: "RekognitionClient", s3: "S3Client", project_arn: str, plan: Plan, side: Side, manifest: S3Address
) -> bool:
    """As ensure_dataset, by what shows now."""
    digest, sent = plan.dataset_digest(side), len(plan.dataset.side(side))
    listed = _dataset(rekognition, plan.project, side)
    if listed is not None:
        arn = listed["DatasetArn"]
        if listed["Status"] != "DELETE_IN_PROGRESS":
            described = _ended(rekognition, arn)
            mark = _Mark(rekognition, s3, arn, _mark_address(plan, side, arn), plan.kms_key)
            held = mark.read()
            if described["Status"] != "CREATE_FAILED":
                if held == digest:
                    _check(rekognition, arn, described, sent, side, manifest)
                    return False
                before, _, going_to = held.partition(_TO)
                changes = updates(s3, plan, side, before) if going_to in ("", digest[:_SHORT]) else None
                if changes is not None:
                    mark.write(f"{before[:_SHORT]}{_TO}{digest[:_SHORT]}")
                    described = _update(rekognition, arn, described, changes)
                    mark.write(digest)
                    _check(rekognition, arn, described, sent, side, manifest)
                    return True
            with explained(f"deleting the {side.value} dataset"):
                rekognition.delete_dataset(DatasetArn=arn)
        _wait_gone(rekognition, plan.project, side, arn)
    arn = _create_dataset(rekognition, s3, project_arn, plan, side, manifest)
    _check(rekognition, arn, _ended(rekognition, arn, new=True), sent, side, manifest)
    return True


class _Mark(NamedTuple):
    """What notes the content of one dataset."""

    rekognition: "RekognitionClient"
    s3: "S3Client"
    dataset_arn: str
    address: S3Address
    kms_key: str | None

    def read(self) -> str:
        return read_mark(self.rekognition, self.s3, self.dataset_arn, self.address)

    def write(self, digest: str) -> None:
        write_mark(self.rekognition, self.s3, self.dataset_arn, self.address, digest, kms_key=self.kms_key)


def _mark_address(plan: Plan, side: Side, arn: str) -> S3Address:
    folder = plan.manifest(side).key.rpartition("/")[0].rpartition("/")[0]
    return mark_address(S3Address(plan.bucket, folder), side.value, arn)


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


def _update(
    rekognition: "RekognitionClient", arn: str, before: "DatasetDescriptionTypeDef", batches: list[bytes]
) -> "DatasetDescriptionTypeDef":
    """Changes a dataset's entries, and gives its description afterwards; another run may be doing the same.

    Parameters
    ----------
    before : its description, which may show for a while after each change
    """
    described = before
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

        wait_for(send, what="updating the dataset", most=_LONGEST)
        described = _ended(rekognition, arn, before=described)
        if described["Status"] == "UPDATE_FAILED":
            raise ManifestError(f"the service refused to update the dataset: {described.get('StatusMessage', '')}")
    return described


def _check(
    rekognition: "RekognitionClient",
    arn: str,
    described: "DatasetDescriptionTypeDef",
    sent: int,
    side: Side,
    manifest: S3Address,
) -> None:
    """Sees that the service took every line.

    Raises
    ------
    ManifestError : with the codes and lines of what it did not take
    """
    if described["Status"] == "CREATE_FAILED":
        raise ManifestError(f"{manifest}: the service refused it: {described.get('StatusMessage', '')}")
    stats = described["DatasetStats"]
    if faulty := stats.get("ErrorEntries", 0):
        complaints = [str(complaint) for complaint in dataset_complaints(rekognition, arn, side.value)]
        raise ManifestError(f"{manifest}: the service found {faulty} faulty lines", details=complaints)
    kept = stats.get("TotalEntries", 0)
    if kept != sent:
        raise ManifestError(f"{manifest}: the service dropped {sent - kept} of {sent} lines")


def _create_dataset(
    rekognition: "RekognitionClient", s3: "S3Client", project_arn: str, plan: Plan, side: Side, manifest: S3Address
) -> str:
    """Creates the dataset with its mark; where it may not carry one as a tag, without, and notes it in S3."""
    digest = plan.dataset_digest(side)

    def create(**tags: Any) -> str:
        with explained(f"creating the {side.value} dataset"):
            return rekognition.create_dataset(
                ProjectArn=project_arn,
                DatasetType="TRAIN" if side is Side.TRAIN else "TEST",
                DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": manifest.bucket, "Name": manifest.key}}},
                **tags,
            )["DatasetArn"]

    try:
        return create(Tags={DATASET_TAG: digest})
    except ServiceError as error:
        if error.code not in REFUSED:
            raise
    # If it was not the tag that was refused, this is refused as well, and raised.
    arn = create()
    write_mark(rekognition, s3, arn, _mark_address(plan, side, arn), digest, kms_key=plan.kms_key)
    return arn


def _wait_gone(rekognition: "RekognitionClient", project: str, side: Side, arn: str) -> None:
    """Waits until the dataset is deleted; another run may have made a new one in its place by then."""

    def look() -> bool | None:
        dataset = _dataset(rekognition, project, side)
        return True if dataset is None or dataset["DatasetArn"] != arn else None

    wait_for(look, what=f"deleting the {side.value} dataset", most=60 * _MINUTE)


def _dataset(rekognition: "RekognitionClient", project: str, side: Side) -> "DatasetMetadataTypeDef | None":
    description = find_project(rekognition, project)
    datasets = description.get("Datasets", []) if description else []
    return next((dataset for dataset in datasets if dataset["DatasetType"] == side.value.upper()), None)


def _ended(
    rekognition: "RekognitionClient",
    arn: str,
    *,
    new: bool = False,
    before: "DatasetDescriptionTypeDef | None" = None,
) -> "DatasetDescriptionTypeDef":
    """The dataset's description once nothing is being done to it.

    Parameters
    ----------
    new : whether it was made a moment ago: for GRACE seconds it may not show
    before : its description before a change of one's own: for GRACE seconds it is not taken for the one after it
    """
    until = time.monotonic() + GRACE

    def look() -> "DatasetDescriptionTypeDef | None":
        fresh = time.monotonic() < until
        try:
            with explained("reading the dataset"):
                described = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        except ServiceError as error:
            if new and fresh and error.code == "ResourceNotFoundException":
                return None
            raise
        if fresh and before is not None and described["LastUpdatedTimestamp"] == before["LastUpdatedTimestamp"]:
            return None
        return described if described["Status"] in _ENDED else None

    return wait_for(look, what="the dataset", most=_LONGEST)
