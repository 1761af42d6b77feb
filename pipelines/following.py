"""What follows from a new champion: its parameter, who is told, and what else names it.

Light, so that a Lambda function promotes in the same way as the command. What follows the parameter is best effort:
where it fails, a warning tells what puts it right, and the champion stays.
"""

from collections.abc import Callable
from dataclasses import dataclass

from customlabels.aws.clients import Clients
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.settings import NotifySettings
from customlabels.core.watching import Watch
from customlabels.pipelines import notices
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.champion import Promotion

Follower = Callable[[str, Promotion], None]
"""Given a project and its champion; raises ServiceError or SettingsError where it cannot follow."""


@dataclass(frozen=True, slots=True)
class Following:
    """Who is told of a new champion, and what follows it in turn.

    Parameters
    ----------
    followers : called for a champion that is not new as well, so that promoting it again puts right what failed
    """

    notify: NotifySettings
    followers: tuple[Follower, ...] = ()


def crown(clients: Clients, project: str, promotion: Promotion, following: Following, watch: Watch) -> bool:
    """Makes a version champion, tells of it, and has everything follow; whether it was not champion already.

    Raises
    ------
    ServiceError : the parameter cannot be written
    """
    changed = champion.promote(clients.ssm, project, promotion)
    if changed:
        detail = {"project": project, "version": promotion.version, "why": promotion.why, "forced": promotion.forced}
        notices.notify(clients, following.notify, notices.PROMOTED, detail, watch.warn)
    # Of one that was champion already, what was noted then counts.
    noted = promotion if changed else champion.current(clients.ssm, project) or promotion
    for follow in following.followers:
        try:
            follow(project, noted)
        except (ServiceError, SettingsError) as error:
            watch.warn(f"{error.message}{f'; {error.hint}' if error.hint else ''}")
    return changed
