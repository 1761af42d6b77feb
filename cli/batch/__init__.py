"""customlabels batch: one module a command."""

from customlabels.cli.group import Folder

batch = Folder(
    "batch",
    "Images by the thousand or the million, at once: a state machine of the deployed inspection looks at them.",
    ("run", "status", "stop", "redrive", "results"),
)
