"""A turn of the Lambda functions: look at what is, plan, carry it out, remember it, tell of it.

Every turn does all that is to be done, so that none depends on the one before. What a version's call was refused with
ends that call alone.
"""

import json
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from customlabels.aws import parameters
from customlabels.aws.function_log import log
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.states import State
from customlabels.scheduler import feeding
from customlabels.scheduler import memory as remembering
from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.functions import again, line_look, messages, observation, orphans
from customlabels.scheduler.functions.again import Again
from customlabels.scheduler.plan import plan, quiet_since
from customlabels.scheduler.uptime import resolved
from customlabels.scheduler.wants import asked

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

_THERE_ALREADY, _NO_ROOM = "ResourceInUseException", "LimitExceededException"
_FIRST_OF_THE_HOUR = remembering.TICK.total_seconds() / 60
_TO_SPARE = 15.0
"""Seconds of a call's time within which no further project is looked at."""

Remaining = Callable[[], float]
"""Seconds that are left of a call."""


def _made(service: str) -> Any:
    import boto3

    make: Any = boto3.client
    return make(service)


@dataclass(frozen=True, slots=True)
class Clients:
    """What a turn calls."""

    rekognition: "RekognitionClient"
    ssm: "SSMClient"
    cloudwatch: "CloudWatchClient"
    sns: "SNSClient"
    make: Callable[[str], Any] = _made
    """Makes one of another service: only where images wait are queue, mapping and table looked at."""


@dataclass(frozen=True, slots=True)
class Project:
    """Whose turn it is: the project, its ARN, the topic that is told; and whether orphans are stopped, or told of."""

    name: str
    arn: str
    topic: str
    stops_orphans: bool = False
    again: Again | None = None
    """With what a look between two sweeps is asked for; None where nothing is to be looked at then."""


def take(
    project: Project, clients: Clients, kinds: Collection[Kind], remaining: Remaining = lambda: math.inf
) -> list[Action]:
    """Does what `plan` says, as far as it is of these kinds; the actions that were carried out or told.

    Other projects come last: what is this one's has been done, and is remembered, by then.

    Parameters
    ----------
    remaining : seconds that it may take yet

    Raises
    ------
    botocore.exceptions.ClientError : what is cannot be looked at; nothing has been done then
    """
    turn = _Turn(project, clients, looks=Kind.OPEN in kinds)
    turn.serve()
    for action in turn.planned:
        if action.kind is Kind.REPORT and action.kind in kinds:
            turn.tell(action, "trouble")
        elif action.kind in kinds:
            turn.carry_out(action)
    turn.remember()
    if Kind.REPORT in kinds:
        turn.look_again()
        turn.measure()
        if turn.see_to_orphans(remaining):
            turn.remember()
    return turn.done


