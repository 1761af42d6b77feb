"""What a file of another tool gives: answers, and what could not be read of it; and which task each is on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from customlabels.datasets.model import Finding
from customlabels.review.answers import Answer, checked
from customlabels.review.tasks import Task

NOT_PICKED = "is about no image that was picked, or may be about several"


@dataclass(slots=True)
class Given:
    """Answers, and findings on what is none; no answer is dropped without one."""

    answers: list[Answer] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        """Takes an answer.

        Raises
        ------
        ValueError : what is wrong with it
        """
        self.answers.append(checked(answer))

    def leave_out(self, where: str, why: str, *, fatal: bool = True) -> None:
        self.findings.append(Finding(where, why, fatal))


class Matching:
    """Finds the task that another tool's words are about: by its image's key, its address, its name, or its file's."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._known: dict[str, set[str]] = {}
        self._files: dict[str, set[str]] = {}
        for task in tasks:
            for word in (task.image, task.source, task.name):
                self._known.setdefault(word, set()).add(task.image)
            self._files.setdefault(PurePosixPath(task.name).name, set()).add(task.image)

    def image(self, words: Iterable[str]) -> str | None:
        """The key of the one image that the words name; None where they name none, or one of several."""
        several = list(words)
        for known, word_of in ((self._known, str), (self._files, _file_name)):
            for word in several:
                named = known.get(word_of(word), set())
                if len(named) == 1:
                    return next(iter(named))
        return None


def _file_name(word: str) -> str:
    return PurePosixPath(word).name


def texts(value: object, depth: int = 4) -> Iterator[str]:
    """All texts in a document, those of nested ones too."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part, depth - 1)
