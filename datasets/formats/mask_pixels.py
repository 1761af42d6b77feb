"""What a mask's pixels say: spots that hang together, each with the label that its value or colour is named after.

Two kinds. Marks: grey, 0 is background, everything else the object, and the label is told from outside. Classes: a
palette, grey values or colours that `Names` gives labels.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.files import read_bounded
from customlabels.datasets.formats.class_lists import without_numbers
from customlabels.datasets.headers import header
from customlabels.datasets.model import Box
from customlabels.datasets.spots import spots

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

Colour = tuple[int, int, int]

_TAKEN = ("PNG", "BMP", "TIFF", "GIF", "JPEG")
_MOST_PIXELS = 89_000_000
_MOST_CLASSES = 32
_SHOWN = 9
_COUNTED = 1 << 20
_MARKED = 127
"""A mark is lighter than this where a mask has no more than noise around black and white, as JPEG leaves it."""

_NOISE, _FEW = 16, 4
_WHITE, _VISIBLE = 255, 128

_VOID, _VOID_COLOUR = 255, (224, 224, 192)
"""Pascal VOC: the border of an object, of no class; told by its colour in the palette."""

_BACKGROUND = re.compile(r"_*background_*", re.IGNORECASE)
_NOTHING = re.compile(r"(0[ :,.=-]*)?_*(back[ _-]?ground|bg|none|nothing|unlabell?ed|void|ignored?)_*", re.IGNORECASE)
"""What a list has in its first line for 0. Further down a void may be what a casting has."""

_IGNORED = re.compile(r"_+ignore_+", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)
_COLOURED = re.compile(r"([^:#]+):(\d+),(\d+),(\d+):.*")
"""A line of CVAT's labelmap.txt."""

DEFECT = "defect"
"""The label of what masks mark, where nothing names it."""

NAMES = "labels.json"
TABLE = "_classes.csv"
LISTS = ("labels.txt", "class_names.txt", "labelmap.txt")


@dataclass(frozen=True, slots=True)
class Names:
    """Labels of pixel values and of colours; empty for background. `void` are values of no class."""

    values: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[Colour, str] = field(default_factory=dict)
    void: frozenset[int] = frozenset()
    file: str = NAMES

    @property
    def counted(self) -> str:
        """Which value is which, where lines of a list were counted; else nothing."""
        if self.file not in LISTS or not self.values:
            return ""
        shown = ", ".join(f"{value} {label}" for value, label in list(self.values.items())[:_SHOWN] if label)
        return f"its lines name pixel values: {shown}{', …' if len(self.values) > _SHOWN else ''}; 0 is background"

    def __bool__(self) -> bool:
        return bool(self.values or self.colours)


def is_background(label: str) -> bool:
    """Whether that names what is no object, wherever it stands."""
    return _BACKGROUND.fullmatch(label) is not None


def colour_names(table: Mapping[str, Any]) -> Names:
    """Names out of a table from pixel value, or #rrggbb, to label; or such as Ground Truth's internal-color-map.

    Raises
    ------
    ValueError : a key is neither
    """
    values: dict[int, str] = {}
    colours: dict[Colour, str] = {}
    for key, entry in table.items():
        label = str(entry["class-name"] if isinstance(entry, dict) else entry)
        label = "" if is_background(label) else label
        parts = _HEX.fullmatch(str(entry["hex-color"]) if isinstance(entry, dict) else key)
        if parts:
            colours[int(parts[1], 16), int(parts[2], 16), int(parts[3], 16)] = label
        else:
            values[int(key)] = label
    return Names(values, colours)


