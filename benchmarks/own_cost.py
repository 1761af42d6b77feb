"""What a schedule itself costs a month, beside its models: python benchmarks/own_cost.py

A workday and a Sunday of sweeps on the local service, with an idle stop and a budget; what CloudWatch is asked is
counted where the client sends it. A month is 22 workdays and 8 other days. Lambda and logs are left out: how
long a sweep takes on AWS was not measured.
"""

import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from support.drawing import draw
from support.local_services import client
from support.uptime_stack import serviced

from customlabels.aws import parameters
from customlabels.core.prices import METRIC_ASKED
from customlabels.core.settings import load_settings
from customlabels.emulator.server import address
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.scheduler.actions import Kind
from customlabels.scheduler.documents import schedule_text
from customlabels.scheduler.functions.project import Clients, Project
from customlabels.scheduler.functions.turn import take
from customlabels.scheduler.schedule_settings import read_schedule
from customlabels.scheduler.stack.own_cost import standing_charges
from customlabels.scheduler.stack.schedule_template import Parts

WORKDAYS, OTHER_DAYS = 22, 8
SWEEPS = 24 * 12
SETTINGS = """
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "UTC"
idle_stop = "45m"
monthly_budget = 5000
[[schedule.window]]
days = "mon-fri"
start = "06:00"
stop = "22:00"
"""
NAMES = ("rekognition", "ssm", "cloudwatch", "sns")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serviced(Path(folder), address.REAL, SETTINGS) as (shell, service):
        draw(shell.folder / "photos", {"across": 6, "down": 6})
        shell.run_on("--local", "train", "photos", "--version-name", "v1", minutes=30)
        shell.run("--local", "versions", "promote", "v1", "--force")
        schedule = read_schedule(load_settings(shell.folder / "customlabels.toml").schedule, 2027)
        client(service, "ssm").put_parameter(
            Name=parameters.schedule("surface"), Value=schedule_text(schedule), Type="String", Overwrite=True
        )
        (project,) = service.rekognition.describe_projects()["ProjectDescriptions"]
        topic = client(service, "sns").create_topic(Name="told")["TopicArn"]
        watched = Project("surface", project["ProjectArn"], topic)
        asked: Counter[str] = Counter()
        clients = Clients(*(client(service, name) for name in NAMES))

        def count(params: dict[str, Any], **_: Any) -> None:
            asked["metrics"] += len(params["MetricDataQueries"])
            asked["calls"] += 1

        clients.cloudwatch.meta.events.register("before-parameter-build.cloudwatch.GetMetricData", count)
        days = {}
        for name, weekday in (("workday", 3), ("Sunday", 6)):
            now = datetime.fromtimestamp(address.advance(shell.state, 0), UTC)
            days_on = (weekday - now.weekday()) % 7 or 7
            morning = now.replace(hour=0, minute=0, second=10, microsecond=0) + timedelta(days=days_on)
            address.advance(shell.state, (morning - now).total_seconds())
            before = asked.copy()
            for _ in range(SWEEPS):
                take(watched, clients, frozenset(Kind))
                address.advance(shell.state, 5 * 60)
            days[name] = asked - before
        metrics = WORKDAYS * days["workday"]["metrics"] + OTHER_DAYS * days["Sunday"]["metrics"]
        calls = WORKDAYS * days["workday"]["calls"] + OTHER_DAYS * days["Sunday"]["calls"]
        parts = Parts("surface", project["ProjectArn"], schedule, CHAMPION, {}, "code", "key")
        charges = standing_charges(parts)
        standing = ", ".join(f"{charge.count} {charge.what} ${charge.dollars:.2f}" for charge in charges)
        total = sum(charge.dollars for charge in charges) + metrics * METRIC_ASKED
        figure = (
            f"${total:.2f}: {standing}; {metrics:,} metrics asked in {calls:,} calls ${metrics * METRIC_ASKED:.3f}; "
            "free tiers, Lambda and logs apart"
        )
        note(Row("a schedule's own month, with an idle stop and a budget", figure=figure))


if __name__ == "__main__":
    main()
