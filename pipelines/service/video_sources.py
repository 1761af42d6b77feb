"""Videos that frames are taken of: a file, all below a folder, an object in S3, or all below an address there."""

from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3
from customlabels.aws.ranges import RANGE, RangedObject
from customlabels.core.addresses import S3Address
from customlabels.core.errors import CustomLabelsError, LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.datasets.files import ending_of
from customlabels.datasets.videos.containers import ENDINGS, Video, see_that_it_is_one, video_file, videos_below
from customlabels.datasets.videos.streams import is_stream, without_secrets

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Videos:
    """Videos in order; what is wrong with files that are called as videos; how many other files lie beside them."""

    videos: tuple[Video, ...]
    faults: tuple[str, ...] = ()
    others: int = 0


def names_video(source: str) -> bool:
    """Whether a source is called as a video, or is a file that begins as one."""
    if is_stream(source):
        return True
    if source.startswith("s3://"):
        return ending_of(source) in ENDINGS
    path = Path(source)
    if not path.is_file():
        return False
    if ending_of(path.name) in ENDINGS:
        return True
    try:
        video_file(path)
    except LayoutError:
        return False
    return True


def videos_of(source: str, client: "S3Client | None") -> Videos:
    """The videos that `source` means.

    Parameters
    ----------
    client : asked where the source lies in S3

    Raises
    ------
    LayoutError : there is none
    SettingsError : an address that is none
    """
    if is_stream(source):
        raise LayoutError(
            f"{without_secrets(source)}: a live stream is made into frames first, which are looked at then",
            hint="customlabels dataset frames rtsp://… --lasts 10m",
        )
    if source.startswith("s3://"):
        assert client is not None  # noqa: S101 - whoever names an address gives the client
        return _in_s3(source, client)
    path = Path(source)
    if not path.exists():
        raise LayoutError(f"{source}: does not exist")
    if not path.is_dir():
        return Videos((video_file(path),))
    videos, faults, others = videos_below(path)
    if not videos:
        beside = f"; {counted(others, 'other file')} in it" if others else ""
        raise LayoutError(
            f"{source}: holds no video{beside}", details=[fault.message for fault in faults], hint="name a video"
        )
    return Videos(tuple(videos), tuple(fault.message for fault in faults), others)


def _in_s3(source: str, client: "S3Client") -> Videos:
    bucket, _, key = source.removeprefix("s3://").partition("/")
    if not bucket:
        raise SettingsError(f"{source!r} is not of the form s3://bucket/video.mp4 or s3://bucket/folder")
    stored = s3.head(client, S3Address(bucket, key)) if key and not key.endswith("/") else None
    if stored is not None:
        return Videos((_object(client, stored, key.rpartition("/")[2]),))
    prefix = f"{key.rstrip('/')}/" if key else ""
    videos, faults, others = [], [], 0
    for listed in s3.listed(client, bucket, prefix):
        if ending_of(listed.address.key) not in ENDINGS:
            others += 1
            continue
        try:
            videos.append(_object(client, listed, listed.address.key.removeprefix(prefix)))
        except CustomLabelsError as error:
            faults.append(error.message)
    if not videos:
        beside = f"; {counted(others, 'other object')} there" if others else ""
        raise LayoutError(f"{source}: holds no video{beside}", details=faults)
    return Videos(tuple(videos), tuple(faults), others)


def _object(client: "S3Client", stored: s3.Stored, name: str) -> Video:
    if not stored.size:
        raise LayoutError(f"{stored.address}: is empty")
    see_that_it_is_one(str(stored.address), s3.part(client, stored, 0, 4096))
    return Video(
        name, stored.size, lambda: BufferedReader(RangedObject(client, stored), RANGE), address=str(stored.address)
    )
