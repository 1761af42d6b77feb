"""Label Studio's JSON exports: one list of tasks, or the short form (JSON_MIN), a row an annotation.

Rectangles, and the rectangles around polygons, ellipses and turned boxes, all in percent of the image's sides; choices
are labels of the whole image. Brush strokes, key points and what else is no area are counted as left out.
Source: https://labelstud.io/guide/export
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.core.plurals import counted
from customlabels.datasets.files import read_bounded
from customlabels.datasets.formats.label_names import label_name
from customlabels.datasets.formats.label_studio_images import Images, Slot, is_image_address
from customlabels.datasets.formats.label_studio_regions import Result, marks_of
from customlabels.datasets.layout import ELSEWHERE, Annotated, Format, Layout, Options, below_side, part_named
from customlabels.datasets.model import Dataset, Finding, ImageRecord

FILE = "tasks.json"
_MAX_BYTES = 1_000_000_000
_PEEK = 1 << 16
_BOM = b"\xef\xbb\xbf"
_ABOUT = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement", "split", "subset"}
"""Columns of the short form that are not answers."""

_CHOICE = ("choice", "choices", "label", "labels", "class", "classification")
"""What the control of a classification is called in Label Studio's templates, and by most."""


_CHOICES = "choices"
_REGIONS = re.compile(rb"\[\s*\{")
_LOOKED_AT = 100
"""Tasks out of which is learnt which image a tag shows."""


class _Review(msgspec.Struct):
    accepted: bool | None = None


class _Annotation(msgspec.Struct):
    result: list[Result]
    was_cancelled: bool | None = None
    updated_at: str | None = None
    ground_truth: bool | None = None
    reviews: list[_Review] | None = None

    @property
    def is_rejected(self) -> bool:
        """Whether the last who reviewed it did not accept it."""
        return bool(self.reviews and self.reviews[-1].accepted is False)


class _Prediction(msgspec.Struct):
    """A model's guess, of which nothing is read."""


class Task(msgspec.Struct):
    data: dict[str, Any]
    annotations: list[_Annotation]
    id: int | str = "?"
    file_upload: str | None = None
    predictions: list[_Prediction | int] = []


def recognises(source: Path, _: Options) -> bool:
    return bool(_files(source))


def read(source: Path, options: Options) -> Layout:
    """The images of the tasks, each with its annotation: that marked as ground truth, or the latest, not cancelled.

    Raises
    ------
    LayoutError : it cannot be read, or is no such export
    """
    files = _files(source) or [source / FILE if source.is_dir() else source]
    root = source if source.is_dir() else source.parent
    layout = Layout((options.images or root).resolve(), (), files={file.name for file in files})
    tasks = {file.name: _decoded(file, options, layout.findings) for file in files}
    layout.images = (image for file, own in tasks.items() for image in _images(file, own, layout, options))
    return layout


def _files(source: Path) -> list[Path]:
    """The exports in a folder, or the one that `source` is."""
    if not source.is_dir():
        return [source] if source.suffix.lower() == ".json" and _looks_like_export(source) else []
    below = (path for path in source.iterdir() if path.suffix.lower() == ".json")
    return sorted(path for path in below if path.is_file() and _looks_like_export(path))


