"""Image folders read for a command: its options, its progress, its findings shown."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from customlabels.cli.session import Session
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.folder import load_folder
from customlabels.datasets.model import Dataset
from customlabels.datasets.split import each_by_itself, group_by, split, together

_MOST_SHOWN = 20
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Source:
    """Which images a command is to read, and how to divide them; None and () leave it to the settings."""

    path: Path | None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    test_fraction: float | None = None
    seed: int | None = None
    group_by: str | None = None
    skip_faulty: bool = False


_READING = (
    click.argument("path", metavar="SOURCE", type=click.Path(path_type=Path), required=False),
    click.option("--include", multiple=True, metavar="PATTERN", help="Only files that match; repeatable."),
    click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files that match; repeatable."),
)
_DIVIDING = (
    click.option(
        "--test-fraction",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Part of each label's images kept for testing.  [default: 0.2]",
    ),
    click.option("--seed", type=int, help="Another seed, another split."),
    click.option(
        "--group-by",
        metavar="REGEX",
        help="Images in whose path this finds the same text stay on one side of the split.",
    ),
    click.option("--skip-faulty", is_flag=True, help="Go on without the images that cannot be used."),
)


def reads_images(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command the options of those that read images, as its argument `source`."""
    return _with_source(command, _READING)


def divides_images(command: Callable[..., Result]) -> Callable[..., Result]:
    """As `reads_images`, with the options of those that divide images into train and test."""
    return _with_source(command, _READING + _DIVIDING)


def _with_source(command: Callable[..., Result], options: Sequence[Callable[..., Any]]) -> Callable[..., Result]:
    @functools.wraps(command)
    def with_source(*args: Any, **kwargs: Any) -> Result:
        given = {field.name: kwargs.pop(field.name) for field in fields(Source) if field.name in kwargs}
        return command(*args, source=Source(**given), **kwargs)

    decorated: Callable[..., Any] = with_source
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def read_images(session: Session, source: Source) -> Dataset:
    """The dataset that the command names, or else the settings."""
    given, path = session.settings.dataset, source.path
    if path is None:
        if given.source is None or session.settings_path is None:
            raise SettingsError("no image folder is named", hint="customlabels train DIR, or set dataset.source")
        path = session.settings_path.parent / given.source
    with session.console.step(f"reading {path}") as advance:
        return load_folder(
            path,
            include=source.include or given.include,
            exclude=source.exclude or given.exclude,
            step=lambda: advance(1),
        )


def divide_images(session: Session, source: Source) -> Dataset:
    """The dataset that the command names, without faults, and divided as flags or settings ask."""
    found, given = read_images(session, source), session.settings.dataset
    _refuse_faults(session, found, source.skip_faulty)
    pattern = source.group_by or given.group_by
    grouping = group_by(pattern) if pattern else each_by_itself
    divided = split(
        found,
        fraction=given.test_fraction if source.test_fraction is None else source.test_fraction,
        seed=given.seed if source.seed is None else source.seed,
        group=grouping,
    )
    torn = together(divided, grouping)
    if torn:
        session.console.warn(f"{len(torn)} groups lie on both sides of the split that the folder brings: {torn[0]} …")
    return divided


def _refuse_faults(session: Session, dataset: Dataset, skip: bool) -> None:
    """Ends the command where images cannot be used and the person did not say to go on without them.

    Raises
    ------
    LayoutError
    """
    left_out = len(dataset.findings) - len(dataset.faults)
    if left_out:
        session.console.note(f"files left out: {left_out} (customlabels dataset inspect lists them)")
    if not dataset.faults:
        return
    lines = [f"{finding.name}: {finding.message}" for finding in dataset.faults]
    if not skip:
        raise LayoutError(
            f"{dataset.root}: {len(lines)} of {len(dataset.records) + len(lines)} files cannot be used",
            details=lines,
            hint="mend them, leave them out with --exclude, or go on without them with --skip-faulty",
        )
    for line in lines[:_MOST_SHOWN]:
        session.console.warn(line)
    if len(lines) > _MOST_SHOWN:
        session.console.warn(f"… and {len(lines) - _MOST_SHOWN} more")
