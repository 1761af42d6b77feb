"""Production watched from Python: drift, golden images, and what a review says of it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from customlabels.inspection.claims import Table
    from customlabels.inspection.drift import Reading, Watched
    from customlabels.inspection.golden import Golden
    from customlabels.inspection.watching import Image
    from customlabels.pipelines.service.versions import Description
    from customlabels.review.estimates import LabelEstimate
    from customlabels.session.session import Session


@dataclass(frozen=True, slots=True)
class Production:
    """What is known of a version in production.

    Parameters
    ----------
    golden : None where there are no golden images, or they were not shown
    estimates : precision and recall a label, of a review's answers; none where nobody answered
    """

    version: str
    watched: "Watched"
    golden: "Golden | None"
    estimates: "tuple[LabelEstimate, ...]"


def watch_inspection(
    session: "Session",
    *,
    project: str | None = None,
    version: str | None = None,
    since: timedelta = timedelta(days=30),
    reference: int = 1,
    look: int = 0,
    golden: bool = True,
    review: str | Path = "review",
    publish: bool = False,
) -> Production:
    """Whether what a version sees in production has changed since its first five hundred images, and how good it is.

    Nothing is started: golden images are shown where the model is up.

    Parameters
    ----------
    version : its name; the champion where it is None
    since : how far back days are judged
    reference : days that the first images are of, at least
    look : images of each day that are fetched, to see how bright and sharp they are; none: as the analyzer
        `properties` said, where the inspection has it
    golden : whether the golden images of the settings are shown
    review : folder of a review, whose answers give precision and recall
    publish : puts the figures into CloudWatch, where the inspection's alarms look

    Raises
    ------
    ServiceError : there are no results, or no such version
    """
    from customlabels.inspection.deployed import results_table
    from customlabels.inspection.inspection_settings import days_kept
    from customlabels.inspection.watching import publish as put
    from customlabels.inspection.watching import watched
    from customlabels.pipelines.service.arns import CHAMPION
    from customlabels.pipelines.service.versions import version_name

    name, now = session.project(project), session.now()
    chosen = session.version(name, version or CHAMPION)
    table, label = results_table(session.clients, name), version_name(chosen)
    thresholds = _thresholds(session, chosen)
    kept = timedelta(days=days_kept(session.settings.inspection))
    with session.console.step(f"reading what {label} saw") as advance:
        found = watched(
            table,
            label,
            thresholds,
            now=now,
            since=now - since,
            oldest=now - kept,
            days=reference,
            measured=_measured(session, table, look, advance),
        )
    if found.reference is not None and now.date() - found.reference.first >= kept - timedelta(days=2):
        session.console.warn(
            f"results are kept for {kept.days} days, and the first are gone by now: {found.reference.first} on is the "
            'reference instead (longer with keep = "365d")'
        )
    shown = _golden(session, chosen, thresholds) if golden else None
    estimates = _estimates(session, Path(review), label)
    if publish:
        put(session.clients.cloudwatch, name, now, found, shown)
    return Production(label, found, shown, estimates)


def _measured(
    session: "Session", table: "Table", look: int, advance: "Callable[[int], None]"
) -> "Callable[[list[Image]], list[Reading]]":
    from customlabels.inspection.brightness import measured_by
    from customlabels.inspection.told_brightness import told_by

    return measured_by(session.clients.s3, look, advance) if look else told_by(table)


def _thresholds(session: "Session", chosen: "Description") -> "Mapping[str, float]":
    """From which confidence on labels count: the settings', and else the version's own."""
    from customlabels.core.errors import CustomLabelsError
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation

    own = session.asked_inspection().inspection.rules.thresholds if session.settings.inspection.source else {}
    try:
        labels = load_evaluation(session.clients.s3, chosen).labels
    except CustomLabelsError as error:
        session.console.warn(f"{error.message}: shares of labels are not told where the settings name no threshold")
        return own
    return {**{metrics.label: 100 * metrics.threshold for metrics in labels}, **own}


def _golden(session: "Session", chosen: "Description", thresholds: "Mapping[str, float]") -> "Golden | None":
    """How the golden images of the settings come out; nothing where there are none, or the model is down."""
    from customlabels.core.plurals import counted
    from customlabels.core.settings_faults import in_file
    from customlabels.inspection.golden_images import show_golden
    from customlabels.pipelines.service.states import State
    from customlabels.pipelines.service.versions import units_of

    given, base = session.settings.inspection.golden, session.settings_path
    if given is None or base is None:
        return None
    source = base.parent / given
    if not source.exists():
        raise in_file(base, [f"inspection.golden: there is no {source}"])
    if chosen["Status"] != State.RUNNING:
        session.console.note(f"golden images were not shown: the model is {chosen['Status']}, and nothing is started")
        return None
    units = units_of(chosen)
    with session.console.step("showing the golden images") as advance:
        shown = show_golden(
            session.clients.rekognition,
            chosen["ProjectVersionArn"],
            source,
            thresholds,
            rate=units * session.settings.detect.rate,
            advance=advance,
        )
    for sentence in shown.wrong:
        session.console.warn(sentence)
    session.console.note(f"{shown.images - len(shown.wrong)} of {counted(shown.images, 'golden image')} right")
    return shown


def _estimates(session: "Session", review: Path, version: str) -> "tuple[LabelEstimate, ...]":
    """Figures of that version in production, where people have answered."""
    from customlabels.review.tasks import FILE

    if not (review / FILE).is_file():
        return ()
    rows = session.review_status(review).versions.get(version, ())
    return tuple(row for row in rows if row.answered)
