"""What a dataset holds, in figures."""

from collections import Counter
from typing import Any

from customlabels.datasets.model import Dataset, Side, label_counts


def summarise(dataset: Dataset) -> dict[str, Any]:
    """Counts a label and side, ranges of width and height in pixels, formats, bytes, findings; plain values."""
    records = dataset.records
    train, test = (label_counts(dataset.side(side)) for side in Side)
    boxes = Counter(box.label for record in records for box in record.boxes or ())
    widths, heights = ([getattr(record.info, name) for record in records] for name in ("width", "height"))
    return {
        "root": str(dataset.root),
        "images": len(records),
        "boxes": sum(len(record.boxes or ()) for record in records),
        "unlabelled": sum(1 for record in records if not record.all_labels),
        "bytes": sum(record.info.size for record in records),
        "labels": {
            label: {"images": count, "boxes": boxes[label], "train": train.get(label, 0), "test": test.get(label, 0)}
            for label, count in label_counts(records).items()
        },
        "sizes": {"width": [min(widths), max(widths)], "height": [min(heights), max(heights)]},
        "formats": dict(sorted(Counter(record.info.format for record in records).items())),
        "findings": [
            {"file": finding.name, "message": finding.message, "fatal": finding.fatal, "count": finding.count}
            for finding in dataset.findings
        ],
    }
