"""The folder layout: folders are labels; train/ and test/ at the top are the split."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.accounting import no_image
from customlabels.datasets.files import SYSTEM_FOLDERS, ending_of, folder_of, walk, wanted
from customlabels.datasets.formats.masks import in_category, masks_below, of_other_categories
from customlabels.datasets.layout import CONVERTIBLE_ENDINGS, SUBSETS, Annotated, Format, Layout, Options, bare_name
from customlabels.datasets.model import Dataset, Finding, ImageRecord
from customlabels.datasets.structure import Places, folders_of, labels_of, part_of, split_alike, without_structure

_SHOWN = 3
_MASK = re.compile(r"(.+?)(_(?:gt[a-z]+_)?(?:label|instance|labeltrain)ids|_gt[a-z]+_color)", re.IGNORECASE)
"""The stem of a mask as Cityscapes names it."""


def recognises(source: Path, _: Options) -> bool:
    """Any folder will do; this one is asked last."""
    return source.is_dir()


def read(source: Path, options: Options, annotates: Callable[[Path], bool] = lambda path: False) -> Layout:
    """The images below `source`, and a finding for every file that is not among them.

    The label is the first folder below the root (`top`), the one right above the image (`parent`), or all of
    them joined (`path`). An image that lies in none has no label.

    Parameters
    ----------
    annotates : whether a file holds annotations of another format: it is no stray file, and needs no finding

    Raises
    ------
    LayoutError : `source` is no folder, or holds no category that was asked for
    """
    root = folder_of(source, "name a folder that holds a folder of images a label")
    layout = Layout(root, ())
    layout.images = _images(source, layout, options, annotates)
    return layout


def _images(source: Path, layout: Layout, options: Options, annotates: Callable[[Path], bool]) -> Iterator[Annotated]:
    root, findings = layout.root, layout.findings
    masks, trees = masks_below(root, options)
    unseen: list[Finding] = []
    names = [name for name in walk(root, unseen) if wanted(name, options.include, options.exclude)]
    findings += (finding for finding in unseen if wanted(finding.name, (), options.exclude))
    endings = options.endings
    images = [name for name in names if name not in masks and ending_of(name) in endings]
    layout.files |= {*names} - {*images}
    for name in names:
        if name in masks:
            findings.append(Finding(name, "a mask of an image, left out", fatal=False))
        elif ending_of(name) in CONVERTIBLE_ENDINGS - endings:
            findings.append(
                Finding(name, "not a JPEG or PNG image; customlabels dataset convert makes one", fatal=True)
            )
        elif ending_of(name) not in endings and not annotates(root / name):
            findings.append(Finding(name, f"{no_image(name)}, left out", fatal=False))
    findings += [
        Finding(name, "a folder without any file: no label is made of it", fatal=False) for name in _empty(root, names)
    ]
    _refuse_masks(images, source)
    places = Places(map(folders_of, images), trees)
    chosen = in_category(images, places, options.category, source)
    others = {*images} - {*chosen}
    layout.files |= others
    findings += of_other_categories(others)
    split = _is_split(root)
    beside: dict[str, dict[str, str]] = {}
    labels: dict[str, str] = {}
    separator = options.label_separator or "/"
    for name in chosen:
        folders, subset = folders_of(name), None
        if split:
            subset = SUBSETS.get(folders[0].lower()) if folders else None
            if subset is None:
                layout.files.add(name)
                findings.append(Finding(name, "lies beside train/ and test/, not in one of them", fatal=True))
                continue
            folders = folders[1:]
        elif places[folders].category is not None:
            folders, subset = places[folders].labels, places[folders].subset
        elif places.is_divided:
            folders, subset = places.undivided(folders), places[folders].subset
        while subset and folders and part_of(folders[0]) == subset:
            # Archives unpack into a folder of their own name.
            folders = folders[1:]
        if options.label_from == "name":
            yield _named(name, options.label_pattern or "", subset)
            continue
        label = labels_of(folders, options.label_from, separator)
        unread = folders[1:] if options.label_from == "top" else folders[:-1] if options.label_from == "parent" else ()
        for folder in without_structure(unread):
            beside.setdefault(folder, {}).setdefault(label, name)
        labels.setdefault(label, name)
        yield Annotated(name, name, (label,) if label else (), subset=subset)
    findings += _on_labels(labels, beside)
    if len(labels) == 1 and len(beside) > 1 and options.label_from == "top":
        (label,), shown = labels, ", ".join(map(repr, sorted(beside)[:_SHOWN]))
        message = f"{label!r} is the label of all images; folders below it are not read: {shown} (--label-from parent)"
        findings.append(Finding(labels[label], message, fatal=False))
    shared = {folder: labels for folder, labels in beside.items() if len(labels) > 1}
    if shared:
        shown = ", ".join(map(repr, sorted(shared)[:_SHOWN])) + (", …" if len(shared) > _SHOWN else "")
        first = min(name for labels in shared.values() for name in labels.values())
        message = f"folders that lie beside several labels are not read: {shown} (--label-from top, parent or path)"
        findings.append(Finding(first, message, fatal=False))


def _on_labels(labels: Mapping[str, str], beside: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """What speaks for other labels.

    Parameters
    ----------
    labels : each with its first image
    beside : folders that are not read, each with the labels beside which it stands, and an image of that label
    """
    for folder in sorted(beside.keys() & labels.keys()):
        for label, name in beside[folder].items():
            if label != folder:
                message = f"its label is {label!r}, though {folder!r} is the label of others, as of {labels[folder]}"
                yield Finding(name, f"{message} (--label-from top, parent or path)", fatal=False)
    if alike := split_alike(labels):
        shown = " and ".join(map(repr, alike[:_SHOWN]))
        message = f"{shown} look like parts of a split and are taken for labels: call them train and test"
        yield Finding(labels[alike[0]], f"{message}, or say --label-from parent", fatal=False)


def _refuse_masks(images: Sequence[str], source: Path) -> None:
    """Sees that no masks lie among the images, in trees of their own as those of Cityscapes do.

    Raises
    ------
    LayoutError
    """
    masks = {name: parts for name in images if (parts := _MASK.fullmatch(PurePosixPath(name).stem))}
    if not masks:
        return
    stems = {PurePosixPath(name).stem.removesuffix("_leftImg8bit"): name for name in images if name not in masks}
    for name, parts in masks.items():
        if image := stems.get(parts[1]):
            raise LayoutError(
                f"{source}: masks lie among the images, as {name} of {image}",
                hint=f"leave them out with --exclude '*{parts[2]}.*'; or name their folder, masks alone, with --masks",
            )


def _empty(root: Path, names: Sequence[str]) -> Iterator[str]:
    """Folders that could be labels and hold no file at all, in order."""
    holding = {folders[:depth] for folders in map(folders_of, names) for depth in range(1, len(folders) + 1)}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        below = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.name.lower() in SUBSETS else []
        for path in (folder, *below):
            within = path.relative_to(root).parts
            hidden = any(part.startswith(".") or part.lower() in SYSTEM_FOLDERS for part in within)
            if within not in holding and not hidden and not any(path.iterdir()):
                yield "/".join(within)


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> "re.Pattern[str]":
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"--label-pattern {pattern!r} is no regular expression: {error}") from error


def _named(name: str, pattern: str, subset: str | None) -> Annotated:
    """The image whose own name tells its label: what the pattern's first group finds in it, or all that it finds."""
    match = _compiled(pattern).search(PurePosixPath(name).stem)
    label = (match[1 if match.re.groups else 0] or "") if match else ""
    if label:
        return Annotated(name, name, (label,), subset=subset)
    fault = Finding(name, f"--label-pattern {pattern!r} finds no label in it", fatal=True)
    return Annotated(name, name, subset=subset, faults=(fault,))


