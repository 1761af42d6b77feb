"""customlabels review send."""

from dataclasses import asdict
from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.review_options import review_option
from customlabels.core.plurals import counted
from customlabels.session import Session


@click.command(cls=Command)
@review_option
@click.option("--url", metavar="URL", help="Of the Label Studio.  [default: where it was sent before]")
@click.option("--person", "people", multiple=True, required=True, metavar="NAME", help="Who answers; repeatable.")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="A label that can be given; repeatable.")
@click.option("--boxes/--labels-only", default=None, help="Ask for boxes, or labels.  [default: as the version sees]")
@click.option("--blind", is_flag=True, help="Hide what the version saw.")
@click.option("--addresses", is_flag=True, help="Name images in S3 by address; a storage there has to read them.")
@pass_session
def send(
    session: Session,
    folder: Path,
    url: str | None,
    people: tuple[str, ...],
    labels: tuple[str, ...],
    boxes: bool | None,
    blind: bool,
    addresses: bool,
) -> None:
    """Put the images of the review before people in Label Studio: a project a person, with what the version saw.

    Images are copied there. Each task is sent once, however often this is run and whatever ends it; run it again for
    new picks, and where people disagreed. The token is that of the environment variable LABEL_STUDIO_TOKEN.

    Example: customlabels review send --url http://localhost:8080 --person ada --person bo
    """
    sent = session.send_review(
        list(dict.fromkeys(people)),
        url=url,
        review=folder,
        labels=labels,
        boxes=boxes,
        blind=blind,
        addresses=addresses,
    )
    console = session.console

    def show(_: object) -> None:
        console.table(
            ("person", "project", "new tasks", "there already"),
            [(person, number, sent.new[person], sent.there[person]) for person, number in sent.projects.items()],
        )
        console.text(f"{counted(sum(sent.new.values()), 'task')} sent, {sum(sent.there.values())} were there")
        if sent.doubled:
            console.text(f"{counted(sent.doubled, 'task')} that were there twice are gone")
        if sent.lacking:
            console.text(f"{counted(sent.lacking, 'answer')} are still wanted, of further people (--person)")

    console.result(asdict(sent), show)
    console.note("customlabels review collect brings the answers back")
