"""Images shown to analyzers through the results table: a row an image, an analyzer and a version of its model.

Which version looks is known from its answers alone. The last one is kept in the table, and what is looked for goes by
it: an answer of another one makes that the last, so that from then on every image is looked at by the new one, once.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from customlabels.inspection import claims, records
from customlabels.inspection.analyzers import Analyzer, Findings
from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.claims import Busy, Claim, Done, Key, Table
from customlabels.inspection.rules import Seen

UNKNOWN = "?"
"""The version before any answer has told it."""


@dataclass(slots=True)
class Versions:
    """The last known version of each analyzer's model; shared by threads."""

    table: Table
    _known: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, analyzer: Analyzer) -> str:
        """The version that looked last; the table is asked once."""
        with self._lock:
            if analyzer.name not in self._known:
                answer = self.table.dynamodb.get_item(TableName=self.table.name, Key=_key(analyzer))
                self._known[analyzer.name] = str(values(answer.get("Item", {})).get("model", UNKNOWN))
            return self._known[analyzer.name]

    def tell(self, analyzer: Analyzer, version: str) -> None:
        """Notes the version that looked."""
        with self._lock:
            if self._known.get(analyzer.name) == version:
                return
            item = {"pk": f"model#{analyzer.name}", "sk": "-", "model": version}
            self.table.dynamodb.put_item(TableName=self.table.name, Item=attributes(item))
            self._known[analyzer.name] = version


def analyse(
    versions: Versions,
    key: str,
    analyzer: Analyzer,
    ask: Callable[[], Findings],
    *,
    now: int,
    until: int,
    expires: int,
) -> Findings | Busy:
    """What the analyzer sees in the image `key`, from the table where that holds it; else it is asked, once.

    Parameters
    ----------
    now, until : milliseconds since 1970, of the claim
    expires : seconds since 1970, of the result
    """
    table, version = versions.table, versions.of(analyzer)
    outcome = _claim(table, key, version, analyzer, now, until, expires)
    if not isinstance(outcome, Claim):
        return outcome if isinstance(outcome, Busy) else read(outcome.item, version)
    try:
        findings = ask()
    except BaseException:
        claims.release(table, outcome)
        raise
    told = findings.version or version
    if told == version:
        claims.finish(table, outcome, of(findings))
        return findings
    other = _claim(table, key, told, analyzer, now, until, expires)
    if isinstance(other, Claim):
        claims.finish(table, other, of(findings))
    versions.tell(analyzer, told)
    claims.release(table, outcome)
    return findings


def of(findings: Findings) -> dict[str, Any]:
    """What the item of an analyzer's answer holds."""
    return {
        "labels": [records.of_seen(seen) for seen in findings.seen],
        "figures": dict(findings.figures),
        "refusal": findings.refusal,
    }


def read(item: Mapping[str, Any], version: str) -> Findings:
    """The answer in a done item."""
    seen: tuple[Seen, ...] = tuple(map(records.read_seen, item["labels"]))
    figures = {name: float(value) for name, value in item.get("figures", {}).items()}
    return Findings(version, seen, figures, item.get("refusal"))


def _claim(
    table: Table, key: str, version: str, analyzer: Analyzer, now: int, until: int, expires: int
) -> Claim | Done | Busy:
    row = records.analysis_key(key, version, analyzer.name)
    return claims.claim(table, row, now=now, until=until, expires=expires)


def _key(analyzer: Analyzer) -> dict[str, Any]:
    key = Key(f"model#{analyzer.name}", "-")
    return attributes({"pk": key.pk, "sk": key.sk})
