"""customlabels manifest describe."""

from typing import Any

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.manifest.opening import opened
from customlabels.core.plurals import counted
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("file")
@pass_session
def describe(session: Session, file: str) -> None:
    """Show what a manifest holds: kinds of labels, counts a label, jobs, buckets, sizes, dates.

    Example: customlabels manifest describe s3://my-bucket/output/output.manifest
    """
    from customlabels.manifests.describing import describe as described
    from customlabels.manifests.files import manifest_lines

    with opened(session, file) as path, session.console.step(f"reading {file}"):
        description = described(manifest_lines(path))
    session.console.result(description, lambda _: _show_description(session, description))


def _show_description(session: Session, description: dict[str, Any]) -> None:
    console = session.console
    if description["labels"]:
        console.table(
            ("label", "images", "boxes"),
            [(label, counts["images"], counts["boxes"]) for label, counts in description["labels"].items()],
        )
    wanted = {
        "faulty": "with errors (customlabels manifest validate names them)",
        "unlabelled": "without labels",
        "nothing_on_them": "that say that nothing is on the image",
        "several_labels": "with several labels",
        "labels_and_boxes": "with labels and boxes",
    }
    console.text(
        counted(description["lines"], "line")
        + "".join(f"; {description[key]} {meaning}" for key, meaning in wanted.items() if description[key])
    )
    for key in ("kinds", "attributes", "jobs", "buckets", "sizes"):
        if description[key]:
            shown = list(description[key].items())
            text = ", ".join(f"{name} ({count})" for name, count in shown[:10])
            console.text(f"{key}: {text}{' …' if len(shown) > 10 else ''}")
    if description["dates"]:
        console.text(f"dates: {' to '.join(dict.fromkeys(description['dates']))}")
