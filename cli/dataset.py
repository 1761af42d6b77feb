"""customlabels dataset."""

import click

from customlabels.cli.group import Group
from customlabels.cli.reading import Source, divide_images, divides_images, read_images, reads_images
from customlabels.cli.session import Session, pass_session
from customlabels.datasets.model import Dataset, Side
from customlabels.datasets.summary import summarise


@click.group(cls=Group)
def dataset() -> None:
    """What is in a folder of images, and what is wrong with it."""


@dataset.command()
@reads_images
@pass_session
def inspect(session: Session, source: Source) -> int:
    """Show labels, counts and sizes below SOURCE, and every file with a problem.

    Exits 4 where images cannot be used.

    Example: customlabels dataset inspect images --include '*.jpg'
    """
    found = read_images(session, source)
    session.console.result(summarise(found), lambda _: _show(session, found))
    return 4 if found.faults else 0


@dataset.command("split")
@divides_images
@click.option("--report", is_flag=True, help="Show labels a side instead of images.")
@pass_session
def split_(session: Session, source: Source, report: bool) -> None:
    """Show which images below SOURCE are trained on and which tested on, as `train` would divide them.

    Example: customlabels dataset split images --group-by '(tile-[0-9]+)' --report
    """
    divided = divide_images(session, source)
    if report:
        rows = [{"label": label, **counts} for label, counts in summarise(divided)["labels"].items()]
        session.console.result(
            rows,
            lambda _: session.console.table(
                ("label", "images", "train", "test", "share tested"),
                [(*row.values(), row["test"] / row["images"]) for row in rows],
            ),
        )
        return
    images = {side.value: [record.name for record in divided.side(side)] for side in Side}
    session.console.result(
        images,
        lambda _: session.console.text(
            "\n".join(f"{side}\t{name}" for side, names in images.items() for name in names)
        ),
    )


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
