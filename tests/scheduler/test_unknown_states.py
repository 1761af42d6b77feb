"""A state that the service has and this toolkit does not know: such a model may be billed, never taken for down."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.observations import observations
from support.schedules import MOMENTS, SCHEDULES

from customlabels.pipelines.service.states import HELD, State, is_known, may_be_up
from customlabels.scheduler.actions import Kind, Trouble
from customlabels.scheduler.plan import plan
from customlabels.scheduler.uptime import Schedule

UNKNOWN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1).filter(lambda text: not is_known(text))


@given(SCHEDULES, MOMENTS, UNKNOWN, st.data())
def test_a_version_in_an_unknown_state_is_reported_whatever_is_wanted(
    schedule: Schedule, now: datetime, status: str, data: st.DataObject
) -> None:
    observed = [replace(model, status=status) for model in data.draw(observations(now))]
    actions = plan(now, schedule, observed, "new")
    assert not [action for action in actions if action.kind in (Kind.START, Kind.STOP)]
    for model in observed:
        about = [action for action in actions if action.version == model.version]
        assert any(action.trouble in (Trouble.UNKNOWN, Trouble.UNSTARTABLE) for action in about)


@pytest.mark.parametrize("state", State)
def test_what_is_known_is_up_where_it_takes_a_place(state: State) -> None:
    assert may_be_up(state) == (state in HELD)


@given(UNKNOWN)
def test_what_is_not_known_may_be_up(status: str) -> None:
    assert may_be_up(status)
