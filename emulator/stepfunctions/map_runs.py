"""A distributed Map: its items become children, of which so many run at once, until all are done or too many failed.

Children are on disk before the first of them runs; what was cut off with the process goes on: a STANDARD child where it
was, an EXPRESS child from its beginning. Source: Step Functions developer guide, "Using Map state in Distributed mode
for large-scale parallel workloads" and "Setting failure thresholds for Distributed Map states".
"""

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from customlabels.emulator.stepfunctions import paths, templates
from customlabels.emulator.stepfunctions.definitions import processor_of
from customlabels.emulator.stepfunctions.errors import StateError
from customlabels.emulator.stepfunctions.items import inputs, items_of
from customlabels.emulator.stepfunctions.records import (
    ABORTED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    UNHAPPY,
    Execution,
    MapRun,
    Records,
)
from customlabels.emulator.stepfunctions.results import all_of, write
from customlabels.emulator.stepfunctions.runners import Runners
from customlabels.emulator.stepfunctions.runs import Row, Run, Scope

State = dict[str, Any]

MOST_AT_ONCE = 40
"""Children of a map run that run at once here, whatever it allows: AWS runs 10,000."""

EXPRESS_SECONDS = 300.0
_TOO_MANY = "States.ExceedToleratedFailureThreshold"
_WRITTEN_AT_ONCE = 500

Execute = Callable[[Run, State, Any], None]
"""Runs an execution to its end, which is on disk when it returns."""


