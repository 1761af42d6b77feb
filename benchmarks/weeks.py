"""Four weeks of a deployed schedule by the local service's clock, beside what simulating it says.

python benchmarks/weeks.py. CloudFormation makes the stack, EventBridge fires, the functions' zip runs, models
take fifteen minutes to start and three to stop. On the way: a change to daylight saving, two public holidays, an
override, a promotion in a window, a start that fails, a version deleted by hand. Billed is what the service's own
InServiceInferenceUnits says.
"""

import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from support.drawing import draw
from support.local_services import Service, client
from support.shells import Shell
from support.uptime_stack import serviced

from customlabels.core.prices import hosting_cost
from customlabels.core.settings import load_settings
from customlabels.emulator.customlabels.versions import START_TAG
from customlabels.emulator.server import address
from customlabels.scheduler.schedule_settings import read_schedule
from customlabels.scheduler.simulation.simulated import simulate
from customlabels.scheduler.usage import unit_hours

ZONE = ZoneInfo("Europe/Berlin")
FIRST = datetime(2027, 3, 8, tzinfo=ZONE)
DAYS = 28
SWEEP = 5
SETTINGS = """
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "Europe/Berlin"
country = "DE"
warm_up = "20m"
[[schedule.window]]
days = "mon-fri"
start = "06:00"
stop = "22:00"
[[schedule.window]]
days = "sat"
start = "22:00"
stop = "04:00"
"""
EXPECTED = {
    date(2027, 3, 16): (5, "promotion at 10:00: the old version stops a sweep after the new one runs"),
    date(2027, 3, 20): (180 - 15, "override for three hours at noon, fifteen minutes of them the start"),
    date(2027, 3, 25): (-20, "a start that fails after fifteen minutes is tried again five minutes later"),
    date(2027, 3, 30): (0, "the version before is deleted by hand"),
}
"""Minutes that an event adds to the plan, or takes from it, by itself."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serviced(Path(folder), address.REAL, SETTINGS) as (shell, service):
        run(shell, service)


def run(shell: Shell, service: Service) -> None:
    draw(shell.folder / "photos", {"across": 8, "down": 8})
    shell.run_on("--local", "train", "photos", "--version-name", "v1", minutes=30)
    shell.run_on("--local", "train", "photos", "--version-name", "v2", "--seed", "1", minutes=30)
    shell.run("--local", "versions", "promote", "v1", "--force")
    to(shell, FIRST - timedelta(hours=1))
    shell.run("--local", "schedule", "deploy", "--yes")
    to(shell, FIRST)
    began = time.monotonic()
    at = {
        datetime(2027, 3, 16, 10, 1, tzinfo=ZONE): lambda: shell.run("--local", "versions", "promote", "v2", "--force"),
        datetime(2027, 3, 20, 12, 0, tzinfo=ZONE): lambda: shell.run(
            *("--local", "schedule", "override", "--on", "3h", "--why", "audit", "--yes")
        ),
        datetime(2027, 3, 24, 23, 0, tzinfo=ZONE): lambda: tag(service, "v2", "fail"),
        datetime(2027, 3, 25, 5, 50, tzinfo=ZONE): lambda: tag(service, "v2", None),
        datetime(2027, 3, 30, 12, 0, tzinfo=ZONE): lambda: service.rekognition.delete_project_version(
            ProjectVersionArn=arn(service, "v1")
        ),
    }
    for moment, happens in at.items():
        to(shell, moment)
        happens()
    end = FIRST + timedelta(days=DAYS)
    to(shell, end + timedelta(hours=2))
    took = time.monotonic() - began
    report(shell, service, took)


def report(shell: Shell, service: Service, took: float) -> None:
    cloudwatch = client(service, "cloudwatch")
    schedule = read_schedule(load_settings(shell.folder / "customlabels.toml").schedule, 2027)
    simulated = simulate(schedule, FIRST.astimezone(UTC), DAYS).minutes
    total = planned = 0.0
    worst, events = 0.0, 0
    print(f"{'day':16}{'billed':>9}{'simulated':>11}{'event':>8}{'left':>7}")
    for day in range(DAYS):
        start = datetime.combine(FIRST.date() + timedelta(days=day), FIRST.time(), ZONE).astimezone(UTC)
        stop = datetime.combine(FIRST.date() + timedelta(days=day + 1), FIRST.time(), ZONE).astimezone(UTC)
        billed = 60 * sum(unit_hours(cloudwatch, "surface", ["v1", "v2"], start=start, end=stop).values())
        first = int((start - simulated.start) / timedelta(minutes=1))
        plan = sum(simulated.up[first : first + int((stop - start) / timedelta(minutes=1))])
        more, why = EXPECTED.get(start.astimezone(ZONE).date(), (0, ""))
        left = billed - plan - more
        worst, events = max(worst, abs(left)), events + bool(why)
        total, planned = total + billed, planned + plan + more
        print(f"{start.astimezone(ZONE):%a %Y-%m-%d}  {billed:9.0f}{plan:11.0f}{more:8.0f}{left:7.0f}  {why}")
    print(f"{took:.0f} s")
    figure = (
        f"{total:,.0f} unit-minutes billed (${hosting_cost(total / 60, 1):,.2f}), {planned:,.0f} simulated; "
        f"no day more than {worst:.0f} minutes apart"
    )
    note(Row(f"{DAYS} days of a deployed schedule, with clock change, holidays and mishaps", figure=figure))
    assert worst < SWEEP + 1, "more than a sweep apart"
    shown = shell.json("--local", "schedule", "status")
    assert shown["alarms"] == [], shown["alarms"]


def to(shell: Shell, moment: datetime) -> None:
    now = address.advance(shell.state, 0)
    address.advance(shell.state, moment.timestamp() - now)


def arn(service: Service, name: str) -> str:
    (project,) = service.rekognition.describe_projects()["ProjectDescriptions"]
    answer = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"], VersionNames=[name])
    return answer["ProjectVersionDescriptions"][0]["ProjectVersionArn"]


def tag(service: Service, name: str, value: str | None) -> None:
    if value is None:
        service.rekognition.untag_resource(ResourceArn=arn(service, name), TagKeys=[START_TAG])
    else:
        service.rekognition.tag_resource(ResourceArn=arn(service, name), Tags={START_TAG: value})


if __name__ == "__main__":
    main()
