"""The options of commands that read labelled images."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from customlabels.cli.group import Figure
from customlabels.core.settings import DatasetSettings
from customlabels.manifests.formats import AUTO, FORMATS
from customlabels.pipelines.training.sources import NEAR_DUPLICATES, Wanted
from customlabels.session import Session

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
    label_pattern: str | None = None
    label_rules: tuple[str, ...] = ()
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
    category: str | None = None
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
            for name in (field.name for field in fields(given))
            if (value := getattr(self, name, None)) not in (None, (), False)
        }
        flags["columns"] = {**given.columns, **dict(self.column)}
        flags["label_map"] = {**given.label_map, **dict(self.label_map)}
        return replace(given, **flags)


def wanted(session: Session, source: Source) -> Wanted:
    """What flags and settings ask for together; paths of settings are below their file."""
    given, base = source.over(session.settings.dataset), session.settings_path
    path = source.path
    if path is None and given.source is not None and base is not None:
        path = given.source if given.source.startswith("s3://") else str(base.parent / given.source)

    def folder(flag: str | None, setting: str | None) -> Path | None:
        if flag is None and setting is not None and base is not None:
            return base.parent / setting
        return Path(flag) if flag else None

    return Wanted(
        path,
        given,
        lambda: session.clients.s3,
        session.console,
        images=folder(source.images, given.images),
        masks=folder(source.masks, given.masks),
        skip_faulty=source.skip_faulty,
        resplit=source.resplit,
        region=lambda: session.clients.region,
    )


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
        type=click.Choice(["top", "parent", "path", "name"]),
        help="Folders: the label is the first folder, the one right above the image, or all joined; or the image's "
        "name tells it (--label-pattern).  [default: top]",
    ),
    click.option(
        "--label-pattern", metavar="REGEX", help="With --label-from name: its first group finds the label in the name."
    ),
    click.option(
        "--label-rule",
        "label_rules",
        multiple=True,
        metavar="RULE",
        help="CSV: a label for rows in which it holds, as in 'defect: probability >= 0.5'; repeatable. LABEL "
        "alone, where all boxes are of one kind and nothing names it.",
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
        "box_height, xcenter, ycenter, bbox or corners (four numbers in a cell), runs, width, height, side or group. "
        "Formats whose labels have names of their own: label.",
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
        "--category", metavar="NAME", help="Of several kinds of parts in SOURCE, as in MVTec AD, the one to read."
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
