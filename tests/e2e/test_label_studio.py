"""A review in a real Label Studio on SQLite, killed at random moments: nothing lost, nothing doubled.

`make label-studio` installs one and names its command in LABEL_STUDIO; elsewhere these tests are left out.
"""

import json
import os
import random
import socket
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.drawing import drawn
from support.shells import Shell

from customlabels.core.waiting import wait_for
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review import journal, label_studio
from customlabels.review.answers import FILE, read_answers
from customlabels.review.images import keys_of
from customlabels.review.label_studio import Project, Studio
from customlabels.review.pick import Group, Stratum
from customlabels.review.tasks import Known, Task, add_tasks

COMMAND = os.environ.get("LABEL_STUDIO")
TOKEN = "0123456789abcdef0123456789abcdef01234567"
IMAGES, KILLS = 40, int(os.environ.get("LABEL_STUDIO_KILLS", "20"))
PEOPLE = ("ada", "bo", "cleo")

pytestmark = pytest.mark.skipif(COMMAND is None, reason="make label-studio runs these")


@dataclass(frozen=True)
class Reviewer(Shell):
    """A shell that may use Label Studio."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, label_studio.TOKEN: TOKEN}

    def killed(self, after: float, *words: str) -> bool:
        """Whether a command had to be killed so many seconds after it began."""
        process = self.start(*words)
        try:
            process.communicate(timeout=after)
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return True


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Label Studio of its own."""
    folder = tmp_path_factory.mktemp("label-studio")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "LABEL_STUDIO_USERNAME": "reviews@example.org",
        "LABEL_STUDIO_PASSWORD": "a-password-of-tests",
        "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }
    words = ["start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([str(COMMAND), *words], env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"

    def up() -> bool | None:
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return True if answer.status == 200 else None
        return None

    try:
        wait_for(up, what="Label Studio", most=900)
        yield address
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def studio(url: str, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setenv(label_studio.TOKEN, TOKEN)
    return label_studio.connect(url)


@pytest.fixture
def reviewer(tmp_path: Path) -> Reviewer:
    """A folder whose review asks about images, a fifth of two people; of some the answer is known."""
    folder = tmp_path / "line"
    folder.mkdir()
    paths = []
    for number in range(IMAGES):
        paths.append(folder / f"{number}.jpg")
        drawn(number % 3, number).save(paths[-1])
    tasks = []
    for number, (path, key) in enumerate(zip(paths, keys_of(paths), strict=True)):
        known = number % 20 == 0
        seen = () if known else (DetectedLabel("crack", 80.0, (0.1, 0.2, 0.3, 0.4)),)
        tasks.append(
            Task(key, path.name, str(path), "" if known else "v1", seen, () if known else ("crack",), Group.REST,
                 Stratum.RANDOM, 1.0, datetime.now(UTC), people=2 if number % 5 == 1 else 1,
                 known=Known((), ()) if known else None)
        )  # fmt: skip
    add_tasks(tmp_path / "review", tasks)
    return Reviewer(tmp_path)


def own(studio: Studio, folder: Path) -> dict[str, Project]:
    """The projects of a review, by whose they are."""
    identifier = json.loads((folder / "label-studio.json").read_text())["identifier"]
    start = f"customlabels review {identifier}: "
    return {
        project.description.removeprefix(start): project
        for project in label_studio.projects(studio)
        if project.description.startswith(start)
    }


def people() -> list[str]:
    return [word for person in PEOPLE for word in ("--person", person)]


def answer(studio: Studio, number: int, result: list[dict[str, Any]], *, cancelled: bool = False) -> None:
    body = {"result": result, "was_cancelled": cancelled, "lead_time": 2.5}
    label_studio.call(studio, "POST", f"/api/tasks/{number}/annotations/", body)


def test_sends_and_collects_that_are_killed_lose_and_double_nothing(studio: Studio, reviewer: Reviewer) -> None:
    choose, review = random.Random(0), reviewer.folder / "review"
    words = ["review", "send", "--url", studio.url, *people(), "-q"]
    sends = sum(reviewer.killed(choose.uniform(0.2, 2.5), *words) for _ in range(KILLS))
    reviewer.run(*words)
    again = reviewer.json(*words)
    assert (sum(again["new"].values()), again["doubled"], again["lacking"]) == (0, 0, 0)
    projects = own(studio, review)
    assert sorted(projects) == sorted(PEOPLE)
    tasks = {person: list(label_studio.tasks(studio, project)) for person, project in projects.items()}
    counts = Counter(task["data"]["customlabels"] for several in tasks.values() for task in several)
    assert Counter(counts.values()) == {1: IMAGES - IMAGES // 5, 2: IMAGES // 5}
    for several in tasks.values():
        assert len({task["data"]["customlabels"] for task in several}) == len(several)
    collects, given, total = 0, 0, sum(counts.values())
    for several in tasks.values():
        for task in several:
            value = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["crack"]}
            sized = {"original_width": 96, "original_height": 96}
            mark = {"type": "rectanglelabels", "from_name": "label", "to_name": "image", "value": value, **sized}
            answer(studio, task["id"], [mark] if given % 3 else [], cancelled=given % 7 == 0)
            given += 1
            while collects < KILLS * given // total:
                collects += reviewer.killed(choose.uniform(0.2, 1.2), "review", "collect", "-q")
    last = reviewer.json("review", "collect", "-q")
    assert last["known"] + last["new"] == given == total
    lines = [(line["image"], line["person"]) for _, line in journal.read(review / FILE)]
    assert len(lines) == len(set(lines)) == given
    answers = read_answers(review)
    assert sum(answer.unsure for answer in answers) == (given + 6) // 7
    assert {box.rectangle for one in answers for box in one.boxes or ()} == {(0.1, 0.2, 0.3, 0.4)}
    assert sends + collects >= KILLS
    print(f"{sends} sends and {collects} collects killed, {given} answers")  # noqa: T201 - a figure


def test_predictions_are_shown_with_their_images(studio: Studio, reviewer: Reviewer) -> None:
    reviewer.run("review", "send", "--url", studio.url, "--person", "ada", "-q")
    project = own(studio, reviewer.folder / "review")["ada"]
    (task, *_) = (
        task
        for task in label_studio.call(studio, "GET", f"/api/tasks/?project={project.number}&fields=all")["tasks"]
        if task["predictions"]
    )
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "v1"
    request = urllib.request.Request(
        studio.url + task["data"]["image"], headers={"Authorization": studio.authorization}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.read(3) == b"\xff\xd8\xff"
    refused = reviewer.run("review", "send", "--url", "http://127.0.0.1:9", "--person", "ada", expect=4)
    assert TOKEN not in refused.stderr + refused.stdout
