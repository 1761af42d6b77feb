"""customlabels local: one module a command."""

from customlabels.cli.group import Folder

local = Folder(
    "local",
    "The local service that stands in for AWS; it starts by itself with --local.",
    ("start", "stop", "status", "advance", "reset", "env"),
)
