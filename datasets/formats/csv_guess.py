"""Which column of a table is what: as options say, as its header names it, else as its cells look, and then told."""

from collections.abc import Callable, Mapping

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.formats.csv_cells import is_number, shapes_of
from customlabels.datasets.formats.csv_kinds import (
    NO,
    NUMERIC,
    WORDS,
    YES,
    Kind,
    is_address,
    is_side,
    kind_of,
    names_an_image,
)
from customlabels.datasets.formats.csv_labels import (
    find_labels,
    narrow_labels,
    refuse_areas,
    refuse_boxes,
    refuse_labelled_boxes,
)
from customlabels.datasets.formats.csv_names import (
    ANGLES,
    CENTRES,
    COORDINATES,
    CORNERS,
    GEOMETRIES,
    IDS,
    LABELS,
    QUADRANGLE,
    ROLES,
    SIZES,
    plain_name,
    role_of,
    roles_of,
)
from customlabels.datasets.formats.csv_rules import PlacedRule, Rule, parse_rule
from customlabels.datasets.formats.csv_shape import Columns
from customlabels.datasets.layout import Options

Row = list[str]
Finds = Callable[[str], bool]

_FULL_TURN = 7
"""More than all of the way round in radians, and hardly ever all of the angles in degrees."""

_AUTOML_SETS = {"train", "training", "validation", "validate", "test", "unassigned", ""}
_MAKESENSE = ("label", "left", "top", "box_width", "box_height", "image", "width", "height")
_AUTOML_BOX = ("xmin", "ymin", None, None, "xmax", "ymax")
"""Its six or eight coordinates: two corners given, or all four."""


def guess_columns(rows: list[Row], options: Options, source: str, finds: Finds) -> Columns:
    """What the columns of a table hold.

    Parameters
    ----------
    rows : the first ones
    finds : whether there is an image of a name

    Raises
    ------
    LayoutError : it cannot be told
    """
    rules = [parse_rule(text) for text in options.label_rules]
    given = [*options.columns.values(), *(part.column for rule in rules for part in rule.conditions)]
    header = _has_header(rows, given, finds)
    counted = [int(part) for text in given for part in text.split(",") if part.strip().isdecimal() and len(part) < 4]
    # Rows may have more cells than the first ones, but none than the header.
    width = max([*map(len, rows), *([] if header else counted)])
    first = [cell.strip() for cell in rows[0]] if header else []
    names = tuple(first[column] if column < len(first) else str(column + 1) for column in range(width))
    cells = [[row[column] if column < len(row) else "" for row in rows[header:]] for column in range(width)]
    columns = Columns(header, len(first), names, cells, list(map(kind_of, cells)))
    if header and not _is_named(given) and not any(map(_names_a_column, first)):
        columns.notes.append(f"named by row 1 ({', '.join(first)}), which is taken for no image")
    for role, text in options.columns.items():
        columns.roles[role] = tuple(_column(part.strip(), columns, source, role) for part in text.split(","))
    columns.rules = tuple(_placed(rule, columns, source) for rule in rules)
    if header:
        _by_name(columns, options.columns, source)
    elif not options.columns and not rules and (_as_makesense(columns) or _as_automl(columns, rows)):
        return columns
    _images(columns, source, finds)
    _coordinates(columns, source, options.columns)
    _angles(columns, source, options.columns)
    refuse_areas(columns, source)
    _lists(columns)
    _sides(columns)
    if header and "label" not in options.columns:
        narrow_labels(columns, source)
    if not columns.rules and "label" not in columns.roles and "image_and_label" not in columns.roles:
        find_labels(columns, source)
    if "label" not in options.columns:
        refuse_labelled_boxes(columns, source)
    if header and not {"label"} & options.columns.keys() and not rules and columns.geometry is None:
        refuse_boxes(columns, source)
    _tell(columns)
    return columns


def _has_header(rows: list[Row], given: list[str], finds: Finds) -> bool:
    """Whether the first row names the columns rather than an image."""
    first = [cell.strip() for cell in rows[0]]
    if _is_named(given):
        return True
    if any(names_an_image(cell) or is_address(cell) for cell in first):
        return False
    if any(map(_names_a_column, first)):
        return True
    below = [[row[column] if column < len(row) else "" for row in rows[1:]] for column in range(len(first))]
    if any(cell and finds(cell) and any(map(finds, cells)) for cell, cells in zip(first, below, strict=True)):
        return False
    kinds = list(map(kind_of, below))
    if any(kind in (Kind.IMAGE, Kind.FILE) for kind in kinds):
        return True
    numeric = [is_number(cell) for cell, kind in zip(first, kinds, strict=True) if cell and kind in NUMERIC]
    if numeric:
        return not any(numeric)
    again = any(cell and cell in cells for cell, cells in zip(first, below, strict=True))
    return not again and not any(cell and finds(cell) for cell in first)


