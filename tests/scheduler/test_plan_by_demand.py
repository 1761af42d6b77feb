"""The laws of the plan where images wait, and what it does in each state."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.observations import STATES, carried_out, observations
from support.schedules import MOMENTS, SCHEDULES

from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.backlog import HELD_FOR, Backlog, Queue, Unseen, is_done, time_to_drain, times
from customlabels.scheduler.line import Line, backlog, looked
from customlabels.scheduler.plan import plan
from customlabels.scheduler.uptime import Override, Schedule, Window, units_at, wanted

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BARE = Schedule("UTC", (), warm_up=20 * MINUTE)
ALWAYS = Schedule("UTC", (Window(time(0), time(0), frozenset(range(7))),), warm_up=20 * MINUTE)


def waiting(count: int, minutes: int = 0, *, in_flight: int = 0, deadline: int = 240, **more: bool) -> Backlog:
    """So many images, the oldest of which came so many minutes ago."""
    return Backlog(count, in_flight, NOON - minutes * MINUTE, deadline * MINUTE, **more)


def backlogs(now: datetime) -> st.SearchStrategy[Backlog]:
    depths = st.sampled_from([0, 0, 1, 14, 5000, 100_000])
    return st.builds(
        Backlog,
        visible=depths,
        in_flight=st.sampled_from([0, 0, 3, 40]),
        oldest=st.integers(0, 600).map(lambda minutes: now - minutes * MINUTE),
        deadline=st.integers(1, 600).map(lambda minutes: minutes * MINUTE),
        trickles=st.booleans(),
    )


def queues(now: datetime) -> st.SearchStrategy[Queue]:
    unseen = st.integers(0, 120).map(lambda minutes: Unseen(now - minutes * MINUTE, "denied"))
    return backlogs(now) | unseen | st.none()


def open_after(actions: tuple[Action, ...], feeds: bool) -> bool:
    changed = [action.kind for action in actions if action.kind in {Kind.OPEN, Kind.CLOSE}]
    return changed[-1] is Kind.OPEN if changed else feeds


SERVING = st.sampled_from(["old", "new", None])


@given(SCHEDULES, MOMENTS, SERVING, st.booleans(), st.data())
def test_doing_what_it_says_leaves_nothing_to_be_done(
    schedule: Schedule, now: datetime, serving: str | None, feeds: bool, data: st.DataObject
) -> None:
    observed, queue = data.draw(observations(now)), data.draw(queues(now))
    actions = plan(now, schedule, observed, "new", serving=serving, queue=queue, feeds=feeds)
    after, fed = carried_out(observed, actions, now), open_after(actions, feeds)
    again = plan(now, schedule, after, "new", serving=serving, queue=queue, feeds=fed)
    assert all(action.kind is Kind.REPORT for action in again)


@given(SCHEDULES, MOMENTS, SERVING, st.booleans(), st.data())
def test_it_asks_only_for_what_the_service_can_do(
    schedule: Schedule, now: datetime, serving: str | None, feeds: bool, data: st.DataObject
) -> None:
    observed, queue = data.draw(observations(now)), data.draw(queues(now))
    states = {model.version: model.status for model in observed}
    actions = plan(now, schedule, observed, "new", serving=serving, queue=queue, feeds=feeds)
    assert len({(action.kind, action.version) for action in actions if action.kind is not Kind.REPORT}) == sum(
        action.kind is not Kind.REPORT for action in actions
    )
    for action in actions:
        assert action.why
        if action.kind is Kind.START:
            assert action.version == "new"
            assert states["new"] in {"TRAINING_COMPLETED", "COPYING_COMPLETED", "STOPPED", "FAILED"}
            assert action.units > 0
        elif action.kind is Kind.STOP:
            assert states[action.version] == "RUNNING"


@given(SCHEDULES, MOMENTS, SERVING, st.booleans(), st.data())
def test_the_queue_is_open_exactly_while_a_model_that_answers_runs_and_stays(
    schedule: Schedule, now: datetime, serving: str | None, feeds: bool, data: st.DataObject
) -> None:
    observed, queue = data.draw(observations(now)), data.draw(queues(now))
    actions = plan(now, schedule, observed, "new", serving=serving, queue=queue, feeds=feeds)
    stopped = {action.version for action in actions if action.kind is Kind.STOP}
    runs = {model.version for model in observed if model.status == "RUNNING"} - stopped
    assert open_after(actions, feeds) == bool(runs & {"new", serving})
    kinds = [action.kind for action in actions]
    if Kind.CLOSE in kinds and Kind.STOP in kinds:
        assert kinds.index(Kind.CLOSE) < kinds.index(Kind.STOP)
    unknown = plan(now, schedule, observed, "new", serving=serving, queue=queue)
    assert not {Kind.OPEN, Kind.CLOSE} & {action.kind for action in unknown}


@given(SCHEDULES, MOMENTS, st.data())
def test_a_model_starts_for_images_at_the_first_look_at_which_it_has_to(
    schedule: Schedule, now: datetime, data: st.DataObject
) -> None:
    queue = data.draw(backlogs(now))
    actions = plan(now, schedule, [Observed("new", "STOPPED")], "new", queue=queue)
    units = wanted(now, schedule).units or units_at(schedule, now + schedule.warm_up) or schedule.units
    latest = times(queue, schedule, units)
    starts = any(action.kind is Kind.START for action in actions)
    if latest is not None and now >= latest.start:
        assert starts
    elif not wanted(now, schedule).units:
        assert not starts


@given(SCHEDULES, MOMENTS, st.integers(1, 3), st.data())
def test_a_drained_queue_leaves_the_windows_alone_to_decide(
    schedule: Schedule, now: datetime, units: int, data: st.DataObject
) -> None:
    queue = Backlog(0, 0, None, data.draw(st.integers(1, 600)) * MINUTE)
    observed = [Observed("new", "RUNNING", units, now - HOUR), Observed("old", "STOPPED")]
    with_queue, without = (
        [(action.kind, action.version) for action in plan(now, schedule, observed, "new", queue=given)]
        for given in (queue, None)
    )
    assert with_queue == without


@given(SCHEDULES, MOMENTS, st.integers(1, 3), st.data())
def test_no_model_goes_while_an_image_waits_that_does_not_merely_pass(
    schedule: Schedule, now: datetime, units: int, data: st.DataObject
) -> None:
    queue = data.draw(backlogs(now))
    observed = [Observed("new", "RUNNING", units, now - HOUR)]
    actions = plan(now, replace(schedule, idle_stop=5 * MINUTE), observed, "new", queue=queue)
    stops = [action for action in actions if action.kind is Kind.STOP]
    if not is_done(now, queue, schedule):
        assert all("units change only" in action.why for action in stops)
    off = replace(schedule, overrides=(Override(False, now + HOUR, by="ann"),))
    assert [action.kind for action in plan(now, off, observed, "new", queue=queue)] == [Kind.STOP]
    broke = replace(schedule, monthly_budget=10.0)
    assert Kind.STOP in [action.kind for action in plan(now, broke, observed, "new", 10.0, queue=queue)]


@given(SCHEDULES, MOMENTS, st.data())
def test_a_queue_that_cannot_be_looked_at_starts_and_stops_nothing(
    schedule: Schedule, now: datetime, data: st.DataObject
) -> None:
    unseen = Unseen(now - data.draw(st.integers(0, 59)) * MINUTE, "denied")
    for status in STATES:
        observed = [Observed("new", status, 1, now - HOUR)]
        actions = plan(now, schedule, observed, "new", queue=unseen)
        without = plan(now, schedule, observed, "new")
        assert [action.trouble for action in actions if action not in without] in ([Trouble.QUEUE], [])
        assert Trouble.QUEUE in [action.trouble for action in actions]
        gone = [action for action in without if action not in actions]
        assert all(action.kind is Kind.STOP and not wanted(now, schedule).units for action in gone)


def test_what_nobody_knows_is_not_paid_for_longer_than_an_hour() -> None:
    up = Observed("new", "RUNNING", 1, NOON - 5 * HOUR)
    kinds = [
        [action.kind for action in plan(NOON, BARE, [up], "new", queue=Unseen(NOON - since, "denied"))]
        for since in (HELD_FOR - MINUTE, HELD_FOR)
    ]
    assert kinds == [[Kind.REPORT], [Kind.STOP, Kind.REPORT]]


@dataclass
class Plant:
    """A queue and a model that takes its time; workers take what the model's rate lets them, oldest first."""

    schedule: Schedule
    start_takes: timedelta
    model: Observed
    arrived: list[datetime] = field(default_factory=list)
    waited: list[timedelta] = field(default_factory=list)
    feeds: bool = False
    turn: int = 0
    line: Line | None = None
    starts: int = 0

    def pass_minute(self, now: datetime) -> None:
        model = self.model
        assert model.since is not None
        if model.status == "STARTING" and now - model.since >= self.start_takes:
            self.model = replace(model, status="RUNNING", since=now)
        if model.status == "STOPPING" and now - model.since >= 3 * MINUTE:
            self.model = replace(model, status="STOPPED", since=now, units=0)
        if self.feeds and self.model.status == "RUNNING":
            taken = int(self.schedule.rate * 60 * self.model.units)
            self.waited += [now - at for at in self.arrived[:taken]]
            self.turn += len(self.arrived[:taken])
            del self.arrived[:taken]

    def look(self, now: datetime) -> None:
        units = self.model.units if self.model.status == "RUNNING" and self.feeds else 0
        depth = len(self.arrived)
        self.line = looked(self.line, now, depth, self.schedule, units=units, turn=f"{self.turn or ''}")
        queue = backlog(self.line, depth, 0, None, timedelta(hours=4))
        actions = plan(now, self.schedule, [self.model], "new", queue=queue, feeds=self.feeds)
        self.starts += sum(action.kind is Kind.START for action in actions)
        (self.model,) = carried_out([self.model], actions, now)
        self.feeds = open_after(actions, self.feeds)


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + minute * MINUTE for minute in range(count))


