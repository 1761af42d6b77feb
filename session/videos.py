"""Videos from Python: frames taken of them, and looked at."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError
from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.datasets.videos.extracting import Choice, Finish, Taken
    from customlabels.pipelines.service.versions import Description
    from customlabels.pipelines.service.video_detection import Thresholds
    from customlabels.session.session import Session


def frames(
    session: "Session",
    source: str | Path,
    to: Path,
    choice: "Choice",
    *,
    advance: Callable[[float], None] = lambda seconds: None,
) -> "Iterator[Taken]":
    """The frames of a video, of all below a folder or below an address in S3, written to the folder `to`.

    Run again after it was killed, it goes on with the video at which it was.

    Parameters
    ----------
    advance : called with the seconds of video that were read since the last call

    Raises
    ------
    LayoutError : there is no video, or `to` holds frames that were chosen otherwise
    """
    from customlabels.datasets.videos.decoding import import_opencv
    from customlabels.datasets.videos.extracting import Taken, extract
    from customlabels.pipelines.service.video_sources import videos_of

    import_opencv()
    text = str(source)
    videos = videos_of(text, session.clients.s3 if text.startswith("s3://") else None)
    if videos.others:
        session.console.note(f"{source}: {counted(videos.others, 'file')} left out, no video")
    yield from (Taken(fault.partition(": ")[0], fault=fault) for fault in videos.faults)
    finish = _blur_faces(session) if choice.blur_faces else None
    yield from extract(videos.videos, to, choice, advance, finish)


def _blur_faces(session: "Session") -> "Finish":
    """Makes faces coarse that DetectFaces finds in a frame."""
    from customlabels.aws.clients import explained
    from customlabels.datasets.videos.blurring import blurred
    from customlabels.inspection.analyzers import ANALYZERS, ask
    from customlabels.pipelines.service.detection import shown

    if not session.emulated:
        session.console.note("each frame is shown to DetectFaces, at $1.00 per 1,000 (list price, US regions)")

    def finish(name: str, body: bytes) -> bytes:
        with explained(f"showing {name} to DetectFaces"):
            findings = ask(session.clients.rekognition, ANALYZERS["faces"], shown(body))
        if findings.refusal is not None:
            # A face that nobody looked for is not to come before people.
            raise ServiceError(f"{name}: faces cannot be looked for: {findings.refusal}")
        return blurred(body, [seen.box for seen in findings.seen if seen.box is not None])

    return finish


def span_thresholds(
    session: "Session", chosen: "Description", *, min_confidence: float | None = None, hold: float | None = None
) -> "tuple[Thresholds, float | None]":
    """With which confidences spans of a version's labels begin and go on, and what the version is asked for.

    Parameters
    ----------
    min_confidence : with which spans begin, 0..100; each label's assumed threshold where it is None
    hold : with which they go on, 0..100; four fifths of that where it is None

    Returns
    -------
    thresholds, and the least confidence to ask for; None asks for what lies over the assumed thresholds
    """
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation
    from customlabels.pipelines.service.video_detection import HOLDS, Thresholds

    assumed: dict[str, float] = {}
    if min_confidence is None:
        try:
            labels = load_evaluation(session.clients.s3, chosen).labels
        except ServiceError as error:
            session.console.note(f"{error.message}: spans go by the labels that the version answers with alone")
            return Thresholds(lambda label: 0.0, lambda label: 0.0), None
        assumed = {metrics.label: 100 * metrics.threshold for metrics in labels}

    def begins(label: str) -> float:
        return assumed.get(label, 50.0) if min_confidence is None else min_confidence

    def holds(label: str) -> float:
        return HOLDS * begins(label) if hold is None else min(hold, begins(label))

    return Thresholds(begins, holds), min([holds(label) for label in assumed] or [holds("")])
