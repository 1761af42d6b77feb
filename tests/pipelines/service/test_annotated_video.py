"""A video with what was seen drawn on it."""

from pathlib import Path

import cv2
import pytest
from support.videos import encoded, film, film_at, moving, plain

from customlabels.datasets.videos.containers import fingerprint, video_file
from customlabels.datasets.videos.frame_names import Frame, frame_name
from customlabels.pipelines.service.annotated_video import seen_at, write_annotated
from customlabels.pipelines.service.detection import DetectedLabel, Detection
from customlabels.pipelines.service.spans import Span

BOX = (0.25, 0.25, 0.5, 0.5)
CRACK, PIT = DetectedLabel("crack", 90.0, BOX), DetectedLabel("pit", 60.0)


def frames(*seen: tuple[float, tuple[DetectedLabel, ...]]) -> list[tuple[float, Detection]]:
    return [(seconds, Detection(f"{seconds}", labels)) for seconds, labels in seen]


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [(0.0, []), (0.99, []), (1.0, [CRACK]), (1.9, [CRACK]), (2.0, [CRACK]), (3.0, []), (3.5, []), (9.0, [])],
)
def test_a_label_is_drawn_for_as_long_as_its_span_lasts(seconds: float, labels: list[DetectedLabel]) -> None:
    looked_at = frames((0.0, (PIT,)), (1.0, (CRACK, PIT)), (2.0, (CRACK,)), (3.0, (PIT,)))
    assert seen_at(seconds, looked_at, [Span("crack", 1.0, 2.0, 2, 90.0, 1.0)], 1.0) == labels


@pytest.mark.parametrize("ending", [".mp4", ".webm"])
@pytest.mark.parametrize("size", [(160, 120), (101, 77)])
def test_an_annotated_video_lasts_as_long_and_shows_boxes_where_they_were_seen(
    tmp_path: Path, ending: str, size: tuple[int, int]
) -> None:
    pix_fmt = "yuv444p" if size[0] % 2 else "yuv420p"
    source = video_file(
        encoded(tmp_path / "line.mkv", 30, size=size, pix_fmt=pix_fmt, picture=lambda number, size: plain(40, size))
    )
    mark = fingerprint(source)
    names = [frame_name(Frame("line", mark, 1000 * second)) for second in range(3)]
    detections = [Detection(names[0], ()), Detection(names[1], (CRACK,)), Detection(names[2], ())]
    to = tmp_path / "drawn" / f"line{ending}"
    write_annotated(source, detections, [Span("crack", 1.0, 1.0, 1, 90.0, 1.0)], 1.0, to)
    assert [path.name for path in to.parent.iterdir()] == [to.name]
    capture = cv2.VideoCapture(str(to))
    assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (
        size[0] & ~1,
        size[1] & ~1,
    )
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    drawn = []
    while (read := capture.read())[0]:
        middle = read[1][size[1] // 2, size[0] // 4]
        # The first colour of boxes is red.
        drawn.append(int(middle[2]) > 150 > int(middle[1]))
    assert len(drawn) == 30
    assert drawn[10:20].count(True) >= 9
    assert not any(drawn[:10])
    assert not any(drawn[20:])


def test_pictures_of_a_variable_rate_are_shown_at_their_times(tmp_path: Path) -> None:
    source = film_at(tmp_path / "screen.mp4", [0.0, 0.1, 1.5, 1.6], lambda number: plain(60 * number + 20))
    to = tmp_path / "drawn.mp4"
    write_annotated(video_file(source), [], [], 1.0, to)
    capture = cv2.VideoCapture(str(to))
    rate, levels = capture.get(cv2.CAP_PROP_FPS), []
    while (read := capture.read())[0]:
        levels.append(int(read[1].mean()))
    assert len(levels) / rate == pytest.approx(1.6, abs=0.1)
    assert levels[round(0.7 * rate)] == pytest.approx(80, abs=6)


def test_a_broken_video_is_drawn_on_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    whole = film(tmp_path / "line.avi", (moving(number) for number in range(40)))
    (tmp_path / "cut.avi").write_bytes(whole.read_bytes()[:16_000])
    write_annotated(video_file(tmp_path / "cut.avi"), [], [], 1.0, tmp_path / "drawn.mp4")
    assert 5 < cv2.VideoCapture(str(tmp_path / "drawn.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) < 40
