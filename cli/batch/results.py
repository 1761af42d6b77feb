"""customlabels batch results."""

from collections import Counter
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click

from customlabels.cli.batch.status import batch_option
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.safe_csv import safe_csv_option, see_that_csv_is_written
from customlabels.inspection import results as reading
from customlabels.session import Session

_SHOWN = 20
"""Rows of the table; a file and JSON have all."""


@click.command(cls=Command)
@project_option
@batch_option
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write .csv, .jsonl or .parquet there.")
@safe_csv_option
@pass_session
def results(session: Session, project: str | None, batch: str | None, to: Path | None, safe_csv: bool) -> None:
    """Show what a batch found, a row an image.

    Example: customlabels batch results --to parts.parquet
    """
    see_that_csv_is_written(safe_csv, to)
    rows, console, counts = session.batch_results(project=project, batch=batch), session.console, Counter[str]()

    def note(row: reading.Row) -> None:
        counts[row.verdict] += 1

    if to is not None:
        count = reading.write(rows, to, note, safe_csv=safe_csv)
        console.done(f"wrote {count:,} images to {to}: {_in_words(counts)}", file=str(to), images=count, **counts)
        return
    if console.as_json:
        console.result([asdict(row) for row in rows], lambda _: None)
        return
    shown = list(islice(rows, _SHOWN))
    for row in shown:
        note(row)
    for row in rows:
        note(row)
    console.table(
        ("image", "verdict", "top", "why"),
        [(row.address, row.verdict, _surest(row), row.why) for row in shown],
        give_way=("why", "top"),
        addresses="image",
    )
    more = f", the first {len(shown)} of them shown; --to writes all" if counts.total() > len(shown) else ""
    console.text(f"{counts.total():,} images: {_in_words(counts)}{more}")


def _surest(row: reading.Row) -> str:
    return f"{row.top} {row.confidence:.1f}" if row.top and row.confidence is not None else ""


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items())) or "none"