class MapRuns:
    def __init__(self, records: Records, runners: Runners, execute: Execute) -> None:
        self._records = records
        self._runners = runners
        self._execute = execute

    def distribute(self, row: Row, state: State, given: Any, context: Any) -> Any:
        """Runs a Map to its end, or goes on with it; its result.

        Raises
        ------
        StateError
        Halted
        OutOfTime
        """
        run = self._records.map_run(row.position.map_run) if row.position.map_run else None
        run = run or self._begin(row, state, given, context)
        if not run.read:
            run = self._read(row, run, state, given, context)
        try:
            self._work(row, run, state)
        except StateError as error:
            self._end(row, run, FAILED)
            row.run.event("MapRunFailed", mapRunFailedEventDetails={"error": error.name, "cause": error.cause})
            self._results(row, run, state, given, context)
            raise
        result = self._results(row, run, state, given, context)
        self._end(row, run, SUCCEEDED)
        row.run.event("MapRunSucceeded")
        return result

    def _begin(self, row: Row, state: State, given: Any, context: Any) -> MapRun:
        """Notes a new map run, before the first of its items is read."""
        execution = row.run.execution
        label = state.get("Label") or row.position.state.replace(" ", "")[:40]
        machine = execution.machine.replace(":stateMachine:", ":mapRun:")
        run = MapRun(
            f"{machine}/{label}:{uuid.uuid4()}",
            execution.arn,
            row.path,
            row.position.state,
            row.run.clock(),
            int(_setting(state, "MaxConcurrency", given, context) or 0),
            float(_setting(state, "ToleratedFailurePercentage", given, context) or 0),
            _setting(state, "ToleratedFailureCount", given, context),
        )
        with self._records.together():
            self._records.put_map_run(run)
            row.keep(map_run=run.arn)
            row.run.event("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": run.arn})
        return run

    def _read(self, row: Row, run: MapRun, state: State, given: Any, context: Any) -> MapRun:
        """Makes a child of each item or batch of them; what an earlier try made is made anew."""
        self._records.delete_children(run.arn)
        items = items_of(state, given, context, row.run.client("s3"))
        children = self._children(row, run, state, inputs(state, items, given, context))
        try:
            while some := list(islice(children, _WRITTEN_AT_ONCE)):
                self._records.put_executions(some)
                row.run.check()
        except StateError:
            self._end(row, run, FAILED)
            raise
        return self._records.change_map_run(run.arn, read=True)

    def _children(self, row: Row, run: MapRun, state: State, given: Iterable[tuple[int, Any]]) -> "Iterable[Execution]":
        execution, express = row.run.execution, _is_express(state)
        labelled = run.arn.rpartition(":")[0].replace(":mapRun:", ":express:" if express else ":execution:")
        machine = execution.machine + "/" + run.arn.rpartition(":")[0].rpartition("/")[2]
        for number, (count, value) in enumerate(given):
            name = str(uuid.uuid4())
            arn = f"{labelled}:{name}:{uuid.uuid4()}" if express else f"{labelled}:{name}"
            text = json.dumps(value)
            yield Execution(
                *(arn, name, machine, execution.role, execution.region, text, run.started),
                status=PENDING,
                map_run=run.arn,
                number=number,
                items=count,
            )

    def _work(self, row: Row, run: MapRun, state: State) -> None:
        """Runs children until none is left.

        Raises
        ------
        StateError : more failed than may
        Halted
        OutOfTime
        """
        processor, scope = processor_of(state), Scope(row.run.scope)
        under_way: set[str] = set()
        # What was running when the process ended is run first.
        waiting = iter([*all_of(self._records, run.arn, RUNNING)])
        after = -1

        def following() -> Execution | None:
            nonlocal waiting, after
            child = next(waiting, None)
            if child is None:
                page = self._records.children(run.arn, PENDING, after, 2 * MOST_AT_ONCE)
                after = page[-1].number if page else after
                waiting = iter(page)
                child = next(waiting, None)
            return child

        try:
            coming = following()
            while coming is not None or under_way:
                row.run.check()
                self._check_failures(run)
                allowed = self._allowed(run)
                while coming is not None and len(under_way) < allowed:
                    self._go(row, coming, processor, scope, under_way, express=_is_express(state))
                    coming = following()
                self._runners.wait_for(
                    partial(self._has_turn, run, scope, under_way, len(under_way), coming is not None)
                )
            self._check_failures(run)
        except BaseException:
            scope.halt()
            self._runners.wake()
            self._runners.wait_for(lambda: not under_way)
            raise

    def _has_turn(self, run: MapRun, scope: Scope, under_way: set[str], busy: int, waiting: bool) -> bool:
        """Whether there is something to see to: a child has ended of those that were `busy`, or one more may run."""
        ended = not under_way or len(under_way) < busy
        return ended or scope.is_halted() or (waiting and self._allowed(run) > busy)

    def _allowed(self, run: MapRun) -> int:
        """Children that may run at once, by what the map run says now."""
        noted = self._records.map_run(run.arn) or run
        return min(noted.concurrency or MOST_AT_ONCE, MOST_AT_ONCE)

    def _go(
        self, row: Row, child: Execution, processor: State, scope: Scope, under_way: set[str], *, express: bool
    ) -> None:
        now = row.run.clock()
        begun = child if child.status == RUNNING and not express else replace(child, status=RUNNING, started=now)
        self._records.put_execution(begun)
        run = replace(
            row.run,
            execution=begun,
            scope=Scope(scope),
            ends=now + EXPRESS_SECONDS if express else None,
            noted=not express,
        )
        under_way.add(child.arn)

        def act() -> None:
            try:
                self._execute(run, processor, json.loads(child.input))
            finally:
                under_way.discard(child.arn)

        self._runners.go(act)

    def _check_failures(self, run: MapRun) -> None:
        """Raises
        ------
        StateError : more failed than may
        """
        noted, counted = self._records.map_run(run.arn) or run, self._records.counted(run.arn)
        failed = sum(counted.get(status, (0, 0))[1] for status in (FAILED, TIMED_OUT))
        total = sum(items for _, items in counted.values())
        if not failed:
            return
        by_count = noted.count is not None and failed > noted.count
        by_share = 100 * failed > noted.percentage * total
        if by_count or (by_share and (noted.count is None or noted.percentage)):
            raise StateError(_TOO_MANY, "The specified tolerated failure threshold was exceeded")

    def _end(self, row: Row, run: MapRun, status: str) -> None:
        """Notes the end; children that did not come to theirs are aborted."""
        now = row.run.clock()
        with self._records.together():
            self._records.put_executions(
                replace(child, status=ABORTED, stopped=now) for child in self._records.children(run.arn, RUNNING)
            )
            self._records.change_map_run(run.arn, status=status, stopped=now)

    def _results(self, row: Row, run: MapRun, state: State, given: Any, context: Any) -> Any:
        writer = state.get("ResultWriter", {})
        if "Resource" not in writer:
            outputs = [json.loads(child.output or "null") for child in all_of(self._records, run.arn, SUCCEEDED)]
            flat = writer.get("WriterConfig", {}).get("Transformation") == "FLATTEN"
            return (
                [value for output in outputs for value in (output if isinstance(output, list) else [output])]
                if flat
                else outputs
            )
        where = templates.filled(writer["Parameters"], given, context)
        try:
            details = write(
                self._records,
                run.arn,
                where["Bucket"],
                where["Prefix"],
                writer.get("WriterConfig", {}),
                row.run.client("s3"),
            )
        except Exception as error:
            raise StateError("States.ResultWriterFailed", str(error)) from error
        counted = self._records.counted(run.arn)
        self._records.change_map_run(run.arn, written=counted.get(SUCCEEDED, (0, 0))[1])
        return {"MapRunArn": run.arn, "ResultWriterDetails": details}


def abort(records: Records, execution: str, now: float) -> None:
    """Notes that the map runs of an execution that is stopped are, and their children."""
    for run in records.map_runs(execution):
        if run.status == RUNNING:
            records.change_map_run(run.arn, status=ABORTED, stopped=now)
            records.put_executions(
                replace(child, status=ABORTED, stopped=now) for child in records.children(run.arn, RUNNING)
            )


def redrive(records: Records, run: MapRun, now: float) -> None:
    """Has the children of a map run wait anew that did not come to a good end."""
    for status in UNHAPPY:
        for child in records.children(run.arn, status):
            records.put_execution(
                replace(
                    child,
                    status=PENDING,
                    stopped=None,
                    error=None,
                    cause=None,
                    redrives=child.redrives + 1,
                    redriven=now,
                )
            )
    records.change_map_run(run.arn, status=RUNNING, stopped=None, redrives=run.redrives + 1, redriven=now)


def _setting(state: State, name: str, given: Any, context: Any) -> Any:
    return paths.at(state[f"{name}Path"], given, context) if f"{name}Path" in state else state.get(name)


def _is_express(state: State) -> bool:
    return bool(processor_of(state)["ProcessorConfig"].get("ExecutionType") == "EXPRESS")
