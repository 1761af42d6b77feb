"""The page's server: who it answers, and what it keeps."""

import http.client
import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw
from support.serving import answering

from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.answers import Answer, read_answers
from customlabels.review.images import keys_of, read_image
from customlabels.review.page.items import to_answer
from customlabels.review.page.server import PageServer, Served
from customlabels.review.pick import Group, Stratum
from customlabels.review.tasks import Known, Task

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def tasks_of(folder: Path, count: int = 3, *, boxes: bool = False) -> list[Task]:
    paths = sorted(draw(folder / "line", {"across": count, "down": count}).rglob("*.jpg"))
    seen = (DetectedLabel("across", 80.0, (0.1, 0.1, 0.3, 0.3) if boxes else None), DetectedLabel("down", 20.0))
    return [
        Task(key, _name(path), str(path), "v", seen, ("across",), Group.REST, Stratum.RANDOM, 1.0, NOON)
        for key, path in zip(keys_of(paths), paths, strict=True)
    ]


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PageServer]:
    work = to_answer(tasks_of(tmp_path), [], "ada")
    served = Served(work, tmp_path / "review", lambda source, _: read_image(source, _no_s3), lambda: NOON)
    running = PageServer(served)
    with answering(running):
        yield running


def _no_s3() -> Any:
    raise AssertionError("S3 is not asked")


def ask(server: PageServer, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Status and body; headers with _ for -, and none where a value is empty."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    given = {
        "Host": f"127.0.0.1:{server.server_port}",
        "Authorization": f"Bearer {server.served.token}",
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Content-Length": str(len(sent)), **given}.items():
        if value:
            connection.putheader(name, value)
    connection.endheaders(sent)
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if "json" in answer.headers["Content-Type"] else content


def test_the_address_has_the_token_where_no_browser_sends_it(server: PageServer) -> None:
    assert server.address == f"http://127.0.0.1:{server.server_port}/#{server.served.token}"
    assert len(server.served.token) > 40
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/api/work", "/api/image/0", "/api/thumbnail/0", "/api/answer", "/api/withdraw"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer another"}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "127.0.0.1:1"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Content_Type": "text/plain"}, 415),
    ],
)
def test_whoever_is_not_the_page_is_refused(
    server: PageServer, path: str, headers: dict[str, str], status: int
) -> None:
    method = "POST" if path in ("/api/answer", "/api/withdraw") else "GET"
    if method == "GET" and status == 415:
        return
    assert ask(server, method, path, {"number": 0, "labels": ["across"]}, **headers)[0] == status
    assert read_answers(server.served.folder) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/page.js", 200),
        ("/page.css", 200),
        ("/server.py", 404),
        ("/../server.py", 404),
        ("/favicon.ico", 404),
    ],
)
def test_the_pages_own_files_are_served_and_no_others(server: PageServer, path: str, status: int) -> None:
    assert ask(server, "GET", path, Authorization="")[0] == status


def test_no_other_page_may_frame_it_or_load_from_it(server: PageServer) -> None:
    assert ask(server, "GET", "/", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, "GET", "/", Sec_Fetch_Site="none")[0] == 200


@pytest.mark.parametrize("number", ["99", "-1", "x", "", "1e3", "%2e%2e/etc/passwd", "9" * 400])
def test_an_image_that_is_none_of_the_work_is_not_shown(server: PageServer, number: str) -> None:
    assert ask(server, "GET", f"/api/image/{number}")[0] == 404


def test_images_are_shown_as_they_are_and_small(server: PageServer) -> None:
    path = Path(server.served.work.items[1].source)
    assert ask(server, "GET", "/api/image/1")[1] == path.read_bytes()
    assert ask(server, "GET", "/api/thumbnail/1")[1].startswith(b"\xff\xd8\xff")


def test_what_is_no_image_is_never_shown(server: PageServer) -> None:
    Path(server.served.work.items[0].source).write_text("<script>alert(1)</script>")
    assert ask(server, "GET", "/api/image/0")[0] == 415
    assert ask(server, "GET", "/api/thumbnail/0")[0] == 404
    Path(server.served.work.items[0].source).unlink()
    assert ask(server, "GET", "/api/image/0")[0] == 404


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        {"number": 99, "labels": ["across"]},
        {"number": 0, "labels": ["unheard-of"]},
        {"number": 0, "labels": 7},
        {"number": 0, "boxes": [{"label": "across", "left": 0, "top": 0, "width": 2, "height": 1}]},
        {"number": 0, "labels": ["across"], "unsure": True},
    ],
)
def test_what_is_no_answer_is_not_kept(server: PageServer, answer: object) -> None:
    assert ask(server, "POST", "/api/answer", answer)[0] in (400, 404)
    assert read_answers(server.served.folder) == []


@pytest.mark.parametrize("length", ["", "-1", "abc", "99999999"])
def test_a_length_that_is_none_or_too_much_is_refused(server: PageServer, length: str) -> None:
    assert ask(server, "POST", "/api/answer", None, Content_Length=length)[0] == 400


