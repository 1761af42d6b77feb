"""Video files told by their bytes, and whether they are whole; what is none of these is never given to a decoder.

A decoder follows what a file says: a playlist named x.mp4 would have it read other files, or addresses of the network.
"""

import hashlib
import io
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from customlabels.core.errors import LayoutError
from customlabels.datasets.files import ending_of, walk
from customlabels.datasets.layout import VIDEO_ENDINGS
from customlabels.datasets.model import Finding

_TAKEN = "MP4, MOV, AVI, MKV, WebM, MPEG, FLV and WMV are read"

HEAD = 4096
"""Bytes that tell what a file is."""

_SAMPLE = 1 << 20
_PICTURES = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis", b"crx ")
"""Brands of images in the container of MP4."""

_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp", b"sidx", b"uuid"}
_LATER_BOXES = _BOXES | {b"meta", b"udta", b"mfra", b"emsg", b"prft", b"ssix", b"PICT"}
_MOST_BOXES, _MOST_ELEMENTS = 1_000_000, 64
"""Parts of a file that are walked through; ten hours in fragments of a second have 72,000."""

_UNTOLD = (0, 0xFFFFFFFF)
"""Lengths of an AVI whose writer never came back to say."""
_KNOWN = (
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"#EXTM3U", "a playlist"),
)


@dataclass(frozen=True, slots=True)
class Video:
    """A video that can be read at any place.

    Parameters
    ----------
    name : what it is called, below the folder or address that was named
    size : bytes
    open : opens it to be read; the file has `seek`
    path : where it lies, of a file here
    address : s3://bucket/key, of an object
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    path: Path | None = None
    address: str | None = None

    @property
    def title(self) -> str:
        return self.name.rpartition("/")[2].rpartition(".")[0] or self.name.rpartition("/")[2]


def video_file(path: Path, name: str | None = None) -> Video:
    """The video in a file.

    Raises
    ------
    LayoutError : it cannot be read, or is no video
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise LayoutError(f"{path}: cannot be read ({error.strerror})") from error
    see_that_it_is_one(str(path), head)
    resolved = path.resolve()
    return Video(name or path.name, size, lambda: resolved.open("rb"), resolved)


def videos_below(folder: Path) -> tuple[list[Video], list[LayoutError], int]:
    """The videos below a folder in order, what is wrong with files that are called as videos, and the other files."""
    videos, faults, others = [], [], 0
    root = folder.resolve()
    findings: list[Finding] = []
    for name in walk(root, findings, copies=True):
        try:
            videos.append(video_file(root / name, name))
        except LayoutError as fault:
            if ending_of(name) in VIDEO_ENDINGS:
                faults.append(LayoutError(fault.message.replace(f"{root}/", "", 1), hint=fault.hint))
            else:
                others += 1
    faults += [LayoutError(f"{finding.name}: {finding.message}") for finding in findings if finding.fatal]
    return videos, faults, others


def see_that_it_is_one(name: str, head: bytes) -> None:
    """Sees that a file's beginning is that of a video.

    Raises
    ------
    LayoutError : it is something else
    """
    if not head:
        raise LayoutError(f"{name}: is empty")
    if container(head) is not None:
        return
    raise LayoutError(f"{name}: is no video{_instead(head)}", hint=_TAKEN)


