"""The inspection that [inspection] of the settings describes; what is wrong with it is named by its key."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from customlabels.aws.kinesis_video import PREFIX, is_kinesis, stream_name
from customlabels.core.addresses import S3Address
from customlabels.core.errors import CustomLabelsError, SettingsError
from customlabels.core.settings import InspectionSettings, Settings
from customlabels.core.spans import parse_minutes, parse_span
from customlabels.inspection.documents import LONGEST, Inspection, inspection_text
from customlabels.inspection.rules import Rules

_FOLDER = re.compile(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)

_SHORTEST_DEADLINE, _LONGEST_DEADLINE = timedelta(minutes=5), timedelta(days=13)
"""The schedule looks every five minutes; a queue keeps messages for fourteen days."""

_DAY = timedelta(days=1)
_LONGEST_KEPT = 3650 * _DAY

_SECONDS_AN_IMAGE = 0.5
"""What a call and keeping its result take; a worker makes one at a time."""

_LEAST_WORKERS, _MOST_WORKERS = 2, 1000
"""Source: Lambda developer guide, "Configuring scaling behavior for SQS event source mappings"."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the settings ask for.

    Parameters
    ----------
    deadline : how long an image may wait
    workers : functions at once
    batch_sources : folders beside the source whose images batches may look at
    """

    inspection: Inspection
    deadline: timedelta
    workers: int
    batch_sources: tuple[S3Address, ...] = ()


def read_inspection(settings: Settings, folder: Path, bucket: str | None = None) -> Asked:
    """The inspection of the settings.

    Parameters
    ----------
    folder : that paths in the settings start from
    bucket : of the project; None: that of the settings

    Raises
    ------
    SettingsError : with every fault, each under its key
    """
    given = settings.inspection
    faults: list[str] = []

    def read(key: str, get: Callable[[], Value], instead: Value) -> Value:
        try:
            return get()
        except CustomLabelsError as error:
            faults.append(f"inspection.{key}: {error.message}")
            return instead

    nowhere = S3Address("", "")
    stream = read("source", lambda: _stream(given), "")
    source = read("frames_to" if stream else "source", lambda: _source(given), nowhere)
    every = read("frames_every", lambda: _every(given), 0.0) if stream else 0.0
    if not stream and given.frames_to is not None:
        faults.append(f'inspection.frames_to: goes with source = "{PREFIX}STREAM"')
    goes_to = read("defects_to", lambda: _goes_to(given), None)
    thresholds: Mapping[str, float] = read("thresholds", lambda: _thresholds(given, folder), dict[str, float]())
    deadline = read(
        "deadline", lambda: parse_minutes(given.deadline, least=_SHORTEST_DEADLINE, most=_LONGEST_DEADLINE), _DAY
    )
    keep = read("keep", lambda: _keep(given.keep), 1)
    nothing: tuple[S3Address, ...] = ()
    batches = read("batch_sources", lambda: tuple(_folder(text) for text in given.batch_sources), nothing)
    if not given.defects:
        faults.append("inspection.defects: names no label, so nothing could ever be a defect")
    if source != nowhere:
        faults += _overlap_with_own(source, settings, bucket or settings.project.bucket or "")
        if goes_to is not None and _overlap(source, goes_to):
            faults.append(
                f"inspection.defects_to: {goes_to} and the source {source} overlap: each copy would be inspected again"
            )
    inspection = Inspection(
        bucket=source.bucket,
        prefix=source.key,
        rules=Rules(frozenset(given.defects), thresholds, given.band),
        on_defect=given.on_defect,
        goes_to=goes_to,
        by=given.by,
        keep=keep,
        rate=settings.detect.rate,
        bus=settings.notify.event_bus or "default",
        analyzers=tuple(dict.fromkeys(given.analyzers)),
        stream=stream,
        every=every,
    )
    if not faults and len(inspection_text(inspection)) > LONGEST:
        faults.append(
            f"inspection: is {len(inspection_text(inspection))} characters long as a parameter, which holds {LONGEST}: "
            "name only thresholds of defects"
        )
    if faults:
        raise SettingsError(faults[0], details=faults[1:], hint="customlabels init DIR writes a commented example")
    at_once = given.workers or workers(settings.detect.rate * most_units(settings))
    return Asked(inspection, deadline, at_once, batches)


def see_that_it_is_apart(inspection: Inspection, settings: Settings, bucket: str) -> None:
    """Sees that the source does not overlap the project's own folder, whose bucket may be known late.

    Raises
    ------
    SettingsError
    """
    for fault in _overlap_with_own(S3Address(inspection.bucket, inspection.prefix), settings, bucket):
        raise SettingsError(fault)


def _overlap_with_own(source: S3Address, settings: Settings, bucket: str) -> list[str]:
    own = S3Address(bucket, f"{settings.project.prefix.strip('/')}/")
    if not _overlap(source, own):
        return []
    return [
        f"inspection.source: {source} and {own}, where training images, results and code go, overlap: whatever is put "
        "there would be inspected"
    ]


def days_kept(given: InspectionSettings) -> int:
    """For how many days results are kept.

    Raises
    ------
    SettingsError : `keep` cannot be used
    """
    try:
        return _keep(given.keep)
    except SettingsError as error:
        raise SettingsError(f"inspection.keep: {error.message}") from error


def most_units(settings: Settings) -> int:
    """The most inference units that the schedule lets the champion have."""
    schedule = settings.schedule
    return max([schedule.units, schedule.max_units or 0, *(window.units or 0 for window in schedule.window)])


def workers(rate: float) -> int:
    """Functions at once that keep a model busy which takes so many images a second."""
    return min(_MOST_WORKERS, max(_LEAST_WORKERS, math.ceil(rate * _SECONDS_AN_IMAGE)))


def overlaps(prefix: str, other: str) -> bool:
    """Whether a key may begin with both."""
    return prefix.startswith(other) or other.startswith(prefix)


def _overlap(folder: S3Address, other: S3Address) -> bool:
    return folder.bucket == other.bucket and overlaps(folder.key, other.key)


def arrives_at(given: InspectionSettings) -> str | None:
    """Where the settings have images arrive, as they write it; None where they do not say."""
    return given.frames_to if given.source is not None and is_kinesis(given.source) else given.source


def _stream(given: InspectionSettings) -> str:
    """The stream of Kinesis Video that images come from; empty where they come otherwise."""
    return stream_name(given.source) if given.source is not None and is_kinesis(given.source) else ""


def _every(given: InspectionSettings) -> float:
    seconds = parse_span(given.frames_every).total_seconds()
    if seconds <= 0:
        raise SettingsError(f"{given.frames_every!r} has to be some time, as 3s")
    return seconds


def _source(given: InspectionSettings) -> S3Address:
    if given.source is None:
        raise SettingsError("is not set: name where images arrive, s3://bucket/prefix/")
    if is_kinesis(given.source):
        if given.frames_to is None:
            raise SettingsError("is not set: name where the stream is to write its images, s3://bucket/prefix/")
        return _folder(given.frames_to)
    return _folder(given.source)


def _goes_to(given: InspectionSettings) -> S3Address | None:
    wanted = given.on_defect in ("copy", "move")
    if given.defects_to is None:
        if wanted:
            raise SettingsError(f'is not set, and on_defect = "{given.on_defect}" needs it')
        return None
    if not wanted:
        raise SettingsError(f'nothing goes there with on_defect = "{given.on_defect}"; copy and move do')
    return _folder(given.defects_to)


def _folder(text: str) -> S3Address:
    """A bucket and a prefix, which ends in a slash unless it is empty."""
    match = _FOLDER.fullmatch(text)
    if match is None:
        raise SettingsError(f"{text!r} is not of the form s3://bucket/prefix/")
    prefix = (match[2] or "").lstrip("/")
    return S3Address(match[1], f"{prefix.rstrip('/')}/" if prefix else "")


def _thresholds(given: InspectionSettings, folder: Path) -> Mapping[str, float]:
    thresholds: Mapping[str, float]
    if isinstance(given.thresholds, str):
        path = folder / given.thresholds
        thresholds = _in_file(path)
        if lacking := [label for label in given.defects if label not in thresholds]:
            raise SettingsError(f"{path}: has no threshold for {', '.join(lacking)}, which inspection.defects names")
        thresholds = {label: thresholds[label] for label in given.defects}
    else:
        thresholds = given.thresholds
    if others := sorted(set(thresholds) - set(given.defects)):
        raise SettingsError(f"{', '.join(others)}: is none of the defects, so its threshold decides nothing")
    if small := [label for label, threshold in thresholds.items() if 0 < threshold < 1]:
        raise SettingsError(f"go from 0 to 100; {thresholds[small[0]]:g} for {small[0]} is under one per cent")
    return {label: float(threshold) for label, threshold in thresholds.items()}


def _in_file(path: Path) -> Mapping[str, float]:
    """The confidences that `versions thresholds --output json` wrote."""
    try:
        rows = [(row["label"], row["confidence"]) for row in json.loads(path.read_text(encoding="utf-8"))]
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: is not what customlabels versions thresholds --output json writes") from error
    thresholds: dict[str, float] = {}
    for number, (label, confidence) in enumerate(rows, 1):
        if label in thresholds:
            raise SettingsError(f"{path}, row {number}: {label} is there twice")
        if confidence is None:
            continue
        is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
        if not is_number or not 0 <= confidence <= 100:
            raise SettingsError(f"{path}, row {number}: the confidence {confidence!r} of {label} is none of 0 to 100")
        thresholds[label] = float(confidence)
    return thresholds


def _keep(text: str) -> int:
    """Days."""
    span = parse_span(text)
    if span % _DAY or not _DAY <= span <= _LONGEST_KEPT:
        raise SettingsError(f"{text!r} is not whole days, from 1d to {_LONGEST_KEPT // _DAY}d")
    return span // _DAY
