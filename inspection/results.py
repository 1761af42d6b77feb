"""What was found, read from the results table: sightings by the day, judged again where that is asked for.

Source: DynamoDB API reference, Query.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from customlabels.aws.clients import explained
from customlabels.core.csv_text import csv_row
from customlabels.core.errors import SettingsError
from customlabels.core.files import written_aside
from customlabels.core.text_groups import groups_in
from customlabels.inspection import records
from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.claims import State, Table, is_alive
from customlabels.inspection.records import Sighting
from customlabels.inspection.rules import Analysis, Rules, Verdict, judge
from customlabels.inspection.stored_items import MOST_KEYS, stored_items

_DAY = timedelta(days=1)
_LONGEST_BACK = 3650 * _DAY

RulesOf = Callable[[str], Rules]
"""The rules by which what a version saw is judged."""


@dataclass(frozen=True, slots=True)
class Row:
    """An image as it was seen under a key; `labels` are those that the verdict rests on, `confidence` is 0..100.

    Parameters
    ----------
    beside : what Rekognition's own analyzers name in it; empty where none looked
    group : what `group_by = "text:…"` of [dataset] finds in its text, as a lot; empty where it is not there
    """

    at: str
    address: str
    verdict: str
    labels: tuple[str, ...]
    top: str | None
    confidence: float | None
    why: str
    version: str
    did: str
    image: str
    beside: str = ""
    group: str = ""


def read(
    table: Table,
    *,
    since: datetime,
    now: datetime,
    verdict: Verdict | None = None,
    label: str | None = None,
    again: RulesOf | None = None,
    pattern: re.Pattern[str] | None = None,
) -> Iterator[Row]:
    """The rows since a time, the oldest first.

    Parameters
    ----------
    verdict, label : only those with that verdict, and those whose verdict rests on that label
    again : judges each anew, without a call; what was kept says where that leaves it open
    pattern : finds a group in what is written in an image

    Raises
    ------
    ServiceError : the table cannot be read
    """
    sightings = _sightings(table, max(since, now - _LONGEST_BACK), now)
    while some := list(islice(sightings, MOST_KEYS)):
        analyses = _analyses(table, some, now) if again is not None else {}
        for sighting in some:
            analysis = analyses.get(_seen_by(sighting))
            if again is not None and analysis is not None:
                sighting = _judged(sighting, analysis, again(sighting.version))
            judgement = sighting.judgement
            if verdict in (None, judgement.verdict) and (label is None or label in judgement.labels):
                yield _row(sighting, pattern)


def analysed_sightings(
    table: Table, *, since: datetime, now: datetime, last: date | None = None
) -> Iterator[tuple[Sighting, Analysis]]:
    """Images that were seen since a time, with all that a version saw in each; none of which that has expired.

    Parameters
    ----------
    last : day of the last ones; None: today

    Raises
    ------
    ServiceError : the table cannot be read
    """
    sightings = _sightings(table, max(since, now - _LONGEST_BACK), now, last)
    while some := list(islice(sightings, MOST_KEYS)):
        analyses = _analyses(table, some, now)
        yield from ((sighting, analyses[_seen_by(sighting)]) for sighting in some if _seen_by(sighting) in analyses)


def write(
    rows: Iterable[Row], path: Path, advance: Callable[[Row], None] = lambda row: None, *, safe_csv: bool = False
) -> int:
    """Writes rows to a file, CSV, JSON lines or Parquet by the end of its name; how many.

    Parameters
    ----------
    safe_csv : an apostrophe keeps spreadsheets from running cells of a CSV that begin as formulas do

    Raises
    ------
    SettingsError : it ends otherwise, or what Parquet takes is not installed
    """
    writers: dict[str, Callable[[Iterable[Row], Path], None]] = {
        ".csv": partial(_write_csv, safe=safe_csv),
        ".jsonl": _write_lines,
        ".parquet": _write_parquet,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise SettingsError(f"--to {path}: is none of {', '.join(writers)}")
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            advance(row)
            yield row

    writer(counted(), path)
    return count


def _sightings(table: Table, since: datetime, now: datetime, last: date | None = None) -> Iterator[Sighting]:
    earliest, alive = since.astimezone(UTC).isoformat(timespec="milliseconds"), int(now.timestamp())
    day, last = since.astimezone(UTC).date(), last or now.astimezone(UTC).date()
    while day <= last:
        with explained(f"reading the results of {day}"):
            pages = table.dynamodb.get_paginator("query").paginate(
                TableName=table.name,
                IndexName=records.BY_DAY,
                KeyConditionExpression="#day = :day AND #at >= :since",
                ExpressionAttributeNames={"#day": "day", "#at": "at"},
                ExpressionAttributeValues=attributes({":day": day.isoformat(), ":since": earliest}),
            )
            for page in pages:
                for item in map(values, page["Items"]):
                    if item["state"] == State.DONE and is_alive(item, alive):
                        yield records.read_sighting(item)
        day += _DAY


def _analyses(table: Table, sightings: Iterable[Sighting], now: datetime) -> dict[tuple[str, str], Analysis]:
    """The analyses of sightings, by image and version; of those that have expired there is none."""
    alive = int(now.timestamp())
    keys = {_seen_by(sighting): records.analysis_key(sighting.image, sighting.version) for sighting in sightings}
    return {
        (item["pk"], item["sk"].rpartition("#")[2]): records.read_analysis(item)
        for item in stored_items(table, list(keys.values()))
        if item["state"] == State.DONE and is_alive(item, alive)
    }


def _seen_by(sighting: Sighting) -> tuple[str, str]:
    return sighting.image, sighting.version


def _judged(sighting: Sighting, analysis: Analysis, rules: Rules) -> Sighting:
    return replace(sighting, judgement=judge(analysis, rules), top=analysis.top)


def _row(sighting: Sighting, pattern: re.Pattern[str] | None) -> Row:
    judgement, top = sighting.judgement, sighting.top
    return Row(
        at=sighting.at.astimezone(UTC).isoformat(timespec="seconds"),
        address=str(sighting.address),
        verdict=judgement.verdict.value,
        labels=judgement.labels,
        top=top.label if top else None,
        confidence=top.confidence if top else None,
        why=judgement.why,
        version=sighting.version,
        did=sighting.did,
        image=sighting.image,
        beside="; ".join(f"{name}: {', '.join(seen) or 'none'}" for name, seen in sighting.beside.items()),
        group=next(iter(groups_in(sighting.beside.get("text", ()), pattern)), "") if pattern else "",
    )


def labels_cell(labels: Sequence[str]) -> str:
    """Labels in a cell, as the toolkit's own CSV has them, with bars between; as JSON where that could be misread."""
    if any(not set(label).isdisjoint("|;") or label.startswith("[") for label in labels):
        return json.dumps(labels, ensure_ascii=False)
    return "|".join(labels)


