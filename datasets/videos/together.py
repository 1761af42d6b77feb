"""Frames of a video kept on one side of a split: the neighbour of one that is trained on is no test."""

from collections.abc import Callable, Iterable, Sequence

from customlabels.datasets.groups import connected
from customlabels.datasets.model import ImageRecord
from customlabels.datasets.videos.frame_names import frame_of

Group = Callable[[ImageRecord], str]


def whole_videos(records: Iterable[ImageRecord], group: Group) -> Group:
    """`group` such that frames of a video are of one group, with everything that shares a group with any of them.

    Where no image is a frame, it is `group` itself.
    """
    videos: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for record in records:
        frame = frame_of(record.name)
        if frame is None:
            continue
        videos[record.name] = video = f"video {frame.video}"
        given = group(record)
        pairs.append((video, video if given == record.name else given))
    if not videos:
        return group
    # A group is called after the first of its videos by name, so that it is the same whatever the order.
    named = {member: min(set(members) & {*videos.values()}) for members in connected(pairs) for member in members}

    def whole(record: ImageRecord) -> str:
        if record.name in videos:
            return named[videos[record.name]]
        given = group(record)
        return named.get(given, given)

    return whole


def of_one_video(records: Sequence[ImageRecord]) -> list[list[ImageRecord]]:
    """The frames of each video that has several among the images."""
    videos: dict[str, list[ImageRecord]] = {}
    for record in records:
        frame = frame_of(record.name)
        if frame is not None:
            videos.setdefault(frame.video, []).append(record)
    return [frames for frames in videos.values() if len(frames) > 1]
