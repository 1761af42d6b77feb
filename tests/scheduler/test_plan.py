"""The laws of the plan, over all of 2026 in zones with daylight saving of every kind."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.observations import carried_out, observations
from support.schedules import MOMENTS, SCHEDULES

from customlabels.pipelines.service.states import GONE
from customlabels.scheduler.actions import Kind, Observed, Trouble
from customlabels.scheduler.plan import STUCK_AFTER, pause, plan
from customlabels.scheduler.uptime import Override, Schedule, Window, spans, units_at, wanted


@given(SCHEDULES, MOMENTS, st.data())
def test_doing_what_it_says_leaves_nothing_to_be_done(schedule: Schedule, now: datetime, data: st.DataObject) -> None:
    observed = data.draw(observations(now))
    actions = plan(now, schedule, observed, "new")
    again = plan(now, schedule, carried_out(observed, actions, now), "new")
    assert all(action.kind is Kind.REPORT for action in again)


@given(SCHEDULES, MOMENTS, st.data())
def test_it_asks_only_for_what_the_service_can_do(schedule: Schedule, now: datetime, data: st.DataObject) -> None:
    observed = data.draw(observations(now))
    states = {one.version: one.status for one in observed}
    for action in plan(now, schedule, observed, "new"):
        assert action.why
        if action.kind is Kind.START:
            assert action.version == "new"
            assert states["new"] in {"TRAINING_COMPLETED", "COPYING_COMPLETED", "STOPPED", "FAILED"}
            assert action.units == wanted(now, schedule).units > 0
        elif action.kind is Kind.STOP:
            assert states[action.version] == "RUNNING"


@given(SCHEDULES, MOMENTS, st.data())
def test_outside_windows_and_warm_up_everything_that_runs_is_stopped(
    schedule: Schedule, now: datetime, data: st.DataObject
) -> None:
    observed = data.draw(observations(now))
    near = spans(schedule, now - timedelta(days=2), now + timedelta(days=2))
    if any(one.start - schedule.warm_up <= now < one.stop for one in near):
        return
    stopped = {action.version for action in plan(now, schedule, observed, "new") if action.kind is Kind.STOP}
    assert stopped == {one.version for one in observed if one.status == "RUNNING"}


@dataclass
class World:
    """Two versions that do what they are told, in their time; `lost` events never reach the plan."""

    schedule: Schedule
    start_takes: timedelta
    observed: list[Observed]

    def step(self, now: datetime) -> None:
        self.observed = [self._moved(one, now) for one in self.observed]

    def _moved(self, one: Observed, now: datetime) -> Observed:
        assert one.since is not None
        if one.status == "STARTING" and now - one.since >= self.start_takes:
            return replace(one, status="RUNNING", since=now)
        if one.status == "STOPPING" and now - one.since >= timedelta(minutes=3):
            return replace(one, status="STOPPED", since=now, units=0)
        return one


def minutes(start: datetime, days: int) -> Iterator[datetime]:
    return (start + timedelta(minutes=minute) for minute in range(days * 24 * 60))


@settings(max_examples=10)
@given(SCHEDULES, MOMENTS, st.integers(1, 40), st.integers(0, 2**32))
def test_with_events_lost_and_doubled_no_unit_is_up_without_reason(
    schedule: Schedule, start: datetime, start_takes: int, seed: int
) -> None:
    sweep, random = 5, Random(seed).random
    world = World(
        schedule,
        timedelta(minutes=start_takes),
        [Observed(name, "STOPPED", since=start) for name in ("old", "new")],
    )
    champion, billed, both = "old", 0, 0
    for now in minutes(start, 2):
        world.step(now)
        if now == start + timedelta(hours=30):
            champion = "new"
        if now.minute % sweep == 0 and random() > 0.2:
            for _ in range(2 if random() < 0.2 else 1):
                actions = plan(now, schedule, world.observed, champion)
                world.observed = carried_out(world.observed, actions, now)
        running = [one for one in world.observed if one.status == "RUNNING"]
        billed += sum(one.units for one in running)
        both += len(running) == 2
    asked = sum(wanted(now, schedule).units for now in minutes(start, 2))
    edges = len(spans(schedule, start, start + timedelta(days=2))) + 2
    # Every edge may be seen late: each sweep is lost with a chance of one in five, and a promotion has two versions up.
    assert billed <= asked + 3 * (edges * 8 * sweep + STUCK_AFTER.total_seconds() / 60 + 8 * sweep)
    assert both <= STUCK_AFTER.total_seconds() / 60 + 8 * sweep


ALWAYS = Schedule("UTC", (Window(time(0), time(0), frozenset(range(7))),))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def kinds(*observed: Observed, schedule: Schedule = ALWAYS, champion: str | None = "v2", **more: float) -> list[str]:
    return [f"{one.kind} {one.version}".strip() for one in plan(NOON, schedule, observed, champion, **more)]


def test_a_promotion_keeps_the_old_version_until_the_new_one_runs() -> None:
    old = Observed("v1", "RUNNING", 1, NOON - timedelta(days=1))
    assert kinds(old, Observed("v2", "TRAINING_COMPLETED")) == ["start v2"]
    assert kinds(old, Observed("v2", "STARTING", 1, NOON - timedelta(minutes=10))) == []
    assert kinds(old, Observed("v2", "RUNNING", 1, NOON)) == ["stop v1"]


def test_a_promotion_that_does_not_come_about_leaves_the_old_version_up() -> None:
    old = Observed("v1", "RUNNING", 1, NOON - timedelta(days=1))
    stuck = Observed("v2", "STARTING", 1, NOON - timedelta(minutes=46))
    assert kinds(old, stuck) == ["report v2"]
    assert kinds(old, Observed("v2", "FAILED", since=NOON, failures=9)) == ["report v2"]


@pytest.mark.parametrize(("failures", "minutes_"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (50, 60)])
def test_a_start_that_failed_is_tried_again_after_longer_and_longer(failures: int, minutes_: int) -> None:
    assert pause(failures) == timedelta(minutes=minutes_)
    early = Observed("v2", "FAILED", failures=failures, since=NOON - timedelta(minutes=minutes_ - 1))
    late = replace(early, since=NOON - timedelta(minutes=minutes_))
    assert kinds(early) == ["report v2"]
    assert kinds(late) == ["start v2"]


def test_a_model_that_is_idle_is_stopped_until_the_window_ends() -> None:
    schedule = replace(ALWAYS, idle_stop=timedelta(minutes=45))
    busy = Observed("v2", "RUNNING", 1, NOON - timedelta(hours=5), last_request=NOON - timedelta(minutes=44))
    assert kinds(busy, schedule=schedule) == []
    (stop,) = plan(NOON, schedule, [replace(busy, last_request=NOON - timedelta(minutes=45))], "v2")
    assert (stop.kind, stop.why) == (Kind.STOP, "no request for 45 minutes")
    assert stop.quiet_until == NOON + timedelta(hours=12)
    fresh = Observed("v2", "RUNNING", 1, NOON - timedelta(minutes=10))
    assert kinds(fresh, schedule=schedule) == []


def test_a_spent_budget_stops_everything() -> None:
    schedule = replace(ALWAYS, monthly_budget=100.0)
    up = Observed("v2", "RUNNING", 1)
    assert kinds(up, schedule=schedule, spent=99.0) == []
    assert kinds(up, schedule=schedule, spent=100.0) == ["report", "stop v2"]
    assert kinds(replace(up, status="STOPPED"), schedule=schedule, spent=100.0) == ["report"]


def test_what_is_missing_is_reported() -> None:
    assert kinds(champion=None) == ["report"]
    assert kinds(Observed("v1", "STOPPED")) == ["report v2"]
    assert kinds(Observed("v2", "TRAINING_IN_PROGRESS")) == ["report v2"]


def test_units_change_by_a_stop_and_a_start() -> None:
    peak = Schedule("UTC", (Window(time(12, 10), time(14), frozenset(range(7)), units=2),))
    assert kinds(Observed("v2", "RUNNING", 1), schedule=peak) == ["stop v2"]
    assert kinds(Observed("v2", "RUNNING", 2)) == ["stop v2"]


def test_each_version_follows_its_own_windows() -> None:
    windows = (*ALWAYS.windows, Window(time(6), time(7), frozenset(range(7)), version="night"))
    schedule = replace(ALWAYS, windows=windows)
    assert kinds(Observed("v2", "STOPPED"), Observed("night", "RUNNING", 1), schedule=schedule) == [
        "start v2",
        "stop night",
    ]
    six = NOON.replace(hour=6)
    both = plan(six, schedule, [Observed("v2", "RUNNING", 1), Observed("night", "STOPPED")], "v2")
    assert [(one.kind, one.version) for one in both] == [(Kind.START, "night")]


def test_an_old_champion_makes_room_after_three_refusals() -> None:
    old = Observed("v1", "RUNNING", 1, NOON - timedelta(days=1))
    for refusals, expected in ((2, ["start v2"]), (3, ["start v2", "stop v1"])):
        assert sorted(kinds(old, Observed("v2", "STOPPED", refusals=refusals))) == expected


def test_an_old_champion_that_windows_name_answers_too_until_the_new_one_runs() -> None:
    night = Window(time(22), time(23), frozenset(range(7)), version="v1")
    schedule = replace(ALWAYS, windows=(*ALWAYS.windows, night))
    old, new = Observed("v1", "RUNNING", 1, NOON - timedelta(days=1)), Observed("v2", "STOPPED")
    assert [one.version for one in plan(NOON, schedule, [old, new], "v2", serving="v1")] == ["v2"]
    assert sorted(kinds(old, new, schedule=schedule)) == ["start v2", "stop v1"]
    off = replace(schedule, overrides=(Override(False, NOON + timedelta(hours=1), version="v1"),))
    assert sorted(kinds(old, new, schedule=off)) == ["start v2", "stop v1"]


def test_a_model_that_is_kept_up_or_could_not_be_asked_yet_is_not_idle() -> None:
    schedule = replace(ALWAYS, idle_stop=timedelta(minutes=45))
    idle = Observed("v2", "RUNNING", 1, NOON - timedelta(hours=5))
    kept = replace(schedule, overrides=(Override(True, NOON + timedelta(hours=1)),))
    assert kinds(idle, schedule=schedule) == ["stop v2"]
    assert kinds(idle, schedule=kept) == []
    fresh = replace(schedule, windows=(Window(time(11, 30), time(20), frozenset(range(7))),))
    assert kinds(replace(idle, since=NOON - timedelta(minutes=50)), schedule=fresh) == []


def test_a_stop_that_has_no_effect_is_reported_after_ten_minutes() -> None:
    closed = replace(ALWAYS, windows=())
    for minutes_, expected in ((9, ["stop v2"]), (10, ["stop v2", "report v2"])):
        up = Observed("v2", "RUNNING", 1, unwanted_since=NOON - timedelta(minutes=minutes_))
        assert kinds(up, schedule=closed) == expected
    ending = Observed("v2", "STOPPING", unwanted_since=NOON - timedelta(minutes=12))
    assert kinds(ending, schedule=closed) == ["report v2"]


def test_holidays_that_end_soon_are_reported() -> None:
    up = Observed("v2", "RUNNING", 1)
    for days, expected in ((30, []), (29, ["report"])):
        known = NOON.date() + timedelta(days=days)
        assert kinds(up, schedule=replace(ALWAYS, known_until=known)) == expected


def test_an_idle_morning_leaves_the_next_shift_its_model() -> None:
    shifts = (Window(time(6), time(14), frozenset(range(7))), Window(time(14), time(22), frozenset(range(7))))
    schedule = replace(ALWAYS, windows=shifts, idle_stop=timedelta(minutes=45))
    up = Observed("v2", "RUNNING", 1, NOON - timedelta(hours=6))
    (stop,) = plan(NOON, schedule, [up], "v2")
    assert (stop.kind, stop.quiet_until) == (Kind.STOP, NOON + timedelta(hours=2))
    assert stop.quiet_until is not None
    resting = replace(schedule, overrides=(Override(False, stop.quiet_until, why=stop.why, version="v2"),))
    down = Observed("v2", "STOPPED", since=NOON)
    for hands, expected in ((time(13, 39), []), (time(13, 40), ["start v2"]), (time(14), ["start v2"])):
        now = datetime.combine(NOON, hands, UTC)
        assert [f"{action.kind} {action.version}" for action in plan(now, resting, [down], "v2")] == expected
    # The shift has only just begun: nobody could ask before.
    warm = Observed("v2", "RUNNING", 1, NOON.replace(hour=13, minute=50))
    assert plan(NOON.replace(hour=14, minute=44), schedule, [warm], "v2") == ()
    (stop,) = plan(NOON.replace(hour=14, minute=45), schedule, [warm], "v2")
    assert stop.quiet_until == NOON.replace(hour=22)


def test_whether_a_model_without_metrics_is_idle_is_not_known() -> None:
    schedule = replace(ALWAYS, idle_stop=timedelta(minutes=45))
    unknown = Observed("v2", "RUNNING", 1, NOON - timedelta(hours=5), metered=False)
    (report,) = plan(NOON, schedule, [unknown], "v2")
    assert (report.kind, report.trouble) == (Kind.REPORT, Trouble.METRICS)


@given(SCHEDULES, MOMENTS)
def test_no_start_is_done_after_its_window(schedule: Schedule, now: datetime) -> None:
    for action in plan(now, schedule, [Observed("new", "STOPPED")], "new"):
        if action.kind is Kind.START:
            assert units_at(schedule, now + schedule.warm_up) == action.units
        else:
            assert action.trouble is Trouble.TOO_LATE


def test_a_start_with_less_window_left_than_its_warm_up_is_not_paid_for_nothing() -> None:
    schedule = Schedule("UTC", (Window(time(8), time(12, 20), frozenset(range(7))),), warm_up=timedelta(minutes=20))
    assert kinds(Observed("v2", "STOPPED"), schedule=schedule) == ["report v2"]
    longer = replace(schedule, warm_up=timedelta(minutes=19))
    assert kinds(Observed("v2", "STOPPED"), schedule=longer) == ["start v2"]
    kept = replace(schedule, overrides=(Override(True, NOON + timedelta(minutes=10)),))
    assert kinds(Observed("v2", "STOPPED"), schedule=kept) == ["start v2"]


@pytest.mark.parametrize("state", sorted(GONE))
def test_what_is_no_model_any_more_is_never_started(state: str) -> None:
    assert kinds(Observed("v2", state)) == ["report v2"]


def test_a_champion_whose_name_is_anothers_is_said_to_be_so_and_not_started() -> None:
    (report,) = plan(NOON, ALWAYS, [Observed("v2", "STOPPED")], "v2", replaced=True)
    assert (report.kind, report.trouble) == (Kind.REPORT, Trouble.REPLACED)
    assert report.why.startswith("champion v2 was deleted, and another version was trained under its name")
