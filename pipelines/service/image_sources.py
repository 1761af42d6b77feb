"""Images that are to be shown to a version: a file, all below a folder, or all below an address in S3."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3
from customlabels.core.addresses import bucket_and_key
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.datasets.files import ending_of, image_files, walk
from customlabels.datasets.layout import VIDEO_ENDINGS
from customlabels.pipelines.service.detection import Image

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SUFFIXES = (".jpg", ".jpeg", ".png")


def images_of(
    source: str, client: "S3Client", tell: Callable[[str], None] = lambda sentence: None
) -> list[tuple[str, Image]]:
    """Names and places of the JPEG and PNG images that `source` means, in order.

    Parameters
    ----------
    tell : told of videos that lie beside them, and are left out

    Raises
    ------
    LayoutError : there is none
    SettingsError : an address that is none
    """
    images: list[tuple[str, Image]]
    videos: list[str] = []
    if source.startswith("s3://"):
        images = [*_objects(source, client, videos)]
    else:
        path = Path(source)
        if not path.exists():
            raise LayoutError(f"{source}: does not exist")
        images = [*image_files(path)]
        videos = [name for name in walk(path, copies=True) if ending_of(name) in VIDEO_ENDINGS] if path.is_dir() else []
    makes = f"customlabels dataset frames {source} makes images of all"
    if not images:
        hint = f"it holds videos: name one of them; {makes}" if videos else None
        raise LayoutError(f"{source}: holds no JPEG or PNG image", hint=hint)
    if videos:
        tell(f"{source}: {counted(len(videos), 'video')} left out beside the images, first {videos[0]}; {makes}")
    return images


def _objects(source: str, client: "S3Client", videos: list[str]) -> Iterator[tuple[str, Image]]:
    """Images below an address, which is a folder unless it ends like an image; their names are what follows it."""
    bucket, prefix = bucket_and_key(source)
    if not bucket:
        raise SettingsError(f"{source!r} is not of the form s3://bucket/folder")
    if prefix and not prefix.endswith("/") and not prefix.lower().endswith(_SUFFIXES):
        prefix += "/"
    for stored in s3.listed(client, bucket, prefix):
        key = stored.address.key
        if key.lower().endswith(_SUFFIXES):
            yield key.removeprefix(prefix).lstrip("/") or key.rpartition("/")[2], stored.address
        elif ending_of(key) in VIDEO_ENDINGS:
            videos.append(key.removeprefix(prefix))
