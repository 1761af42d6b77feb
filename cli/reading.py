"""Image folders read for a command: its options, its progress, its findings shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from customlabels.cli.session import Session
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.folder import load_folder
from customlabels.datasets.model import Dataset
from customlabels.datasets.split import each_by_itself, group_by, split, together

_MOST_SHOWN = 20


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that reads images."""
    for option in (
        click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files that match; repeatable."),
        click.option("--include", multiple=True, metavar="PATTERN", help="Only files that match; repeatable."),
        click.argument("source", type=click.Path(path_type=Path), required=False),
    ):
        command = option(command)
    return command


def split_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that divides images into train and test."""
    for option in (
        click.option("--skip-faulty", is_flag=True, help="Go on without the images that cannot be used."),
        click.option(
            "--group-by",
            metavar="REGEX",
            help="Images in whose path this finds the same text stay on one side of the split.",
        ),
        click.option("--seed", type=int, help="Another seed, another split."),
        click.option(
            "--test-fraction",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            help="Part of each label's images kept for testing.  [default: 0.2]",
        ),
    ):
        command = option(command)
    return command


def read_source(session: Session, source: Path | None, include: tuple[str, ...], exclude: tuple[str, ...]) -> Dataset:
    """The dataset that the command names, or else the settings."""
    given = session.settings.dataset
    if source is None:
        if given.source is None or session.settings_path is None:
            raise SettingsError("no image folder is named", hint="customlabels train DIR, or set dataset.source")
        source = session.settings_path.parent / given.source
    with session.console.step(f"reading {source}") as advance:
        return load_folder(
            source,
            include=include or given.include,
            exclude=exclude or given.exclude,
            step=lambda: advance(1),
        )


def divide(
    session: Session, found: Dataset, test_fraction: float | None, seed: int | None, group: str | None
) -> Dataset:
    """The dataset divided as flags or settings ask."""
    given = session.settings.dataset
    pattern = group or given.group_by
    grouping = group_by(pattern) if pattern else each_by_itself
    divided = split(
        found,
        fraction=given.test_fraction if test_fraction is None else test_fraction,
        seed=given.seed if seed is None else seed,
        group=grouping,
    )
    torn = together(divided, grouping)
    if torn:
        session.console.warn(f"{len(torn)} groups lie on both sides of the split that the folder brings: {torn[0]} …")
    return divided


def refuse_faults(session: Session, dataset: Dataset, skip: bool) -> None:
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
