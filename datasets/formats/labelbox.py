"""Labelbox exports: an object a line (export v2), or an array (the older one); boxes and polygons in pixels.

Source: https://docs.labelbox.com/reference/export-image-annotations; for the older one .../docs/export-v1-overview.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.datasets.formats.documents import (
    Document,
    first_object,
    is_number,
    looks_like,
    numbers,
    objects,
    points,
    read_files,
)
from customlabels.datasets.formats.label_names import label_name
from customlabels.datasets.layout import Annotated, Layout, Options, part_named, read_only, rectangle
from customlabels.datasets.model import Box, Finding

_WHAT = "Labelbox export"
_ENDINGS = (".ndjson", ".jsonl", ".json")
_SIZES = ("left", "top", "width", "height")
_MASKS = "masks that Labelbox keeps"
_LEFT_OUT = {"line": "lines", "point": "points", "mask": _MASKS, "composite_mask": _MASKS}


def recognises(source: Path, _: Options) -> bool:
    return looks_like(source, _ENDINGS, _is_one)


def _is_one(file: Path) -> bool:
    document = first_object(file)
    return {"data_row", "projects"} <= document.keys() or {"Labeled Data", "Label"} <= document.keys()


def read(source: Path, options: Options) -> Layout:
    """The images of an export.

    Of several labels of an image in a project the benchmark holds, else the latest. `--column project=NAME` chooses
    where an image was labelled in several, `--column label=QUESTION` the question whose answers are labels.

    Raises
    ------
    LayoutError : there is no such file
    """
    return read_files(source, options, _ENDINGS, _is_one, _WHAT, partial(_images, options))


def _images(
    options: Options, file: Path, name: str, subset: str | None, findings: list[Finding]
) -> Iterator[Annotated]:
    questions: dict[str, None] = {}
    rejected = 0
    for number, document in objects(file, _WHAT):
        where = f"{name}, image {number}"
        if isinstance(document, str):
            findings.append(Finding(where, document, fatal=True))
            continue
        row = _table(document.get("data_row")) or {
            "external_id": document.get("External ID"),
            "row_data": document.get("Labeled Data"),
        }
        image = _name(row)
        if not image:
            findings.append(Finding(where, "names no image", fatal=True))
            continue
        split = row.get("data_split") or document.get("data_split") or ""
        marked = _Marked(image, where, options)
        try:
            subset_of_image = part_named(str(split)) or subset
        except ValueError as error:
            findings.append(Finding(where, f"{image}: {error}", fatal=True))
            continue
        marked.read(document)
        questions |= dict.fromkeys(marked.questions)
        rejected += marked.is_rejected
        yield marked.image(_size(document.get("media_attributes")), subset_of_image)
    if len(questions) > 1:
        message = f"labels are answers to several questions: {', '.join(map(repr, questions))} (--column label=NAME)"
        findings.append(Finding(name, message, fatal=False))
    if rejected:
        message = f"{counted(rejected, 'image')} whose labels a review rejected or sent back: used all the same"
        findings.append(Finding(name, message, fatal=False, count=rejected))


def _table(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(row: Document) -> str:
    """An image's name; of one that its address ends in, with the folders of the address."""
    names = [value for key in ("external_id", "global_key", "row_data", "id") if isinstance(value := row.get(key), str)]
    name = _path(next(filter(None, names), ""))
    address = row.get("row_data")
    path = _path(address) if isinstance(address, str) else ""
    return path if "/" in path and unquote(path).rpartition("/")[2] == name else name


def _path(address: str) -> str:
    """The path of an address in the web; others as they are."""
    return urlsplit(address).path.lstrip("/") if address.startswith(("http://", "https://")) else address


def _size(attributes: object) -> tuple[int, int] | None:
    table = _table(attributes)
    width, height = table.get("width"), table.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width and height else None


