"""What goes by the service's clock: schedules and scheduled rules of EventBridge fire, alarms are evaluated."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from customlabels.emulator.cloudwatch.alarms import Alarms
from customlabels.emulator.eventbridge.deliveries import Deliveries, Due
from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.emulator.eventbridge.targets import shaped_input
from customlabels.emulator.server.clock import MOST_AT_ONCE, Clock

log = logging.getLogger(__name__)


class Firing:
    """Watches the clock; `follow` is called after each moment at which something fired, and lets its effects happen.

    `next_step` tells when the first of the executions goes on that wait for a moment, `steps_done` lets them.
    """

    def __init__(
        self,
        clock: Clock,
        deliveries: Deliveries,
        alarms: Alarms,
        follow: Callable[[], None],
        next_step: Callable[[], float | None],
        steps_done: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._deliveries = deliveries
        self._alarms = alarms
        self._follow = follow
        self._next_step, self._steps_done = next_step, steps_done
        self._evaluated = clock()
        fired = clock.fired()
        self._done = self._evaluated if fired is None else min(fired, self._evaluated)
        self._behind = fired is not None
        clock.note_fired(self._done)
        self._known: dict[str, tuple[tuple[Any, ...], float, float | None]] = {}
        self._turn = threading.Lock()

    def look(self) -> None:
        """Fires what has fallen due."""
        with self._turn:
            if self._behind:
                self._behind = False
                self._catch_up(self._clock())
            self._fire_until(self._clock())

    def leave(self) -> None:
        """Before an orderly end: what falls due until the next start is left out."""
        with self._turn:
            self._clock.note_fired(None)

    def _catch_up(self, now: float) -> None:
        """Fires once what fell due while the process was dead, however often it did."""
        missed: dict[str, Due] = {}
        while (together := self._next()) and together[0].at <= now:
            self._done = together[0].at
            missed |= {f"{due.source} {due.target['Arn']}": due for due in together}
        if missed:
            self._fire(sorted(missed.values(), key=lambda due: due.at))
        self._done = max(self._done, now)

    def advance(self, seconds: float) -> float:
        """Moves the clock on, and fires in order what falls due on the way, each at its time; the new time.

        Raises
        ------
        ValueError : as Clock.advance
        """
        with self._turn:
            goal = self._clock.advance(0) + seconds
            if not 0 <= seconds <= MOST_AT_ONCE:
                return self._clock.advance(seconds)
            while True:
                together = self._next()
                fires = bool(together) and together[0].at <= goal
                stop = together[0].at if fires else goal
                step = self._next_step()
                steps = step is not None and step <= stop
                if self._alarmed(stop if step is None else min(stop, step)):
                    continue
                if step is not None and steps:
                    self._move_to(step)
                    self._steps_done()
                    self._follow()
                    continue
                self._move_to(stop)
                if not fires:
                    self._done = max(self._done, stop)
                    self._clock.note_fired(self._done)
                    self._follow()
                    return self._clock()
                self._fire(together)

    def _move_to(self, time: float) -> None:
        left = time - self._clock()
        if left > 0:
            self._clock.advance(left)

    def _alarmed(self, until: float) -> bool:
        """Evaluates alarms minute by minute until the state of one changes, moving the clock along; whether one did."""
        while (at := self._alarms.next_time(self._evaluated)) is not None and at <= until:
            self._move_to(at)
            self._evaluated = at
            if self._alarms.evaluate(at):
                self._follow()
                return True
        return False

    def _fire_until(self, now: float) -> None:
        while (together := self._next()) and together[0].at <= now:
            self._fire(together)
        self._done = max(self._done, now)
        while self._alarmed(now):
            pass

    def _fire(self, together: list[Due]) -> None:
        """Delivers what is due at one moment; it counts as done before they run, so that none runs twice."""
        self._done = together[-1].at
        self._deliveries.now(together, lambda: self._clock.note_fired(self._done))
        self._follow()

    def _next(self) -> list[Due]:
        """All that is due at the next moment at which something is."""
        coming = list(self._all())
        first = min((due.at for due in coming), default=0.0)
        return [due for due in coming if due.at == first]

    def _all(self) -> Iterator[Due]:
        """What is due next of every schedule and rule."""
        for region, backend in list(scheduler_backends[DEFAULT_ACCOUNT_ID].items()):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    if schedule.state == "ENABLED":
                        yield from self._of_schedule(region, schedule)
        for region, events in list(events_backends[DEFAULT_ACCOUNT_ID].items()):
            for bus in list(events.event_buses.values()):
                for rule in list(bus.rules.values()):
                    if rule.state == "ENABLED" and rule.scheduled_expression:
                        yield from self._of_rule(region, rule)

    def _of_schedule(self, region: str, schedule: Any) -> Iterator[Due]:
        limits = (schedule.start_date, schedule.end_date)
        # Of one that fires once, EventBridge Scheduler ignores both. Source: its API reference, CreateSchedule.
        once_only = schedule.schedule_expression.startswith("at(")
        start, end = (None, None) if once_only else (_seconds(limit) for limit in limits)
        after = self._done if start is None else max(self._done, start - 1)
        anchor = start if start is not None else schedule.creation_date
        at = self._next_time(
            schedule.arn, schedule.schedule_expression, schedule.schedule_expression_timezone, after, anchor
        )
        if at is not None and (end is None or at <= end):
            last = once_only and schedule.action_after_completion == "DELETE"
            once = (schedule.group_name, schedule.name) if last else None
            payload = schedule.target.get("Input") or "{}"
            yield Due(at, region, schedule.arn, schedule.target, payload, once)

    def _next_time(self, arn: str, expression: str, zone: str, after: float, anchor: float) -> float | None:
        """The next time of a schedule; it is only looked for anew when the last one found has passed."""
        asked = (expression, zone, anchor)
        known = self._known.get(arn)
        if known is not None and known[0] == asked and known[1] <= after and (known[2] is None or after < known[2]):
            return known[2]
        try:
            at = next_time(expression, zone, after, anchor)
        except ValueError as error:
            log.warning("%s cannot fire: %s", arn, error)
            at = None
        self._known[arn] = (asked, after, at)
        return at

    def _of_rule(self, region: str, rule: Any) -> Iterator[Due]:
        at = self._next_time(rule.arn, rule.scheduled_expression, "UTC", self._done, 0.0)
        if at is None:
            return
        event = {
            "version": "0",
            "id": f"{int(at)}",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": DEFAULT_ACCOUNT_ID,
            "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [rule.arn],
            "detail": {},
        }
        for target in rule.targets:
            yield Due(at, region, rule.arn, target, shaped_input(target, event))


def _seconds(value: Any) -> float | None:
    """A date of moto's, which keeps what it was given."""
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)
