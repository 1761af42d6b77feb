import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.schedules import OVERRIDES, WHOLE

from customlabels.scheduler.documents import (
    overrides_text,
    read_overrides_text,
    read_schedule_text,
    schedule_text,
)
from customlabels.scheduler.uptime import Override, Schedule


@given(WHOLE)
def test_a_schedule_is_read_as_it_was_written(schedule: Schedule) -> None:
    assert read_schedule_text(schedule_text(schedule)) == schedule


@given(st.lists(OVERRIDES, max_size=3).map(tuple))
def test_overrides_are_read_as_they_were_written(overrides: tuple[Override, ...]) -> None:
    assert read_overrides_text(overrides_text(overrides)) == overrides


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"zone": "UTC"}', "nonsense"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|Expecting|JSON"):
        read_schedule_text(text)


@pytest.mark.parametrize("text", ["nonsense", "[1]", "3", '[{"up": true}]'])
def test_what_is_no_override_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"overrides|Expecting"):
        read_overrides_text(text)
