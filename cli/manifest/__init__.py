"""customlabels manifest: one module a command."""

from customlabels.cli.group import Folder

manifest = Folder(
    "manifest",
    "Write the manifests that a dataset is made from; check, describe, merge and convert any.",
    ("build", "validate", "describe", "merge", "convert"),
)
