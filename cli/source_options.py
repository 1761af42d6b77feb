"""The options of commands that read labelled images."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from customlabels.cli.settings_options import option_of
from customlabels.core.settings import DatasetSettings
from customlabels.manifests.formats import AUTO, FORMATS
from customlabels.pipelines.training.sources import Wanted
from customlabels.session import Session

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Source:
    """What a command is to read, and how to divide it.

    Parameters
    ----------
    flags : by the names of their settings; None, () and False leave it to those
    """

    path: str | None
    flags: Mapping[str, Any]
    skip_faulty: bool = False
    resplit: bool = False

    def over(self, given: DatasetSettings) -> DatasetSettings:
        """The settings, with what flags say in their place; entries of a table are added to its own."""
        flags = {name: value for name, value in self.flags.items() if value not in (None, (), False)}
        tables = {name: getattr(given, name) for name in flags if isinstance(getattr(given, name), Mapping)}
        return replace(given, **flags | {name: {**table, **dict(flags[name])} for name, table in tables.items()})


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
        images=folder(source.flags.get("images"), given.images),
        masks=folder(source.flags.get("masks"), given.masks),
        skip_faulty=source.skip_faulty,
        resplit=source.resplit,
        region=lambda: session.clients.region,
    )


_SHAPES: dict[str, dict[str, Any]] = {
    "format": {"type": click.Choice([AUTO, *FORMATS]), "metavar": "FORMAT"},
    "images": {"metavar": "DIR"},
    "include": {"metavar": "PATTERN"},
    "exclude": {"metavar": "PATTERN"},
    "label_pattern": {"metavar": "REGEX"},
    "label_rules": {"metavar": "RULE"},
    "label_map": {"metavar": "OLD=NEW"},
    "columns": {"metavar": "ROLE=COLUMN"},
    "delimiter": {"metavar": "CHARACTER"},
    "encoding": {"metavar": "NAME"},
    "masks": {"metavar": "DIR"},
    "category": {"metavar": "NAME"},
    "attributes": {"metavar": "NAME"},
    "group_by": {"metavar": "REGEX"},
    "texts": {"metavar": "FILE"},
}
"""What is told of a flag beside what its key says."""

_KEYS = [field.name for field in fields(DatasetSettings) if field.name != "source"]
_OF_DIVISION = ("test_fraction", "seed", "group_by", "texts")
_FLAGS = {name: option_of("dataset", DatasetSettings, name, **_SHAPES.get(name, {})) for name in _KEYS}
_READING = (
    click.argument("path", metavar="SOURCE", required=False),
    *(flag for name, flag in _FLAGS.items() if name not in _OF_DIVISION),
)
_SKIPPING = click.option("--skip-faulty", is_flag=True, help="Go on without the images that cannot be used.")
_DIVIDING = (
    *(_FLAGS[name] for name in _OF_DIVISION),
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
        flags = {name: kwargs.pop(name) for name in _KEYS if name in kwargs}
        given = {field.name: kwargs.pop(field.name) for field in fields(Source) if field.name in kwargs}
        return command(*args, source=Source(flags=flags, **given), **kwargs)

    decorated: Callable[..., Any] = with_source
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
