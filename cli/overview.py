"""The groups of the command and its first page of help.

Imports nothing that Python has not: `customlabels --help` is to start about as fast as Python itself, and click alone
takes longer.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

COMMANDS = {
    "init": ("init", "init", "write a commented customlabels.toml"),
    "settings": ("settings", "settings", "customlabels.toml checked, as commands read it"),
    "sample": ("sample", "sample", "make labelled sample images to try everything on"),
    "dataset": ("dataset", "dataset", "labelled images in any format: inspected, divided, converted"),
    "manifest": ("manifest", "manifest", "manifests: built, checked, repaired, merged, converted"),
    "train": ("train", "train", "from labelled images to a trained version that passed its gate"),
    "versions": ("versions", "versions", "trained versions: judged, compared, reported, promoted"),
    "model": ("model", "model", "start, stop and see the model that costs money while it is up"),
    "detect": ("detect", "detect", "labels of new images"),
    "review": ("review", "review", "images put before people; their answers, made into labels"),
    "schedule": ("schedule", "schedule", "when models are up: tried out, deployed, overridden"),
    "inspection": ("inspection", "inspection", "images that arrive in a bucket: inspected, judged, kept, told"),
    "batch": ("batch", "batch", "a bucket's images at once, by the thousand or the million"),
    "pipeline": ("pipeline", "pipeline", "the same run as train, as a SageMaker Pipeline"),
    "iam": ("iam", "iam", "the smallest permissions that each use needs"),
    "doctor": ("doctor", "doctor", "is everything ready, before money is spent"),
    "completion": ("completion", "completion", "what has a shell complete commands and names"),
    "local": ("local", "local", "the local service that stands in for AWS"),
}
"""Module in this package, name in it, and summary of each command."""

OPTIONS = {
    "--local": "the local service instead of AWS; or CUSTOMLABELS_LOCAL=1",
    "--profile NAME": "AWS profile",
    "--region NAME": "AWS region",
    "--endpoint-url URL": "another endpoint that speaks AWS's protocol",
    "--config FILE": "settings; default: the nearest customlabels.toml upwards",
    "--output table|json": "how results are printed",
    "-v, --verbose": "name each AWS call before it is made",
    "-q, --quiet": "say only results and errors",
    "--debug": "show a traceback with an error",
    "--version": "print the version",
    "--help": "print this; works after every command too",
}
"""Options that every command takes."""


def columns(stream: "TextIO") -> int:
    """Of the terminal that the stream goes to; 80 where it goes to none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def overview(width: int = 80) -> str:
    """The first page of help, for a terminal of that many columns."""
    lines = [
        "Usage: customlabels [OPTIONS] COMMAND [ARGUMENTS]",
        "",
        "Train, compare and run Amazon Rekognition Custom Labels models.",
        "",
        "Example: customlabels sample images && customlabels --local train images",
        "",
        "Commands:",
        *(f"  {name:<10} {summary}" for name, (_, _, summary) in COMMANDS.items()),
        "",
        "Options:",
        *(f"  {name:<20} {summary}" for name, summary in OPTIONS.items()),
        "",
        "Exit codes: 0 done, 1 an error, 2 wrong usage or settings, 3 the gate failed, 4 invalid images or manifests.",
    ]
    second = {"  -": 23, "  ": 13}
    return "\n".join(
        part
        for line in lines
        for part in _folded(line, width, next((at for mark, at in second.items() if line.startswith(mark)), 0))
    )


def _folded(line: str, width: int, indent: int) -> list[str]:
    """A line broken between words; what follows stands below its column `indent`."""
    end = line.rfind(" ", indent + 1, width + 1)
    if len(line) <= width or end < 0:
        return [line]
    return [line[:end], *_folded(" " * indent + line[end + 1 :], width, indent)]
