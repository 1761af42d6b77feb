"""What is wanted of each version: by windows and overrides, by images that wait for the champion, within the budget.

Pure: standard library alone, since Lambda functions import it.
"""

from collections.abc import Sequence
from datetime import datetime

from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.states import State
from customlabels.scheduler.actions import Observed
from customlabels.scheduler.backlog import Backlog, Queue, demanded, is_done, time_to_drain
from customlabels.scheduler.uptime import Schedule, Wanted, versions, wanted

ON_ITS_WAY = frozenset({State.STARTING, State.RUNNING})


def asked(
    now: datetime,
    schedule: Schedule,
    champion: str | None,
    spent: float = 0.0,
    queue: Queue = None,
    observed: Sequence[Observed] = (),
    serving: str | None = None,
) -> dict[str, Wanted]:
    """What is wanted at a time of each version that the schedule, or the queue, is about; the budget considered.

    Parameters
    ----------
    schedule : resolved for the champion
    """
    wants = planless(now, schedule, champion, queue, observed, serving)
    if not is_broke(schedule, spent):
        return wants
    why = f"the monthly budget of ${schedule.monthly_budget:.2f} is spent"
    return {version: Wanted(0, why, None, False) if want.units else want for version, want in wants.items()}


def is_broke(schedule: Schedule, spent: float) -> bool:
    """Whether the month's budget is spent."""
    return schedule.monthly_budget is not None and spent >= schedule.monthly_budget


def planless(
    now: datetime,
    schedule: Schedule,
    champion: str | None,
    queue: Queue = None,
    observed: Sequence[Observed] = (),
    serving: str | None = None,
) -> dict[str, Wanted]:
    """As `asked`, were there no budget."""
    wants = {version: wanted(now, schedule, version) for version in versions(schedule)}
    if queue is None:
        return wants
    name = champion or CHAMPION
    up = next((model.units or 1 for model in observed if model.version == name and model.status in ON_ITS_WAY), 0)
    want = demanded(now, schedule, queue, wants.get(name) or wanted(now, schedule, name), name, up)
    answering = next((model for model in observed if model.version == serving and model.version != name), None)
    if answering is not None and answering.status == State.RUNNING and not want.units and not want.overridden:
        want = _relief(now, schedule, queue, want, answering)
    return {**wants, name: want}


def _relief(now: datetime, schedule: Schedule, queue: Queue, want: Wanted, answering: Observed) -> Wanted:
    """What is wanted of a new champion while the old one works: up, where that has more to do than a start takes."""
    if not isinstance(queue, Backlog) or is_done(now, queue, schedule):
        return want
    if time_to_drain(queue, schedule, answering.units) < schedule.lead:
        return want
    why = f"{queue.depth:,} images wait, and {answering.version} works on them, which is the champion no more"
    return Wanted(schedule.units, why, None, True, waiting=True)
