"""Sequences in which a deployed schedule's events are lost, doubled, late and out of order, and calls fail.

The stack is deployed and its functions run as they do on the service; its EventBridge schedules are held, and their
events are delivered from here, as chance has it. Time is the service's, moved on minute by minute.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.emulator.server import address
from customlabels.scheduler.documents import read_schedule_text
from customlabels.scheduler.uptime import wanted
from support.interception import Call, Spoiled, intercepted
from support.local_services import STRICT, Service, client

SWEEP, START_TAKES, STOP_TAKES = 5, 4, 1
"""Minutes; `address.Pace(scale=0.25, real=True)` has models start in under four and stop in under one."""

PACE = address.Pace(scale=0.25, real=True, strict=STRICT)
_FAULTS = [
    Spoiled(400, "ThrottlingException"),
    Spoiled(500, "InternalServerError"),
    Spoiled(500, "InternalServerError", late=True),
    Spoiled(0),
    Spoiled(0, late=True),
    Spoiled(400, "LimitExceededException"),
]
_KEPT = (
    *("FlexibleTimeWindow", "GroupName", "Name", "ScheduleExpression"),
    *("ScheduleExpressionTimezone", "Target"),
)
_UNIVERSAL = "aws-sdk:rekognition:stopProjectVersion"


@dataclass
class Chaos:
    """The deployed schedule of a project under test; `faults` is the chance that a call to Rekognition fails."""

    service: Service
    project: str
    random: Random
    targets: list[tuple[str, str, str]] = field(default_factory=list)
    """Expression, zone, and ARN of a function or of the version that is stopped without one."""
    faults: float = 0.0
    calls: int = 0
    spoiled: int = 0
    delivered: int = 0
    lost: int = 0

    def spoil(self, call: Call) -> Spoiled | None:
        self.calls += 1
        if self.random.random() >= self.faults:
            return None
        self.spoiled += 1
        return self.random.choice(_FAULTS)

    def now(self, minutes: float = 0) -> datetime:
        return datetime.fromtimestamp(address.advance(self.service.state, minutes * 60), UTC)


@contextmanager
def chaos(service: Service, project: str, seed: int) -> Iterator[Chaos]:
    """The deployed schedule, its events held, its functions' calls to Rekognition going through what may spoil them."""
    made = Chaos(service, project, Random(seed))
    scheduler, functions = client(service, "scheduler"), client(service, "lambda")
    group = f"customlabels-{project}"
    held = []
    for one in scheduler.list_schedules(GroupName=group)["Schedules"]:
        found = scheduler.get_schedule(GroupName=group, Name=one["Name"])
        held.append({name: found[name] for name in _KEPT})
        scheduler.update_schedule(**held[-1], State="DISABLED")
        target = found["Target"]
        arn = target["Input"].split('"')[3] if _UNIVERSAL in target["Arn"] else target["Arn"]
        made.targets.append((found["ScheduleExpression"], found["ScheduleExpressionTimezone"], arn))
    names = [f"{group}-{name}" for name in ("start", "stop", "sweep")]
    before = {name: functions.get_function_configuration(FunctionName=name)["Environment"] for name in names}
    with intercepted(service.endpoint_url, made.spoil) as endpoint:
        for name, settings in before.items():
            variables = {**settings["Variables"], "AWS_ENDPOINT_URL_REKOGNITION": endpoint}
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        yield made
    for name, settings in before.items():
        functions.update_function_configuration(FunctionName=name, Environment=settings)
    for one in held:
        scheduler.update_schedule(**one, State="ENABLED")


