"""Labelled images read for a command: its options, its progress, its findings shown."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import click

from customlabels.cli.group import Figure
from customlabels.cli.session import Session
from customlabels.core.aws import explained
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.s3 import S3Address, parse_address
from customlabels.core.settings import DatasetSettings
from customlabels.datasets.layout import Format, Options
from customlabels.datasets.model import Dataset
from customlabels.datasets.reading import Policy, make_dataset
from customlabels.datasets.split import Group, group_by, grouped, own_group, split, together, undivided
from customlabels.manifests.formats import AUTO, FORMATS, annotations, find_format

if TYPE_CHECKING:
    from customlabels.datasets.duplicates import Duplicates
    from customlabels.pipelines.remote import Remote

NEAR_DUPLICATES = "near-duplicates"
_MOST_SHOWN = 20
_ADDRESSING = {"manifest", "csv", "coco", "label-studio", "cvat"}
"""Formats of files that may name images by where they lie in S3."""

_DESCRIBING = {".manifest", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".xml", ".yaml", ".parquet"}
"""Endings of files that describe images."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Source:
    """What a command is to read, and how to divide it; None, () and False leave it to the settings."""

    path: str | None
    format: str | None = None
    images: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    label_from: str | None = None
    label_separator: str | None = None
    label_map: tuple[tuple[str, str], ...] = ()
    column: tuple[tuple[str, str], ...] = ()
    delimiter: str | None = None
    encoding: str | None = None
    box_unit: str | None = None
    masks: str | None = None
    min_area: int | None = None
    lines: str | None = None
    attributes: tuple[str, ...] = ()
    allow_unlabelled: bool = False
    skip_faulty: bool = False
    test_fraction: float | None = None
    seed: int | None = None
    group_by: str | None = None
    resplit: bool = False

    def over(self, given: DatasetSettings) -> DatasetSettings:
        """The settings, with what flags say in their place."""
        flags: dict[str, Any] = {
            name: value
            for name in (one.name for one in fields(given))
            if (value := getattr(self, name, None)) not in (None, (), False)
        }
        flags["columns"] = {**given.columns, **dict(self.column)}
        flags["label_map"] = {**given.label_map, **dict(self.label_map)}
        return replace(given, **flags)


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left:
        raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return left, right


_READING = (
    click.argument("path", metavar="SOURCE", required=False),
    click.option("--format", type=click.Choice([AUTO, *FORMATS]), help="How SOURCE is laid out.  [default: auto]"),
    click.option("--images", metavar="DIR", help="Where the images lie, if not beside their annotations."),
    click.option("--include", multiple=True, metavar="PATTERN", help="Only images that match; repeatable."),
    click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out images that match; repeatable."),
    click.option(
        "--label-from",
        type=click.Choice(["top", "parent", "path"]),
        help="Folders: the label is the first folder, the one right above the image, or all joined.  [default: top]",
    ),
    click.option("--label-separator", metavar="TEXT", help="Between labels in a cell, or joined folders."),
    click.option(
        "--label-map", type=_pair, multiple=True, metavar="OLD=NEW", help="Rename a label; to nothing to drop it."
    ),
    click.option(
        "--column",
        type=_pair,
        multiple=True,
        metavar="ROLE=COLUMN",
        help="CSV: which column, by name or number, is image, label, xmin, ymin, xmax, ymax, left, top, box_width, "
        "box_height, width, height, side or group.",
    ),
    click.option("--delimiter", metavar="CHARACTER", help="CSV: between cells.  [default: as the file looks]"),
    click.option("--encoding", metavar="NAME", help="CSV: of its text.  [default: as the file looks]"),
    click.option(
        "--box-unit",
        type=click.Choice(["pixels", "fractions"]),
        help="CSV: of boxes.  [default: as the first rows look]",
    ),
    click.option("--masks", metavar="DIR", help="Masks: where they lie, if not beside the images."),
    click.option(
        "--min-area", type=click.IntRange(1), help="Masks: pixels of the smallest spot that is a box.  [default: 9]"
    ),
    click.option(
        "--lines",
        type=click.Choice(["out", "boxes"]),
        help="CVAT, Labelme, Label Studio: lines are left out, or the rectangle around each is a box.  [default: out]",
    ),
    click.option(
        "--attribute",
        "attributes",
        multiple=True,
        metavar="NAME",
        help="Manifests: use this attribute alone; repeatable.  [default: all but those that a later job superseded]",
    ),
    click.option("--allow-unlabelled", is_flag=True, help="Keep images without labels and boxes."),
)
_SKIPPING = click.option("--skip-faulty", is_flag=True, help="Go on without the images that cannot be used.")
_DIVIDING = (
    click.option(
        "--test-fraction",
        type=Figure(0, 1, min_open=True, max_open=True),
        help="Part of each label's images kept for testing.  [default: 0.2]",
    ),
    click.option("--seed", type=int, help="Another seed, another split."),
    click.option(
        "--group-by",
        metavar="REGEX",
        help="Images in whose path this finds the same text stay on one side of the split; "
        f"or {NEAR_DUPLICATES}: images that look nearly the same do.",
    ),
    click.option("--resplit", is_flag=True, help="Divide anew what the source has divided."),
)


