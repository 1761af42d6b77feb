"""Lines in which nothing is wrong and nothing out of the way, read and checked at a fraction of what others take.

Nearly every line of a manifest is one. A typed decoder makes of it only what is looked at, and each check is the
mere question whether all is well; what it does not take is examined by `entries`, which says what is wrong. That both
come to the same on every line is a property that tests hold.
"""

from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from msgspec.json import Decoder

from customlabels.datasets.limits import MAX_BOXES, MAX_LABEL, MAX_SIDE, MIN_SIDE, SHRUNK_SIDE
from customlabels.manifests.attributes import attributes_of, halves_of, is_date
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL

# Beyond, another decoder makes a fraction of it.
_Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Side = Annotated[int, Meta(ge=MIN_SIDE, le=MAX_SIDE)]
_Edge = Annotated[int, Meta(ge=0, le=MAX_SIDE)]
_Label = Annotated[str, Meta(min_length=1, max_length=MAX_LABEL)]


class _Size(Struct, gc=False, forbid_unknown_fields=True):
    width: _Side
    height: _Side
    depth: _Whole


class _Box(Struct, gc=False, forbid_unknown_fields=True):
    class_id: _Whole
    left: _Edge
    top: _Edge
    width: _Edge
    height: _Edge


class _Sure(Struct, gc=False, forbid_unknown_fields=True):
    confidence: float


class _Object(Struct, gc=False, forbid_unknown_fields=True):
    """An attribute of boxes, or any attribute's metadata.

    Nothing unknown is taken: of what a decoder skips it does not see whether it is text at all.
    """

    image_size: list[_Size] | None = None
    annotations: list[_Box] | None = None
    objects: list[_Sure] | None = None
    classes: dict[str, _Label] | None = field(default=None, name="class-map")
    label: _Label | None = field(default=None, name="class-name")
    confidence: float = -1.0
    type: str = ""
    human: Literal["yes", "no"] | None = field(default=None, name="human-annotated")
    date: str = field(default="", name="creation-date")
    job: str = field(default="", name="job-name")
    adjustment: str = field(default="", name="adjustment-status")


_decode = Decoder(dict[str, str | _Whole | _Object]).decode


def read_plain(line: bytes) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """The source-ref of a line, whatever it names, its labels and those of its boxes; None where it is no plain one."""
    try:
        value = _decode(line)
    except ValueError:
        return None
    source_ref = value.get("source-ref")
    keys = tuple(value)
    attributes = _whole(keys)
    if type(source_ref) is not str or not attributes:
        return None
    # Keys and texts: what stands twice on the line is in `value` once, and its quotes are too many.
    texts = len(keys) + 1
    labels: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    for name, beside in attributes:
        content, metadata = value[name], value[beside]
        if type(metadata) is not _Object or metadata.human is None or not is_date(metadata.date):
            return None
        texts += 6 + 2 * (bool(metadata.job) + bool(metadata.adjustment))
        if metadata.type == IMAGE_LEVEL:
            label = metadata.label
            if type(content) is not int or label is None or not 0 <= metadata.confidence <= 1:
                return None
            if label not in labels:
                labels += (label,)
            texts += 3
        elif metadata.type == BOXES and type(content) is _Object:
            labels_of_boxes = _boxes(content, metadata)
            if labels_of_boxes is None:
                return None
            boxes += labels_of_boxes
            texts += 7 + 5 * len(labels_of_boxes) + len(metadata.objects or ()) + 2 * len(metadata.classes or ())
        else:
            return None
    return (source_ref, labels, boxes) if line.count(b'"') == 2 * texts else None


@lru_cache(maxsize=256)
def _whole(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """A line's attributes; none where a key is half of one."""
    return () if halves_of(keys) else attributes_of(keys)


def _boxes(content: _Object, metadata: _Object) -> tuple[str, ...] | None:
    """The labels of an attribute's boxes; None where something may be wrong with them."""
    sizes, boxes, objects, classes = content.image_size, content.annotations, metadata.objects, metadata.classes
    if not sizes or not boxes or objects is None or classes is None:
        return None
    if len(sizes) > 1 or len(boxes) > MAX_BOXES or len(boxes) > len(objects):
        return None
    width, height = sizes[0].width, sizes[0].height
    least = max(width, height, SHRUNK_SIDE) / SHRUNK_SIDE
    for box in boxes:
        across, down = box.width, box.height
        if across <= least or down <= least or box.left + across > width or box.top + down > height:
            return None
    try:
        return tuple([classes[str(box.class_id)] for box in boxes])
    except KeyError:
        return None
