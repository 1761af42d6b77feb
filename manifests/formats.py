"""All layouts that can be read, in the order in which they are asked whether a source looks like theirs."""

from dataclasses import replace
from pathlib import Path

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.evidence import against_labels
from customlabels.datasets.files import packed_as, walk, wanted
from customlabels.datasets.foreign import foreign
from customlabels.datasets.formats import (
    coco,
    createml,
    csv_table,
    custom_vision,
    cvat,
    folder,
    hugging_face,
    kitti,
    label_studio,
    labelbox,
    labelme,
    masks,
    supervisely,
    vertex,
    via,
    voc,
    yolo,
)
from customlabels.datasets.formats.masks import masks_below
from customlabels.datasets.layout import Format, Layout, Options
from customlabels.datasets.model import Dataset
from customlabels.datasets.reading import Policy, make_dataset
from customlabels.manifests import layout


def annotations(file: Path) -> Format | None:
    """The format of a file of annotations; None where it is not plain that it is one."""
    return next((format for format in FORMATS.values() if format.tells and format.recognises(file, DEFAULTS)), None)


def what_else(file: Path) -> str | None:
    """What a file is whose lines are none of a manifest, and what to do with it; None where it is not known."""
    tool = foreign(file)
    if tool is not None:
        return f"the file is {tool.what}, which is not read: {tool.instead}"
    format = annotations(file) or (csv_table.FORMAT if file.suffix.lower() in {".csv", ".tsv"} else None)
    if format is None or format.name == layout.FORMAT.name:
        return None
    return f"the file is {format.name} ({format.summary}): customlabels manifest build makes a manifest of it"


def _read_folder(source: Path, options: Options) -> Layout:
    return folder.read(source, options, lambda file: annotations(file) is not None)


DEFAULTS = Options()
FORMATS = {
    format.name: format
    for format in (
        via.FORMAT,
        createml.FORMAT,
        vertex.FORMAT,
        labelbox.FORMAT,
        custom_vision.FORMAT,
        hugging_face.FORMAT,
        supervisely.FORMAT,
        kitti.FORMAT,
        layout.FORMAT,
        yolo.FORMAT,
        coco.FORMAT,
        label_studio.FORMAT,
        cvat.FORMAT,
        voc.FORMAT,
        labelme.FORMAT,
        masks.FORMAT,
        csv_table.FORMAT,
        replace(folder.FORMAT, read=_read_folder),
    )
}
"""In the order of recognition, which is about all of them: the particular before what may look like them."""

AUTO = "auto"
_CSV = csv_table.FORMAT.name
_FLAGS = {
    "images": "--images",
    "label_from": "--label-from",
    "label_pattern": "--label-pattern",
    "label_rules": "--label-rule",
    "label_separator": "--label-separator",
    "delimiter": "--delimiter",
    "encoding": "--encoding",
    "fractions": "--box-unit",
    "masks": "--masks",
    "min_area": "--min-area",
    "lines": "--lines",
    "attributes": "--attribute",
}
"""Of options that not all formats take: what they are called."""

TAKE_WHAT_TRAINS = Policy()


def load_dataset(
    source: Path, format: str = AUTO, options: Options = DEFAULTS, policy: Policy = TAKE_WHAT_TRAINS
) -> Dataset:
    """The labelled images in a file or folder of any format.

    Raises
    ------
    LayoutError : it is not there, cannot be read, or holds no usable image
    """
    layout = find_format(format, source, options).read(source, options)
    return make_dataset(layout, options, policy, source)


def find_format(name: str, source: Path, options: Options) -> Format:
    """The format of that name, or, for auto, the first that recognises `source`.

    Raises
    ------
    SettingsError : there is no format of that name, or it knows no category or no groups, and one is given
    LayoutError : there is no such file or folder, it is packed, or no format recognises it
    """
    if not source.exists():
        raise LayoutError(f"{source}: no such file or folder", hint="name a folder or file of labelled images")
    packed = packed_as(source) if source.is_file() else None
    if packed:
        sheet = packed == "a spreadsheet"
        unpack = "save it as CSV" if sheet else "unpack it, and name the folder or file that comes out"
        raise LayoutError(f"{source}: is {packed}", hint=unpack)
    if name != AUTO and name not in FORMATS:
        raise SettingsError(f"{name!r} is no format; there are {AUTO}, {', '.join(FORMATS)}")
    format = FORMATS.get(name) or _recognised(source, options)
    if options.category is not None and "category" not in format.takes:
        raise SettingsError(
            f"--category {options.category}: {source} is read as {format.name}, which has none", hint="omit --category"
        )
    if "group" in options.columns and format.name != _CSV:
        raise no_groups(format, options, str(source))
    return format


def no_groups(format: Format, options: Options, source: str) -> SettingsError:
    """Of a column of groups that is named where there is none: whoever did so believes that a split keeps to them."""
    return SettingsError(
        f"--column group={options.columns['group']}: {source} is read as {format.name}, which tells no groups",
        hint="--group-by REGEX finds them in the images' names",
    )


def untaken(format: Format, options: Options) -> list[str]:
    """The options that are given and that the format does not take, as they are called."""
    given = [
        flag
        for name, flag in _FLAGS.items()
        if name not in format.takes and getattr(options, name) != getattr(DEFAULTS, name)
    ]
    if format.name != _CSV:
        given += [f"--column {role}=…" for role in options.columns if role not in format.roles]
    return given


def _recognised(source: Path, options: Options) -> Format:
    """The first format that recognises `source`.

    Raises
    ------
    LayoutError : none does, or it would be folders that are no labels
    """
    tool = foreign(source) if source.is_file() else None
    for format in FORMATS.values():
        if format.recognises(source, options) and not (tool and format.name == _CSV):
            if format.name == folder.FORMAT.name and options.label_from != "name":
                _refuse_structure(source, options)
            return format
    if tool is not None:
        raise LayoutError(f"{source}: is {tool.what}, which is not read", hint=tool.instead)
    raise LayoutError(
        f"{source}: is laid out like none of {', '.join(FORMATS)}", hint="name its format with --format NAME"
    )


def _refuse_structure(source: Path, options: Options) -> None:
    """Sees that folders which nobody called labels are such.

    Raises
    ------
    LayoutError : something speaks against it
    """
    root = source.resolve()
    masks, _ = masks_below(root, options)
    names = (name for name in walk(root) if name not in masks and wanted(name, options.include, options.exclude))
    evidence = against_labels(source, names, options.label_from, lambda file: annotations(file) is not None)
    if evidence is not None:
        raise LayoutError(f"{source}: is not taken for a folder a label: {evidence.seen}", hint=evidence.instead)
