"""customlabels init."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.core.errors import SettingsError
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@pass_session
def init(session: Session, folder: Path) -> None:
    """Write a commented customlabels.toml into FOLDER.

    Example: customlabels init
    """
    from customlabels.core.files import written_aside
    from customlabels.core.settings import FILE_NAME, TEMPLATE

    path = folder / FILE_NAME
    if path.exists():
        raise SettingsError(f"{path} is there already", hint="edit it, or remove it first")
    with written_aside(path) as file:
        file.write(TEMPLATE.encode())
    session.console.done(f"wrote {path}", file=str(path))
