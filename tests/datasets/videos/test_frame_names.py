from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.datasets.videos.frame_names import Frame, clock, frame_name, frame_of, second

frames = st.builds(
    Frame,
    st.text(max_size=80),
    st.integers(0, 16**12 - 1).map(lambda number: f"{number:012x}"),
    st.integers(0, 400 * 3_600_000),
)


@given(frames, st.sampled_from(["", "8f31c2aa-", "crack/", "s3://plant-7/line/", "C:\\photos\\"]))
def test_what_a_name_says_is_read_again_behind_whatever_tools_put_before_it(frame: Frame, before: str) -> None:
    name = frame_name(frame)
    assert "/" not in name
    assert not name.startswith((".", "-"))
    assert len(name.encode()) < 255
    again = frame_of(before + name)
    assert again is not None
    assert (again.video, again.milliseconds) == (frame.video, frame.milliseconds)


@given(frames, st.integers(0, 1000))
def test_names_of_a_video_are_in_the_order_of_time_below_a_hundred_hours(frame: Frame, later: int) -> None:
    frame = replace(frame, milliseconds=frame.milliseconds % (99 * 3_600_000))
    assert frame_name(frame) <= frame_name(replace(frame, milliseconds=frame.milliseconds + later))


@pytest.mark.parametrize(
    "name",
    [
        "line-3-video3f9c2a71b04e-00h00m12s400.jpg",
        "line-3-video3f9c2a71b04e-00h00m12s400_jpg.rf.0a1b2c3d.jpg",
        "LINE-3-VIDEO3F9C2A71B04E-00H00M12S400.JPG",
        "line_3_video3f9c2a71b04e_00h00m12s400.png",
    ],
)
def test_names_that_tools_changed_are_read(name: str) -> None:
    frame = frame_of(name)
    assert frame is not None
    assert (frame.title.lower().replace("_", "-"), frame.video, frame.seconds) == ("line-3", "3f9c2a71b04e", 12.4)


@pytest.mark.parametrize("name", ["a.jpg", "video.jpg", "video-12.jpg", "videotape-00h00m12s400.jpg", "", "/"])
def test_other_names_tell_of_no_video(name: str) -> None:
    assert frame_of(name) is None


def test_times_read_as_people_write_them() -> None:
    assert [clock(seconds) for seconds in (0, 12.4, 61, 7507, 35999.96)] == [
        "0:00", "0:12.4", "1:01", "2:05:07", "10:00:00",
    ]  # fmt: skip
    assert [second(seconds) for seconds in (0, 4.76, 75)] == ["second 0", "second 4.8", "second 75 (1:15)"]