class _Marked:
    """What marks one image, gathered from its label."""

    def __init__(self, name: str, where: str, options: Options) -> None:
        self._name, self._where, self._options = name, where, options
        self._project, self._question = options.columns.get("project"), options.columns.get("label")
        self._labels: list[str] = []
        self._boxes: list[Box] = []
        self._faults: list[Finding] = []
        self._left_out: list[str] = []
        self._is_labelled = False
        self.questions: list[str] = []
        """Those whose answers are labels."""
        self.is_rejected = False

    def image(self, size: tuple[int, int] | None, subset: str | None) -> Annotated:
        empty = self._is_labelled and not self._labels
        return Annotated(
            self._name,
            self._where,
            tuple(dict.fromkeys(self._labels)),
            tuple(self._boxes) if self._boxes or empty else None,
            size=size,
            subset=subset,
            faults=tuple(self._faults),
            left_out=tuple(self._left_out),
        )

    def read(self, document: Document) -> None:
        if "Label" in document:
            if not document.get("Skipped"):
                self.is_rejected = _is_rejected(document.get("Reviews"))
                self._annotations(_table(document["Label"]))
            return
        projects = _table(document.get("projects"))
        named = {key: _table(project) for key, project in projects.items() if self._is_chosen(key, _table(project))}
        labelled = {key: labels for key, project in named.items() if (labels := _taken(project))}
        if len(labelled) > 1:
            self._fault("", f"is labelled in several projects: {', '.join(labelled)} (--column project=NAME)")
            return
        for key, labels in labelled.items():
            details = _table(named[key].get("project_details"))
            status = str(details.get("workflow_status")).upper()
            reviews = _table(labels[0].get("label_details")).get("reviews")
            self.is_rejected = status == "REWORK" or _is_rejected(reviews)
            self._left_out += ["labels that another one supersedes"] * (len(labels) - 1)
            annotations = _table(labels[0].get("annotations"))
            if "frames" in annotations or "segments" in annotations:
                self._fault("", "is a video")
            self._left_out += ["relations"] * len(_list(annotations.get("relationships")))
            self._annotations(annotations)

    def _is_chosen(self, key: str, project: Document) -> bool:
        return self._project is None or self._project in (key, project.get("name"))

    def _fault(self, what: str, message: str) -> None:
        where = f"{self._where}, {what}" if what else self._where
        self._faults.append(Finding(where, f"{self._name}: {message}", fatal=True))

    def _annotations(self, annotations: Document) -> None:
        self._is_labelled = True
        for number, marked in enumerate(_list(annotations.get("objects")), 1):
            try:
                self._object(_table(marked))
            except ValueError as error:
                self._fault(f"object {number}", str(error))
        answers = [_table(answered) for answered in _list(annotations.get("classifications"))]
        try:
            question = self._chosen(answers)
        except LayoutError as error:
            self._fault("", f"{error.message.removeprefix('it: ')} (--column label=NAME)")
            return
        for number, answered in enumerate(answers, 1):
            try:
                self._classification(answered, question)
            except ValueError as error:
                self._fault(f"classification {number}", str(error))

    def _chosen(self, answers: list[Document]) -> str | None:
        """The question whose answers are labels.

        Raises
        ------
        LayoutError : several are answered, and none is chosen
        """
        if self._question is not None:
            return self._question
        asked = [_title(answered) for answered in answers if _choices(answered) is not None]
        return label_name(asked, self._options, "it", "question")

    def _object(self, marked: Document) -> None:
        label = marked.get("name") or marked.get("title") or marked.get("value")
        if not isinstance(label, str) or not label:
            raise ValueError("has no name")
        self._left_out += ["answers on objects"] * len(_list(marked.get("classifications")))
        box = marked.get("bounding_box") or marked.get("bbox")
        if box is not None:
            self._boxes.append(Box(label, *numbers(box, _SIZES)))
        elif "polygon" in marked:
            self._boxes.append(rectangle(label, points(marked["polygon"])))
        elif "instanceURI" in marked:
            self._left_out.append(_MASKS)
        else:
            kind = next((kind for key, kind in _LEFT_OUT.items() if key in marked), None)
            self._left_out.append(kind or f"objects of kind {marked.get('annotation_kind')!r}")

    def _classification(self, answered: Document, question: str | None) -> None:
        title, answers = _title(answered), _choices(answered)
        if answers is None:
            self._left_out.append("answers in words")
            return
        if question is not None and question not in (title, answered.get("value")):
            self._left_out.append(f"answers to {title!r}")
            return
        for answer in answers:
            label = _table(answer).get("name") or _table(answer).get("title") or _table(answer).get("value")
            if not isinstance(label, str) or not label:
                raise ValueError("an answer has no name")
            self._labels.append(label)
            self._left_out += ["answers about answers"] * len(_list(_table(answer).get("classifications")))
        self.questions.append(title)


def _title(answered: Document) -> str:
    return str(answered.get("name") or answered.get("title") or answered.get("value"))


def _choices(answered: Document) -> list[Any] | None:
    """The answers of a question that were chosen; None where it was answered in words."""
    single = answered.get("radio_answer") or answered.get("answer")
    several = answered.get("checklist_answers") or answered.get("answers") or answered.get("checklist_answer")
    return [single] if isinstance(single, dict) else several if isinstance(several, list) else None


def _is_rejected(reviews: object) -> bool:
    """Whether the last review of a label did not take it."""
    scores = [_table(review).get("score") for review in _list(reviews)]
    return bool(scores) and is_number(scores[-1]) and scores[-1] < 0


def _taken(project: Document) -> list[Document]:
    """The labels of a project that were not skipped, that which holds first."""
    labels = [_table(label) for label in _list(project.get("labels"))]
    kept = [label for label in labels if not _table(label.get("performance_details")).get("skipped")]

    def rank(label: Document) -> tuple[bool, str]:
        details = _table(label.get("label_details"))
        return bool(details.get("is_benchmark_reference")), str(details.get("updated_at") or details.get("created_at"))

    return sorted(kept, key=rank, reverse=True)


FORMAT = read_only(
    "labelbox", "a Labelbox export; read only", recognises, read, tells=True, roles=frozenset({"label", "project"})
)
