import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from customlabels.datasets.contents import hash_all
from customlabels.datasets.headers import CutOff, parse
from customlabels.datasets.model import ImageInfo
from customlabels.datasets.probe import doubts, probe


def encoded(width: int, height: int, format: str, **options: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, format, **options)
    return buffer.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that claims more pixels than it has bytes for."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def parsed(data: bytes) -> ImageInfo:
    return parse(data, len(data))


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0" + b"x" * 40_000}),
        ("PNG", {}),
        ("PNG", {"compress_level": 0}),
    ],
)
def test_the_size_is_that_which_a_decoder_finds(format: str, options: dict[str, object]) -> None:
    info = parsed(encoded(123, 77, format, **options))
    assert (info.format, info.width, info.height, info.channels, info.bits) == (format, 123, 77, 3, 8)


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "WEBP"])
def test_another_format_is_named(format: str) -> None:
    with pytest.raises(ValueError, match=f"(?i)a {format} file"):
        parsed(encoded(70, 70, format))


@pytest.mark.parametrize("cut", [0, 3, 10, 18, 20])
def test_a_cut_header_is_refused(cut: int) -> None:
    for format in ("JPEG", "PNG"):
        with pytest.raises(ValueError, match=r"damaged|no JPEG|empty"):
            parsed(encoded(70, 70, format)[:cut])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (png_bomb(20_000, 20_000), "20000×20000 pixels; the service takes no side over 4096"),
        (png_bomb(2100, 100), "takes sides up to 20:1"),
        (encoded(70, 70, "PNG")[:-20], "its end is missing"),
        (encoded(70, 70, "JPEG")[:-20], "its end is missing"),
        (encoded(70, 70, "JPEG") + b"\0" * 15_000_000, "15.0 MB; the service takes at most 15 MB"),
    ],
)
def test_what_the_service_refuses_is_refused_without_decoding(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        probe(path)


def several(format: str, pictures: int, **options: object) -> bytes:
    frames = [Image.new("RGB", (80, 80), (40 * number, 0, 0)) for number in range(pictures)]
    buffer = io.BytesIO()
    frames[0].save(buffer, format, save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def of_mode(format: str, mode: str) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (80, 80)).save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "pictures", "says"),
    [
        (several("MPO", 2), 2, "holds several pictures, of which the first is taken"),
        (several("PNG", 4), 4, "holds several pictures, of which the first is taken"),
        (several("MPO", 1), 1, None),
        (several("PNG", 1), 1, None),
        (of_mode("PNG", "I;16"), 1, "has 16 bits a channel"),
        (of_mode("JPEG", "CMYK"), 1, "is in CMYK"),
        (of_mode("PNG", "RGBA"), 1, None),
        (of_mode("PNG", "P"), 1, None),
        (of_mode("JPEG", "L"), 1, None),
    ],
    ids=["two in MPO", "four in PNG", "one in MPO", "one in PNG", "16 bits", "CMYK", "alpha", "palette", "grey"],
)
def test_what_of_an_image_is_not_seen_is_told(tmp_path: Path, data: bytes, pictures: int, says: str | None) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    info = probe(path)
    assert (parsed(data), info.pictures) == (info, pictures)
    assert [says is not None and doubt.startswith(says) for doubt in doubts(info)] == [True] * (says is not None)


@given(st.binary(max_size=80), st.sampled_from([several("PNG", 2), several("MPO", 2)]), st.integers(0, 400))
def test_whatever_an_index_of_pictures_holds_is_read_or_refused(noise: bytes, data: bytes, at: int) -> None:
    try:
        info = parsed(data[:at] + noise + data[at + len(noise) :])
    except (ValueError, CutOff):
        return
    assert info.pictures >= 1


def test_bytes_behind_the_end_of_a_jpeg_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "camera.jpg"
    path.write_bytes(encoded(70, 70, "JPEG") + b"trailer" * 2000)
    assert probe(path).width == 70


def test_hashing_tells_the_bytes_of_each_file(tmp_path: Path) -> None:
    sizes = (0, 1, 70_000, 3_000_000)
    paths = [tmp_path / str(size) for size in sizes]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(bytes(size))
    told: list[int] = []
    hashes = list(hash_all(paths, told.append))
    assert sorted(told) == sorted(sizes)
    assert hashes[2].sha256 == hashlib.sha256(bytes(70_000)).hexdigest()
