"""Times of videos, whatever a file tells of them."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.datasets.videos.course import Course, notes

STEPS = st.lists(st.floats(0.01, 5, allow_nan=False), min_size=1, max_size=30)
TIMES = STEPS.map(lambda steps: [0.0, *accumulate(steps)])


@given(st.lists(st.floats(-10, 1e5, allow_nan=False), max_size=50))
def test_times_never_fall_whatever_is_told(told: list[float]) -> None:
    course = Course()
    times = [course.come(seconds) for seconds in told]
    assert times == sorted(times)
    assert course.decoded == len(told)
    assert all(seconds >= 0 for seconds in times)


@given(TIMES)
def test_times_that_rise_are_as_they_are_told(told: list[float]) -> None:
    course = Course()
    assert [course.come(seconds) for seconds in told] == told
    assert course.jumps == 0


@given(TIMES.filter(lambda times: times[-1] > 1), TIMES)
def test_what_follows_is_counted_on_as_if_it_were_one_recording(first: list[float], second: list[float]) -> None:
    course = Course()
    times = [course.come(seconds) for seconds in [*first, *second]]
    begin = first[-1] + (first[-1] - first[-2])
    assert times == pytest.approx([*first, *(begin + seconds for seconds in second)])
    assert (course.jumps, course.first_jump) == (1, pytest.approx(begin))


def test_disorder_of_less_than_a_second_is_no_other_recording() -> None:
    course = Course()
    assert [course.come(seconds) for seconds in (0.0, 2.8, 2.7, 2.9)] == [0.0, 2.8, 2.8, 2.9]
    assert [*notes(course, 1.0, key_frames=False)] == ["no picture between second 0 and second 2.8"]
