"""Versions from Python: chosen by name, listed, judged by the gate, compared."""

from typing import TYPE_CHECKING

from customlabels.core.settings import GateSettings
from customlabels.pipelines.service.arns import CHAMPION

if TYPE_CHECKING:
    from customlabels.core.tables import Table
    from customlabels.pipelines.evaluation.comparison import Comparison
    from customlabels.pipelines.evaluation.gate import Verdict
    from customlabels.pipelines.evaluation.measured import Measured
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.versions import Description
    from customlabels.pipelines.training.version_table import VersionRow
    from customlabels.session.session import Session


def version(session: "Session", project: str, name: str | None = None, *, gone: bool = False) -> "Description":
    """The version of that name, of the champion where it is called champion, the newest trained where it is None.

    Parameters
    ----------
    gone : whether it may be one that is no model any more: DELETING, EXPIRED or DEPRECATED

    Raises
    ------
    ServiceError : there is none
    """
    from customlabels.pipelines.service import champion

    return champion.named_version(session.clients.rekognition, session.clients.ssm, project, name, gone=gone)


def champion_or(session: "Session", project: str, name: str | None) -> "Description":
    """The version of that name; where it is None the champion, and where there is none the newest trained."""
    from customlabels.pipelines.service import champion

    if name is None and champion.current(session.clients.ssm, project) is not None:
        return session.version(project, CHAMPION)
    return session.version(project, name)


def versions(session: "Session", *, project: str | None = None) -> "Table[VersionRow]":
    """The project's versions, the newest first."""
    from customlabels.pipelines.training.version_table import version_table

    return version_table(session.clients, session.project(project), session.console)


def measured(session: "Session", project: str, name: str | None = None) -> "Measured":
    """Evaluation and snapshot of that version."""
    from customlabels.pipelines.evaluation.results import measure

    measured = measure(session.clients.s3, session.version(project, name))
    for sentence in measured.unread:
        session.console.warn(sentence)
    return measured


def gate(
    session: "Session", version: str | None = None, gate: GateSettings | None = None, *, project: str | None = None
) -> "Verdict":
    """The gate's verdict on that version, or the newest; nothing is trained."""
    from customlabels.pipelines.evaluation.judging import judge_beside_champion

    name = session.project(project)
    measured, demanded = session.measured(name, version), gate or session.settings.gate
    return judge_beside_champion(session.clients, name, measured, demanded, session.console)


def compare(
    session: "Session",
    base: str,
    *others: str,
    project: str | None = None,
    re_evaluate: bool = False,
    before_start: "BeforeStart | None" = None,
    guard: bool = True,
) -> "list[Comparison]":
    """Each of `others` beside `base`.

    Parameters
    ----------
    re_evaluate : shows the test images of `base` to versions that were judged on others; that starts their model
    before_start : asked before that; raises where the model is not to be started
    """
    from customlabels.pipelines.evaluation import comparison, re_evaluation
    from customlabels.pipelines.service.running import unasked

    name = session.project(project)
    first, comparisons = session.measured(name, base), []
    for other in others:
        compared = comparison.compare(first, session.measured(name, other))
        if not compared.comparable and re_evaluate:
            beside = re_evaluation.on_test_images_of(
                first, session.version(name, other), session.clients, session.console, before_start or unasked, guard
            )
            compared = comparison.compare(first, beside)
        comparisons.append(compared)
    return comparisons
