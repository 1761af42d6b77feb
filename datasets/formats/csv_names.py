"""What columns are for, and the names that they go by."""

import re
from collections.abc import Collection, Sequence

ROLES = {
    "image": "image imagename imagepath imagefile imagefilename img imgpath imgname file filename filepath path name "
    "uri sourceref",
    "label": "label labels class classes classname category categories tag tags labelname categoryname",
    "side": "split subset set side partition usage mluse",
    "group": "group",
    "xmin": "xmin minx x1 xtl xstart startx xleft topleftx upperleftx lefttopx",
    "ymin": "ymin miny y1 ytl ystart starty ytop toplefty upperlefty lefttopy",
    "xmax": "xmax maxx x2 xbr xend endx xright bottomrightx lowerrightx rightbottomx right",
    "ymax": "ymax maxy y2 ybr yend endy ybottom bottomrighty lowerrighty rightbottomy bottom",
    "left": "left x boxleft",
    "top": "top y boxtop",
    "box_width": "boxwidth bboxwidth bboxw w",
    "box_height": "boxheight bboxheight bboxh h",
    "xcenter": "xcenter xcentre centerx centrex cx",
    "ycenter": "ycenter ycentre centery centrey cy",
    "width": "imagewidth imgwidth",
    "height": "imageheight imgheight",
    "degrees": "degrees angledegrees angledeg",
    "radians": "radians angleradians anglerad",
    "bbox": "bbox bboxes box boxes boundingbox boundingboxes bboxxywh",
    "corners": "bboxxyxy xyxy",
    "runs": "encodedpixels rle rlemask maskrle",
    "image_and_label": "imageidclassid",
    "mask": "mask maskpath maskfile maskname segmentationmask",
}
"""What a column is for, and the names it goes by, without blanks, dashes, dots and underscores."""

IDS = "imageid id idcode imgid photoid imageids filenames images"
"""Names of columns that hold an image's name without its ending, as Kaggle and Open Images have it."""

ONE_HOT = "_classes.csv"
"""A column a class, as Roboflow writes it, be it one alone."""

LABELS = (
    "defect defects defecttype fault faulttype damage anomaly diagnosis target finding kind type species grade quality "
    "choice choices result klasse etikett fehler classe categorie etichetta clase etiqueta classid labelid categoryid y"
)
"""Names of columns of labels that mean something else elsewhere, the likelier first."""

LABEL_NAMES = (*ROLES["label"].split(), *LABELS.split(), "name")
"""What columns and attributes that hold labels are called, the likelier first."""

CORNERS, SIZES = ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "box_width", "box_height")
CENTRES = ("xcenter", "ycenter", "box_width", "box_height")
QUADRANGLE = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
"""Four points, whose roles nobody has to name: they are those of all eight columns or of none."""

GEOMETRIES = (QUADRANGLE, CORNERS, SIZES, CENTRES)
COORDINATES = {*QUADRANGLE, *CORNERS, *SIZES, *CENTRES, "degrees", "radians", "width", "height"}

ANGLES = {"angle", "rotation", "theta", "rot"}
"""Names of columns of angles that do not tell in what."""

_OF_ROWS = re.compile(
    r"(?i:(?:.*[_ .-])?id|annotator|(?:annotated|created|updated|completed)[_ ]?(?:at|by)|lead[_ ]?time)|.*[a-z]I[dD]"
)
"""Names of columns that keep record of rows, as Label Studio's CSV has five of them."""

_OF_BOXES = re.compile(r"(?:bbox|boundingbox|bndbox|box|rect|roi|bb)_?(?=[xylthw])|(?:bbox|box|rect)$")
_BOXLIKE = re.compile(r"b?[xywh]\d?|.*(?:min|max|left|right|top|bottom|width|height|center|centre|box).*")


def plain_name(cell: str) -> str:
    """A column's name without case, blanks, dashes, dots and underscores."""
    return re.sub(r"[\s_./#-]+", "", cell).lower()


def keeps_record(cell: str) -> bool:
    """Whether a column of that name numbers and dates rows, or tells who made them, and so holds no labels."""
    return _OF_ROWS.fullmatch(cell.strip()) is not None


def role_of(cell: str) -> str | None:
    """What a column of that name is for; None where the name does not tell."""
    plain = plain_name(cell)
    for name in (plain, _OF_BOXES.sub("", plain)):
        role = next((role for role, names in ROLES.items() if name in names.split()), None)
        if role:
            return role
    return None


def roles_of(names: Sequence[str], given: Collection[str] = ()) -> dict[str, list[int]]:
    """The columns of each role, by number from 0, as the names beside each other tell.

    x1 is the left side, but the right one beside x0. A left side beside a right one is a corner's, beside sizes not.
    Plain width and height are the box's beside left and top, the image's beside corners.

    Parameters
    ----------
    given : roles of columns that a person named
    """
    plain = [plain_name(name) for name in names]
    from_zero = {"x0", "y0"} <= set(plain)
    roles = {} if COORDINATES & set(given) else _quadrangle(plain)
    points = {column for columns in roles.values() for column in columns}
    for column, name in enumerate(names):
        if column in points:
            continue
        role = _FROM_ZERO.get(plain[column]) if from_zero else None
        role = role or role_of(name)
        if role and role not in given:
            roles.setdefault(role, []).append(column)
    known = {*roles, *given}
    if "xmax" in known:
        _renamed(roles, known, {"left": "xmin", "top": "ymin"})
    elif {"box_width", "width"} & {*known, *plain}:
        _renamed(roles, known, {"xmin": "left", "ymin": "top"})
    sizes = ("box_width", "box_height") if {"left", "xcenter"} & {*roles, *given} else ("width", "height")
    for name, role in zip(("width", "height"), sizes, strict=True):
        if name in plain and role not in known:
            roles[role] = [plain.index(name)]
    return roles


def _quadrangle(names: Sequence[str]) -> dict[str, list[int]]:
    """The columns of four points, where all of them are there; counted from 1 or from 0."""
    bare = [_OF_BOXES.sub("", name) for name in names]
    for first in (1, 0):
        points = [f"{axis}{number}" for number in range(first, first + 4) for axis in "xy"]
        if all(bare.count(point) == 1 for point in points):
            return {role: [bare.index(point)] for role, point in zip(QUADRANGLE, points, strict=True)}
    return {}


def _renamed(roles: dict[str, list[int]], known: Collection[str], names: dict[str, str]) -> None:
    for role, other in names.items():
        if role in roles and other not in known:
            roles[other] = roles.pop(role)


_FROM_ZERO = {"x0": "xmin", "y0": "ymin", "x1": "xmax", "y1": "ymax"}


def may_be_coordinate(name: str) -> bool:
    """Whether a name sounds like a coordinate of a box."""
    return _BOXLIKE.fullmatch(plain_name(name)) is not None
