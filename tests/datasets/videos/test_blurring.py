import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.videos import film, moving

from customlabels.datasets.videos.blurring import blurred
from customlabels.datasets.videos.containers import video_file
from customlabels.datasets.videos.extracting import Choice, extract


def noise() -> tuple[np.ndarray, bytes]:
    pixels = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "JPEG", quality=95)
    return pixels, body.getvalue()


def decoded(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("L"), float)


def test_nothing_of_a_face_is_left_but_a_few_cells_and_the_rest_stays() -> None:
    _, body = noise()
    before, after = decoded(body), decoded(blurred(body, [(0.5, 0.5, 0.25, 0.25)]))
    assert after[60:90, 80:120].std() < before[60:90, 80:120].std() / 3
    assert abs(after[:40, :60] - before[:40, :60]).mean() < 6


def test_a_picture_without_faces_keeps_its_bytes() -> None:
    _, body = noise()
    assert blurred(body, []) is body


side = st.floats(-0.5, 1.5)


@given(side, side, st.floats(0, 2), st.floats(0, 2))
def test_a_box_that_leaves_the_picture_is_cut_to_it(left: float, top: float, width: float, height: float) -> None:
    _, body = noise()
    assert decoded(blurred(body, [(left, top, width, height)])).shape == (120, 160)


def test_frames_that_are_taken_are_finished_and_no_others(tmp_path: Path) -> None:
    source = film(tmp_path / "line.avi", map(moving, range(40)))
    seen: list[str] = []

    def finish(name: str, body: bytes) -> bytes:
        seen.append(name)
        return blurred(body, [(0.0, 0.0, 1.0, 1.0)])

    (taken,) = extract([video_file(source)], tmp_path / "frames", Choice(0.2, most=3, blur_faces=True), finish=finish)
    assert seen == list(taken.frames)
    assert all(decoded((tmp_path / "frames" / name).read_bytes()).std() < 20 for name in taken.frames)


def test_a_frame_that_cannot_be_finished_leaves_none_of_its_video(tmp_path: Path) -> None:
    source = film(tmp_path / "line.avi", map(moving, range(10)))

    def fails(name: str, body: bytes) -> bytes:
        raise ConnectionError("no way to the service")

    with pytest.raises(ConnectionError):
        list(extract([video_file(source)], tmp_path / "frames", Choice(0.2), finish=fails))
    assert [path for path in (tmp_path / "frames").rglob("*") if path.is_file()] == []
