"""customlabels settings: one module a command."""

from customlabels.cli.group import Folder

settings = Folder("settings", "The settings that a team writes once: customlabels.toml.", ("validate",))
