"""What is remembered of a queue, and how old its images are by that."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.scheduler.backlog import Backlog, Unseen
from customlabels.scheduler.documents import Inspection, read_inspection_text
from customlabels.scheduler.line import Line, backlog, looked, not_looked, of_line, read_line, remembered
from customlabels.scheduler.uptime import Schedule

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SCHEDULE = Schedule("UTC")
TIMES = st.integers(0, 10**6).map(lambda minutes: NOON + minutes * MINUTE)


@given(TIMES, TIMES, st.booleans(), st.none() | TIMES, st.text(max_size=20), st.none() | TIMES)
def test_what_is_written_is_read_again(
    at: datetime, since: datetime, sure: bool, low: datetime | None, turn: str, unseen: datetime | None
) -> None:
    line = Line(at, since, sure, low, turn, unseen)
    assert read_line(of_line(line)) == line


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=60), st.integers(1, 9))
def test_no_image_is_older_than_it_is_taken_for_nor_younger_by_more_than_a_look(steps: list[int], between: int) -> None:
    line: Line | None = None
    arrived: list[datetime] = []
    for number, step in enumerate(steps):
        now = NOON + number * between * MINUTE
        arrived += [now - MINUTE / 2] * max(0, step)
        del arrived[: max(0, -step)]
        line = looked(line, now, len(arrived), SCHEDULE, units=0, turn="")
        queue = backlog(line, len(arrived), 0, None, HOUR)
        if not arrived:
            assert queue.oldest is None
        elif line.sure:
            assert queue.oldest is not None
            assert queue.oldest <= arrived[0]


def test_cloudwatch_counts_where_nobody_has_seen_the_queue_empty() -> None:
    first = looked(None, NOON, 14, SCHEDULE, units=0, turn="")
    assert backlog(first, 14, 0, None, HOUR).oldest == NOON
    assert backlog(first, 14, 0, NOON - HOUR, HOUR).oldest == NOON - HOUR
    empty = looked(first, NOON + 5 * MINUTE, 0, SCHEDULE, units=0, turn="")
    again = looked(empty, NOON + 10 * MINUTE, 1, SCHEDULE, units=0, turn="")
    # What CloudWatch tells, late, is of a message that is gone.
    assert backlog(again, 1, 0, NOON - HOUR, HOUR).oldest == NOON + 5 * MINUTE


def test_images_that_come_and_go_are_told_from_those_that_stay() -> None:
    def after(*turns: str, depth: int = 40, units: int = 1, apart: int = 5) -> Backlog:
        line = looked(None, NOON, 5000, SCHEDULE, units=units, turn="")
        for number, turn in enumerate(turns, 1):
            line = looked(line, NOON + number * apart * MINUTE, depth, SCHEDULE, units=units, turn=turn)
        return backlog(line, depth, 0, None, HOUR)

    assert after("1", "2").trickles
    assert not after("1").trickles
    assert not after("1", "2", apart=1).trickles
    # Nothing was taken on since, no model works on it, or more lies there than passes.
    assert not after("1", "1").trickles
    assert not after("", "").trickles
    assert not after("1", "2", units=0).trickles
    assert not after("1", "2", depth=51).trickles


def test_who_may_not_look_knows_a_queue_that_was_empty_just_now() -> None:
    empty = looked(None, NOON, 0, SCHEDULE, units=0, turn="")
    assert remembered(empty, NOON + 9 * MINUTE, HOUR) == Backlog(0, 0, None, HOUR)
    full = looked(empty, NOON + 5 * MINUTE, 1, SCHEDULE, units=0, turn="")
    for line, at in ((None, 0), (full, 6), (empty, 11), (not_looked(empty, NOON + MINUTE), 2)):
        assert isinstance(remembered(line, NOON + at * MINUTE, HOUR), Unseen)


WHOLE = (
    '{"queue_url":"https://q","queue_arn":"arn:aws:sqs:eu-west-1:1:q","mapping_uuid":"5f3b","table":"t",'
    '"deadline_seconds":14400,"function":"look"}'
)


def test_what_an_inspection_tells_of_itself_is_read_whole_or_not_at_all() -> None:
    assert read_inspection_text(WHOLE) == Inspection("https://q", "arn:aws:sqs:eu-west-1:1:q", "5f3b", "t", 4 * HOUR)
    for text in (
        *("", "[]", "{}", "null", '"x"', WHOLE.replace("14400", "0"), WHOLE.replace("14400", "-1")),
        *(WHOLE.replace("14400", "true"), WHOLE.replace("14400", '"4h"'), WHOLE.replace("14400", "1e300")),
        *(WHOLE.replace("14400", "NaN"), WHOLE.replace('"5f3b"', "null"), WHOLE.replace('"t"', '""')),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever JSON says of it
            read_inspection_text(text)
