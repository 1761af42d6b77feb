"""Names of frames: which video, and when. Whatever prefix, folder or ending a tool gives them, both are read again."""

import re
from dataclasses import dataclass

_DIGITS = 12
"""Hex digits of a video's fingerprint in a name: two of a million videos share them once in 560 such collections."""

_NAME = re.compile(
    rf"(?:^|[-_. ])video[-_]?([0-9a-f]{{{_DIGITS}}})[-_ ](\d{{2,}})h([0-5]\d)m([0-5]\d)s(\d{{3}})(?![0-9a-z])",
    re.IGNORECASE,
)
_UNSAFE = re.compile(r"[^\w.-]+")
_MOST_BYTES = 150


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as its name tells it.

    Parameters
    ----------
    title : what the video's file is called, without its ending
    video : the fingerprint of the video, in hex
    milliseconds : from the video's start
    """

    title: str
    video: str
    milliseconds: int

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000


def frame_name(frame: Frame) -> str:
    """The file name of a frame, a JPEG: line-3-video3f9c2a71b04e-00h00m12s400.jpg

    Of one video, names are in the order of time. Characters of the title that tools stumble over become a dash.
    """
    seconds, milliseconds = divmod(frame.milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    safe = _UNSAFE.sub("-", frame.title).strip("-.") or "video"
    safe = safe.encode()[:_MOST_BYTES].decode(errors="ignore")
    return f"{safe}-video{frame.video[:_DIGITS]}-{hours:02}h{minutes:02}m{seconds:02}s{milliseconds:03}.jpg"


def frame_of(name: str) -> Frame | None:
    """The frame that an image's name tells of; None of an image that is no frame.

    Parameters
    ----------
    name : a path or an address, of which the last part counts
    """
    # Asked of every line of a manifest: most names are told by this alone.
    if "video" not in name.lower():
        return None
    base = name.replace("\\", "/").rpartition("/")[2]
    match = next(reversed([*_NAME.finditer(base)]), None)
    if match is None:
        return None
    hours, minutes, seconds, milliseconds = (int(number) for number in match.groups()[1:])
    return Frame(base[: match.start()], match[1].lower(), ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds)


def second(seconds: float) -> str:
    """A time in a video as people look it up: second 12.4; from a minute on as players have it, too."""
    text = f"second {seconds:.1f}".removesuffix(".0")
    return f"{text} ({clock(seconds)})" if seconds >= 60 else text


def clock(seconds: float) -> str:
    """A time in a video as people write it: 0:12.4, 2:05:07."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    whole, tenth = divmod(tenths, 10)
    part = f".{tenth}" if tenth else ""
    return f"{hours}:{minutes:02}:{whole:02}{part}" if hours else f"{minutes}:{whole:02}{part}"
