"""customlabels dataset."""

from pathlib import Path
from typing import Any

import click

from customlabels.cli.group import Group
from customlabels.cli.reading import divide, read_source, refuse_faults, source_options, split_options
from customlabels.cli.session import Session, pass_session
from customlabels.datasets.model import Dataset, Side, label_counts
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


@dataset.command("split")
@source_options
@split_options
@click.option("--report", is_flag=True, help="Show labels a side instead of images.")
@pass_session
def split_(
    session: Session,
    source: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    test_fraction: float | None,
    seed: int | None,
    group_by: str | None,
    skip_faulty: bool,
    report: bool,
) -> None:
    """Show which images below SOURCE are trained on and which tested on, as `train` would divide them.

    Example: customlabels dataset split images --group-by '(tile-[0-9]+)' --report
    """
    found = read_source(session, source, include, exclude)
    refuse_faults(session, found, skip_faulty)
    divided = divide(session, found, test_fraction, seed, group_by)
    if report:
        sides = {side: label_counts(divided.side(side)) for side in Side}
        rows: list[dict[str, Any]] = [
            {
                "label": label,
                "images": count,
                "train": sides[Side.TRAIN].get(label, 0),
                "test": sides[Side.TEST].get(label, 0),
            }
            for label, count in label_counts(divided.records).items()
        ]
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
