"""A review in Label Studio: a project a person, tasks sent once each, answers brought back.

What was sent is told by Label Studio itself: each task carries the content of its image as `customlabels`, so that a
send that was cut off anywhere is finished by the next. Importing is not idempotent there: a task that is there twice,
as where an import went on after who had asked for it was gone, is taken out again unless somebody has answered it.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from customlabels.core.errors import LayoutError, ServiceError
from customlabels.core.files import written_aside
from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.datasets.headers import parse
from customlabels.pipelines.service.prelabels import prediction
from customlabels.review import journal, label_studio
from customlabels.review.agreement import Outcome, resolutions
from customlabels.review.answers import Answer, add_answers, arrivals, missing, read_answers
from customlabels.review.label_studio import Project, Studio
from customlabels.review.pick import lot
from customlabels.review.reading import label_studio as exports
from customlabels.review.reading.given import Given, Matching
from customlabels.review.tasks import Task, the_tasks

FILE = "label-studio.json"
"""In a review's folder: the name by which its projects are known, and where they are. No token."""

CONTENT = "customlabels"
"""The key of a task's data that says which image it is about."""

_AT_ONCE = 50
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a review is in Label Studio."""

    identifier: str
    url: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending.

    Parameters
    ----------
    projects : number of each person's project
    new : tasks that each person got now
    there : tasks that each had already
    doubled : tasks that were there twice, and are gone
    lacking : answers that are still wanted and that there is no further person for
    """

    projects: Mapping[str, int]
    new: Mapping[str, int]
    there: Mapping[str, int]
    doubled: int
    lacking: int


