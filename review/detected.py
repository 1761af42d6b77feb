"""A folder just detected, as `customlabels detect --to FILE` leaves it: images that may be asked about."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws import s3 as objects
from customlabels.core.addresses import bucket_and_key, parse_address
from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.datasets.videos.frame_names import frame_of
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review import journal
from customlabels.review.images import image_key, keys_of
from customlabels.review.pick import Candidate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Detected:
    """What a file of detections holds.

    Parameters
    ----------
    version : that saw the images
    least : confidence that was asked for, 0..100; None: each label's assumed threshold
    failed : images that could not be looked at
    """

    version: str
    least: float | None
    candidates: tuple[Candidate, ...]
    failed: int


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    source: str
    seen: tuple[DetectedLabel, ...]


def read_detected(file: Path, images: Path | None, s3: "Callable[[], S3Client]", watch: Watch) -> Detected:
    """The images of a file of detections, each known by its content.

    Parameters
    ----------
    images : the folder of the images, where they do not lie any more where they were looked at

    Raises
    ------
    LayoutError : it is no such file, or images are not there; all in one go
    """
    lines: list[_Line] = []
    runs: dict[tuple[str, float | None], int] = {}
    failed = 0
    for number, document in _lines(file):
        try:
            runs.setdefault((document["version"], document["least"]), number)
            if document["error"] is None:
                lines.append(_Line(document["name"], document["source"], tuple(map(_seen, document["labels"]))))
            else:
                failed += 1
        except (KeyError, TypeError, ValueError) as error:
            raise LayoutError(
                f"{file}, line {number}: is no detection",
                hint="customlabels detect FOLDER --to FILE writes such a file",
            ) from error
    if len(runs) > 1:
        (version, _), (other, _) = list(runs)[:2]
        raise LayoutError(f"{file}: holds detections of {version} and {other}, or at two confidences")
    if not lines:
        raise LayoutError(f"{file}: holds no image that was looked at")
    version, least = next(iter(runs))
    candidates = (*_files(file, lines, images, watch), *_objects(file, lines, images, s3, watch))
    return Detected(version, least, candidates, failed)


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if file.suffix.lower() == ".csv":
        raise LayoutError(
            f"{file}: is CSV", hint="picks are made of JSON lines: customlabels detect … --to FOUND.jsonl"
        )
    if not file.is_file():
        raise LayoutError(
            f"{file}: no such file", hint="customlabels detect FOLDER --min-confidence 10 --to FOUND.jsonl"
        )
    return journal.read(file)


def _seen(label: Mapping[str, Any]) -> DetectedLabel:
    box = label["box"]
    return DetectedLabel(str(label["label"]), float(label["confidence"]), tuple(map(float, box)) if box else None)  # type: ignore[arg-type] # of four


def _files(file: Path, lines: list[_Line], images: Path | None, watch: Watch) -> Iterator[Candidate]:
    here = [line for line in lines if images is not None or not line.source.startswith("s3://")]
    paths = [_path(line, images) for line in here]
    gone = [f"{path}: no such file" for path in paths if not path.is_file()]
    if gone:
        raise LayoutError(
            f"{file}: {len(gone)} of {len(lines)} images are not there",
            details=gone,
            hint="say where with --images DIR; frames of a video are taken by customlabels dataset frames",
        )
    total = sum(path.stat().st_size for path in paths)
    with watch.step(f"hashing {counted(len(paths), 'image')}", total, in_bytes=True) as advance:
        keys = keys_of(paths, advance)
    for key, line, path in zip(keys, here, paths, strict=True):
        yield Candidate(key, line.name, str(path.resolve()), line.seen)


def _path(line: _Line, images: Path | None) -> Path:
    base = images or Path(line.source)
    if base.is_file() and frame_of(line.name) is None:
        return base
    path = base / line.name
    if not path.resolve().is_relative_to(base.resolve()):
        raise LayoutError(f"{line.name}: is outside {base}")
    return path


def _objects(
    file: Path, lines: list[_Line], images: Path | None, s3: "Callable[[], S3Client]", watch: Watch
) -> Iterator[Candidate]:
    """Candidates of images in S3, by their ETags."""
    remote = [line for line in lines if images is None and line.source.startswith("s3://")]
    gone: list[str] = []
    for source in dict.fromkeys(line.source for line in remote):
        bucket, prefix = bucket_and_key(source)
        with watch.step(f"looking at {source}"):
            stored = {stored.address.key: stored for stored in objects.listed(s3(), bucket, prefix)}
        for line in (line for line in remote if line.source == source):
            key = prefix if prefix in stored else f"{prefix.rstrip('/')}/{line.name}".lstrip("/")
            if key not in stored:
                gone.append(f"s3://{bucket}/{key}: no such object")
                continue
            address = parse_address(f"s3://{bucket}/{key}")
            yield Candidate(image_key(stored[key].etag, stored[key].size), line.name, str(address), line.seen)
    if gone:
        raise LayoutError(f"{file}: {len(gone)} of {len(lines)} images are not in S3 any more", details=gone)
