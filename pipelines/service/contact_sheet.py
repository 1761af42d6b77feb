"""A strip of pictures: one a span of a video, where its label is surest, with what was seen drawn on it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from customlabels.core.files import written_aside
from customlabels.datasets.videos.frame_names import clock
from customlabels.pipelines.service.detection import Detection
from customlabels.pipelines.service.detection_drawing import drawn
from customlabels.pipelines.service.spans import Span

MOST = 60
"""Pictures of a sheet; the surest spans where there are more."""

_WIDTH, _MARGIN, _LINE = 320, 8, 15


@dataclass(frozen=True, slots=True)
class Tile:
    """A span, with the frame where it is surest, a JPEG, and the video where there are several."""

    span: Span
    body: bytes
    detection: Detection
    title: str = ""


def shown_spans(spans: Sequence[Span]) -> list[Span]:
    """The spans that a sheet has room for, in their order."""
    surest = sorted(spans, key=lambda span: -span.peak)[:MOST]
    return [span for span in spans if span in surest]


def write_sheet(tiles: Sequence[Tile], path: Path) -> None:
    """Writes the tiles, four or fewer in a row, as JPEG or PNG by the path's name."""
    from PIL import Image, ImageDraw, ImageFont

    pictures = []
    for tile in tiles:
        picture = drawn(tile.body, tile.detection)
        picture.thumbnail((_WIDTH, 2 * _WIDTH))
        pictures.append(picture)
    across = min(4, max(1, len(tiles)))
    high = max((picture.height for picture in pictures), default=_WIDTH // 2)
    wide = max((picture.width for picture in pictures), default=_WIDTH)
    cell = max(wide, _WIDTH // 2) + _MARGIN, high + 2 * _LINE + 2 * _MARGIN
    rows = max(1, -(-len(tiles) // across))
    sheet = Image.new("RGB", (across * cell[0] + _MARGIN, rows * cell[1] + _MARGIN), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    if not tiles:
        pen.text((2 * _MARGIN, 2 * _MARGIN), "nothing was seen", fill="black", font=font)
    for number, (tile, picture) in enumerate(zip(tiles, pictures, strict=True)):
        left, top = _MARGIN + number % across * cell[0], _MARGIN + number // across * cell[1]
        sheet.paste(picture, (left, top))
        span = tile.span
        pen.text((left, top + picture.height + 3), f"{span.label}  {span.peak:.0f} %", fill="black", font=font)
        times = clock(span.begin) if span.begin == span.end else f"{clock(span.begin)} to {clock(span.end)}"
        where = f"{times}  {tile.title}".rstrip()
        pen.text((left, top + picture.height + 3 + _LINE), where, fill="#555555", font=font)
    written = io.BytesIO()
    sheet.save(written, "PNG" if path.suffix.lower() == ".png" else "JPEG", quality=88)
    with written_aside(path) as file:
        file.write(written.getvalue())