def sequence(made: Chaos, minutes: int = 60) -> None:
    """A stretch of chaos, and then a calm in which all has to come right.

    Raises
    ------
    AssertionError : a unit is up without reason after it, or one that is wanted is not
    """
    random = made.random
    # Anywhere in a day, most often around a window's edge.
    made.now(random.choice([random.uniform(0, 24 * 60), random.uniform(0, 180)]))
    made.faults = random.choice([0.0, 0.1, 0.3])
    lossy, doubled, late = (random.choice([0.0, 0.2, 0.5]) for _ in range(3))
    queue: list[tuple[float, str]] = []
    last = made.now().timestamp()
    for _ in range(minutes):
        now = made.now(1).timestamp()
        for at, arn in _due(made, last, now):
            if random.random() < lossy:
                made.lost += 1
                continue
            for _ in range(2 if random.random() < doubled else 1):
                queue.append((at + (random.uniform(0, 900) if random.random() < late else 0), arn))
        last = now
        ready = [one for one in queue if one[0] <= now]
        queue = [one for one in queue if one[0] > now]
        random.shuffle(ready)
        for _, arn in ready:
            _deliver(made, arn)
        if random.random() < 0.02:
            _meddle(made)
    made.faults = 0.0
    calm(made, [arn for _, arn in queue])


def calm(made: Chaos, late: list[str]) -> None:
    """What is still on its way arrives, and sweeps come as they should."""
    for arn in late:
        _deliver(made, arn)
    down = up_beyond = 0
    last = made.now().timestamp()
    for minute in range(3 * SWEEP + START_TAKES + STOP_TAKES):
        now = made.now(1)
        for _, arn in _due(made, last, now.timestamp()):
            _deliver(made, arn)
        last = now.timestamp()
        units, states, asked = look(made, now)
        down = down + 1 if asked and not units else 0
        up_beyond = up_beyond + 1 if units > asked else 0
        # One sweep to see it, and the time that its start takes, or its end where it has to end before.
        assert down <= SWEEP + START_TAKES + STOP_TAKES + 1, (minute, states, asked)
        assert up_beyond <= SWEEP + START_TAKES + 1, (minute, states, asked)


def look(made: Chaos, now: datetime) -> tuple[int, dict[str, str], int]:
    """Units that are RUNNING, the versions' states, and the units that the schedule wants."""
    found = made.service.rekognition.describe_project_versions(ProjectArn=_project(made))["ProjectVersionDescriptions"]
    states = {one["ProjectVersionArn"].split("/")[3]: one["Status"] for one in found}
    units = sum(one.get("MinInferenceUnits", 0) for one in found if one["Status"] == "RUNNING")
    text = client(made.service, "ssm").get_parameter(Name=f"/customlabels/{made.project}/schedule")
    return units, states, wanted(now, read_schedule_text(text["Parameter"]["Value"])).units


def _project(made: Chaos) -> str:
    found = made.service.rekognition.describe_projects(ProjectNames=[made.project])["ProjectDescriptions"]
    return found[0]["ProjectArn"]


def _due(made: Chaos, after: float, until: float) -> list[tuple[float, str]]:
    found = []
    for expression, zone, arn in made.targets:
        at = next_time(expression, zone, after, 0.0)
        if at is not None and at <= until:
            found.append((at, arn))
    return sorted(found)


def _deliver(made: Chaos, arn: str) -> None:
    made.delivered += 1
    if ":function:" in arn:
        client(made.service, "lambda").invoke(FunctionName=arn, InvocationType="RequestResponse", Payload=b"{}")
        return
    rekognition = made.service.rekognition
    try:
        rekognition.stop_project_version(ProjectVersionArn=arn)
    except (rekognition.exceptions.ResourceInUseException, rekognition.exceptions.ResourceNotFoundException):
        return


def _meddle(made: Chaos) -> None:
    """Someone starts, stops or promotes by hand."""
    rekognition: Any = made.service.rekognition
    found = rekognition.describe_project_versions(ProjectArn=_project(made))["ProjectVersionDescriptions"]
    one = made.random.choice(found)
    arn, name = one["ProjectVersionArn"], one["ProjectVersionArn"].split("/")[3]
    try:
        match made.random.choice(["start", "stop", "promote"]):
            case "start":
                rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=made.random.choice([1, 2]))
            case "stop":
                rekognition.stop_project_version(ProjectVersionArn=arn)
            case _:
                client(made.service, "ssm").put_parameter(
                    Name=f"/customlabels/{made.project}/champion",
                    Value=f'{{"version": "{name}", "arn": "{arn}"}}',
                    Type="String",
                    Overwrite=True,
                )
    except rekognition.exceptions.ClientError:
        return