@settings(max_examples=10)
@given(
    arrivals=st.lists(st.tuples(st.integers(0, 20 * 60), st.integers(1, 3000)), min_size=1, max_size=6),
    start_takes=st.integers(1, 15),
)
def test_every_image_is_done_by_its_deadline_on_as_few_starts_as_may_be(
    arrivals: list[tuple[int, int]], start_takes: int
) -> None:
    world = Plant(BARE, start_takes * MINUTE, Observed("new", "STOPPED", since=NOON))
    due: dict[int, int] = {}
    for minute, count in arrivals:
        due[minute] = due.get(minute, 0) + count
    for number, now in enumerate(minutes(NOON, 26 * 60)):
        world.arrived += [now] * due.get(number, 0)
        world.pass_minute(now)
        if number % 5 == 0:
            world.look(now)
    assert not world.arrived
    assert (world.model.status, world.feeds) == ("STOPPED", False)
    assert max(world.waited) <= 4 * HOUR
    assert world.starts <= len(due)
    # What came first is not done before it has to be: a look, what the start takes less than is allowed, and all of it.
    slack = BARE.warm_up + 10 * MINUTE + time_to_drain(Backlog(sum(due.values()), 0, None, HOUR), BARE, 1)
    assert world.waited[0] >= 4 * HOUR - slack


