"""customlabels model: one module a command."""

from customlabels.cli.group import Folder

model = Folder(
    "model",
    "Start, stop and see the model of a version; it costs $4 a unit and hour while it is up.",
    ("start", "stop", "status"),
)
