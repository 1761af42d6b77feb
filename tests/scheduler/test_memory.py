from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.pipelines.service.states import STARTABLE
from customlabels.scheduler import memory
from customlabels.scheduler.actions import Action, Kind, Observed
from customlabels.scheduler.documents import LONGEST
from customlabels.scheduler.memory import (
    Done,
    Kept,
    Memory,
    acted,
    lead,
    metered,
    read,
    seen,
    text,
    used,
    wanted_again,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
START, STOP = Action(Kind.START, "v1", "window", 1), Action(Kind.STOP, "v1", "no window is open")


def minutes(count: int) -> datetime:
    return NOON + timedelta(minutes=count)


def look(before: Memory, at: int, status: str, units: int = 0) -> tuple[Memory, Observed]:
    after, (observed,) = seen(before, minutes(at), [("v1", status, units)])
    return after, observed


def test_how_long_a_start_took_is_learned() -> None:
    begun = acted(Memory(), NOON, START, refused=False)
    waiting, observed = look(begun, 5, "STARTING", 1)
    assert observed.since == NOON
    running, observed = look(waiting, 15, "RUNNING", 1)
    assert (running.starts, observed.since) == ((15.0,), minutes(15))


def test_starts_that_failed_are_counted_until_one_succeeds() -> None:
    kept = Memory()
    for attempt in (1, 2):
        kept, observed = look(acted(kept, minutes(attempt * 20), START, refused=False), attempt * 20 + 10, "FAILED")
        assert (observed.failures, observed.since) == (attempt, minutes(attempt * 20 + 10))
    kept, observed = look(acted(kept, minutes(80), START, refused=False), 90, "RUNNING", 1)
    assert observed.failures == 0


def test_only_want_of_room_counts_as_a_refusal() -> None:
    kept = acted(Memory(), NOON, START, refused=True, room=True)
    assert look(kept, 5, "STOPPED")[1].refusals == 0
    kept = acted(kept, NOON, START, refused=True, room=False)
    assert look(kept, 5, "STOPPED")[1].refusals == 1


def test_a_stop_that_does_not_take_effect_is_remembered_from_its_first_time() -> None:
    kept, _ = look(Memory(), 0, "RUNNING", 1)
    for at in (5, 10, 15):
        kept, observed = look(acted(kept, minutes(at), STOP, refused=at == 5), at + 1, "RUNNING", 1)
        assert observed.unwanted_since == minutes(5)
    _, observed = look(wanted_again(kept, [STOP]), 20, "RUNNING", 1)
    assert observed.unwanted_since == minutes(5)
    _, observed = look(wanted_again(kept, []), 20, "RUNNING", 1)
    assert observed.unwanted_since is None
    _, observed = look(kept, 20, "STOPPED")
    assert observed.unwanted_since is None


def test_a_model_that_was_idle_is_kept_down_until_its_window_ends() -> None:
    idle = Action(Kind.STOP, "v1", "no request for 45 minutes", quiet_until=minutes(60))
    kept = acted(Memory(), NOON, idle, refused=False)
    assert [one.until for one in look(kept, 59, "STOPPED")[0].quiet] == [minutes(60)]
    assert look(kept, 60, "STOPPED")[0].quiet == ()


@pytest.mark.parametrize(
    ("starts", "expected"),
    [([], 20), ([3.0], 10), ([12.0], 17), ([12.0] * 19 + [60.0], 65), ([12.0] * 20 + [60.0], 17), ([500.0], 120)],
)
def test_the_lead_covers_nineteen_starts_of_twenty(starts: list[float], expected: int) -> None:
    assert lead(starts) == timedelta(minutes=expected)


def test_what_is_remembered_fits_a_parameter() -> None:
    long = Memory(
        versions={f"version-{number}": Kept("RUNNING", NOON) for number in range(5)},
        starts=(15.5,) * 20,
        done=tuple(Done(minutes(number), "start", "version-1", "w" * 500) for number in range(30)),
    )
    text = memory.text(long)
    assert len(text) <= LONGEST
    back = memory.read(text)
    assert back.versions == long.versions
    assert 0 < len(back.done) < 30
    assert back.done[-1].at == minutes(29)
    crowd = Memory(versions={f"version-{number}": Kept("RUNNING", NOON) for number in range(100)}, starts=(15.0,))
    assert memory.read(memory.text(crowd)).starts == (15.0,)


STAMPS = st.integers(0, 10**6).map(minutes)


@given(
    st.builds(
        Memory,
        versions=st.dictionaries(
            st.text(max_size=5),
            st.builds(
                Kept,
                status=st.sampled_from(["RUNNING", "FAILED"]),
                since=STAMPS,
                failures=st.integers(0, 9),
                refusals=st.integers(0, 9),
                unwanted_since=st.none() | STAMPS,
            ),
            max_size=3,
        ),
        starts=st.lists(st.floats(0, 100), max_size=3).map(tuple),
        lead=st.none() | st.floats(10, 120),
        reported=st.dictionaries(st.text(max_size=9), STAMPS, max_size=3),
    )
)
def test_memory_is_read_as_it_was_written(kept: Memory) -> None:
    assert memory.read(memory.text(kept)) == kept


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"versions": 3}'])
def test_what_is_no_memory_is_forgotten(text: str) -> None:
    assert memory.read(text) == Memory()


def test_for_two_minutes_after_a_start_what_was_before_is_not_yet() -> None:
    for state in STARTABLE:
        kept = acted(Memory(), NOON, START, refused=False)
        kept, observed = look(kept, 1, state)
        assert (observed.status, observed.since, observed.failures) == ("STARTING", NOON, 0)
        assert look(kept, 2, state)[1].status == state
        assert look(kept, 1, "RUNNING", 1)[1].status == "RUNNING"


def test_hours_are_counted_by_looks_until_the_metric_tells() -> None:
    kept, states = Memory(), [("v1", "RUNNING", 2)]
    for minute in (0, 30, 60):
        usage = used(kept, minutes(minute), states)
        kept = replace(look(kept, minute, "RUNNING", 2)[0], usage=usage)
    assert (usage.hours, usage.up) == ({"v1": 2.0}, ("v1",))
    assert metered(usage, minutes(60), {"v1": None}).hours == {"v1": 2.0}
    known = metered(usage, minutes(60), {"v1": 1.9})
    assert (known.hours, known.up, known.asked) == ({"v1": 1.9}, (), minutes(60))
    assert read(text(replace(kept, usage=known))).usage == known
    # A month begins with nothing, and asks CloudWatch about all.
    later = used(replace(kept, usage=known), NOON + timedelta(days=30), states)
    assert (later.hours, later.asked) == ({}, None)