def test_images_that_never_cease_keep_no_model_up_for_ever() -> None:
    world = Plant(BARE, 15 * MINUTE, Observed("new", "STOPPED", since=NOON))
    running = 0
    for number, now in enumerate(minutes(NOON, 48 * 60)):
        world.pass_minute(now)
        # Two images a second, of which a few lie there whenever somebody looks.
        world.arrived += [now] * (120 if world.model.status != "RUNNING" else 20)
        if world.model.status == "RUNNING":
            world.turn += 100
        running += world.model.status == "RUNNING"
        if number % 5 == 0:
            world.look(now)
    assert 5 <= world.starts <= 48 / 4
    assert running < 0.6 * 48 * 60
    assert max(world.waited) <= 4 * HOUR + 5 * MINUTE


def kinds(schedule: Schedule, *observed: Observed, champion: str | None = "new", **more: object) -> list[str]:
    actions = plan(NOON, schedule, observed, champion, **more)  # type: ignore[arg-type]
    return [f"{action.trouble or action.kind} {action.version}".strip() for action in actions]


def test_why_a_model_comes_up_stays_and_goes_is_said_in_images_and_times() -> None:
    down, up = Observed("new", "STOPPED"), Observed("new", "RUNNING", 1, NOON - HOUR)
    assert plan(NOON, BARE, [down], "new", queue=waiting(14, 12)) == ()
    (start,) = plan(NOON, BARE, [down], "new", queue=waiting(14, 220))
    assert start.why == "14 images wait, the oldest 3 h 40 min; wanted up by 12:19"
    (stop,) = plan(NOON, BARE, [up], "new", queue=Backlog(0, 0, None, 4 * HOUR))
    assert stop.why == "no image has to be done now, and no window is open"


def test_a_window_that_ends_leaves_a_model_up_until_all_is_done() -> None:
    morning = replace(BARE, windows=(Window(time(6), time(12), frozenset(range(7))),))
    two = Observed("new", "RUNNING", 2, NOON - 6 * HOUR)
    assert kinds(morning, two) == ["stop new"]
    # On the units that it has: to change them it would have to be stopped.
    assert kinds(morning, two, queue=waiting(0, 5, in_flight=3)) == []
    assert kinds(morning, two, queue=Unseen(NOON)) == []


def test_a_start_for_images_is_made_where_the_window_is_too_short_for_one() -> None:
    ending = replace(BARE, windows=(Window(time(6), time(12, 10), frozenset(range(7))),))
    down = Observed("new", "STOPPED")
    assert kinds(ending, down, queue=waiting(14, 12)) == ["too-late new"]
    assert kinds(ending, down, queue=waiting(14, 222)) == ["start new"]


