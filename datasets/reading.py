"""A layout made into a dataset: images found and looked at, boxes in pixels, every fault named."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from customlabels.core.errors import LayoutError
from customlabels.datasets.accounting import Tallies, gathered, left_out, tally, unread
from customlabels.datasets.files import Finder, lies_apart, wanted
from customlabels.datasets.layout import Annotated, Layout, Options
from customlabels.datasets.limits import MAX_BOXES, MAX_LABEL, MAX_LABELS, SHRUNK_SIDE
from customlabels.datasets.model import Box, Dataset, Finding, ImageInfo, ImageRecord, Side
from customlabels.datasets.probe import doubts, probe_all, service_fault

_DASHES = re.compile(r"(?<=[^\W_])[-_]+(?=[^\W_])")
_WHOLE = re.compile(r"([+-]?\d+)\.0*")
_VOID = {"nan", "NaN", "None", "N/A", "n/a", "NA", "<NA>", "#N/A", "null", "NULL"}
"""What tools write where nothing is known."""

_LIST = re.compile(r"""[\[({]\s*(['"]).*\1\s*[\])}]""", re.DOTALL)
"""A list of texts, as JSON or a language writes it."""

_MACHINE_ID = re.compile(r"/[mgt]/\w+")
"""How Open Images, and what is made of it, calls a class."""

_SLACK = 1.0
"""Pixels that a box may stand over an image's edge: what rounding does; it is cut off there."""

UNTURNED = (
    "EXIF turns it, and nothing says whether its boxes were drawn before or after that: "
    "taken as drawn on the image as it is shown"
)
ELSEWHERE = "lies in another folder than is said: found by its name alone"

LabelMap = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is taken into a dataset.

    Parameters
    ----------
    label_map : a label to another; to an empty one to leave it out
    allow_unlabelled : keeps images without labels and boxes, which a training ignores
    image_fault : says why an image of that header cannot be used
    step : called after each image that was looked at
    """

    label_map: LabelMap | None = None
    allow_unlabelled: bool = False
    image_fault: Callable[[ImageInfo], str | None] = service_fault
    step: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Images:
    """Where the images of a layout lie.

    Parameters
    ----------
    find : the path of an image by its name and part of the split; ValueError where there is none
    probe : what there is to know of each path, or why it cannot be used, in the order given
    """

    find: Callable[[str, str | None], Path]
    probe: Callable[
        [Iterable[Path], Callable[[], None] | None, Callable[[ImageInfo], str | None]], Iterator[ImageInfo | str]
    ] = probe_all


def make_dataset(
    layout: Layout, options: Options, policy: Policy, source: Path | None = None, images: Images | None = None
) -> Dataset:
    """The dataset of a layout; what cannot be used, or was left out, is among its findings.

    Parameters
    ----------
    source : the file or folder that was read; every file of a folder is accounted for
    images : where they lie; None: below the layout's root

    Raises
    ------
    LayoutError : it holds no usable image
    """
    findings: list[Finding] = []
    lying = images or Images(Finder(layout.root).find)
    placed, named = _placed(layout, options, policy, findings, lying)
    findings += layout.findings
    if source is not None and source.is_dir():
        findings += unread(source, layout, named, options)
    infos = lying.probe((path for _, path in placed), policy.step, policy.image_fault)
    subsets = {image.subset for image, _ in placed}
    sides = sides_of(subsets)
    findings += told_of_validation(subsets)
    records: list[ImageRecord] = []
    for (image, path), info in zip(placed, infos, strict=True):
        name = path.relative_to(layout.root).as_posix()
        if isinstance(info, str):
            findings.append(Finding(name, info, fatal=True))
            continue
        findings += [Finding(name, doubt, fatal=False) for doubt in doubts(info)]
        boxes, faults, turned = _boxes_in(image, info)
        if turned:
            findings.append(Finding(name, "its boxes were drawn on the unturned pixels; turned along", fatal=False))
        elif boxes and _may_be_turned(image, info):
            findings.append(Finding(name, UNTURNED, fatal=False))
        if boxes and len(boxes) > 1:
            findings += [Finding(_at(image.where, name), message, fatal=False) for message in repeated(boxes)]
        if faults:
            findings += [Finding(_at(image.where, name), fault, fatal=True) for fault in faults]
        else:
            records.append(ImageRecord(name, path, image.labels, info, sides[image.subset], boxes, image.group))
    findings = gathered(findings)
    if not records:
        raise LayoutError(
            f"{source if source and source.is_file() else layout.root}: holds no image that can be used",
            hint=_mending(findings, bool(named)),
            details=[f"{finding.name}: {finding.message}" for finding in findings],
        )
    records.sort(key=lambda record: record.name)
    labels = {label for record in records for label in record.all_labels}
    return Dataset(layout.root, tuple(records), (*findings, *alike(labels)))


def _mending(findings: list[Finding], has_images: bool) -> str:
    """What to do about a source without an image that can be used; a folder a label helps where nothing was read."""
    messages = [finding.message for finding in findings]
    if any("validate FILE --fix" in message for message in messages):
        return "customlabels manifest validate FILE --fix NEW.manifest, then name NEW.manifest"
    if any("no such image" in message for message in messages):
        return "say where the images lie with --images DIR"
    if any(
        "file; the service takes JPEG and PNG" in message or "dataset convert makes" in message for message in messages
    ):
        return "customlabels dataset convert SOURCE --to DIR makes JPEG or PNG images"
    unread = not has_images and not any(finding.fatal for finding in findings)
    if unread or any("has no label" in message or message == "no JPEG or PNG image" for message in messages):
        return "a folder for each label with JPEG or PNG images in it, or one of customlabels dataset formats"
    return "what is wrong with each is listed; customlabels dataset formats shows what can be read"


def labelled(image: Annotated, label_map: LabelMap | None) -> Annotated:
    """`image` with its labels renamed, and without blanks around them."""
    if not label_map and all(map(_is_bare, image.labels)) and all(_is_bare(box.label) for box in image.boxes or ()):
        return image
    emptied = {label for label, other in (label_map or {}).items() if not other}

    def renamed(label: str) -> str:
        return (label_map or {}).get(label.strip(), label.strip())

    labels = (renamed(label) for label in image.labels if label.strip() not in emptied)
    boxes = image.boxes
    if boxes:
        boxes = tuple(replace(box, label=renamed(box.label)) for box in boxes if box.label.strip() not in emptied)
    return replace(image, labels=tuple(dict.fromkeys(labels)), boxes=boxes)


def labels_of(image: Annotated) -> set[str]:
    """The labels of an image and of its boxes, as a map of labels has them."""
    return {label.strip() for label in (*image.labels, *(box.label for box in image.boxes or ()))}


def without_image(unmapped: Iterable[str]) -> list[Finding]:
    """A finding for each label that is to be renamed and that no image has."""
    return [
        Finding("labels", f"--label-map {label}=…: no image has that label", fatal=False) for label in sorted(unmapped)
    ]


def _is_bare(label: str) -> bool:
    return label == label.strip()


def label_faults(image: Annotated) -> list[str]:
    """What the service would not take of the image's labels."""
    boxes = image.boxes or ()
    labels = {*image.labels, *[box.label for box in boxes]}
    faults = list(filter(None, map(_label_fault, labels)))
    if len(image.labels) > MAX_LABELS:
        faults.append(f"{len(image.labels)} labels; the service takes {MAX_LABELS} an image")
    if len(boxes) > MAX_BOXES:
        faults.append(f"{len(boxes)} boxes; the service takes {MAX_BOXES} an image")
    return sorted(faults)


@lru_cache(maxsize=4096)
def _label_fault(label: str) -> str | None:
    if not label.strip():
        return "an empty label"
    if len(label) > MAX_LABEL:
        return f"label {label[:40]!r}… has more than {MAX_LABEL} characters"
    if any(ord(character) < 32 for character in label):
        return f"label {label!r} holds a control character"
    return None


def boxes_in_pixels(
    boxes: tuple[Box, ...], width: int, height: int, relative: bool
) -> tuple[tuple[Box, ...], list[str]]:
    """Boxes in pixels of an image of that size, cut at its edge, and what is wrong with others."""
    kept: list[Box] = []
    faults = []
    least = max(width, height, SHRUNK_SIDE) / SHRUNK_SIDE
    for number, box in enumerate(boxes, 1):
        if relative:
            box = Box(box.label, box.left * width, box.top * height, box.width * width, box.height * height)
        left, top, across, down = box.left, box.top, box.width, box.height
        # Comparisons with what is no number are false: only a box with nothing wrong passes.
        if (
            left >= 0
            and top >= 0
            and across > least
            and down > least
            and left + across <= width
            and top + down <= height
        ):
            kept.append(box)
            continue
        fault = _box_fault(box, width, height, least)
        if fault:
            faults.append(f"box {number} ({box.label}){fault}")
            continue
        right, bottom = min(left + across, float(width)), min(top + down, float(height))
        left, top = max(left, 0.0), max(top, 0.0)
        kept.append(Box(box.label, left, top, right - left, bottom - top))
    return tuple(kept), faults


def _box_fault(box: Box, width: int, height: int, least: float) -> str | None:
    """What is wrong with a box in pixels, where it stands included; None where it is to be cut at the image's edge."""
    left, top, right, bottom = box.corners
    if not all(map(math.isfinite, box.corners)):
        return ": a coordinate is no number"
    where = f", {left:.6g}, {top:.6g} to {right:.6g}, {bottom:.6g}: "
    if box.width <= 0 or box.height <= 0:
        return f"{where}has no width or height"
    if min(left, top) < -_SLACK or right > width + _SLACK or bottom > height + _SLACK:
        return f"{where}is not inside the image of {width}×{height} pixels"
    if min(box.width, box.height) <= least:
        return f"{where}is too small; shrunk to {SHRUNK_SIDE} pixels a side, a box must be over one pixel"
    return None


def _placed(
    layout: Layout, options: Options, policy: Policy, findings: list[Finding], lying: Images
) -> tuple[list[tuple[Annotated, Path]], set[Path]]:
    """Each image that is to be used, with its path; and the paths of all that the layout names."""
    placed: list[tuple[Annotated, Path]] = []
    taken: dict[Path, str] = {}
    images: set[Path] = set()
    spoilt: set[Path] = set()
    tallies: Tallies = {}
    unmapped = set(policy.label_map or ())
    for given in layout.images:
        if unmapped:
            unmapped -= labels_of(given)
        image = labelled(given, policy.label_map)
        if not wanted(image.name, options.include, options.exclude):
            continue
        where = _at(image.where, image.name)
        missing = ""
        try:
            path = lying.find(image.name, image.subset)
            images.add(path)
        except ValueError as error:
            missing = str(error)
        if image.left_out:
            tally(tallies, image)
        faults = [*image.faults, *(Finding(where, fault, fatal=True) for fault in label_faults(image))]
        if not faults and not image.labels and not image.boxes and not policy.allow_unlabelled:
            findings.append(unlabelled(given, image, where))
            continue
        if missing:
            faults.append(Finding(where, missing, fatal=True))
        elif path in taken:
            faults.append(Finding(where, f"is the same file as that of {taken[path]}", fatal=True))
        if faults:
            findings += faults
            if not missing:
                spoilt.add(path)
            continue
        taken[path] = where
        if lies_apart(image.name, path.relative_to(layout.root).as_posix()):
            findings.append(Finding(where, ELSEWHERE, fatal=False))
        placed.append((seen_whole(image), path))
    findings += [*left_out(tallies), *without_image(unmapped)]
    return [(image, path) for image, path in placed if path not in spoilt], images


def seen_whole(image: Annotated) -> Annotated:
    """`image`; where annotations were left out and no box is left, nobody can say that nothing is on it."""
    return replace(image, boxes=None) if image.left_out and not image.boxes else image


def unlabelled(given: Annotated, image: Annotated, where: str) -> Finding:
    """The finding on an image without labels and boxes that is not to be kept; `given` before labels were renamed."""
    if given.labels or given.boxes:
        return Finding(where, "left out with its label (--label-map)", fatal=False)
    if image.left_out:
        kinds = ", ".join(dict.fromkeys(image.left_out))
        return Finding(where, f"left out with all that marks it: {kinds}", fatal=False)
    if image.boxes is None:
        return Finding(where, "has no label (--allow-unlabelled keeps such images)", fatal=True)
    return Finding(
        where, "nothing is on it; a training ignores it, left out (--allow-unlabelled keeps it)", fatal=False
    )


def _at(where: str, name: str) -> str:
    return where if name in where else f"{where}, {name}"


def sides_of(subsets: set[str | None]) -> dict[str | None, Side | None]:
    """Sides of the parts of a split: where there is no test part, validation is tested on, else trained on."""
    validation = Side.TRAIN if "test" in subsets else Side.TEST
    return {None: None, "train": Side.TRAIN, "test": Side.TEST, "validation": validation}


def told_of_validation(subsets: set[str | None]) -> list[Finding]:
    """A finding where the part called validation is trained on; where it is the only one to test on, its side tells."""
    if not {"validation", "test"} <= subsets:
        return []
    message = "images for validation are trained on, since there are others for the test (--resplit divides anew)"
    return [Finding("split", message, fatal=False)]


def _boxes_in(image: Annotated, info: ImageInfo) -> tuple[tuple[Box, ...] | None, list[str], bool]:
    """The image's boxes in pixels as the service sees it, what is wrong with them, and whether they were turned.

    A file that states the size of the unturned pixels has its boxes there.
    """
    if not image.boxes:
        return image.boxes, [], False
    unturned = (info.height, info.width) if info.is_turned else (info.width, info.height)
    turn = info.is_turned and image.size == unturned != (info.width, info.height)
    width, height = unturned if turn else (info.width, info.height)
    if image.size and not image.relative and image.size != (width, height):
        stated = "×".join(map(str, image.size))
        return None, [f"its boxes are for {stated} pixels, but the image has {info.width}×{info.height}"], False
    if image.size and image.relative and not turn and not _alike_shaped(image.size, (width, height)):
        stated = "×".join(map(str, image.size))
        return None, [f"its boxes are parts of {stated} pixels, but the image has {info.width}×{info.height}"], False
    boxes, faults = boxes_in_pixels(image.boxes, width, height, image.relative)
    if turn:
        boxes = tuple(turned(box, info.orientation, width, height) for box in boxes)
    return boxes, faults, turn


def _alike_shaped(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether sizes are of one shape, turned or not, but for what rounding does to one that was shrunk."""
    width, height = size
    off = min(abs(width * other[1] - height * other[0]), abs(width * other[0] - height * other[1]))
    return off <= sum(size) + sum(other)


def repeated(boxes: tuple[Box, ...]) -> Iterator[str]:
    """What is to be said of boxes that lie in the same place."""
    places = {box.corners for box in boxes}
    different = set(boxes)
    if len(different) < len(boxes):
        yield "has the same box twice, of the same label: both are used"
    if len(places) < len(different):
        yield "has boxes of several labels in the same place: all are used"


def _may_be_turned(image: Annotated, info: ImageInfo) -> bool:
    """Whether EXIF turns or mirrors an image whose boxes may have been drawn on the stored pixels all the same."""
    tells = image.size is not None and info.is_turned and info.width != info.height
    return info.orientation != 1 and not tells


def turned(box: Box, orientation: int, width: int, height: int) -> Box:
    """A box on the stored pixels, `width` by `height`, where it comes to lie when EXIF's orientation is applied."""
    left, top, right, bottom = box.corners
    corner = {
        1: (left, top),
        2: (width - right, top),
        3: (width - right, height - bottom),
        4: (left, height - bottom),
        5: (top, left),
        6: (height - bottom, left),
        7: (height - bottom, width - right),
        8: (top, width - right),
    }[orientation]
    across, down = (box.height, box.width) if orientation >= 5 else (box.width, box.height)
    return Box(box.label, *corner, across, down)


def alike(labels: Iterable[str]) -> list[Finding]:
    """Labels that look alike, which the service takes for two, lists, and what tools write where there is none."""
    spellings: dict[str, set[str]] = {}
    void, lists, numbers = set(), set(), set()
    for label in labels:
        spellings.setdefault(_likeness(label), set()).add(label)
        if label in _VOID:
            void.add(label)
        if _LIST.fullmatch(label.strip()):
            lists.add(label)
        if _MACHINE_ID.fullmatch(label):
            numbers.add(label)
    messages = [
        f"{_shown(variants)} differ in {_difference(variants)} alone (--label-map)"
        for variants in spellings.values()
        if len(variants) > 1
    ]
    messages += [f"{label!r} is taken for a label (--label-map {label}= leaves it out)" for label in sorted(void)]
    messages += [
        f"{label!r} is how Open Images numbers a class, whose name stands in another file (--label-map {label}=NAME)"
        for label in sorted(numbers)
    ]
    messages += [f"{label!r} looks like a list and is taken for one label" for label in sorted(lists)]
    return [Finding("labels", message, fatal=False) for message in messages]


def _likeness(label: str) -> str:
    """What labels that look alike have in common: no case, no dashes for blanks, nothing that is not seen."""
    plain = unicodedata.normalize("NFKC", label)
    seen = "".join(character for character in plain if unicodedata.category(character) != "Cf")
    return " ".join(_DASHES.sub(" ", _whole(seen.casefold())).split())


def _whole(text: str) -> str:
    """A whole number without the point that a table may put behind it; any other text as it is."""
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def _difference(variants: set[str]) -> str:
    if len({" ".join(label.casefold().split()) for label in variants}) == 1:
        return "case or blanks"
    if len({_whole(label.strip()) for label in variants}) == 1:
        return "how a number is written"
    written = {" ".join(_DASHES.sub(" ", label.casefold()).split()) for label in variants}
    return "case, blanks or dashes" if len(written) == 1 else "characters that look the same or are not seen"


def _shown(variants: set[str]) -> str:
    """Labels such that they can be told apart."""
    hidden = _difference(variants).startswith("characters")
    return ", ".join(map(ascii if hidden else repr, sorted(variants)))
