"""Prints the template of a stack that uses everything, for rule sets to look at: python benchmarks/template.py STACK

STACK is schedule or inspection.
"""

import sys
from datetime import UTC, date, datetime, time, timedelta

from customlabels.core.addresses import S3Address
from customlabels.inspection.documents import Inspection
from customlabels.inspection.inspection_settings import Asked
from customlabels.inspection.rules import Rules
from customlabels.inspection.stack import template as of_inspection
from customlabels.scheduler.stack import schedule_template
from customlabels.scheduler.uptime import Schedule, Window

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/surface"


def main() -> None:
    print({"schedule": schedule_stack, "inspection": inspection_stack}[sys.argv[1]](), end="")


def schedule_stack() -> str:
    schedule = Schedule(
        "Europe/Berlin",
        (
            Window(time(6), time(22), frozenset(range(5))),
            Window(time(22), time(2), frozenset({5}), version="v1"),
            Window(time(8), time(23), dates=frozenset({date(2026, 12, 3)})),
        ),
        idle_stop=timedelta(minutes=45),
        monthly_budget=500.0,
    )
    parts = schedule_template.Parts(
        project="surface",
        project_arn=f"{ARN}/1700000000000",
        schedule=schedule,
        champion="v2",
        trained={name: f"{ARN}/version/{name}/1700000000000" for name in ("v2", "v1")},
        bucket="my-bucket",
        key="customlabels/surface/functions/code.zip",
        emails=("me@example.com",),
        stops_orphans=True,
    )
    return schedule_template.template(parts, datetime(2026, 11, 21, tzinfo=UTC))


def inspection_stack() -> str:
    inspection = Inspection(
        "line-1",
        "images/",
        Rules(frozenset({"crack"}), {"crack": 60.0}, 5.0),
        on_defect="move",
        goes_to=S3Address("line-2", "defects/"),
        bus="arn:aws:events:us-east-1:111122223333:event-bus/b",
        analyzers=("labels", "text"),
    )
    parts = of_inspection.Parts(
        project="surface",
        project_arn=f"{ARN}/1700000000000",
        topic="arn:aws:sns:us-east-1:111122223333:told",
        asked=Asked(inspection, timedelta(hours=4), 3, (S3Address("archive", "2026/"),)),
        results=("my-bucket", "customlabels"),
        bucket="my-bucket",
        key="customlabels/surface/inspection/code.zip",
        watch_key="customlabels/surface/inspection/watch.zip",
        keys=("arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000",),
    )
    return of_inspection.template(parts)


if __name__ == "__main__":
    main()
