import hashlib
import io
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from customlabels.datasets.contents import examine, examine_all, hash_all, hashed
from customlabels.datasets.fingerprints import fingerprint
from customlabels.datasets.headers import header, parse
from customlabels.datasets.limits import MAX_BYTES
from customlabels.datasets.model import Dataset, ImageRecord
from customlabels.datasets.probe import probe


@cache
def encoded(format: str, side: int = 90) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (side, side + 10, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, format)
    return buffer.getvalue()


def turned(before: int) -> bytes:
    """A JPEG that lies on its side, with a segment of so many bytes in front of the EXIF block that says so."""
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    segments = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body
        for marker, body in ((0xE2, bytes(before)), (0xE1, exif))
    )
    plain = encoded("JPEG")
    return plain[:2] + segments + plain[2:]


def sentence_or_info(path: Path) -> object:
    try:
        return probe(path)
    except ValueError as error:
        return str(error)


files = st.builds(
    lambda body, cut, behind: body[: max(0, len(body) - cut)] + behind,
    st.sampled_from([encoded(format) for format in ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP")])
    | st.just(encoded("PNG", 20))
    | st.integers(3900, 4200).map(turned)
    | st.binary(max_size=40),
    st.just(0) | st.integers(0, 12_000),
    st.sampled_from([b"", b"\0", b"x" * 80, b"y" * 5000, b"\xff\xd9", encoded("JPEG")]),
)


@given(files)
def test_one_look_at_a_file_tells_what_several_tell(body: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(body)
        told: list[int] = []
        (seen,) = examine_all([path], told.append)
        expected = sentence_or_info(path)
        assert told == [len(body)]
        if isinstance(seen, str):
            assert seen == expected
            return
        info, hashes = seen
        assert info == expected
        assert hashes is not None
        assert hashes.sha256 == hashlib.sha256(body).hexdigest()
        assert hashes.md5 == hashlib.md5(body).hexdigest()
        assert hashes.picture == fingerprint(path)
        assert list(hash_all([path], pictures=True)) == [hashes]


@given(st.integers(0, 9000))
def test_the_orientation_is_read_wherever_its_block_begins(before: int) -> None:
    body = turned(before)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image.jpg"
        path.write_bytes(body)
        assert header(path) == parse(body, len(body))
        assert (header(path).orientation, header(path).width) == (6, 90)


def test_a_file_that_is_too_large_is_refused_without_coming_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(encoded("JPEG"))
    with path.open("r+b") as file:
        file.truncate(200 * MAX_BYTES)
    with pytest.raises(ValueError, match=r"3000\.0 MB; the service takes at most 15 MB"):
        examine(path)


def test_behind_an_image_that_makes_all_worthless_headers_are_enough(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:03}.png" for number in range(200)]
    for path in paths:
        path.write_bytes(encoded("PNG"))
    paths[0].write_bytes(b"no image")
    seen = list(examine_all(paths, lambda size: None, for_naught=True))
    assert seen[0] == "no JPEG or PNG image"
    assert seen[-1] == (probe(paths[-1]), None)
    assert all(isinstance(contents, tuple) for contents in seen[1:])
    whole = list(examine_all(paths, lambda size: None))
    assert whole[-1] == examine(paths[-1])


def test_what_was_hashed_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded("PNG"))
    once = hashed(Dataset(tmp_path, (ImageRecord("a.png", path, ("ok",), probe(path)),)), pictures=True)
    path.write_bytes(b"")
    assert hashed(once, pictures=True).records[0].hashes == once.records[0].hashes
