"""Signals sent to commands at any moment, and what is up afterwards."""

import signal
import time
from contextlib import suppress
from dataclasses import dataclass

from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service.guard import PREFIX
from customlabels.pipelines.service.states import HELD
from support.local_services import Service, client
from support.shells import Shell

ENDING = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
"""Signals that end a command in good order, with its exit codes."""


@dataclass(frozen=True)
class Struck:
    """How a command ended that was sent a signal.

    Parameters
    ----------
    seconds : from the signal to its end
    """

    sent: signal.Signals
    code: int
    said: str
    seconds: float

    @property
    def early(self) -> bool:
        """Whether Python had not made a command of it yet: it ends as the system has it, or as Python says."""
        return self.code == -self.sent or "Fatal Python error: init_import_site" in self.said

    @property
    def orderly(self) -> bool:
        """Whether it ended as a command does: with the signal's exit code and a word, or having been done before."""
        return self.code in {ENDING[self.sent], 0} and "Traceback" not in self.said


def strike(shell: Shell, words: tuple[str, ...], number: signal.Signals, seconds: float) -> Struck:
    """Runs a command and sends it a signal after so many seconds."""
    process = shell.start(*words)
    time.sleep(seconds)
    process.send_signal(number)
    sent = time.monotonic()
    _, said = process.communicate(timeout=120)
    return Struck(number, process.returncode, said, time.monotonic() - sent)


def up(service: Service) -> list[str]:
    """States of all versions that take a place among the running models, once late answers have had their time."""
    with suppress(ServiceError):
        wait_for(lambda: None if _seen_up(service) else True, what="the end of all models", most=10)
    return _seen_up(service)


def _seen_up(service: Service) -> list[str]:
    states = []
    for project in service.rekognition.describe_projects()["ProjectDescriptions"]:
        versions = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"])
        states += [version["Status"] for version in versions["ProjectVersionDescriptions"]]
    return [state for state in states if state in HELD]


def guards(service: Service) -> list[str]:
    """One-time schedules that stop a version."""
    schedules = client(service, "scheduler").list_schedules()["Schedules"]
    return [schedule["Name"] for schedule in schedules if schedule["Name"].startswith(PREFIX)]
