"""customlabels versions: one module a command."""

from customlabels.cli.group import Folder

versions = Folder(
    "versions",
    "Trained versions of a project: listed, judged, compared, promoted.",
    (
        *("list", "show", "delete", "copy"),
        *("gate", "compare", "report", "thresholds"),
        *("promote", "rollback", "history"),
    ),
)
