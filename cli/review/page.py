"""customlabels review page."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.review_options import review_option
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.review.page.items import Work


@click.command(cls=Command)
@review_option
@click.option("--person", help="Who answers.  [default: the user of this machine]")
@click.option("--blind", is_flag=True, help="Hide what the version saw.")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="A label that can be given; repeatable.")
@click.option("--boxes/--labels-only", default=None, help="Ask for boxes, or labels.  [default: as the version sees]")
@click.option("--browse", metavar="SOURCE", help="Look through labelled images instead, with what is found on them.")
@click.option("--mistakes", metavar="VERSION", help="With --browse: what that version says wrongly of test images.")
@click.option("--project", help="Name of the project.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the page.  [default: any that is free]")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@pass_session
def page(
    session: Session,
    folder: Path,
    person: str | None,
    blind: bool,
    labels: tuple[str, ...],
    boxes: bool | None,
    browse: str | None,
    mistakes: str | None,
    project: str | None,
    port: int,
    opened: bool,
) -> None:
    """Serve a page on this machine alone, on which the images of the review are answered; Ctrl-C ends it.

    A key a label, boxes by drag. Each answer is on disk before the page says that it is kept, so nothing is lost
    whatever ends this; the same command goes on.

    Example: customlabels review page --person ada
    """
    from customlabels.review.answers import read_answers
    from customlabels.review.images import read_image
    from customlabels.review.page.items import to_answer
    from customlabels.review.page.server import PageServer, Served
    from customlabels.review.tasks import the_tasks

    if browse is not None:
        work = _browsed(session, browse, mistakes, project)
    else:
        name = person or getpass.getuser()
        work = to_answer(
            the_tasks(folder), read_answers(folder, session.now()), name, labels=labels, boxes=boxes, blind=blind
        )

    def body(source: str, image: str) -> bytes:
        return read_image(source, lambda: session.clients.s3, image)

    server = PageServer(Served(work, folder, body, session.now), port)
    before = f", {work.done} answered before" if work.person else ""
    session.console.done(
        f"{counted(len(work.items), 'image')}{before}: {server.address}",
        address=server.address,
        images=len(work.items),
        answered=work.done,
    )
    # Whoever reads this from a pipe is to know at once.
    sys.stdout.flush()
    if opened:
        click.launch(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        if work.person:
            session.console.note("every answer is kept; the same command goes on")
    finally:
        server.server_close()


def _browsed(session: Session, source: str, mistakes: str | None, project: str | None) -> "Work":
    """Labelled images with what is found on them."""
    from dataclasses import replace

    from customlabels.core.errors import LayoutError
    from customlabels.core.settings import DatasetSettings
    from customlabels.pipelines.training.sources import Wanted, find_exact_duplicates, find_near_duplicates, read_images
    from customlabels.review.mistakes import mistakes_on
    from customlabels.review.page.items import Findings, to_look_through

    settings = replace(DatasetSettings(), label_map=session.settings.dataset.label_map)
    taken = read_images(Wanted(source, settings, lambda: session.clients.s3, session.console), whole=True)
    if taken.remote is not None:
        raise LayoutError(f"{source}: its images lie in S3, and only files here are looked through", hint="aws s3 sync")
    exact = find_exact_duplicates(taken)
    same = {frozenset(duplicates.records) for duplicates in exact}
    near = [
        duplicates
        for duplicates in find_near_duplicates(session.console, taken)
        if frozenset(duplicates.records) not in same
    ]
    wrong = {}
    if mistakes is not None:
        measured = session.measured(session.project(project), mistakes)
        wrong = mistakes_on(taken.dataset, measured.snapshot) if measured.snapshot else {}
    return to_look_through(taken.dataset, Findings([*exact, *near], wrong), source)
