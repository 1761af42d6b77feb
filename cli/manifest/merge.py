"""customlabels manifest merge."""

from contextlib import ExitStack
from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.manifest.opening import opened
from customlabels.core.plurals import counted
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("files", metavar="FILE FILE…", nargs=-1, required=True)
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new file.")
@pass_session
def merge(session: Session, files: tuple[str, ...], target: Path) -> None:
    """Put manifests together: an image on several lines gets one with all they say, unless they contradict each other.

    Example: customlabels manifest merge monday.manifest tuesday.manifest --to week.manifest
    """
    from customlabels.manifests.files import manifest_lines
    from customlabels.manifests.lines import write_manifest
    from customlabels.manifests.merging import merged

    with ExitStack() as stack:
        paths = [(file, stack.enter_context(opened(session, file))) for file in files]
        with session.console.step(f"merging {counted(len(files), 'manifest')}"):
            lines = merged(((file, manifest_lines(path)) for file, path in paths), session.console.warn)
            count = write_manifest(target, lines)
    session.console.done(f"{target}: {counted(count, 'line')}", file=str(target), lines=count)