def _write_csv(rows: Iterable[Row], path: Path, *, safe: bool) -> None:
    with written_aside(path) as file:
        file.write(csv_row([field.name for field in fields(Row)]).encode())
        for row in rows:
            cells = {**asdict(row), "labels": labels_cell(row.labels)}
            file.write(csv_row([*cells.values()], safe=safe).encode())


def _write_lines(rows: Iterable[Row], path: Path) -> None:
    with written_aside(path) as file:
        for row in rows:
            file.write((json.dumps(asdict(row), ensure_ascii=False) + "\n").encode())


def _write_parquet(rows: Iterable[Row], path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise SettingsError("Parquet needs an extra", hint="pip install 'customlabels[parquet]'") from error
    texts = {name: pyarrow.string() for name in (field.name for field in fields(Row))}
    schema: pyarrow.Schema = pyarrow.schema(
        {**texts, "labels": pyarrow.list_(pyarrow.string()), "confidence": pyarrow.float64()}
    )
    remaining = iter(rows)
    with written_aside(path) as file, parquet.ParquetWriter(file, schema) as writer:
        while some := list(islice(remaining, 10_000)):
            writer.write_table(pyarrow.Table.from_pylist([_document(row) for row in some], schema=schema))


def _document(row: Row) -> Mapping[str, Any]:
    return {**asdict(row), "labels": list(row.labels)}
