"""customlabels dataset split."""

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.source_options import Source, divides_images, wanted
from customlabels.core.printable import printable
from customlabels.datasets.model import Side
from customlabels.datasets.split import balance
from customlabels.pipelines.training.sources import (
    divide_images,
    warn_of_leaks,
)
from customlabels.session import Session


@click.command("split", cls=Command)
@divides_images
@click.option("--report", is_flag=True, help="Show labels a side, and what could not be balanced, instead of images.")
@pass_session
def split_(session: Session, source: Source, report: bool) -> None:
    """Show which images in SOURCE are trained on and which tested on, as `train` would divide them.

    An image keeps its side when others are added, and when it is renamed or exported anew.

    Example: customlabels dataset split images --group-by '(tile-[0-9]+)' --report
    """
    taken, group = divide_images(wanted(session, source))
    divided = taken.dataset
    if not report:
        images = {side.value: [record.name for record in divided.side(side)] for side in Side}
        session.console.result(
            images,
            lambda _: session.console.document(
                "\n".join(f"{side}\t{printable(name)}" for side, names in images.items() for name in names)
            ),
        )
        return
    warn_of_leaks(wanted(session, source), taken)
    rows = balance(divided, source.over(session.settings.dataset).test_fraction, group)
    names = ("label", "images", "groups", "train", "test", "note")
    session.console.result(
        [{name: getattr(row, name) for name in names} for row in rows],
        lambda _: session.console.table(
            (*names[:-1], "share tested", "note"),
            [(row.label, row.images, row.groups, row.train, row.test, row.test / row.images, row.note) for row in rows],
            give_way=("groups", "note"),
        ),
    )
