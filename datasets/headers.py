"""Format and size of an image from its first bytes, without decoding it."""

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BARE = {0x01, *range(0xD0, 0xD8)}
_OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"RIFF": "WebP",
    b"%PDF": "PDF",
}


def image_size(data: bytes) -> tuple[str, int, int]:
    """Format (JPEG or PNG), width and height in pixels.

    Raises
    ------
    ValueError : `data` is neither, or its header is damaged

    Source: ITU-T T.81, annex B (JPEG markers); PNG specification, 11.2.2 (IHDR).
    """
    if data.startswith(_PNG):
        if len(data) < 24 or data[12:16] != b"IHDR":
            raise ValueError("damaged PNG header")
        width, height = struct.unpack(">II", data[16:24])
        return "PNG", width, height
    if data.startswith(b"\xff\xd8\xff"):
        width, height = _jpeg_size(data)
        return "JPEG", width, height
    for start, name in _OTHERS.items():
        if data.startswith(start):
            raise ValueError(f"a {name} file; the service takes JPEG and PNG")
    raise ValueError("no JPEG or PNG image")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 <= len(data):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _BARE:
            place += 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    raise ValueError("damaged JPEG header")


def is_whole(data: bytes, format: str) -> bool:
    """Whether the image's end marker is there: where it is missing, the file is most likely cut off.

    A PNG may have anything behind its end. A JPEG's marker is looked for in the last bytes only, since the
    thumbnails inside of it have one too.
    """
    if format == "PNG":
        return _PNG_END in data
    return data.rfind(b"\xff\xd9", -4096) >= 0
