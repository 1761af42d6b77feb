"""A review in Label Studio: each task once whatever ends a send, answers of whose project it is, no token told."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.studio import TOKEN, State, studio

from customlabels.core.errors import CustomLabelsError, LayoutError, ServiceError, SettingsError
from customlabels.core.watching import UNWATCHED
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review import label_studio, sending
from customlabels.review.answers import Answer, add_answers, read_answers
from customlabels.review.pick import Group, Stratum
from customlabels.review.sending import FILE, assigned, collect, place_of, send
from customlabels.review.tasks import Known, Task, add_tasks

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PEOPLE = ("ada", "bo")


def task(number: int, people: int = 1, *, known: bool = False, box: bool = False) -> Task:
    seen = DetectedLabel("crack", 80.0, (0.1, 0.2, 0.3, 0.4) if box else None)
    version = "" if known else "v1"
    return Task(
        f"i#{number:032x}:9",
        f"{number}.jpg",
        f"{number}.jpg",
        version,
        () if known else (seen, DetectedLabel("pit", 20.0, seen.box)),
        () if known else ("crack",),
        Group.REST,
        Stratum.RANDOM,
        1.0,
        NOON,
        people=people,
        known=Known(("crack",)) if known else None,
    )


def image(source: str, _: str) -> bytes:
    body = io.BytesIO()
    Image.new("L", (64, 48), int(source.partition(".")[0]) % 256).save(body, "JPEG")
    return body.getvalue()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, State]]:
    monkeypatch.setenv(label_studio.TOKEN, TOKEN)
    with studio() as made:
        yield made


def review(folder: Path, tasks: list[Task]) -> Path:
    add_tasks(folder / "review", tasks)
    return folder / "review"


def sent(folder: Path, url: str, *people: str, **more: Any) -> sending.Sent:
    opened = label_studio.connect(url)
    return send(opened, place_of(folder, opened.url), folder, people or PEOPLE, image, UNWATCHED, **more)


def collected(folder: Path, url: str) -> tuple[int, int]:
    opened = label_studio.connect(url)
    new, known, *_ = collect(opened, place_of(folder, None), folder)
    return new, known


def contents(state: State) -> Counter[tuple[int, str]]:
    return Counter((one["project"], one["data"]["customlabels"]) for one in state.tasks.values())


def choice(label: str) -> list[dict[str, Any]]:
    return [{"type": "choices", "from_name": "choice", "to_name": "image", "value": {"choices": [label]}}]


def test_each_person_has_a_project_and_every_task_goes_to_as_many_as_are_wanted(
    held: tuple[str, State], tmp_path: Path
) -> None:
    url, state = held
    folder = review(tmp_path, [task(number, 2 if number < 4 else 1) for number in range(20)])
    first = sent(folder, url)
    assert sum(first.new.values()) == 24
    assert max(first.new.values()) - min(first.new.values()) <= 1
    assert set(contents(state).values()) == {1}
    again = sent(folder, url)
    assert (sum(again.new.values()), again.there, again.doubled) == (0, first.new, 0)
    assert len(state.projects) == 2
    (prediction,) = next(iter(state.tasks.values()))["predictions"]
    assert [result["value"]["choices"] for result in prediction["result"]] == [["crack"]]
    assert state.projects[1]["model_version"] == "v1"


def test_what_is_asked_to_see_how_people_do_cannot_be_told_from_the_task(
    held: tuple[str, State], tmp_path: Path
) -> None:
    url, state = held
    folder = review(tmp_path, [task(1), task(2, known=True)])
    sent(folder, url, "ada", blind=True)
    assert {frozenset(one) for one in state.tasks.values()} == {frozenset({"id", "project", "annotations", "data"})}
    assert all(re.fullmatch(r"/data/upload/1/[0-9a-f]{8}-[0-9a-f]{32}-9\.jpg", one["data"]["image"])
               for one in state.tasks.values())  # fmt: skip


@pytest.mark.around
@settings(max_examples=40)
@given(drops=st.sets(st.integers(1, 60), max_size=12))
def test_a_send_that_is_cut_off_anywhere_is_finished_by_the_next(
    drops: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch, studio() as (url, state):
        patch.setenv(label_studio.TOKEN, TOKEN)
        folder = review(tmp_path_factory.mktemp("sent"), [task(number, 2 if number < 2 else 1) for number in range(8)])
        state.drops = drops
        for _ in range(40):
            with suppress(ServiceError):
                sent(folder, url)
                break
        assert set(contents(state).values()) == {1}
        images = Counter(image for _, image in contents(state))
        assert sorted(images.values()) == [1] * 6 + [2] * 2
        assert len(state.projects) <= 2 + len(drops)
        people = {given["description"] for given in state.projects.values()}
        assert len(people) == 2


def test_an_import_that_outlived_its_sender_is_taken_back_unless_somebody_answered(
    held: tuple[str, State], tmp_path: Path
) -> None:
    url, state = held
    folder = review(tmp_path, [task(1), task(2)])
    sent(folder, url, "ada")
    for number in (1, 2):
        state.tasks[10 + number] = {**state.tasks[number], "id": 10 + number, "annotations": []}
    state.answer(11, choice("crack"), "2026-06-01T12:00:00Z")
    assert sent(folder, url, "ada").doubled == 2
    assert sorted(state.tasks) == [2, 11]
    assert collected(folder, url) == (1, 0)


def test_answers_are_of_the_person_whose_project_it_is_and_come_once(held: tuple[str, State], tmp_path: Path) -> None:
    url, state = held
    folder = review(tmp_path, [task(number, 2) for number in range(3)])
    sent(folder, url)
    for number, one in state.tasks.items():
        at = (NOON + timedelta(seconds=number)).isoformat()
        state.answer(number, choice("pit" if one["project"] == 1 else "crack"), at, cancelled=number == 1)
    assert collected(folder, url) == (6, 0)
    assert collected(folder, url) == (0, 6)
    answers = read_answers(folder)
    assert {answer.person for answer in answers} == set(PEOPLE)
    assert sum(answer.unsure for answer in answers) == 1
    # Where they disagree, or cannot tell, a further person is asked.
    more = sent(folder, url, *PEOPLE, "cleo")
    assert (more.new["cleo"], more.new["ada"], more.lacking) == (3, 0, 0)
    state.answer(2, choice("crack"), (NOON + timedelta(days=1)).isoformat())
    assert collected(folder, url) == (1, 5)


def test_boxes_come_back_in_fractions_and_an_empty_answer_says_that_there_are_none(
    held: tuple[str, State], tmp_path: Path
) -> None:
    url, state = held
    folder = review(tmp_path, [task(number, box=True) for number in range(2)])
    sent(folder, url, "ada")
    (prediction,) = state.tasks[1]["predictions"]
    assert prediction["result"][0]["value"]["x"] == pytest.approx(10)
    state.answer(1, prediction["result"], NOON.isoformat())
    state.answer(2, [], NOON.isoformat())
    assert collected(folder, url) == (2, 0)
    by_image = {answer.image: answer for answer in read_answers(folder)}
    (box,) = by_image[state.tasks[1]["data"]["customlabels"]].boxes or ()
    assert box.rectangle == pytest.approx((0.1, 0.2, 0.3, 0.4))
    assert by_image[state.tasks[2]["data"]["customlabels"]].boxes == ()


@given(st.lists(st.integers(1, 3), min_size=1, max_size=30), st.integers(1, 4), st.data())
def test_nobody_gets_a_task_twice_and_what_nobody_is_there_for_is_counted(
    wanted: list[int], count: int, data: st.DataObject
) -> None:
    tasks = [task(number, people) for number, people in enumerate(wanted)]
    people = [f"p{number}" for number in range(count)]
    pairs = st.tuples(st.sampled_from(people), st.sampled_from([one.image for one in tasks]))
    there: dict[str, set[str]] = {person: set() for person in people}
    for person, content in data.draw(st.sets(pairs, max_size=10)):
        there[person].add(content)
    plan, lacking = assigned(tasks, [], people, there)
    for person, new in plan.items():
        assert not there[person] & {one.image for one in new}
        assert len(new) == len({one.image for one in new})
    for one in tasks:
        has = sum(one in plan[person] or one.image in there[person] for person in people)
        assert has >= min(one.people, count)
    total = sum(max(0, one.people - count) for one in tasks)
    assert lacking == total
    after = {person: there[person] | {one.image for one in plan[person]} for person in people}
    assert not any(assigned(tasks, [], people, after)[0].values())


def test_who_has_answered_elsewhere_is_not_asked_again(tmp_path: Path) -> None:
    tasks = [task(1), task(2)]
    answers = [Answer(tasks[0].image, "ada", NOON, ("crack",))]
    plan, _ = assigned(tasks, answers, ["ada"], {})
    assert plan == {"ada": [tasks[1]]}
    disputed = [*answers, Answer(tasks[0].image, "bo", NOON, ("pit",))]
    plan, lacking = assigned(tasks[:1], disputed, ["ada", "bo"], {})
    assert (plan, lacking) == ({"ada": [], "bo": []}, 1)


def test_labels_that_come_later_are_added_to_the_projects(held: tuple[str, State], tmp_path: Path) -> None:
    url, state = held
    folder = review(tmp_path, [task(1)])
    sent(folder, url, "ada")
    assert '<Choice value="crack"' in state.projects[1]["label_config"]
    add_answers(folder, [Answer(task(1).image, "bo", NOON, ('a "new" & <odd> one',))])
    sent(folder, url, "ada", labels=["ok"])
    config = state.projects[1]["label_config"]
    assert "'a \"new\" &amp; &lt;odd&gt; one'" in config
    assert config.index('"ok"') < config.index('"crack"')


def test_a_review_is_in_one_label_studio_and_its_note_holds_no_token(held: tuple[str, State], tmp_path: Path) -> None:
    url, _ = held
    folder = review(tmp_path, [task(1)])
    with pytest.raises(LayoutError, match="was not sent"):
        place_of(folder, None)
    sent(folder, url, "ada")
    assert TOKEN not in (folder / FILE).read_text()
    with pytest.raises(LayoutError, match="is at"):
        place_of(folder, "http://elsewhere:8080")
    (folder / FILE).write_text("{}")
    with pytest.raises(LayoutError, match="is no note"):
        place_of(folder, None)


REFUSALS = {
    "redirect": (302, b"", {"Location": "http://127.0.0.1:9/"}, "redirects elsewhere"),
    "no json": (200, b"<html>", {}, "answers no JSON"),
    "denied": (401, f'{{"detail": "Invalid token {TOKEN}"}}'.encode(), {}, "does not take the token"),
    "fault": (400, f'{{"validation_errors": {{"label_config": "bad {TOKEN}"}}}}'.encode(), {}, "HTTP 400"),
    "broken": (500, b"\xff\xfe", {}, "HTTP 500"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_whatever_it_answers_is_a_sentence_without_the_token(
    name: str, held: tuple[str, State], tmp_path: Path
) -> None:
    url, state = held
    status, body, headers, sentence = REFUSALS[name]
    folder = review(tmp_path, [task(1)])
    sent(folder, url, "ada")
    state.says = (status, body, headers)
    with pytest.raises(CustomLabelsError) as raised:
        collected(folder, url)
    told = f"{raised.value.message} {raised.value.hint} {raised.value!r}"
    assert sentence in told
    assert TOKEN not in told


def test_addresses_and_tokens_that_cannot_be_used_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(label_studio.TOKEN, raising=False)
    with pytest.raises(SettingsError, match="is not set"):
        label_studio.connect("https://studio.example.com")
    monkeypatch.setenv(label_studio.TOKEN, "two\nlines")
    with pytest.raises(SettingsError, match="holds signs"):
        label_studio.connect("https://studio.example.com")
    monkeypatch.setenv(label_studio.TOKEN, TOKEN)
    for url in (
        "ftp://studio.example.com",
        "studio.example.com",
        f"https://ada:{TOKEN}@studio.example.com",
        "file:///etc",
    ):
        with pytest.raises(SettingsError) as raised:
            label_studio.connect(url)
        assert TOKEN not in str(raised.value)
    with pytest.raises(ServiceError, match="cannot be reached"):
        list(label_studio.projects(label_studio.connect("http://127.0.0.1:9")))
    assert TOKEN not in repr(label_studio.connect("http://127.0.0.1:9"))
    assert label_studio.is_open_line("http://studio.example.com")
    assert not label_studio.is_open_line("http://localhost:8080")


def test_a_personal_token_is_exchanged_for_one_that_opens(
    held: tuple[str, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, state = held
    monkeypatch.setenv(label_studio.TOKEN, "head.body.sign")
    assert list(label_studio.projects(label_studio.connect(url))) == []
    assert state.authorizations == ["", "Bearer opened"]


def test_a_task_that_somebody_has_removed_is_named_and_comes_back_with_the_next_send(
    held: tuple[str, State], tmp_path: Path
) -> None:
    url, state = held
    folder = review(tmp_path, [task(number) for number in range(4)])
    sent(folder, url, "ada")

    def notes() -> list[tuple[str, str]]:
        opened = label_studio.connect(url)
        _, _, given, _ = collect(opened, place_of(folder, None), folder)
        return [(finding.name, finding.message) for finding in given.findings]

    assert notes() == []
    del state.tasks[3], state.tasks[4]
    assert notes() == [("2 images", "waiting for an answer, and in no project: send puts it there")]
    assert sent(folder, url, "ada").new == {"ada": 2}
    assert notes() == []