def reads_images(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command the options of those that read images, as its argument `source`."""
    return _with_source(command, _READING)


def takes_images(command: Callable[..., Result]) -> Callable[..., Result]:
    """As `reads_images`, for those that refuse faulty images unless told to skip them."""
    return _with_source(command, (*_READING, _SKIPPING))


def divides_images(command: Callable[..., Result]) -> Callable[..., Result]:
    """As `takes_images`, with the options of those that divide images into train and test."""
    return _with_source(command, (*_READING, _SKIPPING, *_DIVIDING))


def _with_source(command: Callable[..., Result], options: Sequence[Callable[..., Any]]) -> Callable[..., Result]:
    @functools.wraps(command)
    def with_source(*args: Any, **kwargs: Any) -> Result:
        given = {field.name: kwargs.pop(field.name) for field in fields(Source) if field.name in kwargs}
        return command(*args, source=Source(**given), **kwargs)

    decorated: Callable[..., Any] = with_source
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@dataclass(frozen=True, slots=True)
class Found:
    """A source that was looked up: its path, format and options, and the settings that hold for it."""

    path: Path
    format: Format
    options: Options
    settings: DatasetSettings


@contextmanager
def local_file(session: Session, text: str) -> Iterator[Path]:
    """The path that `text` names; an object in S3 is fetched, and gone again when the block ends."""
    if not text.startswith("s3://"):
        yield Path(text)
        return
    try:
        address = parse_address(text)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    with TemporaryDirectory(prefix="customlabels-") as folder:
        path = Path(folder) / (address.key.rpartition("/")[2] or "object")
        with explained(f"reading {address}"):
            session.clients.s3.download_file(address.bucket, address.key, str(path))
        yield path


@contextmanager
def find_source(session: Session, source: Source, *, convertible: bool = False) -> Iterator[Found]:
    """The source that the command names, or else the settings; one in S3 is fetched for as long as the block runs."""
    given = source.over(session.settings.dataset)
    text = source.path
    if text is None:
        if given.source is None or session.settings_path is None:
            raise SettingsError("no images are named", hint="customlabels train DIR, or set dataset.source")
        text = given.source if given.source.startswith("s3://") else str(session.settings_path.parent / given.source)
    with local_file(session, text) as path:

        def folder(flag: str | None, setting: str | None) -> Path | None:
            if flag is None and setting is not None and session.settings_path is not None:
                return session.settings_path.parent / setting
            return Path(flag) if flag else None

        options = Options(
            images=folder(source.images, given.images),
            include=given.include,
            exclude=given.exclude,
            convertible=convertible,
            label_from=given.label_from,
            label_separator=given.label_separator,
            columns=given.columns,
            delimiter=given.delimiter,
            encoding=given.encoding,
            fractions=None if given.box_unit is None else given.box_unit == "fractions",
            masks=folder(source.masks, given.masks),
            min_area=given.min_area,
            lines=given.lines,
            attributes=given.attributes,
            fetch=lambda address: _fetched(session, address),
        )
        format = find_format(given.format, path, options)
        if given.format == AUTO:
            session.console.note(f"{text}: taken as {format.name} ({format.summary}){_beside(path, format)}")
        for named in (options.images, options.masks):
            if named is not None and not named.is_dir():
                raise SettingsError(f"{named}: no such folder")
        yield Found(path, format, options, given)


def _fetched(session: Session, address: S3Address) -> bytes:
    """The bytes of an object that is named beside images, such as a mask.

    Raises
    ------
    ValueError : it is not there, or cannot be reached
    """
    from customlabels.manifests.images import object_bytes
    from customlabels.manifests.segmentation import MAX_BYTES

    try:
        s3 = session.clients.s3
    except SettingsError as error:
        raise ValueError(f"not here, and S3 cannot be asked: {error.message}") from error
    return object_bytes(s3, address, MAX_BYTES)


def _beside(path: Path, format: Format) -> str:
    """What else there is to be read: annotations that lie beside folders of labels."""
    if format.name != "folder":
        return ""
    found = [(file, annotations(file)) for file in sorted(path.iterdir()) if file.is_file()]
    return "".join(f"; {file} can be read too, as {known.name}" for file, known in found if known)


@dataclass(frozen=True, slots=True)
class Taken:
    """Images that a command read; `remote` tells where in S3 they lie, None where they are files here."""

    dataset: Dataset
    remote: "Remote | None" = None


def read_images(session: Session, source: Source, policy: Policy | None = None) -> Taken:
    """The images that the command names, or else the settings.

    Parameters
    ----------
    policy : what may be taken where images are to be converted; such have to be here
    """
    given = source.over(session.settings.dataset)
    text = source.path or given.source or ""
    if _is_folder_in_s3(text):
        if policy is not None:
            raise _not_here(text)
        return _read_folder_in_s3(session, given, text)
    with (
        find_source(session, source, convertible=policy is not None) as found,
        session.console.step(f"reading {found.path}") as advance,
    ):
        own = policy or Policy()
        layout = found.format.read(found.path, found.options)
        whole = Policy(
            label_map=found.settings.label_map,
            allow_unlabelled=found.settings.allow_unlabelled or own.allow_unlabelled,
            image_fault=own.image_fault,
            step=lambda: advance(1),
        )
        if found.format.name in _ADDRESSING:
            from customlabels.manifests.remote import lie_in_s3, read_in_s3

            if lie_in_s3(layout, found.options):
                if policy is not None:
                    raise _not_here(text)
                session.console.note("no image is here; looking at those in S3 (--images DIR looks at copies)")
                remote = read_in_s3(session.clients.s3, layout, found.options, whole)
                return Taken(remote.dataset, remote)
        return Taken(make_dataset(layout, found.options, whole, found.path))


def take_images(session: Session, source: Source, policy: Policy | None = None) -> Taken:
    """As `read_images`; ends the command where images cannot be used and it was not told to go on without them."""
    taken = read_images(session, source, policy)
    _refuse_faults(session, taken.dataset, source.skip_faulty)
    return taken


def divide_images(session: Session, source: Source) -> "tuple[Taken, Group]":
    """The images that the command names, without faults, divided as flags or settings ask, and their groups."""
    taken, given = take_images(session, source), source.over(session.settings.dataset)
    dataset = undivided(taken.dataset) if source.resplit else taken.dataset
    group: Group = own_group
    if given.group_by == NEAR_DUPLICATES:
        dataset = grouped(dataset, (same.records for same in find_near_duplicates(session, dataset, taken.remote)))
    elif given.group_by:
        group = group_by(given.group_by)
    divided = split(dataset, fraction=given.test_fraction, seed=given.seed, group=group)
    torn = together(divided, group)
    if torn:
        session.console.warn(f"{len(torn)} groups lie on both sides of the split that the source brings: {torn[0]} …")
    return Taken(divided, taken.remote), group


def _is_folder_in_s3(text: str) -> bool:
    """Whether an address is that of a folder of images rather than of a file that describes some."""
    return text.startswith("s3://") and PurePosixPath(text).suffix.lower() not in _DESCRIBING


def _not_here(text: str) -> SettingsError:
    return SettingsError(f"{text}: its images lie in S3, and only files here are converted", hint="aws s3 sync, first")


def _read_folder_in_s3(session: Session, given: DatasetSettings, text: str) -> Taken:
    """The images in a folder in S3, a folder a label."""
    from customlabels.datasets.files import wanted
    from customlabels.pipelines.remote import folder_address, read_remote

    if given.format not in ("auto", "folder"):
        raise SettingsError(
            f"images in S3 are read as a folder a label, not as {given.format}",
            hint="customlabels manifest build makes a manifest of annotations beside them",
        )
    if given.group_by == NEAR_DUPLICATES:
        raise _unseen()
    address = folder_address(text)
    with session.console.step(f"looking at {address}") as advance:
        remote = read_remote(
            session.clients.s3,
            address,
            label_from=given.label_from,
            label_map=dict(given.label_map),
            wanted=lambda name: wanted(name, given.include, given.exclude),
            step=lambda: advance(1),
        )
    return Taken(remote.dataset, remote)


def _unseen() -> SettingsError:
    return SettingsError("near-duplicates are found by looking at images; those in S3 are not downloaded")


def find_exact_duplicates(taken: Taken) -> "list[Duplicates]":
    """Images of the same bytes; of those in S3, with the same ETag and size."""
    from customlabels.datasets.duplicates import Duplicates, alike, exact_duplicates

    if taken.remote is None:
        return exact_duplicates(taken.dataset.records)
    hashes = taken.remote.hashes
    groups = alike(taken.dataset.records, lambda record: hashes[record.name].sha256)
    return [Duplicates(tuple(group), exact=True) for group in groups]


def find_near_duplicates(session: Session, dataset: Dataset, remote: "Remote | None" = None) -> "list[Duplicates]":
    """Images that look nearly the same.

    Raises
    ------
    SettingsError : they are not here
    """
    from customlabels.datasets.duplicates import near_duplicates

    if remote is not None:
        raise _unseen()
    records = dataset.records
    with session.console.step(f"comparing {len(records)} images", len(records)) as advance:
        return near_duplicates(records, lambda: advance(1))


def warn_of_leaks(session: Session, source: Source, divided: Taken) -> None:
    """Says where images that look nearly the same lie on both sides: the F1 will flatter. Those in S3 are not seen."""
    if divided.remote is not None or source.over(session.settings.dataset).group_by == NEAR_DUPLICATES:
        return
    alike = find_near_duplicates(session, divided.dataset)
    torn = [same for same in alike if len({record.side for record in same.records}) > 1]
    if torn:
        images = sum(len(same.records) for same in torn)
        session.console.warn(
            f"{images} images look nearly like one on the other side of the split, so the F1 will flatter: "
            f"{' and '.join(record.name for record in torn[0].records[:2])} …"
        )
        session.console.note(f"      keep them together with --group-by {NEAR_DUPLICATES}")


def _refuse_faults(session: Session, dataset: Dataset, skip: bool) -> None:
    """Ends the command where images cannot be used and the person did not say to go on without them.

    Raises
    ------
    LayoutError
    """
    left_out = len(dataset.findings) - len(dataset.faults)
    if left_out:
        session.console.note(f"notes: {left_out} (customlabels dataset inspect lists them)")
    if not dataset.faults:
        return
    lines = [f"{finding.name}: {finding.message}" for finding in dataset.faults]
    if not skip:
        mended = any("validate FILE --fix" in line for line in lines)
        raise LayoutError(
            f"{dataset.root}: {len(lines)} faults; {len(dataset.records)} images can be used",
            details=lines,
            hint="customlabels manifest validate FILE --fix NEW.manifest, then name NEW.manifest"
            if mended
            else "mend them, leave images out with --exclude, or go on without them with --skip-faulty",
        )
    for line in lines[:_MOST_SHOWN]:
        session.console.warn(line)
    if len(lines) > _MOST_SHOWN:
        session.console.warn(f"… and {len(lines) - _MOST_SHOWN} more")
