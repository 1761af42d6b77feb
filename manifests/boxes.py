"""Object locations of one attribute, checked as the service does it.

Source: Custom Labels developer guide, md-create-manifest-file-object-detection.md and tm-debugging-json-line-errors.md.
"""

from collections.abc import Callable, Iterator
from typing import Any

from customlabels.datasets.limits import MAX_BOXES, MAX_LABEL, MAX_SIDE, MIN_SIDE, SHRUNK_SIDE
from customlabels.manifests.attributes import LABEL, NUMBERS, is_metadata, metadata_fault
from customlabels.manifests.faults import BOX, METADATA, MISSING, VALUE, Cause, Fault, pointer, wrong

_SIZE = ("width", "height", "depth")
_BOX = ("class_id", "left", "top", "width", "height")
Causes = tuple[Cause, ...]


def check_boxes(name: str, value: Any, metadata: dict[str, Any]) -> tuple[list[str], list[Fault]]:
    """The labels of an attribute's valid boxes, and its faults.

    A bad box takes out that box alone; every other fault takes out the attribute.
    """
    objects: Any = metadata.get("objects")
    classes: Any = metadata.get("class-map")
    lacking = [
        field for field, table in (("objects", list), ("class-map", dict)) if type(metadata.get(field)) is not table
    ]
    if not is_metadata(metadata):
        fault = metadata_fault(name, metadata, lacking)
        return [], [fault] if fault is not None else []
    causes = _size_causes(name, value) or _annotation_causes(name, value)
    if causes:
        return [], [Fault("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", VALUE, name, causes=causes)]
    fault = metadata_fault(name, metadata, lacking)
    if fault is not None:
        return [], [fault]
    annotations = value.get("annotations", ())
    field = pointer(name, "annotations")
    if not annotations:
        causes = (Cause(field, value.get("annotations", MISSING), "nothing is on the image"),)
        return [], [Fault("WARNING_NO_ATTRIBUTE_ANNOTATIONS", VALUE, name, causes=causes)]
    causes = _confidence_causes(name, objects, len(annotations))
    if causes:
        return [], [Fault("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", METADATA, name, causes=causes)]
    numbers = list(dict.fromkeys(str(box["class_id"]) for box in annotations))
    for code, is_wrong, wanted in _CLASS_RULES:
        causes = tuple(
            wrong(pointer(f"{name}-metadata", "class-map", number), classes.get(number, MISSING), wanted)
            for number in numbers
            if is_wrong(classes.get(number))
        )
        if causes:
            return [], [Fault(code, METADATA, name, causes=causes)]
    (size,) = value["image_size"]
    causes = tuple(
        wrong(pointer(name, "image_size", 0, side), size[side], f"{MIN_SIDE} to {MAX_SIDE} pixels")
        for side in ("width", "height")
        if not MIN_SIDE <= size[side] <= MAX_SIDE
    )
    if causes:
        return [], [Fault("ERROR_INVALID_IMAGE_DIMENSION", VALUE, name, causes=causes)]
    if len(annotations) > MAX_BOXES:
        causes = (wrong(field, annotations, f"at most {MAX_BOXES} boxes; they are {len(annotations)}"),)
        return [], [Fault("ERROR_TOO_MANY_BOUNDING_BOXES", VALUE, name, causes=causes)]
    labels = [classes[str(box["class_id"])] for box in annotations]
    return _fitting(name, annotations, labels, size["width"], size["height"])


_CLASS_RULES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("ERROR_MISSING_CLASS_MAP_ID", lambda label: label is None, "the label of that class_id"),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", lambda label: type(label) is not str, "a text, the label"),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", lambda label: not 0 < len(label) <= MAX_LABEL, LABEL),
)


def _fitting(
    name: str, annotations: list[dict[str, int]], labels: list[str], width: int, height: int
) -> tuple[list[str], list[Fault]]:
    """The labels of the boxes that lie in the image and are large enough, and a fault for each other."""
    least = max(width, height, SHRUNK_SIDE) / SHRUNK_SIDE
    kept: list[str] = []
    faults: list[Fault] = []
    for number, box in enumerate(annotations):
        box_field = pointer(name, "annotations", number)
        off = tuple(wrong(f"{box_field}/{side}", box[side], wanted) for side, wanted in _off_frame(box, width, height))
        if off:
            faults.append(Fault("ERROR_INVALID_BOUNDING_BOX", BOX, name, number, off))
        elif min(box["width"], box["height"]) <= least:
            small = tuple(
                wrong(f"{box_field}/{side}", box[side], f"over {least:.3g} pixels in an image of {width}×{height}")
                for side in ("width", "height")
                if box[side] <= least
            )
            faults.append(Fault("ERROR_BOUNDING_BOX_TOO_SMALL", BOX, name, number, small))
        else:
            kept.append(labels[number])
    if not kept:
        causes = tuple(cause for fault in faults for cause in fault.causes)
        faults.append(Fault("ERROR_NO_VALID_ANNOTATIONS", VALUE, name, causes=causes))
    return kept, faults


def _off_frame(box: dict[str, int], width: int, height: int) -> Iterator[tuple[str, str]]:
    """The fields that put a box off its image, and what they have to be."""
    for start, side, most in (("left", "width", width), ("top", "height", height)):
        negative = [field for field in (start, side) if box[field] < 0]
        yield from ((field, "0 or more") for field in negative)
        if not negative and box[start] + box[side] > most:
            yield side, f"at most {most - box[start]}, {start} being {box[start]} in an image of {width}×{height}"


def _size_causes(name: str, value: Any) -> Causes:
    """Why width and height are not given as the format wants them."""
    if type(value) is not dict:
        return (wrong(pointer(name), value, "an object with image_size and annotations"),)
    sizes = value.get("image_size", MISSING)
    size = sizes[0] if type(sizes) is list and len(sizes) == 1 else None
    if type(size) is not dict:
        return (wrong(pointer(name, "image_size"), sizes, "a list of one object with width, height and depth"),)
    return _whole_numbers(size, _SIZE, pointer(name, "image_size", 0))


def _annotation_causes(name: str, value: dict[str, Any]) -> Causes:
    annotations = value.get("annotations", [])
    field = pointer(name, "annotations")
    if type(annotations) is not list:
        return (wrong(field, annotations, "a list of boxes"),)
    causes: list[Cause] = []
    for number, box in enumerate(annotations):
        if type(box) is not dict:
            causes.append(wrong(f"{field}/{number}", box, "an object with class_id, left, top, width and height"))
        else:
            causes += _whole_numbers(box, _BOX, f"{field}/{number}")
    return tuple(causes)


def _whole_numbers(table: dict[str, Any], fields: tuple[str, ...], parent: str) -> Causes:
    return tuple(
        wrong(f"{parent}/{field}", table.get(field, MISSING), "a whole number")
        for field in fields
        if type(table.get(field)) is not int
    )


def _confidence_causes(name: str, objects: list[Any], boxes: int) -> Causes:
    field = pointer(f"{name}-metadata", "objects")
    causes = []
    for number, described in enumerate(objects):
        confidence = described.get("confidence", MISSING) if type(described) is dict else MISSING
        if type(confidence) not in NUMBERS:
            causes.append(wrong(f"{field}/{number}/confidence", confidence, "a number"))
    if len(objects) < boxes:
        causes.append(wrong(field, objects, f"as long as the annotations: {boxes}, not {len(objects)}"))
    return tuple(causes)
