"""customlabels schedule: one module a command."""

from customlabels.cli.group import Folder

schedule = Folder(
    "schedule",
    "When models are to be up, by [schedule] of the settings: tried out, deployed, overridden.",
    (
        *("show", "simulate", "capacity"),
        *("deploy", "diff", "status", "override", "render", "remove"),
    ),
)