def _is_named(given: list[str]) -> bool:
    """Whether options name a column, so that there have to be names."""
    return any(not part.strip().isdigit() for text in given for part in text.split(","))


def _names_a_column(cell: str) -> bool:
    return bool(role_of(cell)) or plain_name(cell) in (*IDS.split(), *LABELS.split())


def _column(text: str, columns: Columns, source: str, role: str) -> int:
    if role not in ROLES:
        raise SettingsError(f"--column {role}=…: the roles of columns are {', '.join(ROLES)}")
    if columns.header and text in columns.names:
        return columns.names.index(text)
    if text.isdigit() and 0 < int(text) <= len(columns.names):
        return int(text) - 1
    raise LayoutError(f"{source}: has no column {text!r}; its columns are {columns.listed()}")


def _placed(rule: Rule, columns: Columns, source: str) -> PlacedRule:
    conditions = []
    for part in rule.conditions:
        column = _column(part.column, columns, source, "label")
        conditions.append((column, columns.titled(column), part.operator, part.value))
    return PlacedRule(rule.label, tuple(conditions))


def _by_name(columns: Columns, given: Mapping[str, str], source: str) -> None:
    """Roles after the names in the header.

    Raises
    ------
    LayoutError : columns are called like a box, and hold no numbers
    """
    kinds, cells, free = columns.kinds, columns.cells, set(columns.free)
    named = {
        role: [column for column in at if column in free] for role, at in roles_of(columns.names, given.keys()).items()
    }
    roles = {role: candidates for role, candidates in named.items() if candidates}
    words = {*WORDS, Kind.DOCUMENT, *NUMERIC}
    for role, candidates in roles.items():
        fitting = candidates
        if role == "label":
            fitting = [column for column in candidates if kinds[column] in words]
            if fitting:
                # What comes in later rows is read.
                fitting = [column for column in candidates if kinds[column] in {*words, Kind.EMPTY}]
        elif role == "side":
            fitting = [
                column for column in candidates if kinds[column] is Kind.EMPTY or any(map(is_side, cells[column]))
            ]
        elif role in COORDINATES:
            fitting = [
                column for column in candidates if kinds[column] is Kind.EMPTY or any(map(is_number, cells[column]))
            ]
        elif role == "image":
            fitting = [column for column in candidates if kinds[column] is Kind.IMAGE] or candidates
        if fitting:
            columns.roles[role] = tuple(fitting) if role == "label" else (fitting[0],)
    called = next((geometry for geometry in GEOMETRIES if all(role in roles for role in geometry)), ())
    strange = next((role for role in called if role not in columns.roles), None)
    if strange is not None and "label" not in given:
        column = roles[strange][0]
        cell = next(cell.strip() for cell in cells[column] if cell.strip())
        raise LayoutError(
            f"{source}: {columns.listed([roles[role][0] for role in called])} are called like a box, but "
            f"{columns.titled(column)} holds {cell!r}, which is no number",
            hint="boxes are in pixels, or in fractions of the image's sides; --column label=NAME reads labels alone",
        )
    if "bbox" in columns.roles and "corners" in columns.roles:
        columns.roles.pop("bbox")
    plain = [plain_name(name) for name in columns.names]
    if {"imageid", "labelname", "confidence"} <= set(plain):
        # Open Images: labels that people looked for and did not find have confidence 0.
        column = plain.index("confidence")
        if column in columns.free and kinds[column] in (Kind.FLAG, Kind.WHOLE) and set(cells[column]) <= YES | NO:
            columns.roles["present"] = (column,)


def _images(columns: Columns, source: str, finds: Finds) -> None:
    """The column that names the images; one whose cells do so goes before one that is merely called that."""
    kinds = columns.kinds
    named = columns.roles.get("image") or columns.roles.get("image_and_label")
    looks = [column for column in columns.free if kinds[column] is Kind.IMAGE]
    if "image_and_label" in columns.roles:
        columns.roles["image"] = columns.roles["image_and_label"]
    elif named is None or (kinds[named[0]] not in (Kind.IMAGE, Kind.FILE, Kind.EMPTY) and looks and columns.header):
        ids = [column for name in IDS.split() for column in columns.free if plain_name(columns.names[column]) == name]
        candidates = looks or ids or [column for column in columns.free if _are_found(columns.cells[column], finds)]
        if named is None and not candidates:
            raise LayoutError(
                f"{source}: no column is known to name the images; its columns are {columns.listed()}",
                hint="say which it is, by name or number: --column image=NAME --column label=NAME",
            )
        if named is None or not _are_found(columns.cells[named[0]], finds):
            columns.roles["image"] = (candidates[0],)
            if columns.header:
                columns.guessed.add("image")