def place_of(folder: Path, url: str | None) -> Place:
    """Where the review is, as it was noted, or noted now.

    Raises
    ------
    LayoutError : the note cannot be read, names another address, or there is none and no address is given
    """
    path = folder / FILE
    try:
        noted = json.loads(path.read_bytes())
        place = Place(str(noted["identifier"]), str(noted["url"]))
    except FileNotFoundError:
        if url is None:
            raise LayoutError(f"{folder}: was not sent to Label Studio yet", hint="customlabels review send") from None
        place = Place(secrets.token_hex(8), url.rstrip("/"))
        with written_aside(path) as file:
            file.write(json.dumps({"identifier": place.identifier, "url": place.url}).encode() + b"\n")
    except (ValueError, KeyError, TypeError) as error:
        raise LayoutError(f"{path}: is no note of a Label Studio ({error!r})") from error
    if url is not None and url.rstrip("/") != place.url:
        raise LayoutError(
            f"{folder}: is at {place.url} already, not at {url}", hint=f"delete {path} to begin anew elsewhere"
        )
    return place


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else sends or collects the review of that folder within such a block."""
    folder.mkdir(parents=True, exist_ok=True)
    with journal.alone(folder / f".{FILE}.lock"):
        yield


def send(
    studio: Studio,
    place: Place,
    folder: Path,
    people: Sequence[str],
    image: Callable[[str, str], bytes],
    watch: Watch,
    *,
    labels: Iterable[str] = (),
    boxes: bool | None = None,
    blind: bool = False,
    addresses: bool = False,
    now: datetime | None = None,
) -> Sent:
    """Gives each person the tasks that wait for somebody, as many people a task as are wanted, each task once.

    Parameters
    ----------
    image : the bytes of an image by its source and by what it is known
    labels : that can be given, besides those that are in the tasks
    boxes : whether people are asked for boxes; None: as the version sees
    blind : whether what the version saw is hidden
    addresses : whether tasks name images in S3 by their addresses, which a storage of Label Studio resolves, and hold
        no copy
    now : as for `answers.read_answers`

    Raises
    ------
    LayoutError : nothing was picked yet, or an image cannot be read
    ServiceError : Label Studio cannot be reached, or refuses
    """
    given, answers = the_tasks(folder), read_answers(folder, now)
    located = any(seen.box for task in given for seen in task.seen) if boxes is None else boxes
    config = label_studio.label_config(_labels(given, answers, labels), boxes=located)
    projects = {person: _project(studio, place, folder, person, config, hints=not blind) for person in people}
    there: dict[str, set[str]] = {}
    doubled = 0
    for person, project in projects.items():
        there[person], taken_out = _single(studio, project)
        doubled += taken_out
    plan, lacking = assigned(given, answers, people, there)
    with watch.step("sending tasks to Label Studio", sum(map(len, plan.values()))) as advance:
        for person, wanted in plan.items():
            _send(studio, projects[person], wanted, image, advance, blind=blind, addresses=addresses)
            # An import that outlived who had asked for it shows only now.
            doubled += _single(studio, projects[person])[1] if wanted else 0
    return Sent(
        {person: project.number for person, project in projects.items()},
        {person: len(wanted) for person, wanted in plan.items()},
        {person: len(images) for person, images in there.items()},
        doubled,
        lacking,
    )


def assigned(
    tasks: Sequence[Task], answers: Sequence[Answer], people: Sequence[str], there: Mapping[str, set[str]]
) -> tuple[dict[str, list[Task]], int]:
    """Which tasks each person gets anew, evenly, and how many answers are wanted that there is nobody for. Pure.

    Parameters
    ----------
    there : images that each person has in Label Studio already
    """
    plan: dict[str, list[Task]] = {person: [] for person in people}
    load = Counter({person: len(there.get(person, ())) for person in people})
    known: dict[str, set[str]] = {}
    for answer in answers:
        known.setdefault(answer.image, set()).add(answer.person)
    lacking, by_image = 0, {task.image: task for task in tasks}
    for image, resolution in resolutions(tasks, answers).items():
        if resolution.outcome not in (Outcome.OPEN, Outcome.DISPUTED):
            continue
        asked = known.get(image, set()) | {person for person in people if image in there.get(person, ())}
        free = sorted(set(people) - asked, key=lambda person: (load[person], lot(f"{image}\0{person}", 0)))
        wanted = max(0, resolution.wanted - len(asked))
        for person in free[:wanted]:
            plan[person].append(by_image[image])
            load[person] += 1
        lacking += max(0, wanted - len(free))
    return plan, lacking


def collect(
    studio: Studio, place: Place, folder: Path, nothing: Iterable[str] = (), *, now: datetime | None = None
) -> tuple[int, int, Given, dict[str, int]]:
    """Brings answers back: how many are new, how many known already, what could not be read, and how many a person.

    Parameters
    ----------
    nothing : labels that say that nothing is on the image
    now : as for `answers.read_answers`

    Raises
    ------
    LayoutError : nothing was picked yet
    ServiceError : Label Studio cannot be reached, or has no project of the review
    """
    given, matching = Given(), Matching(tasks := the_tasks(folder))
    located = any(seen.box for task in tasks for seen in task.seen)
    own = [(person, project) for project in label_studio.projects(studio) if (person := _person(place, project))]
    if not own:
        raise ServiceError(f"{studio.url} has no project of this review", hint="customlabels review send")
    counts: dict[str, int] = Counter()
    there: set[str] = set()
    for person, project in own:
        there |= {str(task["data"].get(CONTENT)) for task in label_studio.tasks(studio, project)}
        part = Given()
        body = msgspec.json.encode(label_studio.exported(studio, project))
        boxes = "<RectangleLabels" in project.label_config or (located and not project.label_config)
        exports.read(body, f"project {project.number}", matching, frozenset(nothing), part, boxes=boxes)
        given.findings += part.findings
        # Whose project it is says who answers: in many a Label Studio all have one account.
        latest = {(answer.image, person): replace(answer, person=person) for answer in sorted(part.answers, key=_at)}
        given.answers += latest.values()
        counts[person] += len(latest)
    new = missing(given.answers, read_answers(folder, now), now, arrivals(folder))
    add_answers(folder, new)
    if gone := [image for image in _waiting(tasks, read_answers(folder, now)) if image not in there]:
        given.leave_out(
            counted(len(gone), "image"), "waiting for an answer, and in no project: send puts it there", fatal=False
        )
    return len(new), len(given.answers) - len(new), given, dict(counts)


def _waiting(tasks: Sequence[Task], answers: Sequence[Answer]) -> list[str]:
    open_ = (Outcome.OPEN, Outcome.DISPUTED)
    return [image for image, resolution in resolutions(tasks, answers).items() if resolution.outcome in open_]


def _at(answer: Answer) -> Any:
    return answer.at


def _labels(tasks: Sequence[Task], answers: Sequence[Answer], more: Iterable[str]) -> list[str]:
    known = {seen.label for task in tasks for seen in task.seen}
    known |= {label for answer in answers for label in answer.all_labels}
    for task in tasks:
        if task.known is not None:
            known |= {*task.known.labels, *(box.label for box in task.known.boxes or ())}
    several = list(dict.fromkeys([*more, *sorted(known)]))
    if not several:
        raise LayoutError("no label is known that people could give", hint="name them: --label crack --label ok")
    return several


def _project(studio: Studio, place: Place, folder: Path, person: str, config: str, *, hints: bool) -> Project:
    """The person's project, made where there is none; of several the first, as all that follows sees it."""
    description = _description(place, person)
    own = [project for project in label_studio.projects(studio) if project.description == description]
    if not own:
        title = f"{folder.resolve().name}: {person}"[:50]
        return label_studio.make_project(studio, title, description, config, hints=hints)
    project = min(own, key=lambda project: project.number)
    if project.label_config != config:
        label_studio.change_project(studio, project, label_config=config)
    return project