def container(head: bytes) -> str | None:
    """The kind of container that begins so: mp4, avi, mkv, ts, mpeg, flv or wmv; None where it is none of them."""
    if head[4:8] in _BOXES and struct.unpack(">I", head[:4])[0] != 0:
        return None if head[4:8] == b"ftyp" and head[8:12] in _PICTURES else "mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "mkv"
    for packet, first in ((188, 0), (192, 4)):
        if len(head) > first + 2 * packet and all(head[first + packet * number] == 0x47 for number in range(3)):
            return "ts"
    if head[:4] in (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"):
        return "mpeg"
    if head[:3] == b"FLV":
        return "flv"
    return "wmv" if head[:4] == b"0&\xb2u" else None


def _instead(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return " (a WebP image)" if head[8:12] == b"WEBP" else " (a sound)" if head[8:12] == b"WAVE" else ""
    if head[4:8] == b"ftyp":
        return " (a HEIC or AVIF image)"
    known = next((kind for mark, kind in _KNOWN if head.startswith(mark)), None)
    if known is None and b"\0" not in head:
        known = "a text"
    return f" ({known})" if known else ""


def fingerprint(video: Video) -> str:
    """Hex digits that stand for a video's bytes: of its size, and a mebibyte at its start, middle and end.

    A copy has the same under any name.

    Raises
    ------
    LayoutError : it cannot be read
    """
    digest = hashlib.sha256(str(video.size).encode())
    try:
        with video.open() as file:
            for start in sorted({0, max(0, (video.size - _SAMPLE) // 2), max(0, video.size - _SAMPLE)}):
                file.seek(start)
                digest.update(file.read(_SAMPLE))
    except OSError as error:
        raise LayoutError(f"{video.name}: cannot be read ({error.strerror or error})") from error
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a container says of itself.

    Parameters
    ----------
    missing : bytes that it says it has and the file has not: it was cut off; 0 where that is not said
    videos : how many of its tracks are videos; None where it does not name its tracks
    """

    kind: str | None
    missing: int = 0
    videos: int | None = None


def contents(video: Video) -> Contents:
    """What the container of a video says; what cannot be told is taken to be as it should."""
    with video.open() as file:
        head = file.read(_SAMPLE)
        kind, end, videos = container(head), 0, None
        if kind == "avi":
            length = int.from_bytes(head[4:8], "little")
            end = 0 if length in _UNTOLD else 8 + length
            videos = len(_PICTURES_OF_AVI.findall(head)) if b"strh" in head else None
        elif kind == "mkv":
            end = _matroska_end(file, video.size)
            videos = len(_VIDEO_CODEC.findall(head))
            videos = videos if videos or _SOUND_CODEC.search(head) else None
        elif kind == "mp4":
            end, tracks = _mp4_end(file, video.size)
            videos = tracks.count(b"vide") if tracks else None
    return Contents(kind, max(0, end - video.size), videos)


_VIDEO_CODEC, _SOUND_CODEC = re.compile(rb"\x86.V_[A-Z]", re.DOTALL), re.compile(rb"\x86.A_[A-Z]", re.DOTALL)
"""Codecs of Matroska's tracks, each behind the mark of that element and its length."""

_PICTURES_OF_AVI = re.compile(rb"strh....vids", re.DOTALL)


def _mp4_end(file: BinaryIO, size: int) -> tuple[int, list[bytes]]:
    """Where the last box of an MP4 ends, as it says itself, and the kinds of its tracks.

    What follows the boxes and is none says nothing.
    """
    tracks = list[bytes]()
    at = 0
    for kind, body, end in _boxes(file, 0, size):
        if kind not in _LATER_BOXES:
            break
        if kind == b"moov":
            tracks += _tracks(file, body, min(end, size))
        at = end
    return at, tracks


def _tracks(file: BinaryIO, start: int, end: int) -> list[bytes]:
    """The kinds of the tracks that a box of an MP4 tells of: vide, soun, and others."""
    kinds = list[bytes]()
    for kind, body, ends in _boxes(file, start, end):
        if kind in (b"trak", b"mdia"):
            kinds += _tracks(file, body, min(ends, end))
        elif kind == b"hdlr":
            file.seek(body + 8)
            kinds.append(file.read(4))
    return kinds


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box between two places, where its body begins, and where it ends, as it says itself."""
    at = start
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            break
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        body = at + 8
        if length == 1:
            long, body = file.read(8), at + 16
            length = struct.unpack(">Q", long)[0] if len(long) == 8 else end - at + 1
        if length == 0:
            length = end - at
        if length < body - at:
            break
        yield kind, body, at + length
        at += length


def _matroska_end(file: BinaryIO, size: int) -> int:
    """Where the segment of a Matroska file ends; 0 where it does not say, as in a recording that goes on."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at >= size:
            break
        file.seek(at)
        reader = io.BytesIO(file.read(16))
        try:
            identity = _variable(reader, keep=True)
            length = _variable(reader)
        except ValueError:
            return 0
        if length is None:
            return 0
        at += reader.tell() + length
        if identity == 0x18538067:
            return at
    return at


def _variable(reader: io.BytesIO, *, keep: bool = False) -> int | None:
    """A number of Matroska's; None where its bits say that it is not known.

    Raises
    ------
    ValueError : it is none
    """
    first = reader.read(1)
    if not first or first[0] == 0:
        raise ValueError("no number")
    length = 9 - first[0].bit_length()
    rest = reader.read(length - 1)
    if len(rest) < length - 1:
        raise ValueError("no number")
    number = int.from_bytes(first + rest, "big")
    if keep:
        return number
    number &= (1 << 7 * length) - 1
    return None if number == (1 << 7 * length) - 1 else number
