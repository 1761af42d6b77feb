"""customlabels sample."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.core.plurals import counted
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--images", default=40, show_default=True, type=click.IntRange(1, 10_000), help="Images a label.")
@click.option("--size", default=200, show_default=True, type=click.IntRange(64, 4096), help="Pixels a side.")
@click.option("--seed", default=0, show_default=True, help="Another seed, other images.")
@pass_session
def sample(session: Session, folder: Path, images: int, size: int, seed: int) -> None:
    """Make labelled surface photographs in FOLDER: ok, crack, scratch, pit, and boxes.json (COCO).

    Example: customlabels sample images
    """
    from customlabels.datasets.samples import LABELS, make_samples

    total = images * len(LABELS)
    with session.console.step(f"making {counted(total, 'image')}", total) as advance:
        made = make_samples(folder, images=images, size=size, seed=seed, step=lambda: advance(1))
    session.console.done(
        f"{counted(made, 'image')} in {folder}, a folder a label: {', '.join(LABELS)}",
        folder=str(folder),
        images=made,
        labels=list(LABELS),
    )
