"""customlabels review: one module a command."""

from customlabels.cli.group import Folder

review = Folder(
    "review",
    "Images put before people: picked, asked about, agreed on, made into labels.",
    ("pick", "page", "send", "collect", "read", "status", "apply", "suspects"),
)