def _looks_like_export(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            beginning = file.read(_PEEK).removeprefix(_BOM).lstrip()
    except OSError:
        return False
    full = b'"annotations"' in beginning and b'"data"' in beginning
    return beginning.startswith(b"[") and (full or (b'"annotation_id"' in beginning and b'"annotator"' in beginning))


def _decoded(path: Path, options: Options, findings: list[Finding]) -> list[Task]:
    try:
        data = read_bounded(path, _MAX_BYTES).removeprefix(_BOM)
        beginning = data[:_PEEK]
        if b'"annotation_id"' in beginning and b'"annotations"' not in beginning:
            rows = msgspec.json.decode(data, type=list[dict[str, msgspec.Raw]])
            return _from_rows(rows, path.name, options, findings)
        return msgspec.json.decode(data, type=list[Task])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: no JSON export of Label Studio: {error}") from error


def _from_rows(rows: list[dict[str, msgspec.Raw]], file: str, options: Options, findings: list[Finding]) -> list[Task]:
    """The tasks of the short form, in which a row has the answers of each control beside the task's data."""
    tasks: dict[Any, Task] = {}
    answered: list[tuple[_Annotation, dict[str, str]]] = []
    for number, row in enumerate(rows, 1):
        results: list[Result] = []
        data: dict[str, Any] = {}
        texts: dict[str, str] = {}
        for name, raw in row.items():
            if _REGIONS.match(bytes(raw)):
                values = msgspec.json.decode(raw, type=list[msgspec.Raw])
                results += [Result.of(value, name) for value in values]
                continue
            value = msgspec.json.decode(raw)
            if isinstance(value, dict) and isinstance(value.get(_CHOICES), list):
                results += [Result.choice(str(choice), name) for choice in value[_CHOICES]]
                continue
            data[name] = value
            if isinstance(value, str) and value.strip() and _is_answer(name, value):
                texts[name] = value
        identifier = data.get("id", f"row {number}")
        annotation = _Annotation(results, updated_at=str(data.get("updated_at") or ""))
        task = tasks.setdefault(identifier, Task(data, [], identifier))
        task.annotations.append(annotation)
        answered.append((annotation, texts))
    _answer(answered, file, options, findings)
    return list(tasks.values())


def _is_answer(name: str, text: str) -> bool:
    """Whether a text of the short form may be an answer, rather than an image or what Label Studio says of a row."""
    return name not in _ABOUT and name != "image" and "://" not in text and not is_image_address(text)


def _answer(
    answered: list[tuple[_Annotation, dict[str, str]]], file: str, options: Options, findings: list[Finding]
) -> None:
    """Adds what the control of a classification says: the chosen one, the one that is called so, or the only one."""
    names = list(dict.fromkeys(name for _, texts in answered for name in texts))
    marked = any(annotation.result for annotation, _ in answered)
    control = options.columns.get("label") or next((name for name in _CHOICE if name in names), None)
    if control is None and len(names) == 1 and not marked:
        control = names[0]
        findings.append(Finding(file, f"labels are taken from {control!r}", fatal=False))
    others = [name for name in names if name != control]
    if others:
        listed = ", ".join(map(repr, others))
        findings.append(Finding(file, f"texts that are not read: {listed} (--column label=NAME)", fatal=False))
    for annotation, texts in answered:
        if control in texts:
            annotation.result.append(Result.choice(texts[control], control))
        elif texts and not annotation.result:
            annotation.result.append(Result("textarea"))


def _images(file: str, tasks: list[Task], layout: Layout, options: Options) -> Iterator[Annotated]:
    findings = layout.findings
    images = Images(
        layout.root,
        (result.to_name for task in tasks for annotation in task.annotations for result in annotation.result),
        options.columns.get("image"),
    )
    for task in islice(tasks, _LOOKED_AT):
        images.learn(task.data, (result for annotation in task.annotations for result in annotation.result))
    question = _question(tasks, images, file, options, findings)
    predictions = sum(len(task.predictions) for task in tasks)
    cancelled = rejected = 0
    unmarked: Counter[str] = Counter()
    for task in tasks:
        where = f"{file}, task {task.id}"
        slots = images.of(task.data, task.file_upload)
        if not slots:
            findings.append(Finding(where, "names no image in its data", fatal=True))
            continue
        if len(task.data) > 1:
            unmarked.update(images.unmarked(task.data, slots))
        try:
            subset = part_named(str(task.data.get("split") or task.data.get("subset") or ""))
        except ValueError as error:
            findings.append(Finding(where, f"{next(iter(slots.values()))}: {error}", fatal=True))
            continue
        done = [annotation for annotation in task.annotations if not annotation.was_cancelled]
        if not done:
            skipped = ("cancelled annotations",) * len(task.annotations)
            yield from (Annotated(name, where, subset=subset, left_out=skipped) for name in slots.values())
            continue
        cancelled += len(task.annotations) - len(done)
        annotation, message = _chosen(done)
        rejected += annotation.is_rejected
        if message:
            findings.append(Finding(where, f"{next(iter(slots.values()))}: {message}", fatal=False))
        yield from _annotated(annotation, task.data, slots, images, where, subset, options, question)
    for count, what in ((predictions, "predictions, which nobody confirmed,"), (cancelled, "cancelled annotations")):
        if count:
            findings.append(Finding(file, f"{count} {what} left out", fatal=False, count=count))
    if rejected:
        message = f"{counted(rejected, 'annotation')} that a review did not accept: used all the same"
        findings.append(Finding(file, message, fatal=False, count=rejected))
    for key, count in unmarked.items():
        message = f"{counted(count, 'image')} under {key!r}, on which nothing is marked: not read"
        findings.append(Finding(file, message, fatal=False, count=count))


def _question(tasks: list[Task], images: Images, file: str, options: Options, findings: list[Finding]) -> str | None:
    """The question whose answers are labels of whole images.

    Raises
    ------
    LayoutError : there are several, and none is chosen
    """
    asked: list[str] = []
    drawn: set[str] = set()
    for task in tasks:
        for annotation in task.annotations:
            regions = {result.id for result in annotation.result if result.type != _CHOICES} - {None}
            for result in annotation.result:
                if result.type != _CHOICES:
                    drawn.add(result.from_name or "")
                elif result.id not in regions and not images.is_other_data(result.to_name, task.data):
                    asked.append(result.from_name or "")
    chosen = options.columns.get("label")
    if not asked or (chosen in drawn and chosen not in asked):
        return chosen
    question = label_name(asked, options, file, "question about images")
    if drawn and question not in drawn:
        message = f"answers to {question!r} are labels of whole images beside what is drawn on them"
        findings.append(Finding(file, message, fatal=False))
    return question


def _chosen(done: list[_Annotation]) -> tuple[_Annotation, str]:
    """The annotation that counts, and what there is to say where there are others."""
    true = [annotation for annotation in done if annotation.ground_truth]
    annotation = max(true or done, key=lambda annotation: annotation.updated_at or "")
    if len(done) == 1:
        return annotation, ""
    which = "that marked as ground truth" if true else "the latest"
    return annotation, f"has {len(done)} annotations; {which} is taken"


def _annotated(
    annotation: _Annotation,
    data: dict[str, Any],
    slots: dict[Slot, str],
    images: Images,
    where: str,
    subset: str | None,
    options: Options,
    question: str | None,
) -> Iterator[Annotated]:
    """The images of a task, each with what an annotation says of it; of answers those to `question`."""
    on_image: dict[Slot, list[Result]] = {slot: [] for slot in slots}
    lost = []
    beside: list[str] = []
    for result in annotation.result:
        if result.type == "relation":
            on_image[next(iter(slots))].append(result)
            continue
        if images.shows_another(result.to_name, data, slots):
            beside.append(f"results on {result.to_name!r}")
            continue
        slot = images.slot(result.to_name, result.item_index, slots)
        if slot is None:
            keys = ", ".join(dict.fromkeys(key for key, _ in slots))
            lost.append(
                f"a {result.type} on {result.to_name!r}: which of the task's images that is, is not said: "
                f"{keys} (--column image=KEY)"
            )
        else:
            on_image[slot].append(result)
    for slot, name in slots.items():
        marks = marks_of(on_image[slot], options.lines, question)
        faults = tuple(Finding(where, f"{name}: {message}", fatal=True) for message in [*marks.faults, *lost])
        boxes = tuple(marks.boxes)
        yield Annotated(
            name,
            where,
            tuple(dict.fromkeys(marks.labels)),
            boxes if boxes or not marks.labels else None,
            True,
            marks.size,
            subset,
            faults=faults,
            left_out=(*marks.left_out, *beside),
        )


def save(dataset: Dataset) -> None:
    """Writes tasks.json, in the form that can be imported as well."""
    with written_aside(dataset.root / FILE) as file:
        tasks = [_task(number, record) for number, record in enumerate(dataset.records, 1)]
        file.write(msgspec.json.encode(tasks))


def _task(number: int, record: ImageRecord) -> dict[str, object]:
    width, height = record.info.width, record.info.height
    shared = {"original_width": width, "original_height": height, "to_name": "image"}
    result: list[dict[str, object]] = []
    if record.labels:
        result.append({"type": "choices", "from_name": "choice", "value": {"choices": list(record.labels)}, **shared})
    for box in record.boxes or ():
        value = {
            "x": box.left / width * 100,
            "y": box.top / height * 100,
            "width": box.width / width * 100,
            "height": box.height / height * 100,
            "rotation": 0,
            "rectanglelabels": [box.label],
        }
        result.append({"type": "rectanglelabels", "from_name": "label", "value": value, **shared})
    looked_at = bool(record.labels) or record.boxes is not None
    data: dict[str, str] = {"image": f"/data/local-files/?d={_quoted(record.name)}"}
    return {
        "id": number,
        "data": data | ({"split": record.side.value} if record.side else {}),
        "annotations": [{"result": result}] if looked_at else [],
    }


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name)


FORMAT = Format(
    "label-studio",
    "Label Studio's JSON export",
    recognises,
    read,
    below_side,
    save,
    tells=True,
    takes=ELSEWHERE | {"lines"},
    roles=frozenset({"label", "image"}),
)
