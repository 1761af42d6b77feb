"""States run one after the other, each step noted before the next begins.

Source: Amazon States Language specification; Step Functions developer guide, "Processing input and output".
"""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from customlabels.emulator.stepfunctions import choices, paths, resources, retrying, templates
from customlabels.emulator.stepfunctions.definitions import is_distributed, processor_of
from customlabels.emulator.stepfunctions.errors import Halted, StateError
from customlabels.emulator.stepfunctions.items import items_of
from customlabels.emulator.stepfunctions.records import Position
from customlabels.emulator.stepfunctions.runners import Runners
from customlabels.emulator.stepfunctions.runs import Row, Run

_MOST_DATA = 262_144
_MOST_INLINE = 40
"""Items of an inline Map at once."""

State = dict[str, Any]


class Distribute(Protocol):
    """Runs a distributed Map to its end, and gives its result."""

    def __call__(self, row: Row, state: State, given: Any, context: Any, /) -> Any: ...


class Interpreter:
    def __init__(self, runners: Runners, distribute: Distribute) -> None:
        self._runners = runners
        self._distribute = distribute

    def run(self, run: Run, path: str, machine: State, given: Any, whole: Any, item: State | None = None) -> Any:
        """What a row of states makes of an input; it goes on where it was.

        Parameters
        ----------
        whole : the execution's input
        item : of a Map: Index and Value

        Raises
        ------
        StateError
        Halted
        OutOfTime
        """
        noted = run.records.position(run.execution.arn, path) if run.noted else None
        row = Row(run, path, noted or Position(machine["StartAt"], given), whole)
        while not row.position.done:
            run.check()
            state = machine["States"][row.position.state]
            self._enter(row, state)
            try:
                following, output = self._step(row, state, run.context(row, item))
            except StateError as error:
                self._failed(row, state, error)
                continue
            if len(json.dumps(output)) > _MOST_DATA:
                raise StateError("States.DataLimitExceeded", f"{row.position.state}: a state's output is too large.")
            about = {"name": row.position.state, "output": json.dumps(output)}
            with run.records.together():
                if state["Type"] != "Fail":
                    run.event(f"{state['Type']}StateExited", stateExitedEventDetails=about)
                row.forget_below()
                row.put(
                    Position(row.position.state, None, done=True, output=output)
                    if following is None
                    else Position(following, output)
                )
        return row.position.output

    def _enter(self, row: Row, state: State) -> None:
        if row.position.entered is None:
            about = {"name": row.position.state, "input": json.dumps(row.position.input)}
            with row.run.records.together():
                row.run.event(f"{state['Type']}StateEntered", stateEnteredEventDetails=about)
                row.keep(entered=row.run.clock())
        if row.position.until is not None and state["Type"] != "Wait":
            self._wait_until(row, row.position.until)
            row.keep(until=None)

    def _failed(self, row: Row, state: State, error: StateError) -> None:
        """Has the state tried again, or goes where it is caught.

        Raises
        ------
        StateError : neither
        """
        retriers, position = state.get("Retry", []), row.position
        number = retrying.matching(retriers, error)
        if number is not None:
            seconds = retrying.wait(retriers[number], position.tried.get(str(number), 0))
            if seconds is not None:
                row.forget_below()
                tried = {**position.tried, str(number): position.tried.get(str(number), 0) + 1}
                row.keep(tried=tried, until=row.run.clock() + seconds, map_run="")
                return
        catchers = state.get("Catch", [])
        number = retrying.matching(catchers, error)
        if number is None:
            raise error
        catcher = catchers[number]
        output = paths.placed(
            catcher.get("ResultPath", "$"), position.input, {"Error": error.name, "Cause": error.cause}
        )
        about = {"name": position.state, "output": json.dumps(output)}
        with row.run.records.together():
            row.run.event(f"{state['Type']}StateExited", stateExitedEventDetails=about)
            row.forget_below()
            row.put(Position(catcher["Next"], output))

    def _step(self, row: Row, state: State, context: Any) -> tuple[str | None, Any]:
        """The state that comes next, None where none does, and its input."""
        raw = row.position.input
        given = _selected(state, "InputPath", raw, context)
        kind = state["Type"]
        if kind == "Fail":
            raise StateError(
                str(paths.at(state["ErrorPath"], given, context) if "ErrorPath" in state else state.get("Error", "")),
                str(paths.at(state["CausePath"], given, context) if "CausePath" in state else state.get("Cause", "")),
            )
        if kind == "Choice":
            return choices.picked(state, given, context), _selected(state, "OutputPath", given, context)
        if kind in ("Wait", "Succeed"):
            if kind == "Wait":
                self._wait(row, state, given, context)
            output = given
        else:
            has_template = "Parameters" in state and kind != "Map"
            effective = templates.filled(state["Parameters"], given, context) if has_template else given
            result = self._result(row, state, effective, context)
            if "ResultSelector" in state:
                result = templates.filled(state["ResultSelector"], result, context)
            output = paths.placed(state.get("ResultPath", "$"), raw, result)
        return state.get("Next"), _selected(state, "OutputPath", output, context)

    def _result(self, row: Row, state: State, given: Any, context: Any) -> Any:
        kind = state["Type"]
        if kind == "Pass":
            return state.get("Result", given)
        if kind == "Task":
            return self._task(row, state, given, context)
        if kind == "Parallel":
            return self._parallel(row, state, given)
        if is_distributed(state):
            return self._distribute(row, state, given, context)
        return self._map(row, state, given, context)

    def _task(self, row: Row, state: State, given: Any, context: Any) -> Any:
        call, run = resources.read(state["Resource"]), row.run
        about = {"resourceType": call.service, "resource": call.operation[:1].lower() + call.operation[1:]}
        run.event(
            "TaskScheduled",
            taskScheduledEventDetails={
                **about,
                "region": run.execution.region,
                "parameters": json.dumps(given),
            },
        )
        limit = state.get("TimeoutSeconds")
        if "TimeoutSecondsPath" in state:
            limit = paths.at(state["TimeoutSecondsPath"], given, context)
        began = run.clock()
        try:
            answer = resources.perform(call, given, run.client)
            if limit is not None and run.clock() - began > float(limit):
                raise StateError("States.Timeout", "")
        except StateError as error:
            if error.name == "States.Timeout":
                run.event("TaskTimedOut", taskTimedOutEventDetails={**about, "error": error.name, "cause": error.cause})
            else:
                run.event("TaskFailed", taskFailedEventDetails={**about, "error": error.name, "cause": error.cause})
            raise
        run.event("TaskSucceeded", taskSucceededEventDetails={**about, "output": json.dumps(answer)})
        return answer

    def _wait(self, row: Row, state: State, given: Any, context: Any) -> None:
        if row.position.until is None:
            row.keep(until=_moment(state, given, context, row.run.clock()))
        if row.position.until is not None:
            self._wait_until(row, row.position.until)

    def _wait_until(self, row: Row, until: float) -> None:
        run = row.run
        self._runners.wait_until(until if run.ends is None else min(until, run.ends), run.scope.is_halted)
        run.check()

    def _parallel(self, row: Row, state: State, given: Any) -> list[Any]:
        row.run.event("ParallelStateStarted")

        def branch(run: Run, number: int) -> Any:
            return self.run(run, row.below(str(number)), state["Branches"][number], given, row.given)

        acts: list[Callable[[Run], Any]] = [
            partial(_numbered, branch, number) for number in range(len(state["Branches"]))
        ]
        results = self._beside(row, acts, len(acts))
        row.run.event("ParallelStateSucceeded")
        return results

    def _map(self, row: Row, state: State, given: Any, context: Any) -> list[Any]:
        items = list(items_of(state, given, context, None))
        most = state.get("MaxConcurrency", 0)
        if "MaxConcurrencyPath" in state:
            most = int(paths.at(state["MaxConcurrencyPath"], given, context))
        row.run.event("MapStateStarted", mapStateStartedEventDetails={"length": len(items)})
        selector, processor = state.get("ItemSelector", state.get("Parameters")), processor_of(state)

        def iterate(run: Run, number: int) -> Any:
            item = {"Index": number, "Value": items[number]}
            within = {**context, "Map": {"Item": item}}
            selected = items[number] if selector is None else templates.filled(selector, given, within)
            return self.run(run, row.below(str(number)), processor, selected, row.given, item)

        acts: list[Callable[[Run], Any]] = [partial(_numbered, iterate, number) for number in range(len(items))]
        results = self._beside(row, acts, min(most or _MOST_INLINE, _MOST_INLINE))
        row.run.event("MapStateSucceeded")
        return results

    def _beside(self, row: Row, acts: list[Callable[[Run], Any]], most: int) -> list[Any]:
        """Runs beside one another, at most `most` at once; the first that fails ends the others.

        Raises
        ------
        StateError : of the first that failed
        """
        run, results = row.run.within(), [None] * len(acts)
        failures: list[BaseException] = []
        left, turn = iter(enumerate(acts)), threading.Lock()

        def work() -> None:
            while not failures:
                with turn:
                    number, act = next(left, (-1, None))
                if act is None:
                    return
                try:
                    results[number] = act(run)
                except BaseException as error:
                    failures.append(error)
                    run.scope.halt()
                    self._runners.wake()

        ended = [0]

        def worker() -> None:
            try:
                work()
            finally:
                ended[0] += 1

        workers = min(most, len(acts))
        for _ in range(workers):
            self._runners.go(worker)
        self._runners.wait_for(lambda: ended[0] == workers)
        if failures:
            raise next((error for error in failures if not isinstance(error, Halted)), failures[0])
        return results


def _numbered(act: Callable[[Run, int], Any], number: int, run: Run) -> Any:
    return act(run, number)


def _selected(state: State, name: str, given: Any, context: Any) -> Any:
    """The part of a document that a state takes or gives: all of it, a path's, or nothing."""
    path = state.get(name, "$")
    return {} if path is None else paths.at(path, given, context)


def _moment(state: State, given: Any, context: Any, now: float) -> float:
    """When a Wait is over."""
    try:
        if "Seconds" in state or "SecondsPath" in state:
            path = state.get("SecondsPath")
            return now + float(state["Seconds"] if path is None else paths.at(path, given, context))
        path = state.get("TimestampPath")
        text = state["Timestamp"] if path is None else paths.at(path, given, context)
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError) as error:
        raise StateError("States.Runtime", f"A Wait has no moment: {error}") from error
