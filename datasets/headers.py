"""What an image's header tells, without decoding it and without reading more of the file than it takes.

Source: ITU-T T.81, annex B (JPEG markers); PNG specification, 11.2 (chunks); Exif 2.3, 4.6 (orientation);
CIPA DC-007, 5.2.3 (several pictures); APNG, acTL.
"""

import io
import os
import struct
import warnings
from pathlib import Path

from customlabels.datasets.model import ImageInfo

FIRST = 4096
"""Bytes that are read at once: in nearly every file the header ends before."""

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BARE = {0x01, *range(0xD0, 0xD8)}
_EXIF, _ORIENTATION, _MOST_ENTRIES = b"Exif\0\0", 0x0112, 200
_SEVERAL, _PICTURES = b"MPF\0", 0xB001
_TIFF = {
    mark: tuple(struct.Struct(order + form).unpack_from for form in ("I", "H", "H6xH"))
    for mark, order in ((b"II", "<"), (b"MM", ">"))
}
"""For each order of bytes: where the entries are, how many, and an entry's tag and value."""
_MOST_SEGMENTS = 1000
_OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"RIFF": "WebP",
    b"%PDF": "PDF",
}
_HEIF = {b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif"}

_LAST = 64
"""Bytes in which the end of the image is looked for first."""

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_SEGMENT = struct.Struct(">BBH").unpack_from
_FRAME = struct.Struct(">BHHB").unpack_from
_PNG_HEADER = struct.Struct(">IIBB").unpack_from


Name = Path | str


def _read_after_seeking(file: int, length: int, start: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    return os.read(file, length)


_read_at = getattr(os, "pread", _read_after_seeking)


class CutOff(Exception):
    """The header goes on behind the bytes that are there."""


def header(path: Name) -> ImageInfo:
    """What the header of a file tells; of other formats than JPEG and PNG, what Pillow makes of it.

    Raises
    ------
    ValueError : no image, or a damaged header; a sentence
    """
    return look(path)[0]


def look(path: Name) -> tuple[ImageInfo, bytes]:
    """As `header`, with the file's last bytes; none where it is neither JPEG nor PNG.

    Raises
    ------
    ValueError : as `header`
    """
    try:
        file = os.open(path, _READ)
        try:
            size = os.fstat(file).st_size
            first = os.read(file, FIRST)
            if not first:
                raise ValueError("an empty file")
            if first[:3] == _JPEG or first[:8] == _PNG:
                info = _jpeg(first, size, file) if first[0] == 0xFF else _png(first, size)
                if size <= FIRST:
                    return info, first[-_LAST:]
                return info, _read_at(file, _LAST, size - _LAST)
        finally:
            os.close(file)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    return _by_pillow(path, size, first), b""


def look_in(data: bytes) -> ImageInfo:
    """As `header`, of a file's bytes.

    Raises
    ------
    ValueError : as `header`
    """
    if not data or data[:3] == _JPEG or data[:8] == _PNG:
        return parse(data, len(data))
    return _by_pillow(io.BytesIO(data), len(data), data)


def parse(data: bytes, size: int) -> ImageInfo:
    """What the first bytes of a JPEG or PNG tell.

    Parameters
    ----------
    size : of the whole file, in bytes

    Raises
    ------
    CutOff : the header goes on behind `data`
    ValueError : neither, or its header is damaged
    """
    if not data:
        raise ValueError("an empty file")
    if data[:3] != _JPEG and data[:8] != _PNG:
        name = other_format(data)
        raise ValueError(f"a {name} file; the service takes JPEG and PNG" if name else "no JPEG or PNG image")
    return _jpeg(data, size, None) if data[0] == 0xFF else _png(data, size)


def _png(data: bytes, size: int) -> ImageInfo:
    if len(data) < 26 or data[12:16] != b"IHDR" or data[25] not in _PNG_CHANNELS:
        raise ValueError("damaged PNG header")
    width, height, bits, colour = _PNG_HEADER(data, 16)
    return ImageInfo(width, height, "PNG", size, _PNG_CHANNELS[colour], bits, 1, _animated(data))


def _animated(data: bytes) -> int:
    """How many pictures an animated PNG holds; 1 of any other. What tells it comes before the pixels."""
    at = data.find(b"acTL", 33, data.find(b"IDAT", 33) % (len(data) + 1))
    return max(1, int.from_bytes(data[at + 4 : at + 8])) if at > 0 else 1


def other_format(start: bytes) -> str | None:
    """The format that a file which is neither JPEG nor PNG begins like."""
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF:
        return "HEIC"
    return next((name for mark, name in _OTHERS.items() if start.startswith(mark)), None)


def _jpeg(data: bytes, size: int, file: int | None) -> ImageInfo:
    """Goes from segment to segment until the frame; what lies between is skipped.

    Parameters
    ----------
    file : where more can be read than `data`, its first bytes
    """
    position, orientation, start, pictures = 2, 1, 0, 1
    for _ in range(_MOST_SEGMENTS):
        at = position - start
        if at + 10 > len(data):
            if start + len(data) >= size:
                break
            if file is None:
                raise CutOff
            start, at = position, 0
            data = _read_at(file, FIRST, position)
            if len(data) < 10:
                break
        mark, marker, length = _SEGMENT(data, at)
        if mark != 0xFF:
            break
        if marker in _FRAMES:
            bits, height, width, channels = _FRAME(data, at + 4)
            if not width or not height:
                break
            if orientation >= 5:
                width, height = height, width
            return ImageInfo(width, height, "JPEG", size, channels, bits, orientation, pictures)
        if marker == 0xFF:
            position += 1
        elif marker in _BARE:
            position += 2
        else:
            if marker == 0xE1 and data[at + 4 : at + 10] == _EXIF:
                reach = min(2 + length, FIRST)
                if at + reach > len(data) and start + len(data) < size:
                    if file is None:
                        raise CutOff
                    start, at = position, 0
                    data = _read_at(file, FIRST, position)
                orientation = _orientation(data[at + 10 : at + reach])
            elif marker == 0xE2 and data[at + 4 : at + 8] == _SEVERAL:
                pictures = _pictures(data[at + 8 : at + 2 + length])
            position += 2 + length
    raise ValueError("damaged JPEG header")


def _orientation(exif: bytes) -> int:
    """EXIF's orientation out of a block in TIFF's form; 1 where it says nothing that makes sense."""
    if exif[:2] not in _TIFF:
        return 1
    _, _, entry = _TIFF[exif[:2]]
    try:
        for at in _entries(exif):
            tag, value = entry(exif, at)
            if tag == _ORIENTATION:
                return int(value) if 1 <= value <= 8 else 1
            if tag > _ORIENTATION:
                # Entries are in order.
                return 1
    except struct.error:
        pass
    return 1


def _pictures(index: bytes) -> int:
    """How many pictures an index in TIFF's form says that a JPEG holds."""
    if index[:2] not in _TIFF:
        return 1
    first, _, entry = _TIFF[index[:2]]
    try:
        for at in _entries(index):
            if entry(index, at)[0] == _PICTURES:
                return max(1, int(first(index, at + 8)[0]))
    except struct.error:
        pass
    return 1


def _entries(tiff: bytes) -> range:
    """Where the entries of the first directory of a block in TIFF's form begin.

    Raises
    ------
    struct.error : it ends before that is told
    """
    first, number, _ = _TIFF[tiff[:2]]
    (directory,) = first(tiff, 4)
    return range(directory + 2, directory + 2 + 12 * min(number(tiff, directory)[0], _MOST_ENTRIES), 12)


def _by_pillow(file: Name | io.BytesIO, size: int, first: bytes) -> ImageInfo:
    """Another format: what it would be once it was converted."""
    from PIL import ExifTags, Image

    name = other_format(first)
    if name is None or name == "PDF":
        raise ValueError("a PDF file; the service takes JPEG and PNG" if name else "no JPEG or PNG image")
    if name == "HEIC":
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise ValueError("a HEIC file; to convert it, pip install 'customlabels[heic]'") from error
        register_heif_opener()
    # What is too large to be decoded is refused by its figures.
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    try:
        with Image.open(file) as image:
            orientation = int(image.getexif().get(ExifTags.Base.Orientation, 1))
            width, height = image.size
            bits = 16 if image.mode.startswith(("I", "F")) else 8
            if name == "HEIC" or not 1 <= orientation <= 8:
                # Its reader turns the pixels itself.
                orientation = 1
            if orientation >= 5:
                width, height = height, width
            return ImageInfo(width, height, name, size, len(image.getbands()), bits, orientation)
    except Image.DecompressionBombError as error:
        raise ValueError("more pixels than are decoded") from error
    except (OSError, SyntaxError, ValueError, TypeError) as error:
        raise ValueError(f"a broken {name} file") from error


def is_whole(path: Name, info: ImageInfo, last: bytes) -> bool:
    """Whether the image's end marker is there: where it is missing, the file is most likely cut off.

    Looked for in the last bytes. A file with more behind its end is searched (PNG), or decoded (JPEG, since the
    thumbnails inside of it have end markers too).
    """
    mark = _PNG_END if info.format == "PNG" else _JPEG_END
    if mark in last:
        return True
    try:
        with Path(path).open("rb", buffering=0) as file:
            file.seek(max(0, info.size - FIRST))
            if mark in file.read(FIRST):
                return True
            file.seek(0)
            data = file.readall()
    except OSError:
        return False
    return is_whole_in(data, info)


def is_whole_in(data: bytes, info: ImageInfo) -> bool:
    """As `is_whole`, of a file's bytes."""
    mark = _PNG_END if info.format == "PNG" else _JPEG_END
    if mark in data[-FIRST:]:
        return True
    return mark in data if info.format == "PNG" else _decodes(data)


def _decodes(data: bytes) -> bool:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True
