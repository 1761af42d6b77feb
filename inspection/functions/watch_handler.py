"""The handler of the function that looks every hour whether production has changed.

Imports the standard library, boto3 and this package's light modules alone. It has a zip of its own: what it measures
days by would be a third of that of the function that looks at images.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from customlabels.aws.topics import publish
from customlabels.inspection.claims import Table
from customlabels.inspection.functions import hourly, warm
from customlabels.inspection.functions.asking import Model, milliseconds
from customlabels.inspection.golden import unpacked
from customlabels.inspection.rules import with_assumed

Document = dict[str, Any]

_GOLDEN_PART = 0.4
"""Of the function's time, after which it shows no more golden images."""


def watch(event: Document, context: Any) -> Document:
    """Looks whether what arrives, or the model, has changed: how many days were judged, and golden images shown."""
    project, seconds = os.environ["PROJECT"], context.get_remaining_time_in_millis() / 1000
    known = warm.known(project)
    version = next(iter(known.versions), None)
    if version is None:
        return {}
    table = Table(warm.client("dynamodb"), os.environ["TABLE"])
    rules = with_assumed(known.inspection.rules, warm.assumed(version))
    if version.arn not in warm.memory.assumed:
        # By other thresholds than its own it would be said to be wrong; the next hour looks again.
        return {}
    hour = hourly.Hour(
        project,
        table,
        version,
        rules.thresholds,
        deadline=timedelta(seconds=int(os.environ["DEADLINE"])),
        kept=timedelta(days=known.inspection.keep),
        now=datetime.fromisoformat(event["time"]),
        lasts=timedelta(seconds=seconds),
    )

    def tell(about: str, lines: Sequence[str]) -> None:
        publish(warm.client("sns"), os.environ["TOPIC"], *hourly.notice(project, version.name, about, lines))

    golden = None
    if key := os.environ.get("GOLDEN"):
        body = warm.client("s3").get_object(Bucket=os.environ["BUCKET"], Key=key)["Body"].read()
        model = Model(
            warm.client("rekognition"),
            table,
            version,
            alone=True,
            rate=known.inspection.rate,
            least=hourly.least(rules.thresholds),
            last=milliseconds() + round(1000 * seconds * _GOLDEN_PART),
        )
        golden = hourly.show_golden(hour, unpacked(body), model, tell)
    return {"days": len(hourly.judge_days(hour, tell)), "golden": golden.images if golden else 0}