def _is_split(root: Path) -> bool:
    """Whether the folders of `root` are the sides of a split rather than labels."""
    folders = {path.name.lower() for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")}
    named = {SUBSETS[name] for name in folders & SUBSETS.keys()}
    return {"train", "test"} <= named or {"train", "validation"} <= named or folders in ({"train"}, {"test"})


def place(record: ImageRecord) -> str:
    """The folder of its side, where there are sides, that of its label, and its name below that."""
    if len(record.all_labels) > 1:
        raise LayoutError(
            f"{record.name}: has several labels ({', '.join(record.all_labels)}); a folder layout takes one an image"
        )
    side = f"{record.side.value}/" if record.side else ""
    name = bare_name(record)
    if not record.all_labels:
        return f"{side}{name.replace('/', '_')}"
    label = record.all_labels[0]
    if not label.strip(". ") or label[0] == "." or set(label) & {"/", "\\"} or label.lower() in SYSTEM_FOLDERS:
        raise LayoutError(f"{record.name}: label {label!r} cannot be the name of a folder")
    return f"{side}{label}/{name.removeprefix(f'{label}/')}"


def save(dataset: Dataset) -> None:
    """Writes nothing: the images' places say all that this layout can say.

    Raises
    ------
    LayoutError : the labels would be taken for the sides of a split
    """
    if _is_split(dataset.root) and not any(record.side for record in dataset.records):
        raise LayoutError(
            f"{dataset.root}: folders of these labels would be taken for train/ and test/",
            hint="rename with --label-map",
        )


FORMAT = Format(
    "folder",
    "a folder a label",
    recognises,
    read,
    place,
    save,
    takes=frozenset({"label_from", "label_pattern", "label_separator", "masks", "category"}),
)
