"""The champion from Python: promoted, gone back from, and told to all that follow it."""

from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.settings import GateSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from customlabels.pipelines.evaluation.gate import Verdict
    from customlabels.pipelines.following import Following
    from customlabels.pipelines.promotion import Promoted
    from customlabels.session.session import Session


def promote(
    session: "Session",
    version: str | None = None,
    *,
    project: str | None = None,
    gate: GateSettings | None = None,
    why: str = "",
    force: bool = False,
    smoke: str | Path | None = None,
    on_verdict: "Callable[[Verdict], None]" = lambda verdict: None,
) -> "Promoted":
    """That version, or the newest, as champion, once it passes its gate; see promotion.promote."""
    from customlabels.pipelines import promotion

    name = session.project(project)
    promoted = promotion.promote(
        session.clients,
        name,
        session.version(name, version),
        gate or session.settings.gate,
        _following(session, name),
        session.console,
        why=why,
        force=force,
        smoke=None if smoke is None else Path(smoke),
        on_verdict=on_verdict,
    )
    _tell_of_strangers(session, promoted)
    return promoted


def rollback(session: "Session", *, project: str | None = None, why: str = "") -> "Promoted":
    """The champion before this one as champion again."""
    from customlabels.pipelines import promotion

    name = session.project(project)
    promoted = promotion.rollback(
        session.clients, name, lambda left: _following(session, name, left), session.console, why
    )
    _tell_of_strangers(session, promoted)
    return promoted


def _tell_of_strangers(session: "Session", promoted: "Promoted") -> None:
    """Says which defects of [inspection] the champion does not know: it could see none of them."""
    from customlabels.core.errors import CustomLabelsError
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation

    defects = session.settings.inspection.defects
    if not defects:
        return
    try:
        version = session.version(promoted.project, promoted.version)
        if "EvaluationResult" not in version:
            return
        known = {metrics.label for metrics in load_evaluation(session.clients.s3, version).labels}
    except CustomLabelsError as error:
        session.console.warn(
            f"whether {promoted.version} knows the defects of [inspection] is not known: {error.message}"
        )
        return
    if strangers := [label for label in defects if label not in known]:
        session.console.warn(
            f"inspection.defects: {promoted.version} knows no label {', '.join(strangers)}; an image without another "
            "defect is unsure from now on (customlabels inspection diff)"
        )


def _following(session: "Session", project: str, left: str | None = None) -> "Following":
    """Who is told of a new champion, and what follows it; `left` is the ARN of one that is gone back from."""
    from customlabels.aws.stacks.names import stack_name
    from customlabels.pipelines.following import Follower, Following

    followers: list[Follower] = []
    if session.settings.track.to == "mlflow":
        from customlabels.pipelines.tracking.keeping import alias_follower

        followers.append(alias_follower(session.settings.track.uri))
    if session.settings.track.sagemaker:
        from customlabels.pipelines.sagemaker.packages import package_follower

        followers.append(package_follower(session.clients, stack_name(project), session.console, left))
    return Following(session.settings.notify, tuple(followers))
