"""An execution under way: whether it may go on, what its context is, what of it is noted."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from customlabels.emulator.stepfunctions.errors import Halted, OutOfTime
from customlabels.emulator.stepfunctions.records import Execution, Position, Records

_MOST_EVENTS = 25_000


@dataclass(slots=True)
class Scope:
    """What ends together; `parent` is what it is within."""

    parent: "Scope | None" = None
    _halted: bool = False

    def halt(self) -> None:
        self._halted = True

    def is_halted(self) -> bool:
        return self._halted or (self.parent is not None and self.parent.is_halted())


@dataclass(slots=True)
class Run:
    """An execution as the threads have it that run it.

    Parameters
    ----------
    ends : when its time is over, seconds since 1970
    noted : whether each step is on disk; of an EXPRESS child none is
    """

    execution: Execution
    records: Records
    clock: Callable[[], float]
    client: Callable[[str], Any]
    scope: Scope = field(default_factory=Scope)
    ends: float | None = None
    noted: bool = True

    def within(self) -> "Run":
        """The same execution in a scope of its own."""
        return replace(self, scope=Scope(self.scope))

    def check(self) -> None:
        """Raises
        ------
        Halted
        OutOfTime
        """
        if self.scope.is_halted():
            raise Halted
        if self.ends is not None and self.clock() >= self.ends:
            raise OutOfTime

    def event(self, kind: str, **details: Any) -> None:
        """Adds to the history.

        Raises
        ------
        OutOfTime : it is as long as it may be
        """
        if self.noted and self.records.add_event(self.execution.arn, self.clock(), kind, details) >= _MOST_EVENTS:
            raise OutOfTime

    def context(self, row: "Row", item: dict[str, Any] | None) -> dict[str, Any]:
        """The context object. Source: Step Functions developer guide, "Accessing execution data"."""
        execution, position = self.execution, row.position
        context: dict[str, Any] = {
            "Execution": {
                "Id": execution.arn,
                "Input": row.given,
                "Name": execution.name,
                "RoleArn": execution.role,
                "StartTime": time_text(execution.started),
                "RedriveCount": execution.redrives,
            },
            "State": {
                "EnteredTime": time_text(position.entered or execution.started),
                "Name": position.state,
                "RetryCount": sum(position.tried.values()),
            },
            "StateMachine": {"Id": execution.machine, "Name": execution.machine.rpartition(":")[2]},
        }
        if item is not None:
            context["Map"] = {"Item": item}
        return context


@dataclass(slots=True)
class Row:
    """A row of states of a run, and where in it that is; `given` is the execution's whole input."""

    run: Run
    path: str
    position: Position
    given: Any

    def keep(self, **changes: Any) -> None:
        """Moves within the state."""
        self.put(replace(self.position, **changes))

    def put(self, position: Position) -> None:
        self.position = position
        if self.run.noted:
            self.run.records.put_position(self.run.execution.arn, self.path, position)

    def below(self, name: str) -> str:
        """The path of a row of states within the state where this one is."""
        return f"{self.path}/{self.position.state}#{name}"

    def forget_below(self) -> None:
        if self.run.noted:
            self.run.records.delete_positions(self.run.execution.arn, f"{self.path}/")


def time_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
