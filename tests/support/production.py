"""Images of a line over days, as an inspection leaves them in its results table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from customlabels.core.addresses import S3Address
from customlabels.inspection import records
from customlabels.inspection.attributes import attributes
from customlabels.inspection.claims import State, Table
from customlabels.inspection.records import Arrival, Sighting
from customlabels.inspection.rules import Analysis, Rules, Seen, analysed, judge

_AT_ONCE = 25
RULES = Rules(frozenset({"crack"}), {"crack": 50.0})


@dataclass(frozen=True)
class Seeing:
    """What a version saw of an image; nothing where the service refused it."""

    key: str
    at: datetime
    confidences: Mapping[str, float]
    refused: bool = False
    size: int = 1000
    version: str = "v1"
    content: str = ""
    etag: str = ""


def write_production(table: Table, bucket: str, seen: Iterable[Seeing]) -> None:
    items = {(item["pk"], item["sk"]): item for seeing in seen for item in _items(bucket, seeing)}
    requests = [{"PutRequest": {"Item": attributes(item)}} for item in items.values()]
    for first in range(0, len(requests), _AT_ONCE):
        table.dynamodb.batch_write_item(RequestItems={table.name: requests[first : first + _AT_ONCE]})  # type: ignore[dict-item]


def _items(bucket: str, seeing: Seeing) -> list[dict[str, object]]:
    etag = seeing.etag or (seeing.content or seeing.key).encode().hex()
    address, image = S3Address(bucket, seeing.key), records.by_etag(etag, seeing.size)
    if seeing.refused:
        analysis = Analysis(refusal="InvalidImageFormatException", floor=5.0)
    else:
        analysis = analysed([Seen(label, confidence) for label, confidence in seeing.confidences.items()], 5.0)
    arrival = Arrival(address, etag, seeing.size, "0A", seeing.at)
    sighting = Sighting(image, address, seeing.at, seeing.version, judge(analysis, RULES), analysis.top)
    done = {"state": State.DONE.value, "until": 0, "expires": int(seeing.at.timestamp()) + 400 * 86_400}
    about = [
        (records.analysis_key(image, seeing.version), records.of_analysis(analysis, milliseconds=7)),
        (
            records.sighting_key(image, arrival),
            {**records.about_sighting(address), **records.of_sighting(sighting)},
        ),
    ]
    return [{"pk": key.pk, "sk": key.sk, **done, **held} for key, held in about]
