"""A turn of the Lambda functions: what is planned is carried out, remembered and told.

Every turn does all that is to be done, so that none depends on the one before. What a version's call was refused with
ends that call alone.
"""

import json
import math
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from customlabels.aws import parameters
from customlabels.aws.function_log import log
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.states import State
from customlabels.scheduler import feeding
from customlabels.scheduler import memory as remembering
from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.functions import again, line_look, messages, orphans
from customlabels.scheduler.functions.outlook import look
from customlabels.scheduler.functions.project import Clients, Project

_THERE_ALREADY, _NO_ROOM = "ResourceInUseException", "LimitExceededException"
_FIRST_OF_THE_HOUR = remembering.TICK.total_seconds() / 60
_TO_SPARE = 15.0
"""Seconds of a call's time within which no further project is looked at."""

Remaining = Callable[[], float]
"""Seconds that are left of a call."""


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
        self._seen = look(project, clients, looks=looks)
        self._memory = self._seen.memory
        self._kept = self._seen.known.text
        self._arns = dict(self._seen.arns)
        self._drained: str | None = None
        self.done: list[Action] = []

    @property
    def planned(self) -> tuple[Action, ...]:
        return self._seen.planned

    def see_to_orphans(self, remaining: Remaining) -> bool:
        """Tells of running versions that nobody schedules, or stops them; whether it looked at all.

        Each hour looks at every project once: begun at its first sweep, and gone on with at the next ones.
        """
        first, after = self._seen.now.minute < _FIRST_OF_THE_HOUR, self._memory.orphans_after
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
        self._memory = remembering.acted(self._memory, self._seen.now, action, refused=False)
        self.tell(action, "is starting" if action.kind is Kind.START else "is stopping")

    def _feed(self, action: Action) -> None:
        """Opens or closes the queue; nobody need be told but where that fails."""
        if fault := line_look.switch(self._clients.make, self._seen.known.inspection, action):
            self.tell(Action(Kind.REPORT, "", fault, trouble=Trouble.QUEUE), "trouble")
            return
        self.done.append(action)
        log("INFO", f"the queue is {'opened' if action.kind is Kind.OPEN else 'closed'}: {action.why}")

    def look_again(self) -> None:
        """Asks for a look as soon as all is done that waits, where that is before the next sweep."""
        champion = next((model for model in self._seen.observed if model.version == self._seen.champion), None)
        soon = feeding.look_again(
            self._seen.now,
            self._seen.schedule,
            self._seen.line.queue,
            champion,
            self._seen.wanted.get(self._seen.champion or CHAMPION),
            feeds=self._seen.line.feeds,
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
        most = self._seen.known.schedule.max_units
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
            self._memory = remembering.doubled(self._memory, self._seen.now, action)
            return
        room = code != _NO_ROOM
        self._memory = remembering.acted(self._memory, self._seen.now, action, refused=True, room=room)
        why = f"{code}; {action.kind} was asked for: {action.why}"
        self.tell(replace(action, kind=Kind.REPORT, trouble=Trouble.REFUSED, why=why), "refused")

    def tell(self, action: Action, outcome: str) -> None:
        """Writes an action, or a trouble that was not told lately, into the log, and sends it to the topic."""
        if action.kind is Kind.REPORT:
            if messages.was_told(self._memory.reported, action, self._seen.now):
                return
            reported = {**self._memory.reported, messages.key(action): self._seen.now}
            self._memory = replace(self._memory, reported=reported)
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
        champion = self._seen.champion
        running = any(model.version == champion and model.status == State.RUNNING for model in self._seen.observed)
        if champion is not None and running and self._seen.serving != champion:
            parameters.write(
                self._clients.ssm,
                parameters.serving(self._project.name),
                json.dumps({"version": champion, "arn": self._arns[champion]}),
                f"The version of {self._project.name} that answers requests; written by customlabels",
            )
            self._drained = self._seen.serving

    def measure(self) -> None:
        now, up = self._seen.now, [model for model in self._seen.observed if model.status == State.RUNNING]
        values = (
            sum(model.units for model in up),
            sum(want.units for want in self._seen.wanted.values()),
            max((_minutes(now, model) for model in self._seen.observed), default=0.0),
            sum(action.kind is Kind.REPORT for action in self.planned),
        )
        figures: dict[str, float] = dict(zip(messages.FIGURES, values, strict=True))
        if self._seen.spent is not None:
            figures["MonthDollars"] = self._seen.spent
        messages.metrics(self._project.name, now, figures)


def _minutes(now: datetime, model: Observed) -> float:
    """How long a version has been up against what is wanted."""
    return round((now - model.unwanted_since).total_seconds() / 60, 1) if model.unwanted_since is not None else 0.0
