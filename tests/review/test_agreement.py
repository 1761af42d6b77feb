"""What people agree on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.review.agreement import (
    Outcome,
    accuracies,
    agree,
    cohens_kappa,
    fleiss_kappa,
    label_agreement,
    matched,
    pair_agreement,
    resolve,
    wilson,
)
from customlabels.review.answers import Answer, Region
from customlabels.review.pick import Group, Stratum
from customlabels.review.tasks import Known, Task

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def answers(*given: str | None, boxes: bool = False) -> list[Answer]:
    """An answer a person: labels with commas between them, ? where the person cannot tell."""
    return [
        Answer(
            "image",
            f"person {number}",
            NOON + timedelta(minutes=number),
            () if text in (None, "", "?") else tuple(str(text).split(",")),
            () if boxes else None,
            unsure=text == "?",
        )
        for number, text in enumerate(given)
    ]


@pytest.mark.parametrize(
    ("given", "people", "outcome", "wanted", "labels"),
    [
        ([], 1, Outcome.OPEN, 1, ()),
        (["crack"], 1, Outcome.RESOLVED, 1, ("crack",)),
        ([""], 1, Outcome.RESOLVED, 1, ()),
        (["crack"], 2, Outcome.OPEN, 2, ()),
        (["crack", "crack"], 2, Outcome.RESOLVED, 2, ("crack",)),
        (["crack,pit", "pit,crack"], 2, Outcome.RESOLVED, 2, ("crack", "pit")),
        (["crack", "pit"], 2, Outcome.DISPUTED, 3, ()),
        (["crack", "pit", "pit"], 2, Outcome.RESOLVED, 3, ("pit",)),
        (["crack", "pit", ""], 2, Outcome.DISPUTED, 4, ()),
        (["crack", "pit", "", "pit"], 2, Outcome.DISPUTED, 5, ()),
        (["crack", "pit", "", "pit", "pit"], 2, Outcome.RESOLVED, 5, ("pit",)),
        (["crack", "pit", "", "pit", "crack"], 2, Outcome.UNRESOLVED, 5, ()),
        (["?"], 1, Outcome.OPEN, 2, ()),
        (["?", "crack"], 1, Outcome.RESOLVED, 2, ("crack",)),
        (["?"] * 5, 1, Outcome.UNRESOLVED, 5, ()),
        (["?", "?", "?", "?", "crack"], 2, Outcome.UNRESOLVED, 5, ()),
        (["crack", "crack", "pit"], 1, Outcome.RESOLVED, 3, ("crack",)),
        (["crack", "pit"], 1, Outcome.DISPUTED, 3, ()),
    ],
)
def test_more_than_half_resolve_an_image_and_a_dispute_goes_to_a_further_person(
    given: list[str], people: int, outcome: Outcome, wanted: int, labels: tuple[str, ...]
) -> None:
    resolution = resolve(answers(*given), people)
    assert (resolution.outcome, resolution.wanted, resolution.labels) == (outcome, wanted, labels)


WORDS = st.lists(st.sampled_from(["crack", "pit", "", "?"]), max_size=6)


@given(WORDS, st.integers(1, 3))
def test_what_is_resolved_has_more_than_half_behind_it(given: list[str], people: int) -> None:
    resolution = resolve(answers(*given), people)
    telling = [text for text in given if text != "?"]
    if resolution.outcome is Outcome.RESOLVED:
        assert telling.count(",".join(resolution.labels)) * 2 > len(telling) >= people
    else:
        assert resolution.labels == ()
        assert resolution.boxes is None
    if resolution.outcome in (Outcome.OPEN, Outcome.DISPUTED):
        assert resolution.wanted > len(given)


def test_boxes_agree_by_overlap_and_the_mean_of_them_is_taken() -> None:
    first = Answer("image", "ada", NOON, boxes=(Region("crack", 0.1, 0.1, 0.2, 0.2), Region("pit", 0.5, 0.5, 0.1, 0.1)))
    second = Answer(
        "image", "bo", NOON, boxes=(Region("pit", 0.5, 0.5, 0.1, 0.1), Region("crack", 0.12, 0.1, 0.2, 0.2))
    )
    assert agree(first, second)
    resolution = resolve([first, second], 2)
    assert resolution.boxes is not None
    assert resolution.boxes[0].left == pytest.approx(0.11)
    assert not agree(first, Answer("image", "cy", NOON, boxes=first.boxes[:1]))  # type: ignore[index]
    assert not agree(first, Answer("image", "cy", NOON, ("crack", "pit")))


SIDES = st.floats(0.01, 0.5)
REGIONS = st.lists(st.builds(Region, st.sampled_from("ab"), SIDES, SIDES, SIDES, SIDES), max_size=5)


@given(REGIONS, REGIONS)
def test_matching_is_the_same_from_either_side_and_no_box_is_in_two_pairs(
    boxes: list[Region], others: list[Region]
) -> None:
    pairs = matched(boxes, others)
    assert len(pairs) == len(matched(others, boxes))
    assert len({row for row, *_ in pairs}) == len({column for _, column, _ in pairs}) == len(pairs)
    assert all(boxes[row].label == others[column].label and share >= 0.5 for row, column, share in pairs)


@given(REGIONS)
def test_boxes_match_themselves(boxes: list[Region]) -> None:
    assert len(matched(boxes, boxes)) == len(boxes)


def test_cohens_kappa_is_that_of_the_textbook() -> None:
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)


def test_fleiss_kappa_is_that_of_the_textbook() -> None:
    table = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    ratings = [[word for word, count in enumerate(row) for _ in range(count)] for row in table]
    assert fleiss_kappa(ratings) == pytest.approx(0.210, abs=0.0005)


PAIRS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab")), max_size=30)


@given(PAIRS)
def test_kappas_are_1_in_full_agreement_and_never_more_and_take_either_order(pairs: list[tuple[str, str]]) -> None:
    for kappa in (cohens_kappa(pairs), fleiss_kappa(pairs)):
        assert kappa is None or kappa <= 1 + 1e-12
        if kappa is not None and all(first == second for first, second in pairs):
            assert kappa == pytest.approx(1)
    swapped = cohens_kappa([(second, first) for first, second in pairs])
    assert swapped == pytest.approx(cohens_kappa(pairs)) if swapped is not None else cohens_kappa(pairs) is None


@pytest.mark.parametrize("pairs", [[], [("a", "a")] * 5])
def test_where_nothing_tells_there_is_no_kappa(pairs: Sequence[tuple[str, str]]) -> None:
    assert cohens_kappa(pairs) is None
    assert fleiss_kappa(pairs) is None


def task(image: str, known: Known | None = None) -> Task:
    return Task(image, image, "", "v", (), (), Group.REST, Stratum.RANDOM, 1.0, NOON, known=known)


def test_people_are_measured_by_known_answers_and_by_each_other() -> None:
    tasks = [task("a", Known(("crack",))), task("b", Known((), (Region("pit", 0.1, 0.1, 0.2, 0.2),))), task("c")]
    given = [
        Answer("a", "ada", NOON, ("crack",), seconds=4),
        Answer("b", "ada", NOON, ("pit",), seconds=2),
        Answer("c", "ada", NOON, ("pit",)),
        Answer("a", "bo", NOON, ()),
        Answer("c", "bo", NOON, ("pit",)),
        Answer("b", "bo", NOON, unsure=True),
    ]
    ada, bo = accuracies(tasks, given)
    assert (ada.person, ada.known, ada.right, ada.seconds) == ("ada", 2, 2, 3)
    assert (bo.person, bo.known, bo.right, bo.unsure) == ("bo", 1, 0, 1)
    (pair,) = pair_agreement(given)
    assert (pair.first, pair.second, pair.images, pair.same) == ("ada", "bo", 2, 0.5)
    assert [(row.label, row.images, row.same) for row in label_agreement(given)] == [("crack", 2, 0.5), ("pit", 2, 1.0)]


@given(st.integers(0, 50), st.integers(0, 50))
def test_wilsons_interval_holds_the_share(right: int, wrong: int) -> None:
    low, high = wilson(right, right + wrong)
    if low is None or high is None:
        assert right + wrong == 0
    else:
        assert 0 <= low <= right / (right + wrong) <= high <= 1
