"""Videos that frames are taken of: a file, all below a folder, an object in S3, or all below an address there."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3, s3_folders, s3_reading
from customlabels.aws.kinesis_video import is_kinesis
from customlabels.aws.ranges import RANGE, RangedObject
from customlabels.core.addresses import S3Address, bucket_and_key
from customlabels.core.errors import CustomLabelsError, LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.datasets.files import ending_of, is_image, walk
from customlabels.datasets.layout import VIDEO_ENDINGS
from customlabels.datasets.videos.containers import HEAD, Video, container, see_that_it_is_one, video_file, videos_below
from customlabels.datasets.videos.streams import is_stream, without_secrets

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Videos:
    """Videos in order; what is wrong with files that are called as videos; how many other files lie beside them."""

    videos: tuple[Video, ...]
    faults: tuple[str, ...] = ()
    others: int = 0


def names_video(source: str, client: "Callable[[], S3Client] | None" = None) -> bool:
    """Whether a source means videos: is called as one, begins as one, or is a folder that holds some and no image.

    Parameters
    ----------
    client : gives what is asked where the source lies in S3 and its name does not tell
    """
    if is_stream(source) or is_kinesis(source):
        return True
    if source.startswith("s3://"):
        return _names_video_in_s3(source, client)
    path = Path(source)
    if path.is_dir():
        names = [*walk(path, copies=True)]
        return not any(map(is_image, names)) and any(_begins_as_video(path / name) for name in names)
    return path.is_file() and (ending_of(path.name) in VIDEO_ENDINGS or _begins_as_video(path))


def _begins_as_video(path: Path) -> bool:
    try:
        video_file(path)
    except LayoutError:
        return False
    return True


def _names_video_in_s3(source: str, client: "Callable[[], S3Client] | None") -> bool:
    bucket, key = bucket_and_key(source)
    if ending_of(key) in VIDEO_ENDINGS:
        return True
    if client is None or not bucket or is_image(key):
        return False
    stored = s3.head(client(), S3Address(bucket, key)) if key and not key.endswith("/") else None
    if stored is not None:
        return _begins_as_video_in_s3(client(), stored)
    videos = False
    for listed in s3_folders.listed(client(), bucket, key):
        if is_image(listed.address.key):
            return False
        videos = videos or (not listed.archived and _may_be_video(listed) and _begins_as_video_in_s3(client(), listed))
    return videos


def _may_be_video(stored: s3.Stored) -> bool:
    """Whether an object is called as a video, or as nothing at all, so that its bytes have to tell."""
    return ending_of(stored.address.key) in VIDEO_ENDINGS | {""} and not stored.address.key.endswith("/")


def _begins_as_video_in_s3(client: "S3Client", stored: s3.Stored) -> bool:
    return stored.size > 0 and container(s3_reading.part(client, stored, 0, HEAD)) is not None


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
    if is_stream(source) or is_kinesis(source):
        name = source if is_kinesis(source) else without_secrets(source)
        raise LayoutError(
            f"{name}: a live stream is made into frames first, which are looked at then",
            hint=f"customlabels dataset frames {'kvs:STREAM' if is_kinesis(source) else 'rtsp://…'} --lasts 10m",
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
    bucket, key = bucket_and_key(source)
    if not bucket:
        raise SettingsError(f"{source!r} is not of the form s3://bucket/video.mp4 or s3://bucket/folder")
    stored = s3.head(client, S3Address(bucket, key)) if key and not key.endswith("/") else None
    if stored is not None:
        return Videos((_object(client, stored, key.rpartition("/")[2]),))
    prefix = s3_folders.folder_key(key)
    videos, faults, others = [], [], 0
    for listed in s3_folders.listed(client, bucket, key):
        called = ending_of(listed.address.key) in VIDEO_ENDINGS
        if not called and not (
            not listed.archived and _may_be_video(listed) and _begins_as_video_in_s3(client, listed)
        ):
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
    if stored.archived:
        raise LayoutError(f"{stored.address}: {s3.archived_in(stored.archived)}")
    see_that_it_is_one(str(stored.address), s3_reading.part(client, stored, 0, HEAD))
    return Video(
        name, stored.size, lambda: BufferedReader(RangedObject(client, stored), RANGE), address=str(stored.address)
    )