def test_an_answer_is_on_disk_when_it_is_confirmed_and_can_be_taken_back(server: PageServer) -> None:
    assert (
        ask(server, "POST", "/api/answer", {"number": 2, "labels": ["down"], "boxes": None, "seconds": 1.5})[0] == 200
    )
    (answer,) = read_answers(server.served.folder)
    image = server.served.work.items[2].image
    assert answer == Answer(image, "ada", NOON, ("down",), seconds=1.5)
    assert ask(server, "POST", "/api/withdraw", {"number": 2})[0] == 200
    assert read_answers(server.served.folder) == []
    assert ask(server, "POST", "/api/answer", {"number": 2, "labels": ["across"]})[0] == 200
    assert [answer.labels for answer in read_answers(server.served.folder)] == [("across",)]


def test_what_cannot_be_kept_is_not_confirmed(server: PageServer) -> None:
    server.served.folder.write_text("a file where the folder should be")
    status, answer = ask(server, "POST", "/api/answer", {"number": 0, "labels": ["down"]})
    assert status == 500
    assert "not kept" in answer["error"]


def test_a_person_is_asked_about_what_waits_for_somebody_else(tmp_path: Path) -> None:
    from dataclasses import replace

    first, second, third, *_ = tasks_of(tmp_path)
    tasks = [first, replace(second, people=2), replace(third, known=Known(("rust",)))]
    answers = [Answer(first.image, "bo", NOON, ("down",)), Answer(second.image, "bo", NOON, ("down",))]
    work = to_answer(tasks, answers, "ada", labels=("ok",))
    assert [item.image for item in work.items] == [second.image, third.image]
    assert work.labels == ("ok", "across", "down", "rust")
    assert not any("known" in item for item in work.document()["items"])
    assert [item.image for item in to_answer(tasks, answers, "bo").items] == [third.image]
    assert to_answer(tasks, [*answers, Answer(second.image, "ada", NOON)], "cy").items[0].image == second.image


def test_whoever_is_to_judge_unseen_is_not_told_what_the_version_saw(tmp_path: Path) -> None:
    document = to_answer(tasks_of(tmp_path), [], "ada", blind=True).document()
    assert all(item["seen"] == item["predicted"] == [] for item in document["items"])


def test_an_image_that_is_another_by_now_is_not_shown_as_the_one_that_is_asked_about(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path)
    work = to_answer(tasks, [], "ada")
    read = Served(work, tmp_path / "review", lambda source, image: read_image(source, _no_s3, image), lambda: NOON)
    with answering(running := PageServer(read)):
        assert ask(running, "GET", "/api/image/0")[0] == 200
        Path(tasks[0].source).write_bytes(Path(tasks[1].source).read_bytes())
        status, answer = ask(running, "GET", "/api/image/0")
        assert status == 404
        assert "is another image than the one that was asked about" in answer["error"]
        assert ask(running, "GET", "/api/thumbnail/0")[0] == 404
        Path(tasks[0].source).unlink()
        assert ask(running, "GET", "/api/image/0")[0] == 404


def test_an_answer_that_another_page_gave_since_is_not_taken_back(tmp_path: Path) -> None:
    tasks, folder, times = tasks_of(tmp_path), tmp_path / "review", itertools.count()

    def later() -> datetime:
        return NOON + timedelta(seconds=next(times))

    pages = [PageServer(Served(to_answer(tasks, [], "ada"), folder, lambda *_: b"", later)) for _ in range(2)]
    with answering(pages[0]), answering(pages[1]):
        for page, label in zip(pages, ("across", "down"), strict=True):
            assert ask(page, "POST", "/api/answer", {"number": 0, "labels": [label]})[0] == 200
        assert ask(pages[0], "POST", "/api/withdraw", {"number": 0})[0] == 200
        assert [answer.labels for answer in read_answers(folder)] == [("down",)]
        assert ask(pages[1], "POST", "/api/withdraw", {"number": 0})[0] == 200
        assert read_answers(folder) == []


def test_two_pages_on_one_review_lose_nothing_and_keep_each_persons_last_word(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, 12)
    times = itertools.count()

    def later() -> datetime:
        return NOON + timedelta(seconds=next(times))

    pages = [
        PageServer(Served(to_answer(tasks, [], person), tmp_path / "review", lambda *_: b"", later))
        for person in ("ada", "ada", "bo")
    ]

    def answer_all(page: PageServer, label: str) -> None:
        for number in range(len(tasks)):
            assert ask(page, "POST", "/api/answer", {"number": number, "labels": [label]})[0] == 200

    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        for page in pages:
            stack.enter_context(answering(page))
        list(pool.map(answer_all, pages, ("across", "across", "down")))
        answer_all(pages[1], "down")
    answers = read_answers(tmp_path / "review")
    assert len(answers) == 2 * len(tasks)
    assert {answer.labels for answer in answers} == {("down",)}
    lines = (tmp_path / "review" / "answers.jsonl").read_text().splitlines()
    assert len(lines) == 4 * len(tasks)