def test_units_change_for_a_window_where_no_image_is_late_for_it() -> None:
    noon = Window(time(12), time(14), frozenset(range(7)), units=2)
    soon = replace(BARE, windows=(noon,), warm_up=20 * MINUTE)
    early = NOON - 10 * MINUTE
    up = Observed("new", "RUNNING", 1, NOON - HOUR)

    def stops(minutes: int) -> bool:
        queue = Backlog(600, 0, early - minutes * MINUTE, 4 * HOUR)
        return bool(plan(early, soon, [up], "new", queue=queue))

    # Two minutes of work: due in an hour, in ten minutes, and a while ago.
    assert [stops(180), stops(230), stops(300)] == [True, False, True]
    down = Observed("new", "STOPPED")
    (start,) = plan(NOON - 30 * MINUTE, replace(soon, warm_up=30 * MINUTE), [down], "new",
                    queue=Backlog(600, 0, NOON - 4 * HOUR + 5 * MINUTE, 4 * HOUR))  # fmt: skip
    assert start.units == 2


def test_a_model_that_rests_since_nobody_asked_it_comes_up_for_images() -> None:
    resting = replace(ALWAYS, overrides=(Override(False, NOON + HOUR, why="no request for 45 minutes", version="new"),))
    down = Observed("new", "STOPPED")
    assert kinds(resting, down, queue=waiting(14, 12)) == []
    assert kinds(resting, down, queue=waiting(14, 225)) == ["start new"]
    kept = replace(ALWAYS, overrides=(Override(False, NOON + HOUR, by="ann", version="new"),))
    assert kinds(kept, down, queue=waiting(14, 225)) == []


def test_a_promotion_while_images_are_done_is_a_change_where_it_is_worth_a_start() -> None:
    old, new = Observed("old", "RUNNING", 1, NOON - HOUR), Observed("new", "STOPPED")
    # Four minutes of work, and a start takes twenty: the one that answers does it, and goes.
    assert kinds(BARE, old, new, serving="old", queue=waiting(1200, 30), feeds=True) == []
    assert kinds(BARE, old, new, serving="old", queue=Backlog(0, 0, None, HOUR), feeds=True) == ["close", "stop old"]
    assert kinds(BARE, old, new, serving="old", queue=waiting(60_000, 30), feeds=True) == ["start new"]
    starting = replace(new, status="STARTING", since=NOON, units=1)
    assert kinds(BARE, old, starting, serving="old", queue=waiting(1200, 30), feeds=True) == []
    running = replace(starting, status="RUNNING")
    assert kinds(BARE, old, running, serving="old", queue=waiting(1200, 30), feeds=True) == ["stop old"]
    broke = replace(BARE, monthly_budget=1.0)
    words = kinds(broke, old, new, serving="old", queue=waiting(1200, 30), feeds=True, spent=1.0)
    assert words == ["close", "stop old"]


def test_without_a_champion_images_wait_and_that_is_told_when_it_matters() -> None:
    assert kinds(BARE, champion=None, queue=waiting(14, 12)) == []
    assert kinds(BARE, champion=None, queue=waiting(14, 230), feeds=True) == ["close", "no-champion"]
    assert kinds(BARE, queue=waiting(14, 230)) == ["missing new"]
    assert kinds(BARE, Observed("new", "DELETING"), queue=waiting(14, 230)) == ["unstartable new", "deadline new"]
    assert kinds(BARE, Observed("new", "STOPPED"), replaced=True, queue=waiting(14, 230)) == ["replaced new"]


def test_a_budget_that_is_spent_keeps_images_waiting_and_says_so() -> None:
    broke, down = replace(BARE, monthly_budget=1.0), Observed("new", "STOPPED")
    assert kinds(broke, down, queue=waiting(14, 12), spent=1.0) == []
    assert kinds(broke, down, queue=waiting(14, 230), spent=1.0) == ["budget"]


def test_images_that_will_be_late_are_told_of() -> None:
    down = Observed("new", "STOPPED")
    assert kinds(BARE, down, queue=waiting(14, 225)) == ["start new"]
    actions = plan(NOON, BARE, [down], "new", queue=waiting(14, 260))
    assert [action.trouble for action in actions] == [None, Trouble.DEADLINE]
    assert actions[1].why == (
        "14 images wait, the oldest 4 h 20 min: they will be done 40 minutes after their deadline of 240 minutes"
    )


@pytest.mark.parametrize(("in_flight", "trickles", "goes"), [(3, False, False), (3, True, True), (0, False, True)])
def test_images_in_flight_keep_a_model_up_unless_they_merely_pass(in_flight: int, trickles: bool, goes: bool) -> None:
    up = Observed("new", "RUNNING", 1, NOON - HOUR)
    words = kinds(BARE, up, queue=waiting(0, 0, in_flight=in_flight, trickles=trickles), feeds=True)
    assert words == (["close", "stop new"] if goes else [])
    # Where it could not stay down for as long as a start takes, it stays.
    short = waiting(0, 0, in_flight=3, deadline=30, trickles=True)
    assert kinds(BARE, up, queue=short, feeds=True) == []
