"""Images labelled ahead from Python: what a version, or Rekognition itself, sees in them, for people to correct."""

from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.datasets.model import Finding
    from customlabels.pipelines.service.prelabelling import Prelabelling
    from customlabels.pipelines.service.prelabels import Prelabelled
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.session.session import Session


def plan_prelabels(
    session: "Session",
    source: str | Path,
    to: str | Path,
    *,
    by: str | None = None,
    project: str | None = None,
    format: str = "coco",
    min_confidence: float | None = None,
    rate: float | None = None,
) -> "Prelabelling":
    """What it takes to label the images at `source` ahead; nothing is looked at yet.

    Parameters
    ----------
    source : an image, a folder, or an address in S3
    to : a folder, new or of an earlier run, which is gone on with
    by : a version, "champion", or "rekognition" for DetectLabels; None: the champion, else the newest trained
    format : coco, manifest or label-studio
    min_confidence : 0..100; the version's assumed thresholds, or DetectLabels' own, where it is None
    rate : images a second that an inference unit, or DetectLabels, takes

    Raises
    ------
    LayoutError : there is no image, or the folder holds something else
    SettingsError : the local service is asked for what it does not know
    """
    from customlabels.core.errors import SettingsError
    from customlabels.pipelines.service.general_labels import REKOGNITION
    from customlabels.pipelines.service.image_sources import contents_told, images_left, images_of
    from customlabels.pipelines.service.prelabelling import plan_of
    from customlabels.pipelines.service.versions import units_of, version_name

    if by == REKOGNITION and session.local and not str(source).startswith("s3://"):
        raise SettingsError(
            "the local service's DetectLabels tells what tags of objects in S3 say; it sees nothing in files",
            hint="name images in S3, leave --local out, or name a version",
        )
    images = images_of(str(source), session.clients.s3, session.console.note)
    version = None if by == REKOGNITION else session.answering(project, by)
    units = units_of(version) if version else 1
    plan = plan_of(
        images.named,
        source=str(source),
        folder=Path(to),
        kind=format,
        version=version,
        name=version_name(version) if version else REKOGNITION,
        least=min_confidence,
        units=units,
        rate=units * (rate or session.settings.detect.rate),
        contents=contents_told(images, session.console),
    )
    if version is None:
        images_left(images, plan.kept, str(to), session.console.note)
    return plan


def prelabel(
    session: "Session",
    plan: "Prelabelling",
    *,
    start: bool = False,
    before_start: "BeforeStart | None" = None,
    guard: bool = True,
) -> "tuple[Path, list[Prelabelled], list[Finding]]":
    """The file with what was seen in all images, those images, and what could not be looked at or kept.

    Each detection is on disk as it comes, so that the same plan made again goes on where this was cut off.

    Parameters
    ----------
    start : starts the model where it is stopped, and stops it again
    before_start : asked before it is started; raises where it is not to be
    """
    from customlabels.pipelines.service import arns
    from customlabels.pipelines.service.prelabelling import SEEN, write_prelabels

    if plan.version is None:
        _show_to_rekognition(session, plan)
    elif plan.waiting:
        session.look_at(
            plan.source,
            project=arns.project_name(plan.version["ProjectVersionArn"]),
            version=plan.run.version,
            min_confidence=plan.run.least,
            rate=plan.rate / plan.units,
            to=plan.folder / SEEN,
            start=start,
            before_start=before_start,
            guard=guard,
        )
    return write_prelabels(plan, session.clients.s3, session.console.warn)


def _show_to_rekognition(session: "Session", plan: "Prelabelling") -> None:
    """Shows DetectLabels the images that it has not seen yet; what it says is on disk as it comes."""
    from customlabels.pipelines.service.detection_files import detection_file
    from customlabels.pipelines.service.general_labels import detect_general
    from customlabels.pipelines.service.prelabelling import SEEN
    from customlabels.pipelines.service.written_detections import written

    if not plan.waiting:
        return
    title = f"looking at {counted(len(plan.waiting), 'image')}"
    images = dict(plan.waiting)
    with (
        detection_file(plan.folder / SEEN, plan.kept, plan.run, contents=plan.contents) as file,
        session.console.step(title, len(plan.waiting)) as advance,
    ):
        detections = detect_general(
            session.clients.rekognition,
            plan.waiting,
            rate=plan.rate,
            min_confidence=plan.run.least,
            advance=advance,
        )
        for _ in written(
            detections,
            file=file,
            draw=None,
            image_of=images.__getitem__,
            s3=session.clients.s3,
            warn=session.console.warn,
        ):
            pass
