"""Prints the template of a schedule that uses everything, for rule sets to look at: python benchmarks/template.py"""

from datetime import UTC, date, datetime, time, timedelta

from customlabels.scheduler.stack.schedule_template import Stack, template
from customlabels.scheduler.uptime import Schedule, Window

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/surface"


def main() -> None:
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
    stack = Stack(
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
    print(template(stack, datetime(2026, 11, 21, tzinfo=UTC)), end="")


if __name__ == "__main__":
    main()
