"""A settings file, checked as the commands read it, each section for itself."""

import codecs
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import SettingsError
from customlabels.core.settings import DatasetSettings, InspectionSettings, ScheduleSettings, Settings, load_settings

if TYPE_CHECKING:
    from customlabels.session.session import Session


def check_settings(session: "Session", path: Path | None = None) -> Settings:
    """The settings in `path`, or those that the session would use; none of them would be refused by a command.

    AWS is not asked.

    Raises
    ------
    SettingsError : with every fault, each under its key; or there is no file
    """
    path = path or session.settings_path
    if path is None:
        raise SettingsError("there is no customlabels.toml here or above", hint="customlabels init writes one")
    settings = load_settings(path)
    faults = [*_project(settings), *_dataset(settings.dataset), *_gate(settings), *_video(settings)]
    faults += _stacks(settings, path.parent)
    if faults:
        from customlabels.core.settings_faults import in_file

        raise in_file(path, faults)
    return settings


def settings_doubts(session: "Session", settings: Settings | None = None) -> list[str]:
    """What of settings, by default the session's, that no command would refuse can hardly be meant; under its key."""
    from datetime import UTC, datetime

    from customlabels.scheduler.schedule_settings import read_schedule
    from customlabels.scheduler.windows import unopened

    settings = settings or session.settings
    if not settings.schedule.window:
        return []
    now = datetime.now(UTC)
    return unopened(read_schedule(settings.schedule, now.year, rate=settings.detect.rate), now)


def _faults(key: str, read: Callable[[], object]) -> Iterator[str]:
    """What reading the value of that key says; without the flag of the same meaning, which nobody has given."""
    try:
        read()
    except SettingsError as error:
        for sentence in (error.message, *error.details):
            yield f"{key}: {re.sub('^--[a-z-]+ ', '', sentence)}" if key else sentence


def _project(settings: Settings) -> Iterator[str]:
    from customlabels.aws.clients import check_region

    if region := settings.project.region:
        yield from _faults("project.region", partial(check_region, region))


def _dataset(given: DatasetSettings) -> Iterator[str]:
    from customlabels.core.text_groups import PREFIX, text_pattern
    from customlabels.datasets.formats.csv_names import ROLES
    from customlabels.datasets.formats.csv_rules import parse_rule
    from customlabels.datasets.split import group_by
    from customlabels.manifests.formats import AUTO, FORMATS
    from customlabels.pipelines.training.sources import NEAR_DUPLICATES

    if given.format not in (AUTO, *FORMATS):
        yield f"dataset.format: {given.format!r} is no format; there are {AUTO}, {', '.join(FORMATS)}"
    if (given.label_from == "name") != (given.label_pattern is not None):
        yield 'dataset.label_pattern: goes with label_from = "name", each with the other'
    if given.label_pattern is not None:
        yield from _faults("dataset.label_pattern", partial(_compile, given.label_pattern))
    for rule in given.label_rules:
        yield from _faults("dataset.label_rules", partial(parse_rule, rule))
    if unknown := sorted(given.columns.keys() - {*ROLES}):
        yield f"dataset.columns: {', '.join(unknown)}: no such role; there are {', '.join(ROLES)}"
    if given.delimiter is not None and len(given.delimiter) != 1:
        yield f"dataset.delimiter: {given.delimiter!r} is not one character"
    if given.encoding is not None:
        yield from _faults("dataset.encoding", partial(_look_up, given.encoding))
    if (given.group_by or "").startswith(PREFIX) != (given.texts is not None):
        yield f"dataset.texts: goes with group_by = '{PREFIX}REGEX', each with the other"
    yield from _faults("dataset.group_by", partial(text_pattern, given.group_by))
    if given.group_by not in (None, NEAR_DUPLICATES):
        yield from _faults("dataset.group_by", partial(group_by, given.group_by))


def _compile(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"{pattern!r} is no regular expression: {error}") from error


def _look_up(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise SettingsError(f"{encoding!r} is no encoding that Python knows") from error


def _gate(settings: Settings) -> Iterator[str]:
    from customlabels.pipelines.evaluation.gate import parse_demand

    for label, text in settings.gate.min_label.items():
        yield from _faults(f"gate.min_label {label}", partial(parse_demand, text))


def _video(settings: Settings) -> Iterator[str]:
    from customlabels.pipelines.service.job_channel import channel_of

    yield from _faults("", partial(channel_of, settings.video))


def _stacks(settings: Settings, folder: Path) -> Iterator[str]:
    """What is wrong with the sections that are deployed, where they are there."""
    from datetime import UTC, datetime

    from customlabels.inspection.golden_images import golden_of_settings
    from customlabels.inspection.inspection_settings import read_inspection
    from customlabels.scheduler.schedule_settings import read_schedule

    if settings.schedule != ScheduleSettings():
        year = datetime.now(UTC).year
        yield from _faults("", partial(read_schedule, settings.schedule, year, rate=settings.detect.rate))
    if settings.inspection != InspectionSettings():
        yield from _faults("", partial(read_inspection, settings, folder))
    if settings.inspection.golden is not None:
        yield from _faults("", partial(golden_of_settings, folder / settings.inspection.golden))
