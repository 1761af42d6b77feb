"""Labelled images read for a use case: where they lie, how they are laid out, how they are divided."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from customlabels.aws import s3_reading
from customlabels.core.addresses import S3Address, parse_address
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.core.settings import DatasetSettings
from customlabels.core.text_groups import PREFIX as TEXT_PREFIX
from customlabels.core.text_groups import text_pattern
from customlabels.core.watching import Watch
from customlabels.datasets.contents import hashed, make_hashed_dataset
from customlabels.datasets.files import see_apart
from customlabels.datasets.formats.masks import find_tree
from customlabels.datasets.layout import Format, Options
from customlabels.datasets.limits import FEWEST
from customlabels.datasets.model import Dataset, Side
from customlabels.datasets.reading import Policy, make_dataset
from customlabels.datasets.split import (
    Group,
    group_by,
    grouped,
    own_group,
    split,
    together,
    too_many,
    undivided,
    untrained,
)
from customlabels.datasets.texts import read_texts, text_groups
from customlabels.manifests.formats import AUTO, FORMATS, annotations, find_format, no_groups, untaken
from customlabels.manifests.layout import MENDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from customlabels.datasets.duplicates import Duplicates
    from customlabels.pipelines.training.s3_source import Remote

NEAR_DUPLICATES = "near-duplicates"
_MOST_SHOWN = 20
_DESCRIBING = {".manifest", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".xml", ".yaml", ".parquet"}
"""Endings of files that describe images."""

_AS_SET = {field.name for field in fields(Options)} & {field.name for field in fields(DatasetSettings)}
_AS_SET -= {"images", "masks"}
"""Options that a layout is read with as the settings have them; folders of settings lie below their file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Images that are asked for.

    Parameters
    ----------
    path : a file, a folder or an address in S3; None where nothing names one
    settings : how they are laid out and divided
    images, masks : folders of them, where they do not lie beside their annotations
    skip_faulty : whether to go on without the images that cannot be used
    resplit : whether to divide anew what the source has divided
    s3 : makes the client, where something lies in S3
    watch : told of steps, notes and warnings
    region : of the service, asked where its limits hang on it
    dataset : the images, where they have been read already; what cannot be used of them is still among its findings
    """

    path: str | None
    settings: DatasetSettings
    s3: Callable[[], "S3Client"]
    watch: Watch
    images: Path | None = None
    masks: Path | None = None
    skip_faulty: bool = False
    resplit: bool = False
    region: Callable[[], str | None] = lambda: None
    dataset: Dataset | None = None

    def see_apart(self, target: Path) -> None:
        """Sees that what is written to `target` is not among what is asked for, the next time.

        Raises
        ------
        SettingsError
        """
        for source in (self.path, self.images, self.masks):
            if source is not None:
                see_apart(target, Path(source))

    @property
    def in_s3(self) -> bool:
        """Whether a folder of images in S3 is meant, rather than a file about some, wherever that is."""
        path = self.path or ""
        return path.startswith("s3://") and PurePosixPath(path).suffix.lower() not in _DESCRIBING


@dataclass(frozen=True, slots=True)
class Source:
    """A source that was looked up: its path, format and options."""

    path: Path
    format: Format
    options: Options


@dataclass(frozen=True, slots=True)
class Taken:
    """Images that were read; `remote` tells where in S3 they lie, None where they are files here."""

    dataset: Dataset
    remote: "Remote | None" = None


@contextmanager
def local_file(text: str, s3: Callable[[], "S3Client"]) -> Iterator[Path]:
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
        s3_reading.download(s3(), address, path)
        yield path


@contextmanager
def find_source(wanted: Wanted, *, convertible: bool = False) -> Iterator[Source]:
    """The source that is asked for; one in S3 is fetched for as long as the block runs.

    Raises
    ------
    SettingsError : nothing names one, or a folder that is named is not there
    LayoutError : it is laid out like no format
    """
    given = wanted.settings
    if wanted.path is None:
        raise SettingsError("no images are named", hint="customlabels train DIR, or set dataset.source")
    if (given.label_from == "name") != (given.label_pattern is not None):
        raise SettingsError("--label-from name takes --label-pattern, which finds the label in an image's name")
    with local_file(wanted.path, wanted.s3) as path:
        options = Options(
            images=wanted.images,
            convertible=convertible,
            fractions=_fractions(given),
            masks=find_tree(path, wanted.masks),
            fetch=lambda address: _fetched(wanted, address),
            **{name: getattr(given, name) for name in _AS_SET},
        )
        for folder in (options.images, options.masks):
            if folder is not None and not folder.is_dir():
                raise SettingsError(f"{folder}: no such folder")
        format = find_format(given.format, path, options)
        if given.format == AUTO:
            wanted.watch.note(f"{wanted.path}: taken as {format.name} ({format.summary}){_beside(path, format)}")
        _warn_of_untaken(wanted, format, options)
        yield Source(path, format, options)


def _fractions(given: DatasetSettings) -> bool | None:
    return None if given.box_unit is None else given.box_unit == "fractions"


def _warn_of_untaken(wanted: Wanted, format: Format, options: Options) -> None:
    for flag in untaken(format, options):
        wanted.watch.warn(f"{flag} is not used: {wanted.path} is read as {format.name}, which has none")


def _fetched(wanted: Wanted, address: S3Address) -> bytes:
    """The bytes of an object that is named beside images, such as a mask.

    Raises
    ------
    ValueError : it is not there, or cannot be reached
    """
    from customlabels.manifests.images import object_bytes
    from customlabels.manifests.segmentation import MAX_BYTES

    try:
        s3 = wanted.s3()
    except SettingsError as error:
        raise ValueError(f"not here, and S3 cannot be asked: {error.message}") from error
    return object_bytes(s3, address, MAX_BYTES)


def _beside(path: Path, format: Format) -> str:
    """What else there is to be read: annotations that lie beside folders of labels."""
    if format.name != "folder":
        return ""
    known = [(file, annotations(file)) for file in sorted(path.iterdir()) if file.is_file()]
    return "".join(f"; {file} can be read too, as {format.name}" for file, format in known if format)


def read_images(
    wanted: Wanted, policy: Policy | None = None, *, whole: bool = False, for_naught: bool = False
) -> Taken:
    """The images that are asked for; what cannot be used is among the findings.

    Parameters
    ----------
    policy : what may be taken where images are to be converted; such have to be here
    whole : whether files here will be hashed and compared: then it is done as they are read
    for_naught : as `make_hashed_dataset` has it

    Raises
    ------
    SettingsError : images in S3 are asked for in a way that needs them here
    LayoutError : there is no image that can be used
    """
    from customlabels.manifests.remote import lie_in_s3, read_in_s3

    if wanted.dataset is not None:
        return Taken(wanted.dataset)
    if wanted.in_s3:
        if policy is not None:
            raise _not_here(wanted)
        return _read_folder_in_s3(wanted)
    with find_source(wanted, convertible=policy is not None) as source:
        own = policy or Policy()
        taking = Policy(
            label_map=wanted.settings.label_map,
            allow_unlabelled=wanted.settings.allow_unlabelled or own.allow_unlabelled,
            image_fault=own.image_fault,
        )
        with wanted.watch.step(f"reading {source.path}") as advance:
            layout = source.format.read(source.path, source.options)
            counting = replace(taking, step=lambda: advance(1))
            if lie_in_s3(layout, source.options):
                if policy is not None:
                    raise _not_here(wanted)
                wanted.watch.note("no image is here; looking at those in S3 (--images DIR looks at copies)")
                remote = read_in_s3(wanted.s3(), layout, source.options, counting)
                return Taken(remote.dataset, remote)
            if not whole:
                return Taken(make_dataset(layout, source.options, counting, source.path))
        return Taken(
            make_hashed_dataset(layout, source.options, taking, source.path, wanted.watch, for_naught=for_naught)
        )


def take_images(wanted: Wanted, policy: Policy | None = None, *, whole: bool = False) -> Taken:
    """As `read_images`.

    Raises
    ------
    LayoutError : images cannot be used, and they are not to be skipped
    """
    taken = read_images(wanted, policy, whole=whole, for_naught=not wanted.skip_faulty)
    _refuse_faults(wanted, taken.dataset)
    return taken


def divide_images(wanted: Wanted) -> tuple[Taken, Group]:
    """The images that are asked for, without faults, divided as the settings ask, and their groups."""
    taken, given = take_images(wanted, whole=True), wanted.settings
    taken = Taken(_hashed(wanted, taken), taken.remote)
    dataset = undivided(taken.dataset) if wanted.resplit else taken.dataset
    group = group_of(given, dataset, wanted.watch)
    if given.group_by == NEAR_DUPLICATES:
        dataset = grouped(dataset, (same.records for same in find_near_duplicates(wanted.watch, taken)))
    divided = split(dataset, fraction=given.test_fraction, seed=given.seed, group=group)
    _refuse_too_many(wanted, divided)
    for label in untrained(divided):
        wanted.watch.warn(f"label {label!r} is tested but never trained in the split that the source brings")
    torn = together(divided, group)
    if torn:
        lie = f"{counted(len(torn), 'group')} {'lies' if len(torn) == 1 else 'lie'}"
        wanted.watch.warn(f"{lie} on both sides of the split that the source brings: {torn[0]} …")
    return Taken(divided, taken.remote), group


def group_of(given: DatasetSettings, dataset: Dataset, watch: Watch) -> Group:
    """The groups of a dataset's images that the settings ask for; near-duplicates are the dataset's own.

    Raises
    ------
    SettingsError : a pattern is none, finds nothing, or goes without texts
    LayoutError : texts lack an image
    """
    pattern = text_pattern(given.group_by)
    if (pattern is None) != (given.texts is None):
        raise SettingsError(
            f"--texts FILE goes with --group-by '{TEXT_PREFIX}REGEX', each with the other",
            hint="customlabels detect SOURCE --with text --no-model --to FILE.jsonl reads what is written in images",
        )
    if pattern is None or given.texts is None:
        return own_group if given.group_by in (None, "", NEAR_DUPLICATES) else _by_name(given.group_by, dataset)
    path = Path(given.texts)
    found = text_groups(dataset.records, read_texts(path), pattern, path)
    for names, what in (
        (found.without, "shows no such text, and is a group by itself"),
        (found.several, "shows several such texts, of which the surest counts"),
    ):
        if names:
            watch.note(f"{len(names)} of {counted(len(dataset.records), 'image')}: {what}: {names[0]} …")
    return lambda record: found.groups[record.name]


def _by_name(pattern: str, dataset: Dataset) -> Group:
    """Groups by a pattern in the images' names.

    Raises
    ------
    SettingsError : it finds nothing in any of them, so that nothing would be kept together
    """
    group = group_by(pattern)
    if all(group(record) == record.name for record in dataset.records):
        raise SettingsError(
            f"--group-by {pattern!r} finds nothing in any image's name, so that none would be kept together",
            hint=f"it is searched in names such as {dataset.records[0].name}",
        )
    return group


def _not_here(wanted: Wanted) -> SettingsError:
    return SettingsError(
        f"{wanted.path}: its images lie in S3, and only files here are converted", hint="aws s3 sync, first"
    )


def _hashed(wanted: Wanted, taken: Taken) -> Dataset:
    """The dataset with the hashes of its images, by which they are divided and later told apart.

    What is in S3 has a hash there.
    """
    if taken.remote is not None or all(record.hashes for record in taken.dataset.records):
        return taken.dataset
    title = f"hashing {counted(len(taken.dataset.records), 'image')}"
    total = sum(record.info.size for record in taken.dataset.records if record.hashes is None)
    with wanted.watch.step(title, total, in_bytes=True) as advance:
        try:
            return hashed(taken.dataset, advance, pictures=True)
        except OSError as error:
            raise LayoutError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _read_folder_in_s3(wanted: Wanted) -> Taken:
    """The images in a folder in S3, a folder a label."""
    from customlabels.datasets.evidence import structure
    from customlabels.datasets.files import wanted as matches
    from customlabels.datasets.structure import Places, folders_of
    from customlabels.pipelines.training.s3_source import folder_address, read_remote

    given = wanted.settings
    if given.format not in (AUTO, "folder"):
        raise SettingsError(
            f"images in S3 are read as a folder a label, not as {given.format}",
            hint="customlabels manifest build makes a manifest of annotations beside them",
        )
    if given.label_from == "name":
        raise SettingsError("labels of images in S3 are taken from their folders: --label-from top, parent or path")
    if given.group_by == NEAR_DUPLICATES:
        raise _unseen()
    address = folder_address(wanted.path or "")
    options = Options(
        fractions=_fractions(given), masks=wanted.masks, **{name: getattr(given, name) for name in _AS_SET}
    )
    if "group" in options.columns:
        raise no_groups(FORMATS["folder"], options, str(address))
    _warn_of_untaken(wanted, FORMATS["folder"], options)
    with wanted.watch.step(f"looking at {address}") as advance:
        remote = read_remote(
            wanted.s3(),
            address,
            label_from=given.label_from,
            label_map=dict(given.label_map),
            wanted=lambda name: matches(name, given.include, given.exclude),
            step=lambda: advance(1),
        )
    names = [record.name for record in remote.dataset.records]
    kinds = Places(map(folders_of, names)).categories if given.format == AUTO else set()
    if kinds:
        known = sorted("/".join(folders) for folders in kinds)
        raise LayoutError(
            f"{address}: holds several kinds of parts, each with a split of its own: {', '.join(known)}",
            hint=f"name one of them, {address}/{known[0]}",
        )
    tool = structure(names, given.label_from) if given.format == AUTO else None
    if tool is not None:
        raise LayoutError(
            f"{address}: images lie in {tool}/, which is the structure of a tool, not a label",
            hint="name the folder that holds a folder a label; if the folders are labels all the same, say "
            "--format folder",
        )
    return Taken(remote.dataset, remote)


def _unseen() -> SettingsError:
    return SettingsError("near-duplicates are found by looking at images; those in S3 are not downloaded")


def _refuse_too_many(wanted: Wanted, divided: Dataset) -> None:
    """Ends where the service would not take so many images.

    Raises
    ------
    LayoutError
    """
    region = None
    if any(len(divided.side(side)) > FEWEST[side.value] for side in Side):
        with suppress(SettingsError):
            region = wanted.region()
    faults = too_many(divided, region)
    if faults:
        raise LayoutError(
            f"{divided.root}: {faults[0]}",
            details=faults[1:],
            hint="test with fewer, --test-fraction 0.1, or leave images out with --exclude",
        )


def find_exact_duplicates(taken: Taken) -> "list[Duplicates]":
    """Images of the same bytes; of those in S3, with the same ETag and size."""
    from customlabels.datasets.duplicates import Duplicates, alike, exact_duplicates

    if taken.remote is None:
        return exact_duplicates(taken.dataset.records)
    hashes = taken.remote.hashes
    groups = alike(taken.dataset.records, lambda record: hashes[record.name].sha256)
    return [Duplicates(tuple(group), exact=True) for group in groups]


def find_near_duplicates(watch: Watch, taken: Taken) -> "list[Duplicates]":
    """Images that look nearly the same.

    Raises
    ------
    SettingsError : they are not here
    """
    from customlabels.datasets.duplicates import near_duplicates

    if taken.remote is not None:
        raise _unseen()
    records = taken.dataset.records
    with watch.step(f"comparing {counted(len(records), 'image')}", len(records)) as advance:
        return near_duplicates(records, lambda: advance(1))


def warn_of_leaks(wanted: Wanted, divided: Taken) -> None:
    """Says where images that look nearly the same lie on both sides: the F1 will flatter. Those in S3 are not seen."""
    if divided.remote is not None or wanted.settings.group_by == NEAR_DUPLICATES:
        return
    alike = find_near_duplicates(wanted.watch, divided)
    torn = [same for same in alike if len({record.side for record in same.records}) > 1]
    if torn:
        images = sum(len(same.records) for same in torn)
        wanted.watch.warn(
            f"{images} images look nearly like one on the other side of the split, so the F1 will flatter: "
            f"{' and '.join(record.name for record in torn[0].records[:2])} …"
        )
        wanted.watch.note(f"      keep them together with --group-by {NEAR_DUPLICATES}")


def _refuse_faults(wanted: Wanted, dataset: Dataset) -> None:
    """Ends where images cannot be used and they are not to be skipped.

    Raises
    ------
    LayoutError
    """
    left_out = len(dataset.findings) - len(dataset.faults)
    if left_out:
        wanted.watch.note(f"notes: {left_out} (customlabels dataset inspect lists them)")
    if not dataset.faults:
        return
    lines = [f"{finding.name}: {finding.message}" for finding in dataset.faults]
    if not wanted.skip_faulty:
        missing = any("no such image" in finding.message for finding in dataset.faults)
        elsewhere = "say where the images lie with --images DIR, " if missing else ""
        mended = any(MENDS in finding.message for finding in dataset.faults)
        raise LayoutError(
            f"{dataset.root}: {counted(len(lines), 'fault')}; {counted(len(dataset.records), 'image')} can be used",
            details=lines,
            hint=f"{MENDS}, then name NEW.manifest"
            if mended
            else f"{elsewhere}mend them, leave images out with --exclude, or go on without these images with "
            "--skip-faulty",
        )
    for line in lines[:_MOST_SHOWN]:
        wanted.watch.warn(line)
    if len(lines) > _MOST_SHOWN:
        wanted.watch.warn(f"… and {len(lines) - _MOST_SHOWN} more")
