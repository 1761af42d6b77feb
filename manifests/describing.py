"""What a manifest holds, in figures."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson

from customlabels.manifests.entries import read_entries
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, MULTI_LABEL
from customlabels.manifests.rewriting import attributes

_KINDS = {IMAGE_LEVEL: "image-level", BOXES: "boxes", MULTI_LABEL: "multi-label"}


def describe(lines: Iterable[bytes]) -> dict[str, Any]:
    """Counts of lines, kinds, labels, attributes, jobs, buckets and image sizes, the span of dates; plain values.

    An attribute is counted by its type whatever is wrong with it; `manifest validate` tells what that is.
    """
    kinds, names, jobs, buckets, sizes = (Counter[str]() for _ in range(5))
    images: Counter[str] = Counter()
    boxes: Counter[str] = Counter()
    dates: list[str] = []
    total = unlabelled = several = mixed = negatives = faulty = 0
    for entry in read_entries(lines):
        total += 1
        faulty += entry.has_errors
        if entry.source_ref is None:
            continue
        buckets[entry.source_ref[5:].partition("/")[0]] += 1
        value = orjson.loads(entry.line)
        held = [(kind, name, metadata) for kind in _KINDS for name, metadata in attributes(value, kind)]
        kinds.update(_KINDS[kind] for kind, _, _ in held)
        for kind, name, metadata in held:
            names[name] += 1
            jobs[str(metadata.get("job-name", ""))] += 1
            date = metadata.get("creation-date")
            if isinstance(date, str):
                dates = [min([*dates[:1], date]), max([*dates[1:], date])]
            if kind == BOXES:
                sizes[_size(value[name])] += 1
        images.update({*entry.labels, *entry.boxes})
        boxes.update(entry.boxes)
        several += len(entry.labels) > 1
        mixed += bool(entry.labels and entry.boxes)
        negatives += bool(held) and not entry.labelled and not entry.has_errors
        unlabelled += not held
    return {
        "lines": total,
        "faulty": faulty,
        "unlabelled": unlabelled,
        "nothing_on_them": negatives,
        "several_labels": several,
        "labels_and_boxes": mixed,
        "kinds": dict(kinds),
        "labels": {label: {"images": images[label], "boxes": boxes[label]} for label in sorted(images)},
        "attributes": dict(names.most_common()),
        "jobs": dict(jobs.most_common()),
        "buckets": dict(buckets.most_common()),
        "sizes": dict(sizes.most_common()),
        "dates": dates,
    }


def _size(content: Any) -> str:
    try:
        (size,) = content["image_size"]
        return f"{size['width']}×{size['height']}"
    except (KeyError, TypeError, ValueError):
        return "unknown"
