"""Images without labels looked at by a model: what that takes, the looking, and the folder that comes of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from customlabels.core.addresses import S3Address
from customlabels.core.errors import LayoutError, ServiceError
from customlabels.core.files import written_aside
from customlabels.core.prices import GENERAL_LABELS_PER_IMAGE, hosting_cost
from customlabels.core.threads import in_threads
from customlabels.datasets.model import Finding, ImageInfo
from customlabels.datasets.probe import probe
from customlabels.manifests.images import sighted
from customlabels.pipelines.service.detection import Image
from customlabels.pipelines.service.detection_files import Kept, Run, read_detections, read_kept
from customlabels.pipelines.service.prelabels import KINDS, Prelabelled, too_many

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from customlabels.pipelines.service.versions import Description

SEEN = "seen.jsonl"
"""What a model saw, as it came; a run that was cut off goes on from it."""

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Prelabelling:
    """What prelabelling images takes.

    Parameters
    ----------
    version : that looks; None: DetectLabels
    images : all that are meant
    waiting : those of them that were not looked at yet
    run, kept : of the folder's detections
    contents : what stands for the content of each image, by its name
    units : inference units of the version
    rate : images a second
    """

    source: str
    folder: Path
    kind: str
    version: "Description | None"
    images: Sequence[tuple[str, Image]]
    waiting: Sequence[tuple[str, Image]]
    run: Run
    kept: Kept
    contents: Mapping[str, str]
    units: int
    rate: float

    @property
    def seconds(self) -> float:
        """That looking takes, the model's start apart."""
        return len(self.waiting) / self.rate

    @property
    def dollars(self) -> float:
        """Of the images themselves, or of the units for as long as looking takes."""
        if self.version is None:
            return len(self.waiting) * GENERAL_LABELS_PER_IMAGE
        return hosting_cost(self.seconds / 3600, self.units)


def plan_of(
    images: Sequence[tuple[str, Image]],
    *,
    source: str,
    folder: Path,
    kind: str,
    version: "Description | None",
    name: str,
    least: float | None,
    units: int,
    rate: float,
    contents: Mapping[str, str] = MappingProxyType({}),
) -> Prelabelling:
    """What is to be done; nothing is looked at, nor written.

    Parameters
    ----------
    contents : what stands for the content of each image by its name; of others the name tells

    Raises
    ------
    LayoutError : the folder holds something else, or what another version saw
    """
    if folder.exists() and not (folder / SEEN).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise LayoutError(f"{folder}: holds something else already", hint="name a new folder with --to")
    run = Run(source, name, least)
    kept = read_kept(folder / SEEN, run, contents=contents)
    waiting = [(name, image) for name, image in images if name not in kept.done]
    return Prelabelling(source, folder, kind, version, images, waiting, run, kept, contents, units, rate)


def write_prelabels(
    plan: Prelabelling, s3: "S3Client", warn: Callable[[str], None] = lambda sentence: None
) -> tuple[Path, list[Prelabelled], list[Finding]]:
    """The file in the plan's folder with all that was seen, what is in it, and what is not.

    Parameters
    ----------
    warn : told of what was seen and is left out all the same

    Raises
    ------
    LayoutError : no image could be looked at
    """
    detections = {detection.name: detection for detection in read_detections(plan.folder / SEEN, plan.run)}
    seen = [(name, image) for name, image in plan.images if name in detections and detections[name].error is None]
    findings = [
        Finding(name, detections[name].error or "was not looked at", fatal=True)
        for name, _ in plan.images
        if name in detections and detections[name].error is not None
    ]
    in_vain = len(findings)
    images: list[Prelabelled] = []
    for (name, image), info in zip(seen, _sizes(seen, s3), strict=True):
        if isinstance(info, str):
            findings.append(Finding(name, info, fatal=True))
            continue
        address = image if isinstance(image, S3Address) else None
        images.append(Prelabelled(name, address, info, detections[name].labels))
    if not images:
        raise LayoutError(
            f"{plan.source}: no image could be looked at",
            details=[f"{finding.name}: {finding.message}" for finding in findings],
        )
    if plan.kind == "manifest":
        findings += [finding for image in images for finding in too_many(image)]
    for finding in findings[in_vain:]:
        warn(f"{finding.name}: {finding.message}")
    place, write = KINDS[plan.kind]
    path = plan.folder / place
    with written_aside(path) as file:
        file.write(write(images, plan.run.version))
    return path, images, findings


def _sizes(images: Iterable[tuple[str, Image]], s3: "S3Client") -> list[ImageInfo | str]:
    """What there is to know of each image, or why that cannot be told."""

    def size(named: tuple[str, Image]) -> ImageInfo | str:
        image = named[1]
        try:
            return sighted(s3, image)[0] if isinstance(image, S3Address) else probe(image)
        except ValueError as error:
            return str(error)
        except ServiceError as error:
            return error.message

    return list(in_threads(size, images, _THREADS))
