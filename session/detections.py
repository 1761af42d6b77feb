"""Images shown to a version from Python: as a table, into a file that a later run goes on with, drawn; and its rate."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.core.tables import Table
    from customlabels.inspection.analyzers import Findings
    from customlabels.pipelines.service.detection import Detection, Image
    from customlabels.pipelines.service.request_rate import Rate
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.versions import Description
    from customlabels.session.session import Session

Named = Sequence[tuple[str, "Image"]]

NO_VERSION = "-"
"""Stands in a file of detections for the version where none looked."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How many images a run looked at, how many of them in vain, and what it saw where no file holds that."""

    images: int
    failed: int
    detections: "tuple[Detection, ...]" = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """What a version took while it was asked for as much as it takes, on how many inference units."""

    version: str
    units: int
    rate: "Rate"


def detect(
    session: "Session",
    source: str | Path,
    *,
    version: str | None = None,
    project: str | None = None,
    min_confidence: float | None = None,
    rate: float | None = None,
    start: bool = False,
    results: bool = False,
) -> "Table[Detection]":
    """What a running version sees in an image, all images below a folder, or below an address in S3.

    Parameters
    ----------
    version : its name; the champion, or else the newest trained, where it is None
    min_confidence : 0..100; each label's assumed threshold where it is None
    rate : images a second that an inference unit takes
    start : starts the model where it is stopped, and stops it again
    results : reads and writes the results table of the project's inspection, so that a known image costs no call
    """
    from customlabels.core.tables import Table
    from customlabels.pipelines.service.detection import Detection

    looked = session.look_at(
        source,
        version=version,
        project=project,
        min_confidence=min_confidence,
        rate=rate,
        start=start,
        results=results,
    )
    return Table(Detection, looked.detections)


def look_at(
    session: "Session",
    source: str | Path,
    *,
    version: str | None = None,
    project: str | None = None,
    min_confidence: float | None = None,
    rate: float | None = None,
    to: Path | None = None,
    safe_csv: bool = False,
    draw: Path | None = None,
    results: bool = False,
    beside: Sequence[str] = (),
    model: bool = True,
    before_paying: Callable[[float, str], None] = lambda dollars, calls: None,
    start: bool = False,
    before_start: "BeforeStart | None" = None,
    guard: bool = True,
) -> Looked:
    """As `detect`, with what is seen written as it comes, so that a run that was cut off is gone on with.

    Parameters
    ----------
    to : JSON lines, or CSV where it ends in .csv; images that it holds already are not looked at again
    safe_csv : an apostrophe keeps spreadsheets from running cells of a CSV that begin as formulas do
    draw : a folder for the images with what was seen
    beside : names of Rekognition's own analyzers that look too
    model : whether a version looks at all; else only those do
    before_paying : told, on AWS, what they cost at most, and for how many calls; raises where that is not agreed to
    before_start : asked before the model is started; raises where it is not to be
    guard : whether a schedule is set that stops the model should this be killed

    Raises
    ------
    LayoutError : there is no image, or `to` holds something else
    SettingsError : an original would be drawn over
    ServiceError : the version cannot be asked
    """
    from customlabels.datasets.files import see_apart
    from customlabels.pipelines.service.detection_drawing import check_folder
    from customlabels.pipelines.service.detection_files import Run, detection_file, read_kept
    from customlabels.pipelines.service.image_sources import contents_told, images_left, images_of
    from customlabels.pipelines.service.versions import version_name
    from customlabels.pipelines.service.written_detections import faults, written

    all_images = images_of(str(source), session.clients.s3, session.console.note)
    images = all_images.named
    if draw is not None:
        check_folder(images, draw)
        see_apart(draw, Path(source), "--draw")
    chosen = session.answering(project, version) if model else None
    run = Run(str(source), NO_VERSION if chosen is None else version_name(chosen), min_confidence)
    content_of = contents_told(all_images, session.console) if to else {}
    kept = read_kept(to, run, safe=safe_csv, beside=beside, contents=content_of) if to else None
    if kept is not None:
        images = images_left(all_images, kept, str(to), session.console.note)
    order = {name: number for number, (name, _) in enumerate(images)}
    seen: list[Detection] = []
    looked = failed = 0
    with ExitStack() as stack:
        seen_beside = _beside(session, images, beside, _results_of(session, project, chosen, results), before_paying)
        detections = stack.enter_context(
            _looking(
                session,
                chosen,
                images,
                min_confidence=min_confidence,
                rate=rate,
                results=results,
                start=start,
                before_start=before_start,
                guard=guard,
            )
        )
        opened = detection_file(to, kept, run, safe=safe_csv, contents=content_of) if to and kept else None
        file = stack.enter_context(opened) if opened else None
        whole = (replace(alone, beside=seen_beside(alone.name)) for alone in detections)
        for detection in written(
            whole,
            file=file,
            draw=draw,
            image_of=lambda name: images[order[name]][1],
            s3=session.clients.s3,
            warn=None if file is None else session.console.warn,
        ):
            looked, failed = looked + 1, failed + bool(faults(detection))
            if file is None:
                seen.append(detection)
    # Images that the results know come first.
    seen.sort(key=lambda detection: order[detection.name])
    return Looked(looked, failed, tuple(seen))


