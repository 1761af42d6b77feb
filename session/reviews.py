"""Reviews from Python: images picked for people, how they stand, answers applied, labels that are probably wrong."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from customlabels.datasets.model import Dataset
    from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
    from customlabels.pipelines.training.sources import Wanted
    from customlabels.review.answers import Answer
    from customlabels.review.applied_folder import Written
    from customlabels.review.detected import Detected
    from customlabels.review.label_studio import Studio
    from customlabels.review.pick import Thresholds
    from customlabels.review.picking import Picked, Wish
    from customlabels.review.reading.given import Given
    from customlabels.review.sending import Place, Sent
    from customlabels.review.status import Status
    from customlabels.review.suspects import Suspect
    from customlabels.session.session import Session


def pick_for_review(
    session: "Session",
    detections: str | Path | None,
    wish: "Wish",
    *,
    since: "datetime | None" = None,
    thresholds: "Thresholds | None" = None,
    ok: "Sequence[str]" = (),
    band: float = 15.0,
    review: str | Path = "review",
    images: str | Path | None = None,
    alike: bool = True,
    project: str | None = None,
) -> "Picked":
    """Images put before people, each with the chance with which it was picked.

    The shares are by the F1 of the version, where that is looked up for its thresholds and `wish` names none.

    Parameters
    ----------
    detections : a file of detections; None: what was inspected since a time
    thresholds : from which confidence on a label counts; None: the version's assumed ones
    ok : labels that say that nothing is wrong
    band : how far from its threshold a confidence, 0..100, is close to it
    review : folder of the review
    images : where the images lie, if not where they were looked at
    alike : whether of images that look the same one is asked about
    """
    from dataclasses import replace

    from customlabels.review.pick import Cut, Shares
    from customlabels.review.picking import look_alikes, pick_into

    detected = _detected(session, detections, since, images, project)
    seen = {label.label for candidate in detected.candidates for label in candidate.seen}
    limits, f1 = _limits(session, thresholds, seen, detected.version, project)
    if wish.shares is None and f1 is not None and (shares := Shares.by(f1)) != Shares():
        more = "more images are random than usual" if shares.near else "all images are random"
        session.console.note(
            f"{detected.version} has an F1 of {f1:.2f} on its test set: what it is unsure of tells little, and {more}"
        )
        wish = replace(wish, shares=shares)
    _check_labels(seen, limits, ok)
    if detected.failed:
        session.console.warn(f"{counted(detected.failed, 'image')} could not be looked at: nobody is asked about such")
    if any(detected.least is None or detected.least > limit for limit in limits.values):
        session.console.warn(
            "labels below their threshold are not there: what nearly counted is not told from what did not "
            "(customlabels detect --min-confidence 10)"
        )
    same = look_alikes(detected.candidates, session.console) if alike else []
    cut = Cut(limits, frozenset(ok), band)
    return pick_into(
        Path(review), detected.candidates, cut, wish, version=detected.version, now=session.now(), alike=same
    )


def _detected(
    session: "Session",
    detections: str | Path | None,
    since: "datetime | None",
    images: str | Path | None,
    project: str | None,
) -> "Detected":
    """The images that may be asked about."""
    if detections is not None:
        from customlabels.review.detected import read_detected

        folder = None if images is None else Path(images)
        return read_detected(Path(detections), folder, lambda: session.clients.s3, session.console)
    from customlabels.inspection.deployed import results_table
    from customlabels.review.inspected import read_inspected

    now = session.now()
    table = results_table(session.clients, session.project(project))
    with session.console.step("reading what was inspected"):
        detected, others = read_inspected(table, since=since or now - timedelta(days=1), now=now)
    if others:
        session.console.note(
            f"{counted(others, 'image')} {'was' if others == 1 else 'were'} looked at by another version than "
            f"{detected.version} alone"
        )
    return detected


def _limits(
    session: "Session", given: "Thresholds | None", seen: "Collection[str]", version: str, project: str | None
) -> "tuple[Thresholds, float | None]":
    """The thresholds that are given, and for labels that are seen of which none is given the version's assumed ones.

    With the version's F1, where those had to be looked up.

    Raises
    ------
    SettingsError : those are not known
    """
    from customlabels.review.pick import Thresholds

    if given is not None and (given.every is not None or given.by_label.keys() >= set(seen)):
        return given, None
    evaluation = _evaluation(session, version, project)
    assumed = {metrics.label: 100 * metrics.threshold for metrics in evaluation.labels}
    return Thresholds(None, {**assumed, **(given.by_label if given is not None else {})}), evaluation.f1


def _check_labels(seen: "Collection[str]", limits: "Thresholds", ok: "Sequence[str]") -> None:
    """Sees that labels which say that nothing is wrong are known, or were seen.

    Raises
    ------
    SettingsError
    """
    from customlabels.core.errors import SettingsError

    if strangers := [label for label in ok if label not in {*seen, *limits.by_label}]:
        raise SettingsError(
            f"--ok {strangers[0]}: no image has such a label",
            hint=f"those that were seen are {', '.join(sorted(seen))}",
        )


def _evaluation(session: "Session", version: str, project: str | None) -> "Evaluation":
    """The evaluation of a version, for its thresholds.

    Raises
    ------
    SettingsError : they are not known
    """
    from customlabels.core.errors import CustomLabelsError, SettingsError

    try:
        return session.measured(session.project(project), version).evaluation
    except CustomLabelsError as error:
        raise SettingsError(
            f"the thresholds of version {version} are not known: {error.message}",
            hint="give them: --threshold 50, or --threshold LABEL=50",
        ) from error


def read_answers(
    session: "Session",
    sources: "Sequence[str | Path]",
    *,
    review: str | Path = "review",
    nothing: "Sequence[str]" = (),
) -> "tuple[int, int, Given]":
    """The answers in files of A2I, Ground Truth and Label Studio taken into a review: how many are new, how many known.

    Parameters
    ----------
    nothing : labels that say that nothing is on the image
    """
    from customlabels.review.reading.files import read_into

    folder, now = Path(review), session.now()
    read = read_into(folder, [Path(source) for source in sources], nothing, now=now)
    _tell_of_times(session, folder, now)
    return read


def send_review(
    session: "Session",
    people: "Sequence[str]",
    *,
    url: str | None = None,
    review: str | Path = "review",
    labels: "Sequence[str]" = (),
    boxes: bool | None = None,
    blind: bool = False,
    addresses: bool = False,
) -> "Sent":
    """A review's tasks sent to Label Studio, a project a person, each task once however often this is done.

    The token comes from the environment variable LABEL_STUDIO_TOKEN.

    Parameters
    ----------
    url : of the Label Studio; None: where it was sent before
    labels : that can be given, besides those that are in the tasks
    boxes : whether people are asked for boxes; None: as the version sees
    blind : whether what the version saw is hidden
    addresses : whether images in S3 are named by their addresses, in place of being copied
    """
    from customlabels.review import sending
    from customlabels.review.images import read_image
    from customlabels.review.tasks import the_tasks

    folder = Path(review)
    the_tasks(folder)
    with sending.alone(folder):
        studio, place = _studio(session, folder, url)
        return sending.send(
            studio,
            place,
            folder,
            people,
            lambda source, image: read_image(source, lambda: session.clients.s3, image),
            session.console,
            labels=labels,
            boxes=boxes,
            blind=blind,
            addresses=addresses,
            now=session.now(),
        )


def collect_review(
    session: "Session", *, review: str | Path = "review", nothing: "Sequence[str]" = ()
) -> "tuple[int, int, Given, dict[str, int]]":
    """The answers in Label Studio taken into a review: new, known already, what could not be read, how many a person.

    Parameters
    ----------
    nothing : labels that say that nothing is on the image
    """
    from customlabels.review import sending
    from customlabels.review.tasks import the_tasks

    folder = Path(review)
    the_tasks(folder)
    with sending.alone(folder):
        now = session.now()
        collected = sending.collect(*_studio(session, folder, None), folder, nothing, now=now)
        _tell_of_times(session, folder, now)
        return collected


def _tell_of_times(session: "Session", folder: Path, now: "datetime") -> "list[Answer]":
    """The answers of a review; those whose time is still to come are told."""
    from customlabels.review.answers import read_answers, told_ahead

    answers = read_answers(folder, now)
    if sentence := told_ahead(answers, now):
        session.console.warn(f"{folder}: {sentence}")
    return answers


def _studio(session: "Session", folder: Path, url: str | None) -> "tuple[Studio, Place]":
    """The Label Studio of a review, opened."""
    from customlabels.review import label_studio, sending

    # Whether it can be reached is known before anything is noted of it.
    studio = label_studio.connect(url) if url is not None else None
    place = sending.place_of(folder, studio.url if studio else None)
    if label_studio.is_open_line(place.url):
        session.console.warn(f"{place.url} is not encrypted: whoever is on the way can read the token")
    return studio or label_studio.connect(place.url), place


def review_status(session: "Session", review: str | Path = "review") -> "Status":
    """How the review in that folder stands."""
    from customlabels.review.status import status
    from customlabels.review.tasks import read_looks, the_tasks

    folder = Path(review)
    answers = _tell_of_times(session, folder, session.now())
    current = status(the_tasks(folder), read_looks(folder), answers)
    if current.stray:
        session.console.warn(f"{current.stray} answers are on images that nobody was asked about")
    return current


def apply_review(
    session: "Session",
    to: str | Path,
    *,
    dataset: "Dataset | None" = None,
    review: str | Path = "review",
    format: str = "manifest",
    to_test: int = 0,
) -> "Written":
    """A new folder with the dataset and what people agree on in its train part; a source of `train`.

    Parameters
    ----------
    dataset : images with their sides; None: the answers alone
    to_test : images picked at random that are tested on instead, at most
    """
    from customlabels.manifests.formats import FORMATS
    from customlabels.review.applied_folder import apply_to

    now = session.now()
    _tell_of_times(session, Path(review), now)
    return apply_to(
        Path(review),
        dataset,
        Path(to),
        FORMATS[format],
        to_test=to_test,
        s3=lambda: session.clients.s3,
        watch=session.console,
        now=now,
    )


def label_suspects(
    session: "Session", wanted: "Wanted", *, version: str | None = None, project: str | None = None, seed: int = 0
) -> "tuple[Dataset, list[Suspect]]":
    """The images that are asked for, and all of them, the one whose label is most probably wrong first.

    Parameters
    ----------
    version : by what it said of its test images; None: by models of the local engine that had not seen the image

    Raises
    ------
    LayoutError : they lie in S3, are too few, or what the version said is gone
    """
    from customlabels.core.errors import LayoutError
    from customlabels.pipelines.training.sources import read_images
    from customlabels.review.suspects import suspects, suspects_of_version

    taken = read_images(wanted)
    if taken.remote is not None:
        raise LayoutError(f"{wanted.path}: its images lie in S3, and only files here are looked at", hint="aws s3 sync")
    if version is None:
        return taken.dataset, suspects(taken.dataset, session.console, seed=seed)
    measured = session.measured(session.project(project), version)
    if measured.snapshot is None:
        raise LayoutError(f"version {version}: what it said of its test images is not there any more")
    return taken.dataset, suspects_of_version(taken.dataset, measured.snapshot)
