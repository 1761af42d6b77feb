"""Results: read by the day, filtered, judged again, and written in each form."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.inspected import make_table
from support.local_services import Service, client

from customlabels.core.addresses import S3Address
from customlabels.core.errors import SettingsError
from customlabels.inspection import claims, records, results
from customlabels.inspection.claims import Claim, Table
from customlabels.inspection.records import Arrival, Sighting
from customlabels.inspection.rules import Rules, Seen, Verdict, analysed, judge

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
RULES = Rules(frozenset({"crack"}), {"crack": 60.0}, 5.0)
SIGHTED = [
    ("a.jpg", 30, 90.0),
    ("b.jpg", 20, 61.0),
    ("c, d.jpg", 10, 10.0),
    ("ü.jpg", 1, 70.0),
]
"""Keys, hours ago, and confidences of a crack."""


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    made = make_table(client(service, "dynamodb"), "results")
    for key, hours, confidence in SIGHTED:
        write(made, key, NOW - timedelta(hours=hours), confidence)
    write(made, "expired.jpg", NOW - timedelta(hours=2), 99.0, expires=NOW - timedelta(minutes=1))
    yield made
    made.dynamodb.delete_table(TableName="results")


def write(
    table: Table,
    key: str,
    at: datetime,
    confidence: float,
    expires: datetime | None = None,
    texts: tuple[str, ...] | None = None,
) -> None:
    """What the function leaves of an image."""
    image = records.by_etag(key.encode().hex(), 9)
    arrival = Arrival(S3Address("line-1", key), key.encode().hex(), 9, "0A", at)
    analysis = analysed([Seen("crack", confidence), Seen("ok", 100 - confidence)], 5.0)
    sighting = Sighting(image, arrival.address, at, "v1", judge(analysis, RULES), analysis.top)
    if texts is not None:
        sighting = replace(sighting, beside={"text": texts})
    about = {"now": 0, "until": 1, "expires": int((expires or NOW + timedelta(days=9)).timestamp())}
    for item_key, more, result in (
        (records.analysis_key(image, "v1"), {}, records.of_analysis(analysis, milliseconds=7)),
        (records.sighting_key(image, arrival), records.about_sighting(arrival.address), records.of_sighting(sighting)),
    ):
        claimed = claims.claim(table, item_key, about=more, **about)
        assert isinstance(claimed, Claim)
        assert claims.finish(table, claimed, result)


def test_what_is_found_in_an_images_text_is_its_group(service: Service, tmp_path: Path) -> None:
    made = make_table(client(service, "dynamodb"), "grouped")
    for number, texts in enumerate([("OK", "LOT 17", "LOT 4"), ("OK",), None]):
        write(made, f"{number}.jpg", NOW - timedelta(hours=9 - number), 90.0, texts=texts)
    since = NOW - timedelta(days=1)
    rows = [*results.read(made, since=since, now=NOW, pattern=re.compile(r"LOT (\d+)"))]
    assert [row.group for row in rows] == ["17", "", ""]
    assert [row.group for row in results.read(made, since=since, now=NOW)] == ["", "", ""]
    results.write(iter(rows), tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open() as file:
        assert [row["group"] for row in csv.DictReader(file)] == ["17", "", ""]
    made.dynamodb.delete_table(TableName="grouped")


def keys(rows: Iterator[results.Row]) -> list[str]:
    return [row.address.removeprefix("s3://line-1/") for row in rows]


@pytest.mark.parametrize(
    ("hours", "verdict", "label", "expected"),
    [
        (48, None, None, ["a.jpg", "b.jpg", "c, d.jpg", "ü.jpg"]),
        (24, None, None, ["b.jpg", "c, d.jpg", "ü.jpg"]),
        (48, Verdict.DEFECT, None, ["a.jpg", "ü.jpg"]),
        (48, Verdict.UNSURE, "crack", ["b.jpg"]),
        (48, None, "dent", []),
        (0.5, None, None, []),
    ],
)
def test_rows_are_those_that_are_asked_for_oldest_first(
    table: Table, hours: float, verdict: Verdict | None, label: str | None, expected: list[str]
) -> None:
    found = results.read(table, since=NOW - timedelta(hours=hours), now=NOW, verdict=verdict, label=label)
    assert keys(found) == expected


def test_other_thresholds_judge_again_what_was_kept(table: Table) -> None:
    strict = Rules(frozenset({"crack"}), {"crack": 8.0})
    found = results.read(table, since=NOW - timedelta(days=2), now=NOW, again=lambda version: strict)
    assert {row.verdict for row in found} == {"defect"}
    lax = Rules(strict.defects, {"crack": 95.0})
    found = results.read(table, since=NOW - timedelta(days=2), now=NOW, verdict=Verdict.DEFECT, again=lambda _: lax)
    assert keys(found) == []


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_is_written_is_what_was_read(table: Table, ending: str, tmp_path: Path) -> None:
    rows = [*results.read(table, since=NOW - timedelta(days=2), now=NOW)]
    path = tmp_path / f"found.{ending}"
    assert results.write(iter(rows), path) == 4
    if ending == "csv":
        written = [*csv.DictReader(path.open(encoding="utf-8", newline=""))]
    elif ending == "jsonl":
        written = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        written = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    assert [row["address"] for row in written] == [row.address for row in rows]
    assert [float(row["confidence"]) for row in written] == [row.confidence for row in rows]
    assert written[0]["labels"] in ("crack", ["crack"])


LABELS = st.lists(st.text(st.sampled_from('=+-@|;[]," \n\ra'), min_size=1), max_size=3)


@given(LABELS, st.booleans())
@example(["deep pit", "crack"], False)
@example(["a|b", "c"], False)
@example(["=1+1"], True)
def test_labels_of_a_csv_can_be_told_apart_and_no_cell_of_a_safe_one_is_run(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str], safe: bool
) -> None:
    path = tmp_path_factory.mktemp("labels") / "found.csv"
    row = results.Row("now", "=s3", "defect", tuple(labels), None, 1.0, "-why", "v", "", "i")
    results.write([row], path, safe_csv=safe)
    ((_, *cells),) = [*csv.reader(path.open(encoding="utf-8", newline=""))][1:]
    assert not (safe and [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))])
    cell = cells[2].removeprefix("'") if safe else cells[2]
    assert (json.loads(cell) if cell.startswith("[") else cell.split("|") if cell else []) == labels


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none of .csv, .jsonl, .parquet"):
        results.write(iter(()), tmp_path / "found.xlsx")


def test_a_key_that_is_too_long_for_a_sort_key_stands_in_it_by_its_digest() -> None:
    long = Arrival(S3Address("line-1", "ü" * 512), "ab", 9, "0A", NOW)
    key = records.sighting_key("i#ab:9", long)
    assert len(key.sk.encode()) <= 1024
    assert key != records.sighting_key("i#ab:9", long._replace(address=S3Address("line-1", "ü" * 511 + "u")))
    assert key.sk.endswith("#0A")
