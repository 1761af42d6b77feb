"""customlabels inspection: one module a command."""

from customlabels.cli.group import Folder

inspection = Folder(
    "inspection",
    "Images of the line, by [inspection] of the settings: inspected by the champion, judged, kept, told.",
    ("simulate", "deploy", "diff", "status", "results", "retry", "watch", "render", "remove"),
)