def read_names(root: Path) -> Names:
    """The names that a folder of masks brings: labels.json, a list as labelme and CVAT write it, Roboflow's table.

    Raises
    ------
    LayoutError : it is none of these, or tables contradict each other
    """
    path = root / NAMES
    if path.is_file():
        try:
            return colour_names(json.loads(read_bounded(path, 1_000_000)))
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
            raise LayoutError(
                f'{path}: has to be a table from pixel value or colour to label, {{"1": "crack", "#ff0000": "pit"}}: '
                f"{error}"
            ) from error
    for name in LISTS:
        if (root / name).is_file():
            return _listed(root / name)
    tables = {path.relative_to(root).as_posix(): _tabled(path) for path in class_tables(root)}
    if len({frozenset(values.items()) for values in tables.values()}) > 1:
        raise LayoutError(f"{root}: {', '.join(tables)} name the classes differently", hint="leave one of them")
    return next((Names(values, {}, file=file) for file, values in tables.items()), Names())


def class_tables(root: Path) -> list[Path]:
    """Roboflow's tables from pixel value to class, one beside the masks of each side."""
    return [path for path in (root / TABLE, *sorted(root.glob(f"*/{TABLE}"))) if path.is_file() and _tabled(path)]


def _tabled(path: Path) -> dict[int, str]:
    """The classes of a table from pixel value to class; none where it is another."""
    try:
        rows = list(csv.reader(read_bounded(path, 1_000_000).decode("utf-8-sig").splitlines(), skipinitialspace=True))
        heading, *rows = [[cell.strip() for cell in row] for row in rows if row]
        if [cell.lower() for cell in heading] != ["pixel value", "class"]:
            return {}
        return {int(value): "" if not int(value) or is_background(name) else name for value, name in rows}
    except (ValueError, csv.Error):
        return {}


def _listed(path: Path) -> Names:
    """The names of a list, a line a class; of CVAT's with their colours."""
    try:
        text = read_bounded(path, 1_000_000).decode("utf-8-sig")
    except ValueError as error:
        raise LayoutError(f"{path}: {error}") from error
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    coloured = [parts for parts in map(_COLOURED.fullmatch, lines) if parts]
    if coloured and len(coloured) == len(lines):
        table = {
            (int(parts[2]), int(parts[3]), int(parts[4])): "" if is_background(parts[1]) else parts[1]
            for parts in coloured
        }
        return Names({}, table, file=path.name)
    lines = without_numbers(lines) or lines
    ignores = bool(lines) and _IGNORED.fullmatch(lines[0]) is not None
    classes = lines[1:] if ignores else lines
    # Where the background has no line of its own, it is 0 all the same.
    first = 0 if classes and _NOTHING.fullmatch(classes[0]) else 1
    values = {value: "" if not value or is_background(name) else name for value, name in enumerate(classes, first)}
    return Names(values, {}, frozenset({_VOID} if ignores else ()), path.name)


@dataclass(frozen=True, slots=True)
class Spots:
    """The boxes around a mask's spots, its width and height in pixels, and how many spots were too small."""

    boxes: tuple[Box, ...]
    size: tuple[int, int]
    small: int


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Values, (height, width), or colours, (height, width, 3), the colours of a palette's values, and what is wrong."""

    values: "NDArray[np.uint8]"
    palette: tuple[Colour, ...] = ()
    fault: str = ""

    @property
    def size(self) -> tuple[int, int]:
        return self.values.shape[1], self.values.shape[0]


def read_spots(mask: Path, names: Names, label: str | None, min_area: int) -> Spots:
    """What hangs together in a mask.

    Parameters
    ----------
    label : of all that is marked, where `names` holds none; None where it is not known: DEFECT, of a single kind
    min_area : pixels of the smallest spot that becomes a box

    Raises
    ------
    ValueError : it is no mask, too large or damaged; or holds what has no name
    """
    pixels = _decoded(mask)
    if pixels.fault:
        raise ValueError(pixels.fault)
    layers = _named_layers(pixels, names) if names else [(label, _marked(pixels, label))]
    boxes: list[Box] = []
    small = 0
    for name, layer in layers:
        for left, top, across, down, area in spots(layer):
            if area < min_area:
                small += 1
            else:
                boxes.append(Box(name or DEFECT, float(left), float(top), float(across), float(down)))
    return Spots(tuple(boxes), pixels.size, small)


