"""Images of a manifest looked at in a folder and in S3."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.drawing import drawn
from support.local_services import BUCKET, Service

from customlabels.core.addresses import S3Address
from customlabels.datasets.model import Box
from customlabels.manifests.images import OTHER_SIZE, Look, local_images, s3_images
from customlabels.manifests.lines import entry_line
from customlabels.manifests.report import validate


def jpeg(size: int = 96, exif: bytes = b"") -> bytes:
    body = io.BytesIO()
    drawn(0, 1, size).save(body, "JPEG", exif=exif)
    return body.getvalue()


def slow_header() -> bytes:
    """A JPEG whose frame comes behind more than a hundred kilobytes of other segments."""
    body = jpeg()
    comment = b"\xff\xfe" + (60_002).to_bytes(2, "big") + b"x" * 60_000
    return body[:2] + 2 * comment + body[2:]


IMAGES = {
    "tiles/fine.jpg": jpeg(),
    "tiles/slow.jpg": slow_header(),
    "tiles/small.jpg": jpeg(40),
    "tiles/text.jpg": b"no image",
    "tiles/empty.jpg": b"",
}


@pytest.fixture(params=["folder", "s3"])
def look(request: pytest.FixtureRequest, tmp_path: Path) -> Look:
    if request.param == "s3":
        service: Service = request.getfixturevalue("service")
        for key, body in IMAGES.items():
            service.s3.put_object(Bucket=BUCKET, Key=f"looked/{key}", Body=body)
        return s3_images(service.s3, "us-east-1")
    for key, body in IMAGES.items():
        path = tmp_path / "photos" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return local_images(tmp_path / "photos")


def address(name: str) -> S3Address:
    return S3Address(BUCKET, f"looked/tiles/{name}")


def test_what_can_be_used_is_told_from_what_cannot(look: Look) -> None:
    assert (look(address("fine.jpg")).width, look(address("slow.jpg")).height) == (96, 96)
    for name, says in {
        "small.jpg": "no side under 64",
        "text.jpg": "no JPEG or PNG",
        "empty.jpg": "empty|InvalidRange|416",
        "absent.jpg": "no such image|NoSuchKey",
    }.items():
        with pytest.raises(ValueError, match=says):
            look(address(name))


def test_a_manifest_is_judged_by_its_images_too(look: Look, tmp_path: Path) -> None:
    names = ["fine.jpg", "slow.jpg", "small.jpg", "absent.jpg"]
    lines = [entry_line(str(address(name)), (label,)) for name, label in zip(names, "abab", strict=True)]
    (tmp_path / "train.manifest").write_bytes(b"".join(lines))
    report = validate(tmp_path / "train.manifest", None, look=look)
    assert report.parts["training"].codes["ERROR_INVALID_IMAGE"].lines == [3, 4]
    assert report.fails


def test_boxes_for_another_size_are_noted(look: Look, tmp_path: Path) -> None:
    boxes = [Box("a", 1, 1, 20, 20)]
    lines = [
        entry_line(str(address(name)), (), boxes, (size, 96, 1)) for name, size in (("fine.jpg", 96), ("slow.jpg", 97))
    ]
    (tmp_path / "train.manifest").write_bytes(b"".join(lines))
    report = validate(tmp_path / "train.manifest", None, look=look)
    assert report.parts["training"].notes[OTHER_SIZE].lines == [2]
    assert ("training", "(note)", OTHER_SIZE) in [row[:3] for row in report.rows()]


def test_a_key_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.zeros((80, 80), np.uint8)).save(tmp_path / "secret.png")
    with pytest.raises(ValueError, match="no such image"):
        local_images(tmp_path / "photos")(S3Address(BUCKET, "../secret.png"))
