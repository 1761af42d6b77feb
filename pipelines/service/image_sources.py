"""Images that are to be shown to a version: a file, all below a folder, or all below an address in S3."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3, s3_folders
from customlabels.core.addresses import bucket_and_key
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.datasets.contents import hash_all
from customlabels.datasets.files import ending_of, image_files, walk
from customlabels.datasets.headers import header
from customlabels.datasets.layout import VIDEO_ENDINGS
from customlabels.datasets.probe import doubts
from customlabels.pipelines.service.detection import Image
from customlabels.pipelines.service.detection_files import Kept

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Images:
    """Names and places of images, in order; ETags of those in S3, by their names."""

    named: Sequence[tuple[str, Image]]
    etags: Mapping[str, str]

    def __iter__(self) -> Iterator[tuple[str, Image]]:
        return iter(self.named)


@dataclass(slots=True)
class _Left:
    """What is left out below an address: videos, and archived images by their class, each by its name."""

    videos: list[str] = field(default_factory=list)
    archived: list[tuple[str, str]] = field(default_factory=list)


def images_of(source: str, client: "S3Client", tell: Callable[[str], None] = lambda sentence: None) -> Images:
    """The JPEG and PNG images that `source` means.

    Parameters
    ----------
    tell : told of what lies beside them, and is left out

    Raises
    ------
    LayoutError : there is none
    SettingsError : an address that is none
    """
    left, etags = _Left(), dict[str, str]()
    images: list[tuple[str, Image]] = []
    if source.startswith("s3://"):
        for name, stored in _objects(source, client, left, tell):
            images.append((name, stored.address))
            etags[name] = f"{stored.etag}:{stored.size}"
    else:
        path = Path(source)
        if not path.exists():
            raise LayoutError(f"{source}: does not exist")
        images += image_files(path)
        _tell_of_doubts(images, tell)
        names = walk(path, copies=True) if path.is_dir() else ()
        left.videos += [name for name in names if ending_of(name) in VIDEO_ENDINGS]
    for tier, count in Counter(tier for _, tier in left.archived).items():
        first = next(name for name, of in left.archived if of == tier)
        tell(f"{source}: {counted(count, 'image')} left out, {s3.archived_in(tier)}: {first}{', …' * (count > 1)}")
    makes = f"customlabels dataset frames {source} makes images of all"
    if not images:
        hint = f"it holds videos: name one of them; {makes}" if left.videos else None
        what = "JPEG or PNG image that can be read: all are archived" if left.archived else "JPEG or PNG image"
        raise LayoutError(f"{source}: holds no {what}", hint=hint)
    if left.videos:
        told = f"{counted(len(left.videos), 'video')} left out beside the images, first {left.videos[0]}"
        tell(f"{source}: {told}; {makes}")
    return Images(images, etags)


def _tell_of_doubts(images: Sequence[tuple[str, Image]], tell: Callable[[str], None]) -> None:
    """Tells, once each, what of files is not seen, or in a way that nothing documents."""
    doubtful: dict[str, list[str]] = {}
    for name, path in images:
        # What is no image is refused when it is shown.
        with suppress(ValueError):
            for doubt in doubts(header(path)) if isinstance(path, Path) else ():
                doubtful.setdefault(doubt, []).append(name)
    for doubt, names in doubtful.items():
        tell(f"{names[0]}{f' and {len(names) - 1} more' * (len(names) > 1)}: {doubt}")


def contents_of(images: Images, step: Callable[[int], None] | None = None) -> dict[str, str]:
    """What stands for the content of each image by its name: the MD5 of its bytes, or its ETag, and its size.

    What cannot be read has none.

    Parameters
    ----------
    step : called with the bytes of each file
    """
    files = {name: image for name, image in images.named if isinstance(image, Path) and os.access(image, os.R_OK)}
    hashes = zip(files.items(), hash_all(files.values(), step), strict=True)
    return {**images.etags, **{name: f"{hashed.md5}:{path.stat().st_size}" for (name, path), hashed in hashes}}


def contents_told(images: Images, watch: Watch) -> dict[str, str]:
    """As `contents_of`, as a step."""
    count = len(images.named)
    with watch.step(f"hashing {counted(count, 'image')}", count) as advance:
        return contents_of(images, lambda _: advance(1))


def images_left(images: Images, kept: Kept, to: str, tell: Callable[[str], None]) -> list[tuple[str, Image]]:
    """The images that a file of detections does not hold; `tell` is told of what it does hold."""
    left = [named for named in images if named[0] not in kept.done]
    if count := len(images.named) - len(left):
        are = "is in {} already, and is left as it is" if count == 1 else "are in {} already, and are left as they are"
        tell(f"{counted(count, 'image')} {are.format(to)}")
    if kept.changed:
        are = "is not what it was" if len(kept.changed) == 1 else "are not what they were"
        tell(f"{counted(len(kept.changed), 'image')} of {to} {are}, first {min(kept.changed)}: looked at anew")
    if gone := kept.done - {name for name, _ in images}:
        are = "is not there any more" if len(gone) == 1 else "are not there any more"
        tell(f"{counted(len(gone), 'image')} of {to} {are}, first {min(gone)}; its lines are kept")
    return left


def _objects(
    source: str, client: "S3Client", left: _Left, tell: Callable[[str], None]
) -> Iterator[tuple[str, s3.Stored]]:
    """Images that an address means; their names are what follows the folder."""
    bucket, key = bucket_and_key(source)
    if not bucket:
        raise SettingsError(f"{source!r} is not of the form s3://bucket/folder")
    folder = s3_folders.folder_key(key)
    for stored in s3_folders.listed(client, bucket, key, tell):
        whole = stored.address.key
        name = whole.rpartition("/")[2] if whole == key else whole.removeprefix(folder).lstrip("/")
        if ending_of(whole) in VIDEO_ENDINGS:
            left.videos.append(name)
        elif whole.lower().endswith(_SUFFIXES) and stored.archived:
            left.archived.append((name, stored.archived))
        elif whole.lower().endswith(_SUFFIXES):
            yield name, stored
