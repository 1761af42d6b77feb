"""customlabels inspection results."""

from collections import Counter, deque
from dataclasses import asdict
from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.safe_csv import safe_csv_option, see_that_csv_is_written
from customlabels.core.plurals import counted
from customlabels.core.spans import parse_span
from customlabels.inspection import results as reading
from customlabels.inspection.rules import Verdict
from customlabels.session import Session

_SHOWN = 50
"""Rows of the table; a file and JSON have all."""


@click.command(cls=Command)
@project_option
@click.option("--since", default="1d", show_default=True, metavar="SPAN", help="How far to look back.")
@click.option("--verdict", type=click.Choice([verdict.value for verdict in Verdict]), help="Only those.")
@click.option("--label", help="Only those whose verdict rests on this label.")
@click.option("--again", is_flag=True, help="Judge anew by the settings' thresholds, without a call to the model.")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write .csv, .jsonl or .parquet there.")
@safe_csv_option
@pass_session
def results(
    session: Session,
    project: str | None,
    since: str,
    verdict: str | None,
    label: str | None,
    again: bool,
    to: Path | None,
    safe_csv: bool,
) -> None:
    """Show what was found in the images that arrived: verdicts, labels, where they lie and what was done with them.

    Example: customlabels inspection results --since 1d --verdict defect --label crack --to parts.csv
    """
    see_that_csv_is_written(safe_csv, to)
    rows = session.inspected(
        project=project,
        since=session.now() - parse_span(since),
        verdict=Verdict(verdict) if verdict else None,
        label=label,
        again=again,
    )
    console, counts = session.console, Counter[str]()
    if to is not None:

        def note(row: reading.Row) -> None:
            counts[row.verdict] += 1

        count = reading.write(rows, to, note, safe_csv=safe_csv)
        console.done(
            f"wrote {counted(count, 'image')} to {to}: {_in_words(counts)}", file=str(to), images=count, **counts
        )
        return
    if console.as_json:
        console.result([asdict(row) for row in rows], lambda _: None)
        return
    last = deque[reading.Row](maxlen=_SHOWN)
    for row in rows:
        counts[row.verdict] += 1
        last.append(row)
    console.table(
        ("at (UTC)", "image", "verdict", "why, and what was done"),
        [(row.at[:19].replace("T", " "), row.address, row.verdict, _why_and_what(row)) for row in last],
        give_way=("at (UTC)", "why, and what was done"),
        addresses="image",
    )
    more = f", the last {_SHOWN} of them shown; --to writes all" if counts.total() > _SHOWN else ""
    images = "1 image" if counts.total() == 1 else f"{counts.total()} images"
    console.text(f"{images} in the last {since}: {_in_words(counts)}{more}")


def _why_and_what(row: reading.Row) -> str:
    surest = f"{row.top} at {row.confidence:.1f}" if row.top else ""
    return "; ".join(filter(None, (row.why or surest, row.did, row.beside, row.group)))


def _in_words(counts: Counter[str]) -> str:
    return (
        ", ".join(f"{counts[verdict.value]} {verdict.value}" for verdict in Verdict if counts[verdict.value]) or "none"
    )