def looks_like_a_mask(path: Path) -> bool:
    """Whether a file is black and white with soft edges, or of few values."""
    import numpy as np

    try:
        values = _decoded(path).values
    except ValueError:
        return False
    between = np.count_nonzero((values > 16) & (values < 240))
    return bool(between < 0.1 * values.size or np.count_nonzero(_counts(values)) <= _MOST_CLASSES)


def _decoded(mask: Path) -> _Pixels:
    """The pixels of a mask.

    Raises
    ------
    ValueError : no image that holds masks, too large, or damaged
    """
    import numpy as np
    from PIL import Image

    info = header(mask)
    if info.format not in _TAKEN:
        raise ValueError("no mask: a PNG, BMP, TIFF, GIF or JPEG file")
    if info.width * info.height > _MOST_PIXELS:
        raise ValueError(f"{info.width}×{info.height} pixels; of a mask at most {_MOST_PIXELS / 1e6:.0f} million")
    try:
        with Image.open(mask, formats=(info.format,)) as image:
            if image.mode == "P":
                flat = image.getpalette("RGB") or []
                palette = tuple((flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat) - 2, 3))
                return _Pixels(np.asarray(image), palette)
            if image.mode in {"L", "1"}:
                return _Pixels(np.asarray(image.convert("L")))
            if image.mode.startswith("I"):
                deep, clear = np.asarray(image), None
                colours = np.minimum(deep, 255).astype(np.uint8)
            else:
                deep, clear = None, _clear(image)
                colours = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"a damaged {info.format} file") from error
    if deep is not None:
        return _Pixels(colours, fault=_deep_classes(deep))
    if clear is not None and clear.any():
        # What is transparent is background; where all that is not is black, the mask lies in that alone.
        colours = np.where(clear[..., None], 0, colours)
        if not colours.any():
            return _Pixels(np.where(clear, 0, 255).astype(np.uint8))
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    # Grey that was saved as colour is grey.
    return _Pixels(red if (red == green).all() and (green == blue).all() else colours)


def _clear(image: "PILImage") -> "NDArray[np.bool_] | None":
    """Where an image is more transparent than not; None where it cannot be."""
    import numpy as np

    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}:
        return np.asarray(image.convert("RGBA").getchannel("A")) < _VISIBLE
    return None


def _deep_classes(deep: "NDArray[np.int_]") -> str:
    """Why values over 255 cannot be told from each other, where they may be classes."""
    import numpy as np

    if int(deep.max(initial=0)) <= _WHITE:
        return ""
    values = np.unique(deep)
    marks = values[values != 0].tolist()
    if not 1 < len(marks) <= _MOST_CLASSES:
        return ""
    shown = ", ".join(map(str, marks[:5]))
    return f"pixel values {shown} of 16 bits; those of classes go up to {_WHITE}: write them as 1, 2, …"


def _counts(values: "NDArray[np.uint8]") -> "NDArray[np.intp]":
    import numpy as np

    # One channel after the other: all are counted together, a part at a time, since each is made wide for it.
    flat = values.reshape(-1)
    counts = np.zeros(256, np.intp)
    for start in range(0, flat.size, _COUNTED):
        counts += np.bincount(flat[start : start + _COUNTED], minlength=256)
    return counts


def _named_layers(pixels: _Pixels, names: Names) -> "list[tuple[str | None, NDArray[np.bool_]]]":
    """For each label the pixels that it names.

    Raises
    ------
    ValueError : pixels have a value, or a colour, without a name
    """
    import numpy as np

    if pixels.values.ndim == 3:
        return _coloured_layers(pixels, names)
    present = np.flatnonzero(_counts(pixels.values)).tolist()
    void = names.void | ({_VOID} if _has_void(pixels) else frozenset())
    by_value = dict(names.values)
    if names.colours and not names.values:
        colours = pixels.palette or tuple((grey, grey, grey) for grey in range(256))
        by_value = {value: names.colours[colour] for value, colour in enumerate(colours) if colour in names.colours}
    unknown = [value for value in present if value and value not in by_value and value not in void]
    if unknown:
        raise ValueError(f"pixel values that {names.file} does not name: {', '.join(map(str, unknown))}")
    labels = {by_value[value] for value in present if by_value.get(value)}
    return [
        (label, np.isin(pixels.values, [value for value, name in by_value.items() if name == label]))
        for label in sorted(labels)
    ]


