from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.videos import film, moving

from customlabels.core.errors import LayoutError
from customlabels.pipelines.service.image_sources import images_of
from customlabels.pipelines.service.video_sources import names_video, videos_of

NOBODY: Any = None
"""No client is needed for what lies here."""


def test_a_folder_of_videos_that_is_taken_for_one_of_images_says_what_to_do(tmp_path: Path) -> None:
    film(tmp_path / "line.avi", map(moving, range(3)))
    with pytest.raises(LayoutError) as error:
        images_of(str(tmp_path), NOBODY)
    assert "it holds videos" in (error.value.hint or "")
    told: list[str] = []
    Image.new("RGB", (80, 80)).save(tmp_path / "photo.jpg")
    assert [name for name, _ in images_of(str(tmp_path), NOBODY, told.append)] == ["photo.jpg"]
    assert told[0].startswith(f"{tmp_path}: 1 video left out beside the images, first line.avi; ")
    (tmp_path / "photo.jpg").unlink()
    assert names_video(str(tmp_path))
    (tmp_path / "line.avi").unlink()
    with pytest.raises(LayoutError) as error:
        images_of(str(tmp_path), NOBODY)
    assert error.value.hint is None


def test_a_video_is_told_by_its_ending_or_by_its_bytes(tmp_path: Path) -> None:
    clip = film(tmp_path / "line.avi", map(moving, range(3)))
    bare = clip.with_name("recording")
    bare.write_bytes(clip.read_bytes())
    Image.new("RGB", (80, 80)).save(tmp_path / "photo.jpg")
    assert names_video(str(clip))
    assert names_video(str(bare))
    assert names_video("s3://films/line.MP4")
    assert names_video("rtsp://camera/line")
    assert not names_video(str(tmp_path / "photo.jpg"))
    assert not names_video(str(tmp_path))
    assert not names_video("s3://films/photos/")
    assert [video.name for video in videos_of(str(bare), NOBODY).videos] == ["recording"]