def _description(place: Place, person: str) -> str:
    return f"customlabels review {place.identifier}: {person}"


def _person(place: Place, project: Project) -> str:
    """Whose project it is; nobody's where it is of another review, or of none."""
    start = _description(place, "")
    return project.description.removeprefix(start) if project.description.startswith(start) else ""


def _single(studio: Studio, project: Project) -> tuple[set[str], int]:
    """The images of a project's tasks, and how many tasks were there twice; those that nobody has answered are gone."""
    by_image: dict[str, list[tuple[bool, int]]] = {}
    for task in label_studio.tasks(studio, project):
        image = task["data"].get(CONTENT)
        answered = bool(task.get("total_annotations") or task.get("cancelled_annotations"))
        if isinstance(image, str):
            by_image.setdefault(image, []).append((not answered, int(task["id"])))
    gone = 0
    for several in by_image.values():
        for unanswered, number in sorted(several)[1:]:
            if unanswered:
                label_studio.delete_task(studio, number)
                gone += 1
    return set(by_image), gone


def _send(
    studio: Studio,
    project: Project,
    wanted: Sequence[Task],
    image: Callable[[str, str], bytes],
    advance: Callable[[int], None],
    *,
    blind: bool,
    addresses: bool,
) -> None:
    uploaded = label_studio.uploads(studio, project) if wanted else {}
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        bodies = {task.image: image(task.source, task.image) for task in some}
        names = {task.image: _file_name(task, bodies[task.image]) for task in some}
        copied = [task for task in some if not (addresses and task.source.startswith("s3://"))]
        fresh = [task for task in copied if names[task.image] not in uploaded]
        for task in fresh:
            label_studio.upload(studio, project, names[task.image], bodies[task.image])
        if fresh:
            uploaded = label_studio.uploads(studio, project)
        here = {task.image: uploaded[names[task.image]] for task in copied}
        documents = [
            _document(task, here.get(task.image, task.source), bodies[task.image], blind=blind) for task in some
        ]
        label_studio.add_tasks(studio, project, documents)
        advance(len(some))
    versions = Counter(task.version for task in wanted if task.version)
    if versions and not blind:
        # Without it predictions are beside the task, and no answer begins from them.
        label_studio.change_project(studio, project, model_version=versions.most_common(1)[0][0])


def _document(task: Task, address: str, body: bytes, *, blind: bool) -> dict[str, Any]:
    """The task as Label Studio has it. Its image's name would tell who is asked to see how people do."""
    document: dict[str, Any] = {"data": {"image": address, CONTENT: task.image}}
    if not blind and task.version:
        counting = [seen for seen in task.seen if seen.label in task.predicted]
        document["predictions"] = [prediction(counting, parse(body, len(body)), task.version)]
    return document


def _file_name(task: Task, body: bytes) -> str:
    """A name that says which image it is, in letters that every store keeps."""
    ending = next((ending for magic, ending in _ENDINGS.items() if body.startswith(magic)), None)
    if ending is None:
        raise LayoutError(f"{task.source}: is no JPEG or PNG image")
    return "".join(sign if sign.isalnum() else "-" for sign in task.image.removeprefix("i#")) + f".{ending}"
