"""customlabels dataset: one module a command."""

from customlabels.cli.group import Folder

dataset = Folder(
    "dataset",
    "What labelled images there are, and what is wrong with them; divided, converted, labelled ahead.",
    ("inspect", "split", "convert", "frames", "prelabel", "formats"),
)
