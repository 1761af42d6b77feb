"""Files of detections read as images that may be asked about."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw
from support.local_services import BUCKET, Service

from customlabels.core.errors import LayoutError
from customlabels.core.watching import UNWATCHED
from customlabels.review.detected import Detected, read_detected
from customlabels.review.images import keys_of, read_image
from customlabels.review.picking import look_alikes


def write(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "found.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def line(name: str, source: str, **more: Any) -> dict[str, Any]:
    labels = [{"label": "crack", "confidence": 80.0, "box": [0.1, 0.2, 0.3, 0.4]}]
    return {"name": name, "labels": labels, "error": None, "source": source, "version": "v1", "least": 10.0, **more}


def read(file: Path, images: Path | None = None, service: Service | None = None) -> Detected:
    def s3() -> Any:
        assert service is not None
        return service.s3

    return read_detected(file, images, s3, UNWATCHED)


def test_a_file_and_its_upload_are_the_same_image(service: Service, tmp_path: Path) -> None:
    root = draw(tmp_path / "line", {"across": 2})
    for path in root.rglob("*.jpg"):
        service.s3.put_object(Bucket=BUCKET, Key=f"review-1/{path.name}", Body=path.read_bytes())
    here = read(write(tmp_path, *(line(f"across/00{n}.jpg", str(root)) for n in (0, 1))))
    there = read(write(tmp_path, *(line(f"00{n}.jpg", f"s3://{BUCKET}/review-1/") for n in (0, 1))), service=service)
    assert [candidate.image for candidate in here.candidates] == [candidate.image for candidate in there.candidates]
    assert [candidate.image for candidate in here.candidates] == keys_of(sorted(root.rglob("*.jpg")))
    body = read_image(there.candidates[0].source, lambda: service.s3)
    assert body == (root / "across" / "000.jpg").read_bytes()


def test_a_single_image_and_images_that_were_moved_are_found(tmp_path: Path) -> None:
    root = draw(tmp_path / "line", {"across": 1})
    path = root / "across" / "000.jpg"
    single = read(write(tmp_path, line("000.jpg", str(path))))
    moved = read(write(tmp_path, line("across/000.jpg", "/gone")), root)
    assert single.candidates[0].source == moved.candidates[0].source == str(path)


def test_images_that_could_not_be_looked_at_are_counted(tmp_path: Path) -> None:
    root = draw(tmp_path / "line", {"across": 2})
    lines = line("across/000.jpg", str(root)), line("across/001.jpg", str(root), error="too large")
    detected = read(write(tmp_path, *lines))
    assert (len(detected.candidates), detected.failed, detected.version, detected.least) == (1, 1, "v1", 10.0)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no image that was looked at"),
        ([{"name": "x"}], "line 1: is no detection"),
        ([line("a.jpg", "here"), line("b.jpg", "here", version="v2")], "v1 and v2"),
        ([line("a.jpg", "here"), line("b.jpg", "here")], "2 of 2 images are not there"),
        ([line("../../etc/passwd", "here")], "is outside"),
        ([line("a.jpg", "here", error="too large")], "no image that was looked at"),
    ],
)
def test_what_cannot_be_picked_from_is_told(tmp_path: Path, lines: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        read(write(tmp_path, *lines))


def test_images_in_s3_that_are_gone_are_named(service: Service, tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="1 of 1 images are not in S3") as caught:
        read(write(tmp_path, line("lost.jpg", f"s3://{BUCKET}/review-2")), service=service)
    assert caught.value.details == (f"s3://{BUCKET}/review-2/lost.jpg: no such object",)


def test_pictures_of_the_same_are_found_and_others_are_not(tmp_path: Path) -> None:
    from PIL import Image

    root = draw(tmp_path / "line", {"across": 1, "down": 1})
    with Image.open(root / "across" / "000.jpg") as image:
        image.save(root / "across" / "again.jpg", quality=60)
    names = ("across/000.jpg", "across/again.jpg", "down/000.jpg")
    candidates = read(write(tmp_path, *(line(name, str(root)) for name in names))).candidates
    alike = look_alikes(candidates, UNWATCHED)
    assert [set(group) for group in alike] == [{candidates[0].image, candidates[1].image}]
