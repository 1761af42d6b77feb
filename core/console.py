"""The one place that prints: results to standard output, everything else to standard error."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from customlabels.core.watching import Callbacks, Progress

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from customlabels.core.errors import CustomLabelsError

_BAR_AFTER = 2.0
_MOST_DETAILS = 50


class Money(float):
    """A figure in dollars; shown to the cent."""


class Console:
    """Prints for people, or as JSON; quiet where asked."""

    def __init__(self, *, output: str = "table", quiet: bool = False, verbose: bool = False) -> None:
        self.as_json = output == "json"
        self.quiet = quiet
        self.verbose = verbose

    def result(self, value: Any, show: Callable[[Any], None]) -> None:
        """The command's result: `value` as JSON where that is asked for, else what `show` prints of it."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False))
        else:
            show(value)

    def done(self, sentence: str, **values: Any) -> None:
        """What the command did: a sentence, or `values` as JSON."""
        self.result(values, lambda _: self.text(sentence))

    def text(self, text: str) -> None:
        """A line of the result."""
        print(text)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
        """A table of the result; columns of numbers are right-aligned."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
        for index, name in enumerate(columns):
            numbers = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
            table.add_column(name, justify="right" if numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(_cell(value)) for value in row))
        _rich(sys.stdout).print(table)

    def note(self, text: str) -> None:
        """Something on the way; nothing where quiet."""
        if not self.quiet:
            tell(text)

    def warn(self, text: str) -> None:
        tell(f"warning: {text}")

    def error(self, error: "CustomLabelsError") -> None:
        tell(f"error: {error.message}")
        for detail in error.details[:_MOST_DETAILS]:
            tell(f"       {detail}")
        if len(error.details) > _MOST_DETAILS:
            tell(f"       … and {len(error.details) - _MOST_DETAILS} more")
        if error.hint:
            tell(f"hint:  {error.hint}")

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """A step of a run; the block calls what it gets with the count done since the last call.

        A bar appears after two seconds, on a terminal only; elsewhere the step is one line.
        """
        shown = not self.quiet and sys.stderr.isatty()
        if not shown:
            self.note(f"{title} …")
            yield lambda count: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = [TextColumn("{task.description}"), BarColumn()]
        columns += [MofNCompleteColumn()] if total is not None else []
        bar = Progress(*columns, TimeElapsedColumn(), console=_rich(sys.stderr), transient=True)
        task = bar.add_task(title, total=total)
        began = time.monotonic()

        def advance(count: int) -> None:
            with suppress(OSError, ValueError):
                if not bar.live.is_started and time.monotonic() - began > _BAR_AFTER:
                    bar.start()
                bar.advance(task, count)

        try:
            yield advance
        finally:
            with suppress(OSError, ValueError):
                if bar.live.is_started:
                    bar.stop()
        tell(f"{title} · {time.monotonic() - began:.1f} s")


class Reporting(Console):
    """Gives progress to a callback; notes and warnings are printed to standard error."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._callbacks = Callbacks(progress)

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """A step, told to the callback."""
        with self._callbacks.step(title, total) as advance:
            yield advance


def in_money(rows: Iterable[Mapping[str, object]], *names: str) -> list[tuple[object, ...]]:
    """Rows of a table whose figures of these names are dollars."""
    return [
        tuple(
            Money(value) if name in names and isinstance(value, float | int) else value for name, value in row.items()
        )
        for row in rows
    ]


def tell(text: str) -> None:
    """Prints to standard error; a terminal that is gone keeps nothing from being done, a model from being stopped."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Money):
        return f"{value:.2f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _rich(stream: Any) -> "RichConsole":
    from rich.console import Console as RichConsole

    # A pipe has no width: nothing is cut off there.
    return RichConsole(file=stream, width=None if stream.isatty() else 200, highlight=False)