class _Turn:
    """One turn's view of the project, and what it has done so far."""

    def __init__(self, project: Project, clients: Clients, *, looks: bool) -> None:
        self._project = project
        self._clients = clients
        self._versions = observation.describe(clients.rekognition, project.arn)
        self._known = observation.look_up(clients.ssm, project.name, self._versions.now)
        self._kept = self._known.text
        self._arns = {name: version["ProjectVersionArn"] for name, version in self._versions.described.items()}
        named, serving = self._known.champion, self._known.serving
        self._replaced = observation.is_replaced(self._known, named, self._arns.get(named or ""))
        self._champion = None if self._replaced else named
        self._serving = (
            None if observation.is_replaced(self._known, serving, self._arns.get(serving or "")) else serving
        )
        self._memory = self._known.memory
        self._uncounted: list[str] = []
        self._spent = self._money()
        self._schedule = resolved(self._known.schedule, self._champion)
        self._memory, self._observed = remembering.seen(self._memory, self._versions.now, self._versions.states)
        self._line = line_look.seen(
            self._known.inspection,
            clients.make,
            clients.cloudwatch,
            self._memory.line,
            self._versions.now,
            self._schedule,
            self._observed,
            list(filter(None, (self._champion, self._serving))),
            looks=looks,
        )
        self._memory = replace(self._memory, line=self._line.line)
        self._asked = asked(
            self._versions.now,
            self._schedule,
            self._champion,
            self._spent or 0.0,
            self._line.queue,
            self._observed,
            self._serving,
        )
        if any(want.open for want in self._asked.values()):
            self._memory = remembering.learned(self._memory)
        self._drained: str | None = None
        self.done: list[Action] = []
        self.planned = self._plan()

    def _money(self) -> float | None:
        """What the month has cost; None where nobody asks for it. What CloudWatch does not tell is counted by looks."""
        if self._known.schedule.monthly_budget is None:
            return None
        now, states = self._versions.now, self._versions.states
        used = remembering.used(self._memory, now, states)
        usage, self._uncounted = observation.month_usage(
            self._clients.cloudwatch, self._project.name, used, list(self._arns), now
        )
        self._memory = replace(self._memory, usage=usage)
        return hosting_cost(sum(usage.hours.values()), 1)

    def _plan(self) -> list[Action]:
        now, schedule = self._versions.now, self._known.schedule
        planned = plan(
            now,
            schedule,
            self._with_requests(),
            self._known.champion,
            self._spent or 0.0,
            self._serving,
            replaced=self._replaced,
            queue=self._line.queue,
            feeds=self._line.feeds,
        )
        self._memory = remembering.wanted_again(self._memory, planned)
        why = "CloudWatch has no datapoint of it: what it costs is counted by the states that were seen"
        return [
            *planned,
            *self._line.faults,
            *(Action(Kind.REPORT, name, why, trouble=Trouble.METRICS) for name in self._uncounted),
        ]

    def _with_requests(self) -> list[Observed]:
        """The versions, and when those that run were last asked: looked up only where that may decide something."""
        now, idle = self._versions.now, self._known.schedule.idle_stop
        if idle is None:
            return self._observed

        def running(requested: datetime | None, metered: Collection[str]) -> list[Observed]:
            return [
                replace(model, last_request=requested, metered=model.version in metered)
                if model.status == State.RUNNING
                else model
                for model in self._observed
            ]

        known = running(self._memory.requested, self._arns)
        quiet = [
            model.version
            for model in known
            if model.status == State.RUNNING
            and (since := quiet_since(now, self._schedule, model)) is not None
            and now - since >= idle
        ]
        if not quiet:
            return known
        if all(self._was_told(Trouble.METRICS, name) for name in quiet):
            return running(self._memory.requested, ())
        project, cloudwatch = self._project.name, self._clients.cloudwatch
        requested, metered = observation.requests(cloudwatch, project, quiet, now, idle)
        requested = max(filter(None, (requested, self._memory.requested)), default=None)
        self._memory = replace(self._memory, requested=requested)
        return running(requested, metered)

    def _was_told(self, trouble: Trouble, version: str) -> bool:
        last = self._memory.reported.get(messages.key(Action(Kind.REPORT, version, "", trouble=trouble)))
        return last is not None and self._versions.now - last < messages.SAY_AGAIN_AFTER

    def see_to_orphans(self, remaining: Remaining) -> bool:
        """Tells of running versions that nobody schedules, or stops them; whether it looked at all.

        Each hour looks at every project once: begun at its first sweep, and gone on with at the next ones.
        """
        first, after = self._versions.now.minute < _FIRST_OF_THE_HOUR, self._memory.orphans_after
        if not first and after is None:
            return False
        rekognition, ssm = self._clients.rekognition, self._clients.ssm
        try:
            looked = orphans.find(
                rekognition,
                ssm,
                self._project.arn,
                after="" if first else after or "",
                goes_on=lambda: remaining() > _TO_SPARE,
            )
        except rekognition.exceptions.ClientError as error:
            # Other projects must not keep this one from being seen to.
            self.tell(
                Action(Kind.REPORT, "", f"orphans cannot be looked for: {error}", trouble=Trouble.ORPHAN), "trouble"
            )
            return True
        self._memory = replace(self._memory, orphans_after=looked.after)
        self._arns |= {orphan.name: orphan.arn for orphan in looked.orphans}
        for orphan in looked.orphans:
            why = "it runs in a project that has no schedule"
            if self._project.stops_orphans:
                self.carry_out(Action(Kind.STOP, orphan.name, why))
            else:
                self.tell(Action(Kind.REPORT, orphan.name, why, trouble=Trouble.ORPHAN), "trouble")
        return True

    def carry_out(self, action: Action) -> None:
        """Starts or stops a model; what is said against it is told, and it is tried again at the next turn."""
        if action.kind in {Kind.OPEN, Kind.CLOSE}:
            self._feed(action)
            return
        if action.version == self._drained:
            # It answered until now: whoever asks it learns of the other before it goes.
            return
        try:
            self._call(action)
        except self._clients.rekognition.exceptions.ClientError as error:
            self._refused(action, error.response.get("Error", {}).get("Code", ""))
            return
        self._memory = remembering.acted(self._memory, self._versions.now, action, refused=False)
        self.tell(action, "is starting" if action.kind is Kind.START else "is stopping")

    def _feed(self, action: Action) -> None:
        """Opens or closes the queue; nobody need be told but where that fails."""
        if fault := line_look.switch(self._clients.make, self._known.inspection, action):
            self.tell(Action(Kind.REPORT, "", fault, trouble=Trouble.QUEUE), "trouble")
            return
        self.done.append(action)
        log("INFO", f"the queue is {'opened' if action.kind is Kind.OPEN else 'closed'}: {action.why}")

    def look_again(self) -> None:
        """Asks for a look as soon as all is done that waits, where that is before the next sweep."""
        champion = next((model for model in self._observed if model.version == self._champion), None)
        soon = feeding.look_again(
            self._versions.now,
            self._schedule,
            self._line.queue,
            champion,
            self._asked.get(self._champion or CHAMPION),
            feeds=self._line.feeds,
            start_takes=remembering.usual_start(self._memory),
        )
        if soon is None or self._project.again is None:
            return
        try:
            again.ask(self._clients.make("scheduler"), self._project.again, soon)
        except (ClientError, BotoCoreError) as error:
            # The next sweep comes by itself.
            log("WARNING", f"no look between two sweeps: {error}")

    def _call(self, action: Action) -> None:
        rekognition, arn = self._clients.rekognition, self._arns[action.version]
        most = self._known.schedule.max_units
        if action.kind is Kind.STOP:
            rekognition.stop_project_version(ProjectVersionArn=arn)
        elif most is None:
            rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=action.units)
        else:
            rekognition.start_project_version(
                ProjectVersionArn=arn, MinInferenceUnits=action.units, MaxInferenceUnits=max(most, action.units)
            )

    def _refused(self, action: Action, code: str) -> None:
        log("WARNING", f"{action.kind} refused: {code}", version=action.version, why=action.why)
        if code == _THERE_ALREADY:
            # Another function was first, or it has to be STARTING to its end; the next turn sees which.
            self._memory = remembering.doubled(self._memory, self._versions.now, action)
            return
        room = code != _NO_ROOM
        self._memory = remembering.acted(self._memory, self._versions.now, action, refused=True, room=room)
        why = f"{code}; {action.kind} was asked for: {action.why}"
        self.tell(replace(action, kind=Kind.REPORT, trouble=Trouble.REFUSED, why=why), "refused")

    def tell(self, action: Action, outcome: str) -> None:
        """Writes an action, or a trouble that was not told lately, into the log, and sends it to the topic."""
        if action.kind is Kind.REPORT:
            key = messages.key(action)
            last = self._memory.reported.get(key)
            if last is not None and self._versions.now - last < messages.SAY_AGAIN_AFTER:
                return
            self._memory = replace(self._memory, reported={**self._memory.reported, key: self._versions.now})
        self.done.append(action)
        level = "WARNING" if action.kind is Kind.REPORT else "INFO"
        log(level, f"{outcome}: {action.why}", version=action.version, action=action.kind, trouble=action.trouble)
        try:
            messages.message(self._clients.sns, self._project.topic, self._project.name, action, outcome)
        except self._clients.sns.exceptions.ClientError as error:
            # Who is told must not keep a model from being stopped.
            log("ERROR", f"the topic was not told: {error}")

    def remember(self) -> None:
        """Keeps the memory where it has changed; another function may be writing it, which does little harm."""
        written = remembering.text(self._memory)
        if written == self._kept:
            return
        try:
            parameters.write(
                self._clients.ssm,
                parameters.memory(self._project.name),
                written,
                remembering.DESCRIPTION,
            )
        except self._clients.ssm.exceptions.ClientError as error:
            log("ERROR", f"the memory was not kept: {error}")
            return
        self._kept = written

    def serve(self) -> None:
        """Notes the champion as the version that answers requests, once it runs; the one before goes a turn later."""
        champion = self._champion
        running = any(model.version == champion and model.status == State.RUNNING for model in self._observed)
        if champion is not None and running and self._serving != champion:
            parameters.write(
                self._clients.ssm,
                parameters.serving(self._project.name),
                json.dumps({"version": champion, "arn": self._arns[champion]}),
                f"The version of {self._project.name} that answers requests; written by customlabels",
            )
            self._drained = self._serving

    def measure(self) -> None:
        now, up = self._versions.now, [model for model in self._observed if model.status == State.RUNNING]
        values = (
            sum(model.units for model in up),
            sum(want.units for want in self._asked.values()),
            max((_minutes(now, model) for model in self._observed), default=0.0),
            sum(action.kind is Kind.REPORT for action in self.planned),
        )
        figures: dict[str, float] = dict(zip(messages.FIGURES, values, strict=True))
        if self._spent is not None:
            figures["MonthDollars"] = self._spent
        messages.metrics(self._project.name, now, figures)


def _minutes(now: datetime, model: Observed) -> float:
    """How long a version has been up against what is wanted."""
    return round((now - model.unwanted_since).total_seconds() / 60, 1) if model.unwanted_since is not None else 0.0