@contextmanager
def _looking(
    session: "Session",
    version: "Description | None",
    images: Named,
    *,
    min_confidence: float | None,
    rate: float | None,
    results: bool,
    start: bool,
    before_start: "BeforeStart | None",
    guard: bool,
) -> "Iterator[Iterator[Detection]]":
    """The detections as they come; the version runs for as long as the block, unless the results know every image."""
    from functools import partial

    from customlabels.pipelines.service.detection import detect
    from customlabels.pipelines.service.versions import units_of

    if version is None:
        with session.console.step(f"looking at {counted(len(images), 'image')}", len(images)) as advance:
            yield _unseen(images, advance)
        return
    units = units_of(version)
    fresh = len(images)
    look = partial(
        detect, session.clients.rekognition, version["ProjectVersionArn"], images, min_confidence=min_confidence
    )
    if results:
        known, look_up = session.known_detections(version, images, min_confidence=min_confidence)
        look = partial(look_up, images=known)
        fresh = sum(image.analysis is None for image in known)
        session.console.note(f"{len(images) - fresh} of {len(images)} images are in the results already")
    with ExitStack() as stack:
        if fresh:
            stack.enter_context(
                session.running(version, units=units, start=start, before_start=before_start, guard=guard)
            )
        advance = stack.enter_context(session.console.step(f"looking at {counted(len(images), 'image')}", len(images)))
        yield look(rate=units * (rate or session.settings.detect.rate), advance=advance)


def _unseen(images: Named, advance: Callable[[int], None]) -> "Iterator[Detection]":
    """Detections of images that no version looks at."""
    from customlabels.pipelines.service.detection import Detection

    for name, _ in images:
        advance(1)
        yield Detection(name, ())


def _results_of(session: "Session", project: str | None, version: "Description | None", results: bool) -> str | None:
    """The project whose results table is read and written; None where none is."""
    from customlabels.pipelines.service import arns

    if not results:
        return None
    return session.project(project) if version is None else arns.project_name(version["ProjectVersionArn"])


def _beside(
    session: "Session",
    images: Named,
    names: Sequence[str],
    results_of: str | None,
    before_paying: Callable[[float, str], None],
) -> "Callable[[str], Mapping[str, Any] | None]":
    """Gives what analyzers see in an image by its name, as JSON has it; None where none is asked for."""
    from customlabels.inspection.analyzers import price

    if not names:
        return lambda name: None
    if not session.emulated:
        calls = counted(len(names) * len(images), "call")
        before_paying(price(names, len(images)), f"{calls} to {', '.join(names)}")
    found = session.analyses(images, names, results_of=results_of)
    held: dict[str, Mapping[str, Findings]] = {}

    def beside(name: str) -> Mapping[str, Any]:
        while name not in held:
            other, findings = next(found)
            held[other] = findings
        findings = held.pop(name)
        return {
            analyzer: {**asdict(answer), "seen": [seen._asdict() for seen in answer.seen]}
            for analyzer, answer in findings.items()
        }

    return beside


def measure_rate(
    session: "Session",
    source: str | Path,
    *,
    version: str | None = None,
    project: str | None = None,
    start: bool = False,
    before_start: "BeforeStart | None" = None,
    guard: bool = True,
) -> Measured:
    """How many images a second a version takes, by asking it for more for half a minute; as `look_at`.

    Raises
    ------
    LayoutError : there is no image
    ServiceError : the version cannot be asked
    """
    from customlabels.pipelines.service import arns
    from customlabels.pipelines.service.image_sources import images_of
    from customlabels.pipelines.service.request_rate import LASTS, measure_rate
    from customlabels.pipelines.service.versions import units_of, version_name

    images = images_of(str(source), session.clients.s3, session.console.note).named
    chosen = session.answering(project, version)
    with session.running(chosen, units=units_of(chosen), start=start, before_start=before_start, guard=guard):
        # What it was started on shows only now.
        up = session.version(session.project(arns.project_name(chosen["ProjectVersionArn"])), version_name(chosen))
        with session.console.step(f"asking for as much as it takes, for {LASTS:.0f} seconds") as advance:
            rate = measure_rate(session.clients.rekognition_once, up["ProjectVersionArn"], images, advance)
    return Measured(version_name(up), units_of(up), rate)
