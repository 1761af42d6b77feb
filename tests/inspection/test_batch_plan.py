"""What a batch takes: the bill hardly changes with units, the hours do; refusals name what would do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import ServiceError
from customlabels.inspection.analyzers import ANALYZERS, price
from customlabels.inspection.batches import batch_plan
from customlabels.inspection.batches.batch_plan import Wanted, choices, chosen, concurrency, images_a_child
from customlabels.inspection.stack.batch_machine import IMAGES_A_CHILD

MILLION = Wanted(1_000_000, 0, 5.0)

WANTED = st.builds(
    lambda images, share, rate: Wanted(images, int(images * share), rate),
    st.integers(1, 5_000_000),
    st.floats(0, 1),
    st.floats(0.5, 50),
)


@given(WANTED)
def test_more_units_are_never_slower_and_cost_the_same_but_for_the_minutes_at_the_end(wanted: Wanted) -> None:
    found = choices(wanted)
    assert [each.time for each in found] == sorted((each.time for each in found), reverse=True)
    known = timedelta(seconds=wanted.known / 300 + 1)
    spread = (batch_plan.STOP + known) / timedelta(hours=1) * 4 * len(found)
    assert max(each.inference for each in found) - min(each.inference for each in found) <= spread + 0.01


@given(WANTED, st.floats(0.2, 200))
def test_a_deadline_is_kept_by_the_fewest_units_or_refused(wanted: Wanted, hours: float) -> None:
    deadline, start = timedelta(hours=hours), wanted.start if wanted.calls else timedelta()
    fits = [each for each in choices(wanted) if each.time + start <= deadline]
    if fits:
        assert chosen(wanted, units=None, deadline=deadline).units == min(each.units for each in fits)
    else:
        with pytest.raises(ServiceError, match="no 5 units are done"):
            chosen(wanted, units=None, deadline=deadline)


@given(WANTED)
def test_what_is_known_costs_no_inference(wanted: Wanted) -> None:
    nothing = Wanted(wanted.images, wanted.images, wanted.rate)
    assert [each.inference for each in choices(nothing)] == [0.0] * 5
    assert all(each.dollars < choices(wanted)[0].dollars + 0.01 or not wanted.calls for each in choices(nothing))


@given(WANTED, st.floats(0.1, 50), st.integers(1, 5))
def test_a_child_is_done_in_the_time_that_it_has_however_slow_the_model_is(
    wanted: Wanted, rate: float, units: int
) -> None:
    images, at_once = images_a_child(wanted.images, rate * units), concurrency(rate * units)
    seconds = images * at_once / (rate * units)
    # Turns are shared by all; a call of the function begins none after 84 seconds, and an EXPRESS child has 300.
    assert 1 <= images <= IMAGES_A_CHILD
    assert images == 1 or seconds <= 60 + 1e-9


@given(WANTED, st.integers(1, 5), st.floats(1, 300))
def test_an_execution_is_given_what_each_number_of_units_keeps_busy_and_how_long_it_waits(
    wanted: Wanted, units: int, start: float
) -> None:
    wanted = replace(wanted, start=timedelta(minutes=start))
    each, now = batch_plan.choice(wanted, units), datetime(2026, 11, 26, 8, tzinfo=UTC)
    until = now + batch_plan.keep_up(each, wanted.start)
    given_ = batch_plan.for_units(each, wanted, now, until)
    assert given_["at_once"][str(units)] == given_["concurrency"]
    assert sorted(given_["at_once"].values()) == list(given_["at_once"].values())
    model_by = datetime.fromisoformat(given_["model_by"])
    assert now + wanted.start < model_by <= now + batch_plan.MOST_PATIENCE
    assert given_["model_by"] <= given_["until"]


@given(WANTED, st.dictionaries(st.sampled_from(sorted(ANALYZERS)), st.integers(0, 1_000_000)))
def test_analyzers_cost_what_they_are_asked_whatever_the_units(wanted: Wanted, asked: dict[str, int]) -> None:
    without, choices_with = choices(wanted), choices(replace(wanted, asked=asked))
    for one, other in zip(without, choices_with, strict=True):
        assert other.analyzers == pytest.approx(sum(price([name], images) for name, images in asked.items()))
        assert (other.inference, other.time) == (one.inference, one.time)
        assert other.dollars >= one.dollars + other.analyzers
    heads, lines = batch_plan.columns(replace(wanted, asked=asked)), batch_plan.rows(replace(wanted, asked=asked))
    assert {len(line) for line in lines} == {len(heads)}
    assert ("$ analyzers" in heads) == bool(asked)


def test_what_no_deadline_of_a_week_holds_is_not_told_to_take_a_longer_one() -> None:
    huge = Wanted(50_000_000, 0, 5.0)
    with pytest.raises(ServiceError) as refused:
        chosen(huge, units=None, deadline=timedelta(hours=8))
    assert "give fewer images" in str(refused.value.hint)
    assert "--deadline" not in str(refused.value.hint)
    now = datetime(2026, 11, 26, tzinfo=UTC)
    with pytest.raises(ServiceError) as refused:
        batch_plan.until(now, batch_plan.choice(huge, 5), batch_plan.START)
    assert refused.value.hint == "give fewer images"


def test_a_million_images_cost_what_the_table_of_costs_says() -> None:
    found = choices(MILLION)
    assert [round(each.time / timedelta(hours=1), 1) for each in found] == [57.3, 28.6, 19.1, 14.3, 11.5]
    assert [round(each.inference) for each in found] == [229, 230, 230, 230, 231]
    assert [round(each.around, 2) for each in found] == [5.55, 5.24, 5.35, 5.24, 5.3]


def test_a_batch_that_costs_more_than_it_may_is_refused_with_both_figures() -> None:
    each = choices(MILLION)[0]
    batch_plan.check_cost(each, None)
    batch_plan.check_cost(each, 300)
    with pytest.raises(ServiceError, match=r"would cost \$23\d\.\d\d, and may cost \$200\.00; nothing was started"):
        batch_plan.check_cost(each, 200)
