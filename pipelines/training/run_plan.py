"""What a run will do, worked out before anything is uploaded or billed."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import LayoutError, ManifestError, SettingsError
from customlabels.core.settings import BUCKET_PATTERN, NAME_PATTERN
from customlabels.datasets.contents import hashed
from customlabels.datasets.model import Dataset, Hashes, ImageRecord, Side, content_digest
from customlabels.manifests.layout import class_numbers
from customlabels.manifests.lines import entry_line
from customlabels.manifests.validation import judge, read_part

MAX_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """A run addressed by its content: the same images, labels and split give the same names.

    `train_digest` and `test_digest` are SHA-256 in hex; `hashes` are those of each image by its name.
    """

    project: str
    version: str
    bucket: str
    prefix: str
    dataset: Dataset
    hashes: dict[str, Hashes]
    train_digest: str
    test_digest: str
    settings: str = ""
    """How the images were divided, in words."""
    kms_key: str | None = None
    source: S3Address | None = None
    """Where the images are in S3 already, as they are named."""

    def image(self, record: ImageRecord) -> S3Address:
        if self.source is not None:
            return S3Address(self.source.bucket, join_key(self.source.key, record.name))
        return S3Address(self.bucket, join_key(self.images, percent_safe(record.name)))

    @property
    def images(self) -> str:
        """The folder of the images' keys."""
        return join_key(self.prefix, self.project, "images")

    def manifest(self, side: Side) -> S3Address:
        return self.manifest_of(side, self.dataset_digest(side))

    def manifest_of(self, side: Side, digest: str) -> S3Address:
        """Where the manifest of a dataset with that digest lies, this plan's or an earlier one's."""
        name = f"{digest[:16]}.manifest"
        return S3Address(self.bucket, join_key(self.prefix, self.project, "manifests", side.value, name))

    @property
    def output(self) -> str:
        """The folder that the service writes the version's results to."""
        return join_key(self.prefix, self.project, "output", self.version)

    def digest(self, side: Side) -> str:
        return self.train_digest if side is Side.TRAIN else self.test_digest

    def dataset_digest(self, side: Side) -> str:
        """A SHA-256 in hex over one side's content and where its images lie."""
        location = self.source or f"s3://{self.bucket}/{self.images}"
        return hashlib.sha256(f"{self.digest(side)} {location}".encode()).hexdigest()


def make_plan(
    dataset: Dataset,
    *,
    project: str,
    bucket: str,
    prefix: str,
    version: str | None = None,
    settings: str = "",
    kms_key: str | None = None,
    source: S3Address | None = None,
    hashes: dict[str, Hashes] | None = None,
    step: Callable[[int], None] | None = None,
) -> Plan:
    """The plan for a dataset that is divided into sides.

    Parameters
    ----------
    source, hashes : where the images are in S3 already, and what stands for their bytes; else they are hashed here
    step : called with the bytes of each image that is hashed

    Raises
    ------
    SettingsError : a name that the service does not accept
    LayoutError : an image's key would be too long, or an image cannot be read any more
    ManifestError : the service would refuse the manifests
    """
    check_names(project=project, version=version, bucket=bucket)
    hashes = hashes if hashes is not None else _hashes(dataset, step)
    sha256 = {name: hashed.sha256 for name, hashed in hashes.items()}
    train_digest, test_digest = (content_digest(dataset.side(side), sha256) for side in Side)
    address = hashlib.sha256(f"{train_digest}{test_digest}".encode()).hexdigest()
    plan = Plan(
        project=project,
        version=version or f"v-{address[:10]}",
        bucket=bucket,
        prefix=prefix,
        dataset=dataset,
        hashes=hashes,
        train_digest=train_digest,
        test_digest=test_digest,
        settings=settings,
        kms_key=kms_key,
        source=source,
    )
    long = [
        f"{record.name}: its key in S3 would have more than {MAX_KEY_BYTES} bytes"
        for record in dataset.records
        if len(plan.image(record).key.encode()) > MAX_KEY_BYTES
    ]
    if long:
        raise LayoutError(long[0], details=long[1:], hint="shorten the names or the prefix")
    faults = judge(*(read_part(manifest_lines(plan, side)) for side in Side)).faults
    if faults:
        raise ManifestError(
            f"{dataset.root}: the service would refuse to train: {faults[0].message}",
            details=[fault.message for fault in faults[1:]],
            hint="train/ and test/ need at least two labels each, and half of train's labels in test",
        )
    return plan


def check_names(*, project: str | None, version: str | None, bucket: str) -> None:
    """Sees that the service accepts the names; None stands for one that is made later, and accepted.

    Raises
    ------
    SettingsError : it does not
    """
    for what, name in (("project", project), ("version", version)):
        if name is not None and not re.fullmatch(NAME_PATTERN, name):
            raise SettingsError(
                f"{name!r} is no name for a {what}: the service takes 1 to 255 letters, digits, '_', '.' and '-'",
                hint=f"give another with --{'project' if what == 'project' else 'version-name'}",
            )
    if not re.fullmatch(BUCKET_PATTERN, bucket):
        raise SettingsError(f"{bucket!r} is no name for a bucket", hint="give another with --bucket")


def manifest_lines(plan: Plan, side: Side) -> Iterator[bytes]:
    """The lines of one side's manifest, ordered by image."""
    class_ids = class_numbers(plan.dataset)
    for record in plan.dataset.side(side):
        info = record.info
        size = (info.width, info.height, info.channels)
        yield entry_line(
            str(plan.image(record)), record.labels, record.boxes, size, class_ids=class_ids, job=plan.project
        )


def _hashes(dataset: Dataset, step: Callable[[int], None] | None) -> dict[str, Hashes]:
    try:
        records = hashed(dataset, step).records
    except OSError as error:
        raise LayoutError(f"{error.filename}: cannot be read ({error.strerror})") from error
    gone = [record for record in records if record.hashes is None]
    if gone:
        raise LayoutError(f"{gone[0].path}: cannot be read (it is not there any more)")
    return {record.name: record.hashes for record in records if record.hashes is not None}


def percent_safe(name: str) -> str:
    """A key that stays the same when someone decodes percent signs in it; different names give different keys.

    Whether the service decodes the keys of source-refs is documented nowhere.
    """
    return re.sub(r"[%+]|~(?=25|2B|7E)", lambda match: f"~{ord(match[0]):02X}", name)


def project_name(folder_name: str) -> str:
    """A name that the service accepts for a project, made from a folder's."""
    return re.sub(r"[^a-zA-Z0-9_.\-]+", "-", folder_name).strip("-")[:255] or "project"
