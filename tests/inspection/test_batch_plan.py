"""What a batch takes: the bill hardly changes with units, the hours do; refusals name what would do."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import ServiceError
from customlabels.inspection.batches import batch_plan
from customlabels.inspection.batches.batch_plan import Wanted, choices, chosen

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