def _are_found(cells: list[str], finds: Finds) -> bool:
    """Whether most of the first names are those of images that are there."""
    filled = [cell.strip() for cell in cells if cell.strip()][:20]
    return bool(filled) and 2 * sum(map(finds, filled)) > len(filled)


def _coordinates(columns: Columns, source: str, given: Mapping[str, str]) -> None:
    """Four columns of coordinates; those of other shapes are no boxes, and lose their role."""
    if not columns.header and not any(role in columns.roles for roles in GEOMETRIES for role in roles):
        _side_by_side(columns)
    geometry = columns.geometry
    some = [role for role in dict.fromkeys(role for roles in GEOMETRIES for role in roles) if role in columns.roles]
    points = {"left", "top"}, {"box_width", "box_height"}, {"xcenter", "ycenter"}
    if geometry is None and some and (set(some) not in points or set(some) & given.keys()):
        wanted = next(roles for roles in GEOMETRIES if set(some) & set(roles))
        missing = [role for role in wanted if role not in columns.roles]
        raise LayoutError(
            f"{source}: columns of boxes are missing: {', '.join(missing)}",
            hint="a box takes xmin, ymin, xmax, ymax or left, top, width, height; --column ROLE=NAME names a column",
        )
    for role in some:
        if role not in (geometry or ()):
            columns.roles.pop(role)


def _angles(columns: Columns, source: str, given: Mapping[str, str]) -> None:
    """A column of angles by which boxes are turned about their centres.

    Raises
    ------
    LayoutError : they may be in degrees or in radians
    """
    told = [role for role in ("degrees", "radians") if role in columns.roles]
    if columns.geometry == QUADRANGLE:
        columns.notes.append("taken: of four points the rectangle around them")
    if columns.geometry in (None, QUADRANGLE):
        for role in told:
            columns.roles.pop(role)
        return
    columns.guessed |= {*told} - given.keys()
    named = [column for column in columns.free if plain_name(columns.names[column]) in ANGLES]
    numbers = [abs(float(cell)) for column in named for cell in columns.cells[column] if is_number(cell)]
    if told or not named or not numbers:
        return
    name, title = columns.names[named[0]], columns.titled(named[0])
    if columns.geometry != CENTRES:
        columns.notes.append(f"taken: boxes as upright, though {title} may turn them (--column degrees={name})")
    elif 0 < max(numbers) <= _FULL_TURN:
        raise LayoutError(
            f"{source}: {title} turns boxes by degrees or by radians, which is not said",
            hint=f"--column degrees={name}, or --column radians={name}",
        )
    else:
        columns.roles["degrees"] = (named[0],)
        columns.guessed.add("degrees")


def _side_by_side(columns: Columns) -> None:
    """Four columns of numbers that follow each other, where no header tells what they are."""
    kinds, width = columns.kinds, len(columns.names)
    free = set(columns.free)
    runs = [
        start
        for start in range(width - 3)
        if all(column in free and kinds[column] in NUMERIC for column in range(start, start + 4))
    ]
    if not runs or len(runs) > 1:
        return
    start = runs[0]
    rows = [
        tuple(map(float, cells))
        for cells in zip(*columns.cells[start : start + 4], strict=True)
        if all(map(is_number, cells))
    ]
    if not rows:
        return
    roles = CORNERS if all(right > left and bottom > top for left, top, right, bottom in rows) else SIZES
    for offset, role in enumerate(roles):
        columns.roles[role] = (start + offset,)
        columns.guessed.add(role)


def _lists(columns: Columns) -> None:
    """Columns whose cells hold boxes or run lengths."""
    if not {"bbox", "corners"} & columns.roles.keys() and columns.geometry is None:
        boxes = [column for column in columns.free if columns.kinds[column] is Kind.BOX]
        if len(boxes) == 1:
            columns.roles["bbox"] = (boxes[0],)
            columns.guessed.add("bbox")
    if "runs" not in columns.roles:
        runs = [column for column in columns.free if columns.kinds[column] is Kind.RUNS]
        if len(runs) == 1:
            columns.roles["runs"] = (runs[0],)
            columns.guessed.add("runs")
    columns.corners = "corners" in columns.roles or ("bbox" in columns.roles and _lead_out_as_sizes(columns))
    if "corners" in columns.roles:
        columns.roles["bbox"] = columns.roles.pop("corners")


