"""customlabels dataset."""

from pathlib import Path

import click

from customlabels.cli.group import Group
from customlabels.cli.reading import read_source, source_options
from customlabels.cli.session import Session, pass_session
from customlabels.datasets.model import Dataset
from customlabels.datasets.summary import summarise


@click.group(cls=Group)
def dataset() -> None:
    """What is in a folder of images, and what is wrong with it."""


@dataset.command()
@source_options
@pass_session
def inspect(session: Session, source: Path | None, include: tuple[str, ...], exclude: tuple[str, ...]) -> int:
    """Show labels, counts and sizes below SOURCE, and every file with a problem.

    Exits 4 where images cannot be used.

    Example: customlabels dataset inspect images --include '*.jpg'
    """
    found = read_source(session, source, include, exclude)
    session.console.result(summarise(found), lambda _: _show(session, found))
    return 4 if found.faults else 0


def _show(session: Session, found: Dataset) -> None:
    console, summary = session.console, summarise(found)
    console.table(
        ("label", "images", "train", "test"),
        [
            (label, counts["images"], counts["train"] or None, counts["test"] or None)
            for label, counts in summary["labels"].items()
        ],
    )
    sizes = summary["sizes"]
    console.text(
        f"{summary['images']} images, {summary['bytes'] / 1e6:.1f} MB; "
        f"width {'–'.join(map(str, sizes['width']))}, height {'–'.join(map(str, sizes['height']))} pixels; "
        + ", ".join(f"{count} {kind}" for kind, count in summary["formats"].items())
    )
    if found.findings:
        console.table(
            ("", "file", "finding"),
            [("fault" if finding.fatal else "note", finding.name, finding.message) for finding in found.findings],
        )
