"""A live stream, fed from a file."""

from pathlib import Path

import pytest
from support.rtsp import camera
from support.videos import film, moving, plain

from customlabels.core.errors import LayoutError
from customlabels.datasets.videos.extracting import Choice
from customlabels.datasets.videos.frame_names import frame_of
from customlabels.datasets.videos.streams import extract_stream, without_secrets
from customlabels.pipelines.service.video_sources import videos_of


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("line") / "line.mp4", map(moving, range(80)))


def test_a_stream_gives_frames_until_it_is_enough(line: Path, tmp_path: Path) -> None:
    with camera(line) as address:
        by_time = extract_stream(address, tmp_path / "a", Choice(1.0), lasts=4.0)
        by_count = extract_stream(address, tmp_path / "b", Choice(0.5, most=3), lasts=None)
    seconds = [frame.seconds for name in by_time.frames if (frame := frame_of(name))]
    assert [round(second) for second in seconds] == [0, 1, 2, 3, 4]
    assert (by_time.fault, by_count.fault, len(by_count.frames)) == ("", "", 3)
    assert sorted(by_count.frames) == sorted(path.name for path in (tmp_path / "b").iterdir())
    marks = {frame.video for name in (*by_time.frames, *by_count.frames) if (frame := frame_of(name))}
    assert len(marks) == 2


def test_a_stream_that_ends_before_is_told_with_its_second_and_leaves_what_came(line: Path, tmp_path: Path) -> None:
    with camera(line) as address:
        taken = extract_stream(address, tmp_path, Choice(2.0), lasts=60.0)
    assert len(taken.frames) == 4
    assert taken.fault.endswith("the stream ended after second 7.9 of 60.0")


def test_what_shows_the_same_is_left_out_of_a_stream_too(tmp_path: Path) -> None:
    still = film(tmp_path / "still.mp4", (plain(90 + number % 2) for number in range(50)))
    with camera(still) as address:
        taken = extract_stream(address, tmp_path / "frames", Choice(1.0, skip_similar=True), lasts=4.0)
    assert len(taken.frames) == 1


def test_no_password_of_an_address_is_shown_or_written(line: Path, tmp_path: Path) -> None:
    with camera(line) as address:
        assert "secret" in address
        taken = extract_stream(address, tmp_path, Choice(1.0, most=1), lasts=None)
    told = [taken.video, taken.fault, *taken.frames, *(str(path) for path in tmp_path.rglob("*"))]
    nobody = extract_stream("rtsp://ada:secret@127.0.0.1:1/line?token=hidden", tmp_path, Choice(most=1), lasts=None)
    assert nobody.fault == "rtsp://127.0.0.1:1/line: no stream answers there, or none that is known here"
    with pytest.raises(LayoutError) as error:
        videos_of("rtsp://ada:secret@10.0.0.7/line", None)
    assert "rtsp://10.0.0.7/line: a live stream is made into frames first" in error.value.message
    assert not [text for text in (*told, nobody.fault, nobody.video, error.value.message) if "secret" in text]
    assert without_secrets("RTSP://a:b@camera.example:8554/x?y=z") == "rtsp://camera.example:8554/x"
