"""Object locations of one attribute, checked as the service does it.

Source: Custom Labels developer guide, md-create-manifest-file-object-detection.md and tm-debugging-json-line-errors.md.
"""

from typing import Any

from customlabels.datasets.limits import MAX_BOXES, MAX_LABEL, MAX_SIDE, MIN_SIDE, SHRUNK_SIDE
from customlabels.manifests.faults import BOX, METADATA, VALUE, Fault

_SIZE = ("width", "height", "depth")
_NUMBERS = (int, float)


def check_boxes(name: str, value: Any, metadata: dict[str, Any]) -> tuple[list[str], list[Fault]]:
    """The labels of an attribute's valid boxes, and its faults.

    A bad box takes out that box alone; every other fault takes out the attribute.
    """
    labels = _faultless(value, metadata)
    return (labels, []) if labels is not None else _examined(name, value, metadata)


def _faultless(value: Any, metadata: dict[str, Any]) -> list[str] | None:
    """The labels of an attribute in which nothing is wrong, found in one pass; None where something may be."""
    labels = []
    try:
        (size,) = value["image_size"]
        width, height, boxes = size["width"], size["height"], value["annotations"]
        objects, classes = metadata["objects"], metadata["class-map"]
        if (
            not (type(width) is type(height) is type(size["depth"]) is int)
            or not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE)
            or not 0 < len(boxes) <= MAX_BOXES
            or not len(boxes) <= len(objects)
        ):
            return None
        for described in objects:
            if type(described["confidence"]) not in _NUMBERS:
                return None
        least = max(width, height, SHRUNK_SIDE) / SHRUNK_SIDE
        for box in boxes:
            left, top, across, down, number = box["left"], box["top"], box["width"], box["height"], box["class_id"]
            if not (
                type(left) is type(top) is type(across) is type(down) is type(number) is int
                and 0 <= left <= width - across
                and 0 <= top <= height - down
                and across > least
                and down > least
            ):
                return None
            label = classes[str(number)]
            if type(label) is not str or not 0 < len(label) <= MAX_LABEL:
                return None
            labels.append(label)
    except (KeyError, TypeError, ValueError):
        return None
    return labels if type(value["image_size"]) is type(boxes) is type(objects) is list else None


def _examined(name: str, value: Any, metadata: dict[str, Any]) -> tuple[list[str], list[Fault]]:
    """As `check_boxes`, fault by fault in the service's order."""
    size = _image_size(value)
    annotations: Any = value.get("annotations", ()) if size else None
    if size is None or not _are_boxes(annotations):
        return [], [Fault("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", VALUE, name)]
    objects, classes = metadata.get("objects"), metadata.get("class-map")
    if type(objects) is not list or type(classes) is not dict:
        return [], [Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name)]
    if not annotations:
        return [], [Fault("WARNING_NO_ATTRIBUTE_ANNOTATIONS", VALUE, name)]
    if len(objects) < len(annotations) or not all(map(_has_confidence, objects)):
        return [], [Fault("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", METADATA, name)]
    labels: list[Any] = [classes.get(str(annotation["class_id"])) for annotation in annotations]
    if None in labels:
        return [], [Fault("ERROR_MISSING_CLASS_MAP_ID", METADATA, name)]
    if not all(type(label) is str for label in labels):
        return [], [Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name)]
    if not all(0 < len(label) <= MAX_LABEL for label in labels):
        return [], [Fault("ERROR_INVALID_LABEL_NAME_LENGTH", METADATA, name)]
    width, height = size
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        return [], [Fault("ERROR_INVALID_IMAGE_DIMENSION", VALUE, name)]
    if len(annotations) > MAX_BOXES:
        return [], [Fault("ERROR_TOO_MANY_BOUNDING_BOXES", VALUE, name)]
    return _fitting(name, annotations, labels, width, height)


def _fitting(
    name: str, annotations: list[dict[str, int]], labels: list[str], width: int, height: int
) -> tuple[list[str], list[Fault]]:
    """The labels of the boxes that lie in the image and are large enough, and a fault for each other."""
    least = max(width, height, SHRUNK_SIDE) / SHRUNK_SIDE
    kept, faults = [], []
    for place, box in enumerate(annotations):
        left, top, across, down = box["left"], box["top"], box["width"], box["height"]
        if left < 0 or top < 0 or across < 0 or down < 0 or left + across > width or top + down > height:
            faults.append(Fault("ERROR_INVALID_BOUNDING_BOX", BOX, name, place))
        elif across <= least or down <= least:
            faults.append(Fault("ERROR_BOUNDING_BOX_TOO_SMALL", BOX, name, place))
        else:
            kept.append(labels[place])
    if not kept:
        faults.append(Fault("ERROR_NO_VALID_ANNOTATIONS", VALUE, name))
    return kept, faults


def _image_size(value: Any) -> tuple[int, int] | None:
    """Width and height in pixels; None where they are not given as the format wants them."""
    sizes = value.get("image_size") if type(value) is dict else None
    size = sizes[0] if type(sizes) is list and len(sizes) == 1 else None
    if type(size) is not dict:
        return None
    width, height, depth = (size.get(side) for side in _SIZE)
    return (width, height) if type(width) is type(height) is type(depth) is int else None


def _are_boxes(annotations: Any) -> bool:
    if annotations == ():
        return True
    return type(annotations) is list and all(map(_is_box, annotations))


def _is_box(box: Any) -> bool:
    if type(box) is not dict:
        return False
    get = box.get
    return (
        type(get("class_id"))
        is type(get("left"))
        is type(get("top"))
        is type(get("width"))
        is type(get("height"))
        is int
    )


def _has_confidence(described: Any) -> bool:
    return type(described) is dict and type(described.get("confidence")) in _NUMBERS
