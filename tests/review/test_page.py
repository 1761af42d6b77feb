"""The page as a person has it, in Chromium."""

import json
import os
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.browser import BROWSER, Tab, browser
from support.foreign_server import foreign_server
from support.serving import answering
from support.shells import Shell

from customlabels.datasets.duplicates import exact_duplicates
from customlabels.manifests.formats import load_dataset
from customlabels.review.answers import read_answers
from customlabels.review.images import read_image
from customlabels.review.page.items import Findings, Work, to_answer, to_look_through
from customlabels.review.page.server import PageServer, Served
from customlabels.review.tasks import add_tasks

from .test_page_server import NOON, tasks_of

pytestmark = [pytest.mark.around, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@contextmanager
def served(work: Work, folder: Path) -> Iterator[PageServer]:
    """A server of this work."""

    def no_s3() -> Any:
        raise AssertionError("S3 is not asked")

    running = PageServer(Served(work, folder, lambda source, image: read_image(source, no_s3, image), lambda: NOON))
    with answering(running):
        yield running


def shown(tab: Tab, number: int) -> None:
    tab.wait(f"document.body.dataset.shown === '{number}'")


def kept(tab: Tab) -> None:
    tab.wait("document.body.dataset.unsent === '0'")


def test_a_key_answers_and_the_next_image_comes(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path)
    tab.complaints.clear()
    with served(to_answer(tasks, [], "ada"), tmp_path / "review") as server:
        tab.open(server.address)
        for number, key in enumerate(["2", "1", "Enter", " ", "x"]):
            shown(tab, number)
            tab.press(key)
        shown(tab, 5)
        tab.press("m", "1", "2", "Enter")
        tab.wait("!document.getElementById('over').hidden")
        kept(tab)
    by_image = {answer.image: answer for answer in read_answers(tmp_path / "review")}
    answers = [by_image[task.image] for task in tasks]
    assert [answer.labels for answer in answers] == [("down",), ("across",), ("across",), (), (), ("across", "down")]
    assert [answer.unsure for answer in answers] == [False, False, False, False, True, False]
    assert all(answer.seconds is not None for answer in answers)
    assert tab.complaints == []


def test_an_answer_is_taken_back_and_one_that_is_left_for_later_comes_last(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path)
    with served(to_answer(tasks, [], "ada"), tmp_path / "review") as server:
        tab.open(server.address)
        shown(tab, 0)
        tab.press("n")
        shown(tab, 1)
        tab.press("2")
        shown(tab, 2)
        tab.press("u")
        shown(tab, 1)
        kept(tab)
        assert read_answers(tmp_path / "review") == []
        for number in (1, 2, 3, 4, 5, 0):
            shown(tab, number)
            tab.press("1")
        tab.wait("!document.getElementById('over').hidden")
        kept(tab)
    assert {answer.labels for answer in read_answers(tmp_path / "review")} == {("across",)}


def test_what_cannot_be_shown_is_not_answered_and_is_left_for_later(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path)
    first = Path(tasks[0].source)
    first.write_bytes(Path(tasks[1].source).read_bytes())
    with served(to_answer(tasks, [], "ada"), tmp_path / "review") as server:
        tab.open(server.address)
        tab.wait("!document.getElementById('alert').hidden && document.getElementById('confirm').disabled")
        assert "is another image than the one that was asked about" in tab.value("document.body.innerText")
        tab.press("1", "Enter", " ", "x")
        assert read_answers(tmp_path / "review") == []
        tab.press("n")
        shown(tab, 1)
        assert tab.value("document.getElementById('alert').hidden")
        tab.press("1")
        shown(tab, 2)
        kept(tab)
    assert [answer.image for answer in read_answers(tmp_path / "review")] == [tasks[1].image]


@pytest.mark.parametrize("boxes", [False, True])
def test_several_at_once_are_confirmed_but_for_those_that_are_not_right(tab: Tab, tmp_path: Path, boxes: bool) -> None:
    tasks = tasks_of(tmp_path, boxes=boxes)
    tab.complaints.clear()
    with served(to_answer(tasks, [], "ada", boxes=boxes), tmp_path / "review") as server:
        tab.open(server.address)
        shown(tab, 0)
        tab.press("g")
        every = " ".join(map(str, range(min(12, len(tasks)))))
        tab.wait(f"document.body.dataset.sheet === '{every}'")
        tab.press("2")
        tab.click("#sheet-images li:nth-child(4) button")
        tab.click("#sheet-images li:nth-child(5) button")
        tab.press("5", "Enter")
        # What was taken out is answered one by one; nothing else waits.
        shown(tab, 1)
        kept(tab)
        answers = {answer.image: answer for answer in read_answers(tmp_path / "review")}
        assert answers.keys() == {task.image for number, task in enumerate(tasks) if number not in (1, 3)}
        for task in tasks:
            if task.image in answers and boxes:
                counting = [seen for seen in task.seen if seen.label in task.predicted]
                found = [box.rectangle for box in answers[task.image].boxes or ()]
                assert found == [seen.box for seen in counting if seen.box]
            elif task.image in answers:
                assert answers[task.image].labels == task.predicted
        tab.press(" " if not boxes else "Enter")
        shown(tab, 3)
        tab.press("u")
        shown(tab, 1)
        tab.press("g")
        tab.wait("document.body.dataset.sheet === '1 3'")
        tab.press("g")
        shown(tab, 1)
        assert int(tab.value("document.body.dataset.actions")) == 10
    assert tab.complaints == []


def test_a_blind_review_has_no_sheet(tab: Tab, tmp_path: Path) -> None:
    with served(to_answer(tasks_of(tmp_path), [], "ada", blind=True), tmp_path / "review") as server:
        tab.open(server.address)
        shown(tab, 0)
        tab.press("g")
        assert tab.value("document.getElementById('together').hidden")
        assert tab.value("document.getElementById('sheet').hidden")


def test_boxes_are_confirmed_drawn_relabelled_moved_and_taken_away(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, boxes=True)
    with served(to_answer(tasks, [], "ada"), tmp_path / "review") as server:
        tab.open(server.address)
        area = tab.value("(({x, y, width, height}) => [x, y, width, height])(canvas.getBoundingClientRect())")
        side = min(area[2], area[3])
        left, top = area[0] + (area[2] - side) / 2, area[1] + (area[3] - side) / 2

        def at(across: float, down: float) -> tuple[float, float]:
            return left + across * side, top + down * side

        shown(tab, 0)
        tab.press("Enter")
        shown(tab, 1)
        tab.press("2")
        tab.drag(at(0.5, 0.5), at(0.7, 0.9))
        tab.press("Enter")
        shown(tab, 2)
        tab.drag(at(0.2, 0.2), at(0.2, 0.2))
        tab.press("Delete", "Enter")
        shown(tab, 3)
        tab.drag(at(0.2, 0.2), at(0.2, 0.2))
        tab.drag(at(0.2, 0.2), at(0.4, 0.5))
        tab.press("2", "Enter")
        shown(tab, 4)
        tab.drag(at(0.2, 0.2), at(0.2, 0.2))
        tab.drag(at(0.4, 0.4), at(0.6, 0.7))
        tab.press("Enter")
        shown(tab, 5)
        tab.press("2")
        tab.drag(at(0.6, 0.6), at(0.9, 0.9))
        tab.drag(at(0.3, 0.1), at(0.6, 0.7), shift=True)
        tab.drag(at(0.9, 0.1), at(0.98, 0.3), shift=True)
        assert tab.value("document.body.dataset.actions") == "18"
        tab.press("Enter")
        tab.wait("!document.getElementById('over').hidden")
        kept(tab)
    by_image = {answer.image: answer for answer in read_answers(tmp_path / "review")}
    boxes = [
        [(box.label, *(round(side, 1) for side in box.rectangle)) for box in by_image[task.image].boxes or ()]
        for task in tasks[:6]
    ]
    given = ("across", 0.1, 0.1, 0.3, 0.3)
    assert boxes[0] == [given]
    assert boxes[1][0] == given
    assert boxes[1][1] == ("down", 0.5, 0.5, 0.2, 0.4)
    assert boxes[2] == []
    assert boxes[3] == [("down", 0.3, 0.4, 0.3, 0.3)]
    assert boxes[4] == [("across", 0.1, 0.1, 0.5, 0.6)]
    assert boxes[5] == [("across", 0.3, 0.1, 0.3, 0.6), ("down", 0.6, 0.6, 0.3, 0.3), ("down", 0.9, 0.1, 0.1, 0.2)]


def test_a_closer_look_draws_where_the_pointer_is(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, boxes=True)
    with served(to_answer(tasks, [], "ada", blind=True), tmp_path / "review") as server:
        tab.open(server.address)
        shown(tab, 0)
        tab.press("+", "+")
        area = tab.value("(({x, y, width, height}) => [x, y, width, height])(canvas.getBoundingClientRect())")
        middle = area[0] + area[2] / 2, area[1] + area[3] / 2
        scale = min(area[2], area[3]) * 1.5 * 1.5
        tab.drag(middle, (middle[0] + scale * 0.1, middle[1] + scale * 0.2))
        tab.press("Enter")
        shown(tab, 1)
        kept(tab)
    (answer,) = read_answers(tmp_path / "review")
    assert answer.boxes is not None
    assert answer.boxes[0].rectangle == pytest.approx((0.5, 0.5, 0.1, 0.2), abs=0.01)


@pytest.mark.parametrize(("width", "height"), [(1200, 800), (390, 844)])
def test_it_asks_nobody_else_and_nothing_sticks_out(tab: Tab, tmp_path: Path, width: int, height: int) -> None:
    tab.complaints.clear()
    tab.asked.clear()
    with served(to_answer(tasks_of(tmp_path), [], "ada"), tmp_path / "review") as server:
        tab.open(server.address, width, height, mobile=width < 500)
        shown(tab, 0)
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")
        tab.picture(tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as picture:
            assert len(picture.convert("L").getcolors(256) or ()) > 20
        tab.click("#labels button")
        shown(tab, 1)
        kept(tab)
        own = f"http://127.0.0.1:{server.server_port}/"
        assert {url for url in tab.asked if not url.startswith((own, "about:", "data:"))} == set()
    assert len(read_answers(tmp_path / "review")) == 1
    assert tab.complaints == []


def test_a_thousand_images_go_by_without_a_hitch(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, 500)
    with served(to_answer(tasks, [], "ada"), tmp_path / "review") as server:
        tab.open(server.address)
        passed = []
        for number in range(1000):
            shown(tab, number)
            if number < 999:
                began = time.perf_counter()
                tab.press("1")
                shown(tab, number + 1)
                passed.append(time.perf_counter() - began)
        tab.press("1")
        tab.wait("!document.getElementById('over').hidden")
        kept(tab)
    assert len(read_answers(tmp_path / "review")) == 1000
    assert statistics.median(passed) < 0.3
    assert statistics.median(passed[-100:]) < 3 * statistics.median(passed[:100])


def test_a_dataset_is_looked_through_by_label_and_finding_side_by_side(tab: Tab, tmp_path: Path) -> None:
    tasks_of(tmp_path)
    twin = tmp_path / "line" / "down" / "twin.jpg"
    twin.write_bytes((tmp_path / "line" / "across" / "000.jpg").read_bytes())
    dataset = load_dataset(tmp_path / "line")
    findings = Findings(exact_duplicates(dataset.records), {"across/001.jpg": "says down"})
    tab.complaints.clear()
    with served(to_look_through(dataset, findings, "line"), tmp_path / "review") as server:
        tab.open(server.address)
        assert tab.value("document.getElementById('count').textContent") == "7 of 7 images"
        tab.wait("[...document.querySelectorAll('#grid img')].every(image => image.complete && image.naturalWidth)")
        choose = "{{ const by = document.getElementById('{}'); by.value = '{}'; by.onchange(); }}"
        tab.value(choose.format("by-kind", "conflict"))
        assert tab.value("[...document.querySelectorAll('#grid .name')].map(name => name.textContent).sort()") == [
            "across/000.jpg",
            "down/twin.jpg",
        ]
        tab.click("#grid button")
        tab.wait("document.body.dataset.shown === '0'")
        assert "down/twin.jpg: down" in tab.value("document.getElementById('details-alike').textContent")
        tab.press("ArrowRight")
        tab.wait("document.body.dataset.shown === '6'")
        tab.click("#close")
        tab.value(choose.format("by-kind", "mistake"))
        assert tab.value("document.querySelector('#grid .note').textContent") == "says down"
        answer = "page.ask('/api/answer', {number: 0, labels: []})"
        status = tab.value(f"import('./page.js').then(page => {answer}).catch(error => error.message)")
        assert "only looked at" in status
    assert [complaint for complaint in tab.complaints if "403" not in complaint] == []


PAGE = """<!doctype html><title>start</title><script>
const base = "http://127.0.0.1:PORT", seen = [];
const add = (tag, set) => new Promise(done => {
  const made = document.createElement(tag);
  made.onload = () => { seen.push(tag + " loaded"); done(); };
  made.onerror = () => done();
  set(made); document.body.append(made);
});
addEventListener("load", async () => {
  await add("script", it => it.src = base + "/page.js");
  await add("link", it => { it.rel = "stylesheet"; it.href = base + "/page.css"; });
  for (const mode of ["no-cors", "cors"])
    for (const headers of [{}, {Authorization: "Bearer TOKEN", "Content-Type": "application/json"}])
      await fetch(base + "/api/answer", {method: "POST", mode, headers, body: '{"number": 0, "labels": ["across"]}'})
        .then(answer => answer.ok && seen.push("answered"), () => 0);
  document.body.dataset.ready = "yes"; document.title = "done " + JSON.stringify(seen);
});
</script><body></body>"""


def test_another_page_that_even_knows_the_token_answers_nothing(tab: Tab, tmp_path: Path) -> None:
    with served(to_answer(tasks_of(tmp_path), [], "ada"), tmp_path / "review") as server:
        body = PAGE.replace("PORT", str(server.server_port)).replace("TOKEN", server.served.token).encode()

        with foreign_server(body) as other:
            for host in ("localhost", "127.0.0.1"):
                tab.open(f"http://{host}:{other.port}/")
                assert tab.value("document.title") == "done []"
    assert read_answers(tmp_path / "review") == []


def test_whatever_ends_the_command_no_answer_is_lost_or_doubled(tab: Tab, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, 10)
    add_tasks(tmp_path / "review", tasks)
    shell = Shell(tmp_path)
    confirmed = 0
    for ending in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        process = shell.start("review", "page", "--person", "ada", "--output", "json")
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while lines[-1].rstrip() != "}":
            lines.append(process.stdout.readline())
        started = json.loads("".join(lines))
        assert (started["answered"], started["images"]) == (confirmed, 20 - confirmed)
        tab.open(started["address"])
        for number in range(4):
            shown(tab, number)
            tab.press("1")
        shown(tab, 4)
        kept(tab)
        confirmed += 4
        os.kill(process.pid, ending)
        _, errors = process.communicate(timeout=30)
        assert "Traceback" not in errors
        tab.press("1")
        tab.wait("!document.getElementById('alert').hidden")
        assert "not kept" in tab.value("document.getElementById('alert').textContent")
        assert len(read_answers(tmp_path / "review")) == confirmed
