"""Images below a folder or an address in S3: which are meant, what is left out, and what stands for their contents."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image
from support.drawing import draw
from support.local_services import Service

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.pipelines.service.image_sources import contents_of, images_of

NAME = "pictures-7"


@pytest.fixture(scope="module")
def bucket(service: Service) -> Service:
    service.s3.create_bucket(Bucket=NAME)
    for key in ("in/a.jpg", "in/deep/b.png", "in/notes.txt", "in/line.mp4", "in-old/a.jpg", "in/a.jpg.png"):
        service.s3.put_object(Bucket=NAME, Key=key, Body=key.encode())
    for key in ("in/cold.jpg", "cold/1.jpg", "cold/2.jpg"):
        service.s3.put_object(Bucket=NAME, Key=key, Body=b"-", StorageClass="GLACIER")
    return service


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_cannot_be_read_and_what_lies_beside_a_folder_is_told(bucket: Service, slash: str) -> None:
    told: list[str] = []
    images = images_of(f"s3://{NAME}/in{slash}", bucket.s3, told.append)
    assert [name for name, _ in images] == ["a.jpg", "a.jpg.png", "deep/b.png"]
    archived = "archived in GLACIER, to be restored before it can be read: cold.jpg"
    words = [*["in-old/a.jpg"] * (not slash), archived, "line.mp4"]
    assert [word in sentence for word, sentence in zip(words, told, strict=True)] == [True] * len(words)


def test_an_image_is_taken_without_those_whose_names_begin_so(bucket: Service) -> None:
    images = images_of(f"s3://{NAME}/in/a.jpg", bucket.s3)
    assert [name for name, _ in images] == ["a.jpg"]
    assert contents_of(images) == {"a.jpg": f"{hashlib.md5(b'in/a.jpg').hexdigest()}:8"}


def test_nothing_but_archived_images_and_no_folder_are_refused(bucket: Service) -> None:
    with pytest.raises(LayoutError, match="all are archived"):
        images_of(f"s3://{NAME}/cold", bucket.s3)
    with pytest.raises(SettingsError, match="is no folder; it cuts through names"):
        images_of(f"s3://{NAME}/col", bucket.s3)


def test_a_file_and_its_plain_upload_are_the_same_content(bucket: Service, tmp_path: Path) -> None:
    draw(tmp_path, {"ok": 2})
    (tmp_path / "ok" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    here = images_of(str(tmp_path), bucket.s3)
    for name, path in here:
        if path.is_file():
            bucket.s3.put_object(Bucket=NAME, Key=f"same/{name}", Body=path.read_bytes())
    assert contents_of(here) == contents_of(images_of(f"s3://{NAME}/same", bucket.s3))


def test_files_of_which_something_is_not_seen_are_told_once(bucket: Service, tmp_path: Path) -> None:
    draw(tmp_path, {"ok": 2})
    frames = [Image.new("RGB", (80, 80), (90 * number, 0, 0)) for number in range(3)]
    for name in ("a.png", "b.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    told: list[str] = []
    assert len(images_of(str(tmp_path), bucket.s3, told.append).named) == 4
    assert told == ["a.png and 1 more: holds several pictures, of which the first is taken"]
