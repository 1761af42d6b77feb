"""The one place that prints: results to standard output, everything else to standard error."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os.path import commonprefix
from typing import TYPE_CHECKING, Any, TextIO

from customlabels.core.notebook_bars import in_notebook, notebook_bar
from customlabels.core.printable import printable, printable_json
from customlabels.core.text_tables import lay_out
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
            print(printable_json(value, encoding=_encoding(sys.stdout), indent=2))
        else:
            show(value)

    def done(self, sentence: str, **values: Any) -> None:
        """What the command did: a sentence, or `values` as JSON."""
        self.result(values, lambda _: self.text(sentence))

    def text(self, text: str) -> None:
        """A line of the result; what names in it would do to a terminal is shown instead."""
        print(printable(text, encoding=_encoding(sys.stdout)))

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of the result."""
        for line in lines:
            self.text(line)

    def document(self, text: str) -> None:
        """A result of several lines, such as a template; its line breaks and tabs stay."""
        print(printable(text, encoding=_encoding(sys.stdout), kept="\n\t"))

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        title: str = "",
        give_way: Sequence[str] | None = None,
        addresses: str | None = None,
    ) -> None:
        """A table of the result; columns of numbers are right-aligned.

        Parameters
        ----------
        give_way : the columns that are left out where a terminal is too narrow, the first first; None: from the right,
            all but the first
        addresses : a column of them, whose common folder stands above the table where a terminal is narrow for them
        """
        encoding, width = _encoding(sys.stdout), _width(sys.stdout)
        if addresses is not None and width is not None:
            at = columns.index(addresses)
            texts = [str(row[at]) for row in rows]
            folder = commonprefix(texts).rpartition("/")[0]  # noqa: RUF071 - a path would lose a slash of s3://
            if folder.count("/") > 1 and max(map(len, texts)) > width // 2:
                rows = [(*row[:at], str(row[at])[len(folder) + 1 :], *row[at + 1 :]) for row in rows]
                title = "; ".join(filter(None, (title, f"below {folder}/")))
        table = lay_out(
            [printable(name, encoding=encoding) for name in columns],
            [[printable(_cell(value), encoding=encoding) for value in row] for row in rows],
            right=[
                any(isinstance(row[index], int | float) for row in rows)
                and all(isinstance(row[index], int | float | None) for row in rows)
                for index in range(len(columns))
            ],
            width=width,
            give_way=None if give_way is None else [printable(name, encoding=encoding) for name in give_way],
        )
        print()
        if title:
            self.text(title)
        for line in table.lines:
            self.text(line)
        print()
        if table.left_out:
            self.note(f"no room for {', '.join(table.left_out)}: a wider terminal, a file or --output json has it")

    def note(self, text: str) -> None:
        """Something on the way; nothing where quiet."""
        if not self.quiet:
            tell(text)

    def warn(self, text: str) -> None:
        tell(f"warning: {text}")

    def error(self, error: "CustomLabelsError") -> None:
        """What went wrong and what to do: sentences, or one line of JSON where results are JSON."""
        if self.as_json:
            document = {
                "error": error.message,
                "details": list(error.details),
                "hint": error.hint,
                "exit_code": error.exit_code,
            }
            with suppress(OSError, ValueError):
                print(printable_json(document, encoding=_encoding(sys.stderr)), file=sys.stderr)
            return
        tell(f"error: {error.message}")
        for detail in error.details[:_MOST_DETAILS]:
            tell(f"       {detail}")
        if len(error.details) > _MOST_DETAILS:
            tell(f"       … and {len(error.details) - _MOST_DETAILS} more")
        if error.hint:
            tell(f"hint:  {error.hint}")

    @contextmanager
    def step(self, title: str, total: int | None = None, *, in_bytes: bool = False) -> Iterator[Callable[[int], None]]:
        """A step of a run; the block calls what it gets with the count, or the bytes, done since the last call.

        A bar appears after two seconds, on a terminal or in a notebook only; elsewhere the step is one line.
        """
        if not self.quiet and in_notebook():
            with notebook_bar(title, total, _BAR_AFTER, in_bytes=in_bytes) as advance_bar:
                yield advance_bar
            return
        shown = not self.quiet and sys.stderr.isatty()
        if not shown:
            self.note(f"{title} …")
            yield lambda count: None
            return
        from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = [TextColumn("{task.description}", markup=False), BarColumn()]
        columns += [] if total is None else [DownloadColumn() if in_bytes else MofNCompleteColumn()]
        bar = Progress(*columns, TimeElapsedColumn(), console=_rich(sys.stderr), transient=True)
        task = bar.add_task(printable(title, encoding=_encoding(sys.stderr)), total=total)
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
    def step(self, title: str, total: int | None = None, *, in_bytes: bool = False) -> Iterator[Callable[[int], None]]:
        """A step, told to the callback."""
        with self._callbacks.step(title, total, in_bytes=in_bytes) as advance:
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
        print(printable(text, encoding=_encoding(sys.stderr)), file=sys.stderr)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Money):
        return f"{value:.2f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _encoding(stream: TextIO) -> str:
    return stream.encoding or "utf-8"


def _width(stream: TextIO) -> int | None:
    """Cells of a terminal; None where it is none: a pipe has no width, and nothing is folded there."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _rich(stream: TextIO) -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(file=stream, highlight=False)
