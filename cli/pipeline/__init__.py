"""customlabels pipeline: one module a command."""

from customlabels.cli.group import Folder

pipeline = Folder(
    "pipeline",
    "The same run as train, as a SageMaker Pipeline: images in S3 looked at by as many machines as you like.",
    ("export", "deploy", "run", "remove"),
)
