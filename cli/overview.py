"""The groups of the command and its first page of help.

Imports nothing: `customlabels --help` is to start about as fast as Python itself, and click alone takes longer.
"""

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
    "--local": "use the local service instead of AWS (or CUSTOMLABELS_LOCAL=1)",
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


def overview() -> str:
    """The first page of help."""
    lines = [
        "Usage: customlabels [OPTIONS] COMMAND [ARGUMENTS]",
        "",
        "Train, compare and run Amazon Rekognition Custom Labels models.",
        "",
        "Example: customlabels sample images && customlabels --local train images --min-f1 0.8",
        "",
        "Commands:",
    ]
    lines += [f"  {name:<10} {summary}" for name, (_, _, summary) in COMMANDS.items()]
    lines += ["", "Options:"]
    lines += [f"  {name:<20} {summary}" for name, summary in OPTIONS.items()]
    lines += [
        "",
        "Exit codes: 0 done, 1 an error, 2 wrong usage or settings, 3 the gate failed, 4 invalid images or manifests.",
    ]
    return "\n".join(lines)
