"""No split ever divides a video."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import LayoutError
from customlabels.datasets.model import Dataset, Hashes, ImageInfo, ImageRecord, Side
from customlabels.datasets.split import group_by, grouped, own_group, split, together
from customlabels.datasets.videos.frame_names import Frame, frame_name, frame_of
from customlabels.datasets.videos.together import of_one_video

INFO = ImageInfo(640, 480, "JPEG", 1000)


@st.composite
def frames_and_images(draw: st.DrawFn) -> Dataset:
    """Frames of some videos, with labels and groups of all kinds, beside images that are no frames."""
    records = []
    for video in range(draw(st.integers(1, 12))):
        mark, prefix = f"{video:012x}", draw(st.sampled_from(["", "0a1b2c3d-", "CAM 1 "]))
        for number in range(draw(st.integers(1, 8))):
            label = draw(st.sampled_from("abc"))
            name = f"{label}/{prefix}{frame_name(Frame('line', mark, 2000 * number))}"
            group = draw(st.sampled_from([None, None, "g1", "g2"]))
            records.append(ImageRecord(name, Path(name), (label,), INFO, group=group))
    for number in range(draw(st.integers(20, 40))):
        label = "abc"[number % 3]
        name = f"{label}/tile-{number // 2}-{number}.jpg"
        records.append(ImageRecord(name, Path(name), (label,), INFO, hashes=Hashes("", f"{number:032x}")))
    return Dataset(Path("images"), tuple(records))


def sides(divided: Dataset) -> dict[str, set[Side | None]]:
    found: dict[str, set[Side | None]] = {}
    for record in divided.records:
        if frame := frame_of(record.name):
            found.setdefault(frame.video, set()).add(record.side)
    return found


@given(
    frames_and_images(),
    st.floats(0.05, 0.6),
    st.integers(),
    st.sampled_from([own_group, group_by("tile-([0-9]+)"), group_by("^(.)/"), group_by("s[0-9]{3}")]),
)
def test_no_split_divides_a_video_whatever_groups_are_asked_for(dataset, fraction, seed, group) -> None:  # type: ignore[no-untyped-def] # hypothesis gives them
    try:
        divided = split(dataset, fraction=fraction, seed=seed, group=group)
    except LayoutError:
        return
    assert all(len(own) == 1 for own in sides(divided).values())
    assert together(divided, group) == []
    assert split(dataset, fraction=fraction, seed=seed, group=group) == divided


@given(frames_and_images(), st.integers(0, 20))
def test_images_that_look_alike_pull_whole_videos_along(dataset: Dataset, first: int) -> None:
    alike = dataset.records[first : first + 3]
    try:
        divided = split(grouped(dataset, [alike]), fraction=0.3, seed=1)
    except LayoutError:
        return
    assert all(len(own) == 1 for own in sides(divided).values())
    assert len({record.side for record in divided.records if record.name in {r.name for r in alike}}) == 1


def test_a_split_that_a_source_brings_and_that_divides_a_video_is_named() -> None:
    names = [frame_name(Frame("line", "00000000000a", 2000 * number)) for number in range(4)]
    records = tuple(
        ImageRecord(name, Path(name), ("a",), INFO, side=Side.TEST if number else Side.TRAIN)
        for number, name in enumerate(names)
    )
    assert together(Dataset(Path("images"), records), own_group) == ["video 00000000000a"]
    assert [[record.name for record in frames] for frames in of_one_video(records)] == [names]
