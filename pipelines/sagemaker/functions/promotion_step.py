"""A version promoted by a function: told of and followed as by the command; the template says to whom and by what."""

import os
from collections.abc import Callable

from customlabels.core.settings import NotifySettings
from customlabels.core.watching import Callbacks, Watch
from customlabels.pipelines.following import Follower, Following
from customlabels.pipelines.model_alias import rest_follower

TOPIC, EVENT_BUS, TRACKING_URI = "CUSTOMLABELS_TOPIC", "CUSTOMLABELS_EVENT_BUS", "MLFLOW_TRACKING_URI"
"""Variables of the functions' environment."""


def following() -> Following:
    """Who is told of a new champion, and what follows it, by the function's environment."""
    followers: list[Follower] = []
    if uri := os.environ.get(TRACKING_URI):
        followers.append(rest_follower(uri))
    return Following(NotifySettings(os.environ.get(TOPIC), os.environ.get(EVENT_BUS)), tuple(followers))


def watch(log: Callable[[str], None]) -> Watch:
    """Has notes and warnings logged."""
    return Callbacks(lambda title, done, total: None, log)