def _lead_out_as_sizes(columns: Columns) -> bool:
    """Whether boxes in cells can be corners alone: as left, top, width, height they would lead out of their images."""
    needed = [columns.roles.get(role, (None,))[0] for role in ("bbox", "width", "height")]
    if None in needed:
        return False
    leads_out = False
    for cell, width, height in zip(*(columns.cells[column] for column in needed if column is not None), strict=True):
        for shape in (shapes_of(cell) or ()) if is_number(width) and is_number(height) else ():
            if len(shape) == 4:
                if shape[2] <= shape[0] or shape[3] <= shape[1]:
                    return False
                leads_out |= shape[0] + shape[2] > float(width) + 1 or shape[1] + shape[3] > float(height) + 1
    return leads_out


def _sides(columns: Columns) -> None:
    """A column of parts of a split in a table without a header."""
    sides = [column for column in columns.free if columns.kinds[column] is Kind.SIDE]
    if not columns.header and "side" not in columns.roles and len(sides) == 1 and len(columns.free) > 1:
        columns.roles["side"] = (sides[0],)
        columns.guessed.add("side")


def _as_makesense(columns: Columns) -> bool:
    """Whether the columns are those of makesense.ai's CSV: label, box, image, and the image's width and height."""
    kinds = columns.kinds
    numbers = [kinds[column] in NUMERIC for column in range(len(kinds)) if column not in (0, 5)]
    if len(kinds) != len(_MAKESENSE) or kinds[5] is not Kind.IMAGE or kinds[0] is Kind.IMAGE or not all(numbers):
        return False
    columns.roles = {role: (column,) for column, role in enumerate(_MAKESENSE)}
    columns.notes.append(f"taken as makesense.ai writes them: {', '.join(_MAKESENSE)}")
    return True


def _as_automl(columns: Columns, rows: list[Row]) -> bool:
    """Whether the columns are those of Google AutoML's CSV: [set,] image, then labels, or a label and coordinates."""
    names = [row[1].strip() if len(row) > 1 else "" for row in rows]
    with_sets = all(row[0].strip().lower() in _AUTOML_SETS for row in rows) and any(map(names_an_image, names))
    start = int(with_sets)
    boxed = any(_is_coordinate(row, start + 2) for row in rows)
    if boxed and not start and not any(names_an_image(row[0]) or is_address(row[0]) for row in rows):
        return False
    if not start and not boxed:
        return False
    roles: dict[str, tuple[int, ...]] = {"side": (0,)} if start else {}
    roles["image"] = (start,)
    if boxed:
        roles["label"] = (start + 1,)
        roles |= {role: (start + 2 + offset,) for offset, role in enumerate(_AUTOML_BOX) if role}
    else:
        columns.label_rest = start + 1
    columns.roles = roles
    return True


def _is_coordinate(row: Row, start: int) -> bool:
    """Whether a row holds corners from there on: the upper left, others or blanks, and the lower right."""
    if len(row) < start + 6:
        return False
    between = (row[start + 2].strip(), row[start + 3].strip())
    corners = (row[start], row[start + 1], row[start + 4], row[start + 5])
    return all(map(is_number, corners)) and (not any(between) or all(map(is_number, between)))


def _tell(columns: Columns) -> None:
    """Notes on what was guessed, and on what is not read."""
    guessed = columns.guessed - {"flag"}
    taken = [f"{columns.listed([*held])} as {role}" for role, held in columns.roles.items() if role in guessed]
    if "flag" in columns.roles:
        taken.append(f"{columns.listed([*columns.roles['flag']])} as labels where they are 1")
    if "bbox" in columns.roles:
        taken.append(_order_of_boxes(columns))
    if taken:
        columns.notes.append(f"taken: {'; '.join(taken)}")
    masks = columns.roles.pop("mask", ())
    if columns.label_rest is None:
        free = [column for column in columns.free if columns.kinds[column] is not Kind.EMPTY]
        columns.blank = tuple(column for column in columns.free if columns.kinds[column] is Kind.EMPTY)
        files = [column for column in free if column in masks or columns.kinds[column] in (Kind.FILE, Kind.IMAGE)]
        unread = [column for column in free if column not in files]
        if unread:
            columns.notes.append(f"not read: {columns.listed(unread)} (--column ROLE=NAME says what a column is)")
        if files:
            columns.notes.append(f"that name files, not read: {columns.listed(files)} (--format masks reads masks)")


def _order_of_boxes(columns: Columns) -> str:
    column = columns.roles["bbox"][0]
    order = "left, top, right, bottom" if columns.corners else "left, top, width, height"
    other = "bbox" if columns.corners else "corners"
    name = columns.names[column] if columns.header else column + 1
    return f"the numbers of {columns.titled(column)} as {order} (--column {other}={name} takes them otherwise)"
