"""Executions begun, taken up after a restart, and brought to their end, of which EventBridge is told."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.stepfunctions import map_runs
from customlabels.emulator.stepfunctions.errors import Halted, OutOfTime, StateError
from customlabels.emulator.stepfunctions.map_runs import MapRuns
from customlabels.emulator.stepfunctions.records import (
    ABORTED,
    FAILED,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    UNHAPPY,
    Execution,
    Records,
)
from customlabels.emulator.stepfunctions.runners import Runners
from customlabels.emulator.stepfunctions.runs import Run, Scope
from customlabels.emulator.stepfunctions.states import Interpreter

log = logging.getLogger(__name__)

Clients = Callable[[str, str, str], Any]
"""Makes the client of a service: the role that calls, region, boto3's name."""

_EVENTS = {
    SUCCEEDED: "ExecutionSucceeded",
    FAILED: "ExecutionFailed",
    TIMED_OUT: "ExecutionTimedOut",
    ABORTED: "ExecutionAborted",
}
_PATIENCE = 5.0
"""Real seconds that moving the clock on waits for executions to have nothing more to do."""

_A_MOMENT = 0.5
"""Real seconds that it waits, before it begins, for those that were started just now to come to where they wait."""


class Executions:
    """Runs the executions of a state folder; `put` takes what EventBridge is told."""

    def __init__(self, folder: Path, clock: Callable[[], float], clients: Clients, put: Callable[[Due], None]) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        self.records = Records(folder)
        self._clock = clock
        self._clients = clients
        self._put = put
        self._runners = Runners(clock)
        self._map_runs = MapRuns(self.records, self._runners, self._execute)
        self._interpreter = Interpreter(self._runners, self._map_runs.distribute)
        self._scopes: dict[str, Scope] = {}

    def resume(self) -> None:
        """Takes up what was going on when the process ended."""
        for execution in self.records.running():
            self._go(execution)

    def next_moment(self) -> float | None:
        """When the first execution that waits goes on."""
        return self._runners.next_moment()

    def settle(self) -> None:
        """Returns when no execution has anything to do before a later moment, or after a while."""
        self._runners.settle(_PATIENCE)

    def settle_begun(self) -> None:
        """As `settle`, after a moment at the latest: who has only just begun does not miss that the clock moves on."""
        self._runners.settle(_A_MOMENT)

    def begin(self, execution: Execution) -> None:
        """Runs a new execution."""
        about = {"input": execution.input, "roleArn": execution.role}
        with self.records.together():
            self.records.put_execution(execution)
            self.records.add_event(
                execution.arn, execution.started, "ExecutionStarted", {"executionStartedEventDetails": about}
            )
        self._tell(execution)
        self._go(execution)

    def stop(self, execution: Execution, error: str | None, cause: str | None) -> Execution:
        """Ends an execution where it is; as it is then."""
        ended = self._end(execution.arn, ABORTED, error=error, cause=cause)
        if execution.arn in self._scopes:
            self._scopes[execution.arn].halt()
            self._runners.wake()
        return ended

    def redrive(self, execution: Execution) -> Execution:
        """Goes on where an execution failed; as it is then."""
        now = self._clock()
        going = replace(
            execution,
            status=RUNNING,
            stopped=None,
            error=None,
            cause=None,
            redrives=execution.redrives + 1,
            redriven=now,
        )
        with self.records.together():
            self.records.put_execution(going)
            count = {"redriveCount": going.redrives}
            self.records.add_event(going.arn, now, "ExecutionRedriven", {"executionRedrivenEventDetails": count})
            for path, position in self.records.positions(going.arn).items():
                if not position.done:
                    self.records.put_position(going.arn, path, replace(position, entered=None, tried={}, until=None))
                run = self.records.map_run(position.map_run) if position.map_run and not position.done else None
                if run is not None and run.status in UNHAPPY and run.read:
                    map_runs.redrive(self.records, run, now)
                    self._begin_children_anew(run.arn)
        self._tell(going)
        self._go(going)
        return going

    def _begin_children_anew(self, map_run: str) -> None:
        """A STANDARD child that failed goes on at the state where it did, with all its retries."""
        for child in self.records.children(map_run, "PENDING"):
            for path, position in self.records.positions(child.arn).items():
                if not position.done:
                    self.records.put_position(child.arn, path, replace(position, entered=None, tried={}, until=None))

    def wake(self) -> None:
        """Has a map run look at what it may do now."""
        self._runners.wake()

    def _go(self, execution: Execution) -> None:
        scope = self._scopes[execution.arn] = Scope()
        machine = json.loads(execution.definition)
        seconds = machine.get("TimeoutSeconds")
        run = Run(
            execution,
            self.records,
            self._clock,
            lambda service: self._clients(execution.role, execution.region, service),
            scope,
            None if seconds is None else (execution.redriven or execution.started) + float(seconds),
        )

        def act() -> None:
            try:
                self._execute(run, machine, json.loads(execution.input))
            finally:
                if self._scopes.get(execution.arn) is scope:
                    del self._scopes[execution.arn]

        self._runners.go(act)

    def _execute(self, run: Run, machine: dict[str, Any], given: Any) -> None:
        """Runs an execution or a child to its end, which is on disk when it returns."""
        arn = run.execution.arn
        try:
            output = self._interpreter.run(run, "", machine, given, given)
            self._end(arn, SUCCEEDED, output=json.dumps(output))
        except StateError as error:
            self._end(arn, FAILED, error=error.name, cause=error.cause)
        except OutOfTime:
            self._end(arn, TIMED_OUT, error="States.Timeout")
            run.scope.halt()
            self._runners.wake()
        except Halted:
            self._end(arn, ABORTED)
        except Exception as error:
            log.exception("execution %s", arn)
            self._end(arn, FAILED, error="States.Runtime", cause=f"{type(error).__name__}: {error}")

    def _end(
        self, arn: str, status: str, output: str | None = None, error: str | None = None, cause: str | None = None
    ) -> Execution:
        """Notes how an execution ended, unless it has; as it is then.

        EventBridge is told when that is on disk: who waits for the other services' state must not hold this one.
        """
        with self.records.together():
            execution = self.records.execution(arn)
            if execution is None:
                raise LookupError(arn)
            if execution.status != RUNNING:
                return execution
            ended = replace(execution, status=status, stopped=self._clock(), output=output, error=error, cause=cause)
            self.records.put_execution(ended)
            if status in (ABORTED, TIMED_OUT):
                map_runs.abort(self.records, arn, self._clock())
            if ":express:" not in arn:
                kind = _EVENTS[status]
                about = {"output": output} if status == SUCCEEDED else {"error": error, "cause": cause}
                details = {f"{kind[:1].lower()}{kind[1:]}EventDetails": about}
                self.records.add_event(arn, self._clock(), kind, details)
        if not ended.map_run:
            self._tell(ended)
        return ended

    def _tell(self, execution: Execution) -> None:
        """Source: Step Functions developer guide, "Automating Step Functions event delivery with EventBridge"."""
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.name,
            "status": execution.status,
            "startDate": round(1000 * execution.started),
            "stopDate": None if execution.stopped is None else round(1000 * execution.stopped),
            "input": execution.input,
            "output": execution.output,
            "error": execution.error,
            "cause": execution.cause,
        }
        described = {
            "Source": "aws.states",
            "DetailType": "Step Functions Execution Status Change",
            "Resources": [execution.arn],
        }
        bus = f"arn:aws:events:{execution.region}:{DEFAULT_ACCOUNT_ID}:event-bus/default"
        target = {"Arn": bus, "EventBridgeParameters": described}
        self._put(Due(self._clock(), execution.region, execution.machine, target, json.dumps(detail)))
