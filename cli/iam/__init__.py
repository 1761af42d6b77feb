"""customlabels iam: one module a command."""

from customlabels.cli.group import Folder

iam = Folder("iam", "Permissions that the commands need.", ("policy",))
