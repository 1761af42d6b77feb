"""Answers as they are kept."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import LayoutError
from customlabels.review import journal
from customlabels.review.answers import (
    FILE,
    Answer,
    Region,
    add_answers,
    arrivals,
    document,
    missing,
    read_answer,
    read_answers,
    told_ahead,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORD = st.text(min_size=1, max_size=20).filter(str.strip)
PART = st.floats(0.01, 0.49)
ANSWERS = st.builds(
    Answer,
    WORD,
    WORD,
    st.integers(0, 10**9).map(lambda passed: NOON + timedelta(milliseconds=passed)),
    st.lists(WORD, max_size=3, unique=True).map(tuple),
    st.none() | st.lists(st.builds(Region, WORD, PART, PART, PART, PART), max_size=3).map(tuple),
    seconds=st.none() | st.floats(0, 1000),
    tool=st.sampled_from(["page", "a2i"]),
)


@given(ANSWERS)
def test_an_answer_is_read_as_it_was_written(answer: Answer) -> None:
    assert read_answer(document(answer)) == answer


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["label", "left", "top"]), inner),
    max_leaves=8,
)
FIELDS = ("image", "person", "at", "labels", "boxes", "unsure", "seconds", "tool")


@given(ANSWERS, st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_whatever_is_given_is_an_answer_that_json_can_hold_or_told_to_be_none(
    answer: Answer, change: dict[str, object]
) -> None:
    try:
        read = read_answer({**document(answer), **change})
    except ValueError:
        return
    assert read_answer(json.loads(json.dumps(document(read), allow_nan=False))) == read


@given(st.lists(ANSWERS, max_size=6))
def test_answers_are_kept_each_persons_last_one_on_an_image(answers: list[Answer]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        add_answers(folder, answers)
        kept = read_answers(folder)
        times: dict[tuple[str, str], datetime] = {}
        for answer in answers:
            times[answer.image, answer.person] = max(answer.at, times.get((answer.image, answer.person), answer.at))
        assert {(answer.image, answer.person): answer.at for answer in kept} == times
        assert missing(answers, kept) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"at": "2026-06-01T12:00:00"}, "no time zone"),
        ({"at": "yesterday"}, "isoformat"),
        ({"person": " "}, "person is no text"),
        ({"labels": [1]}, "a label is no text"),
        ({"labels": "crack"}, "are no list"),
        ({"boxes": {}}, "are no list"),
        ({"unsure": "no"}, "neither true nor false"),
        ({"seconds": float("nan")}, "no time"),
        ({"seconds": float("inf")}, "no time"),
        ({"seconds": -1}, "no time"),
        ({"seconds": True}, "no time"),
        ({"tool": None}, "tool is no text"),
        ({"boxes": [{"label": "a", "left": 0.9, "top": 0, "width": 0.2, "height": 0.1}]}, "not on the image"),
        ({"boxes": [{"label": "a", "left": 0, "top": 0, "width": 0, "height": 0.1}]}, "not on the image"),
        ({"boxes": [{"label": "a", "left": "nan", "top": 0, "width": 0.1, "height": 0.1}]}, "not on the image"),
        ({"unsure": True, "labels": ["crack"]}, "cannot tell"),
        ({"labels": None}, "has neither labels nor boxes"),
    ],
)
def test_what_is_no_answer_is_told(change: dict[str, object], message: str) -> None:
    given = document(Answer("image", "ada", NOON)) | change
    with pytest.raises(ValueError, match=message):
        read_answer(given)


def test_a_line_that_was_cut_off_is_none_and_makes_room_for_the_next(tmp_path: Path) -> None:
    add_answers(tmp_path, [Answer("a", "ada", NOON)])
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"image": "b", "per')
    assert [answer.image for answer in read_answers(tmp_path)] == ["a"]
    add_answers(tmp_path, [Answer("c", "ada", NOON)])
    assert [answer.image for answer in read_answers(tmp_path)] == ["a", "c"]


def test_a_last_line_that_only_lacks_its_end_is_an_answer_and_stays_one(tmp_path: Path) -> None:
    add_answers(tmp_path, [Answer("a", "ada", NOON), Answer("b", "ada", NOON)])
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes().rstrip())
    assert [answer.image for answer in read_answers(tmp_path)] == ["a", "b"]
    add_answers(tmp_path, [Answer("c", "ada", NOON)])
    assert [answer.image for answer in read_answers(tmp_path)] == ["a", "b", "c"]


def test_a_line_in_between_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"image": 1}\n')
    with pytest.raises(LayoutError, match=r"answers\.jsonl, line 1"):
        read_answers(tmp_path)
    (tmp_path / FILE).write_text("[]\n")
    with pytest.raises(LayoutError, match="line 1: is no JSON object"):
        read_answers(tmp_path)


def test_an_earlier_answer_does_not_take_the_place_of_a_later_one(tmp_path: Path) -> None:
    add_answers(tmp_path, [Answer("a", "ada", NOON, ("crack",)), Answer("a", "ada", NOON - timedelta(1), ("pit",))])
    assert [answer.labels for answer in read_answers(tmp_path)] == [("crack",)]


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        # Hours after now, and by how much that is beyond what clocks differ in.
        ([(0.0, "crack"), (0.05, "pit")], "pit"),
        ([(0.05, "crack"), (0.0, "pit")], "crack"),
        ([(3.0, "crack"), (0.0, "pit")], "pit"),
        ([(3.0, "crack"), (-5.0, "pit")], "pit"),
        ([(-1.0, "pit"), (3.0, "crack")], "crack"),
        ([(3.0, "crack"), (2.0, "dent"), (-1.0, "pit"), (-2.0, "old")], "pit"),
    ],
)
def test_what_comes_after_an_answer_of_a_wrong_clock_takes_its_place(
    tmp_path: Path, given: list[tuple[float, str]], labels: str
) -> None:
    every = [Answer("a", "ada", NOON + timedelta(hours=at), (label,)) for at, label in given]
    add_answers(tmp_path, every)
    (kept,) = read_answers(tmp_path, NOON)
    assert kept.labels == (labels,)
    assert (told_ahead([kept], NOON) is not None) == (kept.at > NOON + timedelta(minutes=5))
    # The same file once more adds nothing, and no correction is undone by what it followed.
    assert missing(every, [kept], NOON, arrivals(tmp_path)) == []
    late = Answer("a", "ada", NOON + timedelta(minutes=4), ("late",))
    assert missing([late], [kept], NOON, arrivals(tmp_path)) == [late]


def test_answers_of_a_wrong_clock_are_counted_and_the_latest_named() -> None:
    ahead = [Answer("a", "ada", NOON + timedelta(days=1)), Answer("b", "bob", NOON + timedelta(days=400))]
    assert told_ahead([Answer("a", "ada", NOON)], NOON) is None
    told = told_ahead([*ahead, Answer("c", "eve", NOON)], NOON)
    assert (told or "").startswith("2 answers have times that are still to come, the latest bob's at 2027-07-06T12:00")


WRITER = """
import sys
from pathlib import Path
from customlabels.review import journal
for number in range(10000):
    journal.add(Path(sys.argv[1]), [{"who": sys.argv[2], "number": number}])
    print(number, flush=True)
"""


def test_whoever_is_killed_has_lost_nothing_that_was_taken(tmp_path: Path) -> None:
    path = tmp_path / FILE
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in ("first", "second")
    ]
    told = {}
    for name, writer in zip(("first", "second"), writers, strict=True):
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        told[name] = 20 + len(writer.stdout.read().splitlines())
        writer.wait()
    kept = [line for _, line in journal.read(path)]
    for name, count in told.items():
        numbers = [line["number"] for line in kept if line["who"] == name]
        assert numbers == list(range(len(numbers)))
        assert count <= len(numbers) <= count + 1
