"""customlabels versions report."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version")
@click.argument("other", required=False)
@project_option
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="The file.  [default: VERSION.html]")
@click.option("--images", default=24, show_default=True, type=click.IntRange(0, 500), help="Images in each gallery.")
@pass_session
def report(
    session: Session, version: str, other: str | None, project: str | None, to: Path | None, images: int
) -> None:
    """Write one HTML file about VERSION, beside OTHER where it is given; it needs no network to be read.

    Example: customlabels versions report champion v-3f9c2a71b0
    """
    from customlabels.pipelines.evaluation import report as reporting
    from customlabels.pipelines.evaluation.results import measure
    from customlabels.pipelines.evaluation.training_snapshot import load_training
    from customlabels.pipelines.service.versions import version_name, version_tags

    clients, name = session.clients, session.project(project)
    chosen = session.version(name, version)
    measured = measure(clients.s3, chosen)
    training = load_training(clients.s3, chosen)
    for sentence in (*measured.unread, *training.unread):
        session.console.warn(sentence)
    beside = session.measured(name, other) if other else None
    with session.console.step(f"report on {version_name(chosen)}") as advance:
        page = reporting.report(
            name,
            measured,
            beside,
            tags=version_tags(clients.rekognition, chosen),
            training=training.counts,
            s3=clients.s3,
            most_images=images,
            made=session.now(),
            advance=advance,
        )
    path = to or Path(f"{version_name(chosen)}.html")
    reporting.write(path, page)
    session.console.done(f"wrote {path}", file=str(path), bytes=path.stat().st_size)
