"""What of a list is known already, and what analyzers are still to be asked about: as the function goes by it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.local_services import Service
from support.results_tables import results_table

from customlabels.core.addresses import S3Address
from customlabels.inspection import claims, records
from customlabels.inspection.analysing import Versions
from customlabels.inspection.analyzers import ANALYZERS
from customlabels.inspection.batches import listing
from customlabels.inspection.batches.listing import Looks
from customlabels.inspection.claims import Claim, Key, Table
from customlabels.inspection.documents import Inspection
from customlabels.inspection.functions.listed import item, judged_by
from customlabels.inspection.records import Arrival
from customlabels.inspection.rules import Rules

NOW = 1_800_000_000
ARN = "arn:aws:rekognition:eu-west-1:111122223333:project/surface/version/v1/1"
LOOKS = Looks("v1", ARN, "judged-so", ("text", "labels"))
MADE = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    with results_table(service, "known") as table:
        Versions(table).tell(ANALYZERS["text"], "3.0")
        yield table


def image(number: int) -> Arrival:
    address = S3Address("archive-7", f"{number}.jpg")
    return Arrival(address, f"{number:032}", 5, MADE.isoformat(timespec="milliseconds"), MADE)


def of(number: int) -> str:
    return records.by_etag(image(number).etag, 5)


def done(table: Table, key: Key, about: Mapping[str, str] | None = None, expires: int = NOW + 60) -> None:
    taken = claims.claim(table, key, now=1000 * NOW, until=1000 * NOW, expires=expires, about=about)
    assert isinstance(taken, Claim)
    claims.finish(table, taken, {})


def counted(table: Table, path: Path, numbers: range, looks: Looks = LOOKS) -> tuple[int, dict[str, int]]:
    lines = [json.dumps(item(image(number))) for number in numbers]
    (path / "list.jsonl").write_text("\n".join(lines) + "\n")
    known = listing.count_known(table, looks, path / "list.jsonl", NOW)
    return known.images, dict(known.asked)


def test_images_and_analyzers_are_counted_each_by_what_is_known_of_it(table: Table, tmp_path: Path) -> None:
    done(table, records.analysis_key(of(0), "v1"), {"arn": ARN})
    done(table, records.analysis_key(of(1), "v1"), {"arn": "another that had this name"})
    done(table, records.analysis_key(of(2), "v1"), {"arn": ARN}, expires=NOW - 1)
    done(table, records.analysis_key(of(3), "3.0", "text"))
    done(table, records.analysis_key(of(3), "2.0", "labels"))
    assert counted(table, tmp_path, range(6)) == (1, {"text": 5, "labels": 6})
    assert counted(table, tmp_path, range(250)) == (1, {"text": 249, "labels": 250})


def test_of_an_image_that_was_judged_so_before_nobody_is_asked(table: Table, tmp_path: Path) -> None:
    for number, judged in ((300, "judged-so"), (301, "otherwise")):
        done(table, records.analysis_key(of(number), "v1"), {"arn": ARN})
        done(table, records.sighting_key(of(number), image(number)), {"judged": judged})
    done(table, records.sighting_key(of(302), image(302)))
    assert counted(table, tmp_path, range(300, 303)) == (2, {"text": 2, "labels": 2})


def test_without_analyzers_none_is_asked(table: Table, tmp_path: Path) -> None:
    assert counted(table, tmp_path, range(400, 500), LOOKS._replace(analyzers=())) == (0, {})


def test_verdicts_rest_on_version_rules_and_analyzers_and_on_nothing_else() -> None:
    inspection = Inspection("b", "p/", Rules(frozenset({"crack", "pit"}), {"crack": 50.0}, 2.0))

    def changed(**changes: Any) -> str:
        arn = changes.pop("arn", ARN)
        given = {"bucket": "b", "prefix": "p/", "rules": inspection.rules, **changes}
        return judged_by(Inspection(**given), arn)

    same = judged_by(inspection, ARN)
    assert changed(bucket="c", prefix="", rate=1.0, keep=3, bus="", on_defect="tag", by="sha256") == same
    others = [
        changed(arn=f"{ARN}0"),
        changed(rules=Rules(frozenset({"crack"}), {"crack": 50.0}, 2.0)),
        changed(rules=Rules(frozenset({"crack", "pit"}), {"crack": 51.0}, 2.0)),
        changed(rules=Rules(frozenset({"crack", "pit"}), {"crack": 50.0}, 3.0)),
        changed(analyzers=("text",)),
    ]
    assert len({same, *others}) == 6
