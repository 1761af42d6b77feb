"""Precision and recall in production, from answers on picked images."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import CUT, candidates, reviewed, weighed, world

from customlabels.review.estimates import Figure, Weighed, estimates
from customlabels.review.pick import pick

CRACK, NOTHING = frozenset({"crack"}), frozenset[str]()


def images(count: int, predicted: frozenset[str], true: frozenset[str] | None, chance: float = 1.0) -> list[Weighed]:
    return [Weighed("a", chance, predicted, true)] * count


def test_answers_on_all_images_give_the_figures_themselves() -> None:
    all_images = (
        images(8, CRACK, CRACK) + images(2, CRACK, NOTHING) + images(4, NOTHING, CRACK) + images(9, NOTHING, NOTHING)
    )
    (estimate,) = estimates(all_images)
    assert estimate.precision == Figure(0.8, 0.8, 0.8)
    assert astuple(estimate.recall) == pytest.approx((8 / 12,) * 3)
    assert astuple(estimate.having) == pytest.approx((12 / 23,) * 3)
    assert (estimate.answered, estimate.images) == (23, 23)


def test_each_answer_counts_for_the_images_that_it_was_picked_from() -> None:
    rare = [Weighed("near", 1.0, CRACK, CRACK)] * 10
    many = [Weighed("rest", 0.1, NOTHING, CRACK)] * 2 + [Weighed("rest", 0.1, NOTHING, NOTHING)] * 98
    (estimate,) = estimates([*rare, *many])
    assert estimate.recall.value == pytest.approx(10 / 30)
    assert estimate.images == pytest.approx(1010)


def test_what_is_not_answered_is_taken_to_be_as_what_is_of_its_group() -> None:
    (estimate,) = estimates(images(6, CRACK, CRACK) + images(2, CRACK, NOTHING) + images(8, CRACK, None))
    assert estimate.precision.value == pytest.approx(0.75)
    assert estimate.precision.low is not None
    assert estimate.precision.low < 0.7


def test_a_label_of_which_nothing_was_answered_has_no_figures() -> None:
    (estimate,) = estimates(images(5, CRACK, None))
    assert estimate.precision == estimate.recall == Figure(None, None, None)


def test_where_no_miss_was_seen_among_few_there_still_may_be_some() -> None:
    (estimate,) = estimates(images(20, CRACK, CRACK) + [Weighed("rest", 0.01, NOTHING, NOTHING)] * 30)
    assert estimate.recall.value == 1
    assert estimate.recall.low is not None
    assert estimate.recall.low < 0.5


OUTCOMES = st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.sampled_from([True, False, None])), min_size=1)


@given(OUTCOMES, st.sampled_from([0.05, 0.5, 1.0]))
def test_an_interval_holds_its_figure_and_stays_between_0_and_1(
    outcomes: list[tuple[str, bool, bool | None]], chance: float
) -> None:
    outcomes_ = [
        Weighed(group, chance, CRACK if said else NOTHING, None if true is None else CRACK if true else NOTHING)
        for group, said, true in outcomes
    ]
    for estimate in estimates(outcomes_, draws=50):
        for figure in (estimate.precision, estimate.recall, estimate.having):
            if figure.value is not None:
                assert figure.low is not None
                assert figure.high is not None
                assert -1e-9 <= figure.low <= figure.value <= figure.high <= 1 + 1e-9


def test_in_simulated_productions_intervals_hold_the_truth_and_precision_is_close() -> None:
    covered, errors = [], []
    for seed in range(30):
        true, confidences = world(seed, 4000)
        predicted = confidences >= 50
        hits = (predicted & true).sum()
        precision, recall = hits / predicted.sum(), hits / true.sum()
        estimate = reviewed(true, confidences, 300, seed)
        errors.append(estimate.precision.value - precision)
        for figure, truth in ((estimate.precision, precision), (estimate.recall, recall)):
            covered.append(figure.low - 1e-9 <= truth <= figure.high + 1e-9)
    assert np.mean(covered) >= 0.9
    assert np.sqrt(np.mean(np.square(errors))) <= 0.02


def test_answers_on_images_of_an_earlier_version_count_for_the_next_one() -> None:
    true, before = world(1, 6000)
    _, noise = world(2, 6000)
    after = np.where(true, np.minimum(99.9, before + 30), np.where(noise > 40, noise, before))
    first = pick(candidates(before), CUT, 400)
    asked = {picked.candidate.image: picked.chance for picked in first.new}
    second = pick(candidates(after), CUT, 200, asked=asked)
    assert not asked.keys() & {picked.candidate.image for picked in second.new}
    (estimate,) = estimates(weighed(true, [*second.new, *second.again]))
    predicted = after >= 50
    hits = (predicted & true).sum()
    assert estimate.answered > 500
    assert estimate.images == pytest.approx(6000, rel=0.1)
    for figure, truth in ((estimate.precision, hits / predicted.sum()), (estimate.recall, hits / true.sum())):
        assert figure.low <= truth <= figure.high
