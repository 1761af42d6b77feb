"""What was written, read again: whatever a format does not keep of a dataset is counted and named."""

from customlabels.core.errors import LayoutError
from customlabels.datasets.accounting import Tally
from customlabels.datasets.layout import Format, Options
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord
from customlabels.datasets.reading import Policy, make_dataset

_SLACK = 1.0
"""Pixels by which an edge may differ that was rounded."""


def not_kept(written: Dataset, format: Format) -> list[Finding]:
    """A finding a kind of what a folder of that format does not say as `written` does."""
    try:
        layout = format.read(written.root, Options())
        again = make_dataset(layout, Options(), Policy(allow_unlabelled=True), written.root)
    except LayoutError as error:
        return [Finding(".", f"{format.name} does not read what was written: {error.message}", fatal=False)]
    read = {record.name: record for record in again.records}
    tallies: dict[str, Tally] = {}
    for record in written.records:
        for kind, count in _lost(record, read.get(record.name)).items():
            if count:
                tallies.setdefault(kind, Tally()).add(record.name, count)
    return [
        Finding(tally.where, f"{tally.count:,} {kind} not kept: {format.name} does not read them back", fatal=False)
        for kind, tally in tallies.items()
    ]


def _lost(before: ImageRecord, after: ImageRecord | None) -> dict[str, int]:
    """How many of each kind `after` lacks, or has besides."""
    if after is None:
        return {"images": 1}
    return {
        "boxes": _unlike(before.boxes or (), after.boxes or ()),
        "labels of whole images": len({*before.labels} - {*after.labels}),
        "images with nothing on them": not before.labels and before.boxes == () and after.boxes is None,
        "sides of the split": before.side is not after.side,
        "groups": before.group is not None and before.group != after.group,
    }


def _unlike(before: tuple[Box, ...], after: tuple[Box, ...]) -> int:
    """How many boxes have none like them on the other side, label and edges, on the side where more are so."""
    rest = list(after)
    lost = 0
    for box in before:
        like = next((other for other in rest if _alike(box, other)), None)
        if like is None:
            lost += 1
        else:
            rest.remove(like)
    return max(lost, len(rest))


def _alike(box: Box, other: Box) -> bool:
    edges = zip(box.corners, other.corners, strict=True)
    return box.label == other.label and all(abs(edge - another) <= _SLACK for edge, another in edges)
