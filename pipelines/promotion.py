"""A version promoted: gate, smoke test, parameter, and all that follows; and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from customlabels.aws.clients import Clients
from customlabels.core.errors import ServiceError
from customlabels.core.settings import GateSettings
from customlabels.core.watching import Watch
from customlabels.pipelines.evaluation.gate import Verdict, demand
from customlabels.pipelines.evaluation.judging import judge_beside_champion
from customlabels.pipelines.evaluation.results import measure
from customlabels.pipelines.following import Following, crown
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.champion import Promotion
from customlabels.pipelines.service.versions import Description, choose_version, version_name
from customlabels.pipelines.smoke_test import smoke_test


@dataclass(frozen=True, slots=True)
class Promoted:
    """A version that is the champion.

    Parameters
    ----------
    changed : whether it was not before
    forced : whether it did not pass its gate
    before : the champion that it took the place of, where that is gone back from
    """

    project: str
    version: str
    changed: bool
    forced: bool = False
    before: str | None = None


def promote(
    clients: Clients,
    project: str,
    version: Description,
    gate: GateSettings,
    following: Following,
    watch: Watch,
    *,
    why: str = "",
    force: bool = False,
    smoke: Path | None = None,
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> Promoted:
    """The version as champion, once it passes its gate and its smoke test.

    Parameters
    ----------
    force : promotes a version that does not pass its gate, and notes that
    smoke : labelled images, a folder a label, that the running version must get right
    on_verdict : told the gate's verdict before anything hangs on it

    Raises
    ------
    GateFailed : it does not pass
    ServiceError : it gets an image of the smoke test wrong, or the service refuses
    """
    name = version_name(version)
    measured = measure(clients.s3, version)
    for sentence in measured.unread:
        watch.warn(sentence)
    verdict = judge_beside_champion(clients, project, measured, gate)
    on_verdict(verdict)
    if not force:
        demand(verdict)
    if smoke is not None:
        with watch.step(f"smoke test of {name}") as advance:
            wrong = smoke_test(clients.rekognition, version, smoke, advance)
        if wrong:
            raise ServiceError(
                f"the smoke test of {name} failed: {wrong[0]}", details=wrong[1:], hint="the champion is what it was"
            )
    forced = force and bool(verdict.shortfalls)
    promotion = Promotion(name, version["ProjectVersionArn"], why, forced)
    changed = crown(clients, project, promotion, following, watch)
    return Promoted(project, name, changed, forced)


def rollback(clients: Clients, project: str, make: Callable[[str], Following], watch: Watch, why: str = "") -> Promoted:
    """The champion before this one as champion again.

    Parameters
    ----------
    make : what follows, given the ARN of the version that is gone back from

    Raises
    ------
    ServiceError : there is no champion, or none before it, or it has been deleted
    """
    promotions = champion.history(clients.ssm, project)
    if not promotions:
        raise ServiceError(f"project {project} has no champion", hint="customlabels versions promote VERSION makes one")
    left, earlier = promotions[0], champion.before(promotions)
    choose_version(clients.rekognition, project, earlier.version)
    promotion = Promotion(earlier.version, earlier.arn, why or f"back from {left.version}", back=True)
    changed = crown(clients, project, promotion, make(left.arn), watch)
    return Promoted(project, earlier.version, changed, before=left.version)