def _coloured_layers(pixels: _Pixels, names: Names) -> "list[tuple[str | None, NDArray[np.bool_]]]":
    import numpy as np

    packed = _packed(pixels.values)
    rest = packed != 0
    layers: dict[str, NDArray[np.bool_]] = {}
    for (red, green, blue), label in names.colours.items():
        mask = packed == (red << 16 | green << 8 | blue)
        rest &= ~mask
        if label and mask.any():
            layers[label] = layers[label] | mask if label in layers else mask
    unknown = _colours_of(packed[rest])
    if unknown:
        raise ValueError(f"colours that {names.file} does not name: {', '.join(unknown)}")
    return list(layers.items())


def _packed(colours: "NDArray[np.uint8]") -> "NDArray[np.uint32]":
    import numpy as np

    wide = colours.astype(np.uint32)
    packed = wide[..., 0] << np.uint32(16) | wide[..., 1] << np.uint32(8) | wide[..., 2]
    return packed.astype(np.uint32, copy=False)


def _colours_of(packed: "NDArray[np.uint32]", most: int = 5) -> list[str]:
    """Some of the colours of some pixels; a look at each would take long."""
    import numpy as np

    some = packed[:: max(1, packed.size // 100_000)]
    return [f"#{colour:06x}" for colour in np.unique(some)[:most].tolist()]


def _has_void(pixels: _Pixels) -> bool:
    return len(pixels.palette) > _VOID and pixels.palette[_VOID] == _VOID_COLOUR


def _marked(pixels: _Pixels, label: str | None) -> "NDArray[np.bool_]":
    """The pixels of a mask that marks things of one label.

    Raises
    ------
    ValueError : it has classes, and nothing names them
    """
    import numpy as np

    values = pixels.values
    if values.ndim == 3:
        packed = _packed(values)
        colours = _colours_of(packed[packed != 0])
        if len(colours) > 1 and len(colours) < 5:
            raise ValueError(f'several colours, {", ".join(colours)}; {NAMES} has to name them, {{"#ff0000": "crack"}}')
        values = values.max(axis=2)
    elif _has_void(pixels):
        values = np.where(values == _VOID, 0, values)
    marks = [value for value in np.flatnonzero(_counts(values)).tolist() if value]
    if pixels.palette or not marks or marks[-1] <= _MARKED:
        least, several = 1, len(marks) > 1
    else:
        # JPEG's noise lies around black and white; between them lie soft edges, of many values, or classes.
        between = [value for value in marks if _NOISE < value <= _MARKED]
        light = [value for value in marks if _MARKED < value < _WHITE - _NOISE]
        several = 0 < len(between) <= _FEW
        least = _NOISE if several else _MARKED
        several = several or (not between and 0 < len(light) <= _FEW and _has_areas(values, light))
    if several and label is None and len(marks) <= _MOST_CLASSES:
        shown = ", ".join(map(str, marks[:5]))
        raise ValueError(f'pixel values {shown} that nothing names; {NAMES} has to, {{"1": "crack", "2": "pit"}}')
    return values >= least


def _has_areas(values: "NDArray[np.uint8]", of: Sequence[int]) -> bool:
    """Whether each of some values fills squares of three pixels somewhere, as soft edges do not."""
    import numpy as np

    def fills(value: int) -> bool:
        same = values == value
        across = same[:, 2:] & same[:, 1:-1] & same[:, :-2]
        return bool(np.any(across[2:] & across[1:-1] & across[:-2]))

    return all(map(fills, of))
