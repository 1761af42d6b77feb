"""customlabels init."""

import json
from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.core.errors import SettingsError
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--schema", is_flag=True, help="Print the JSON schema of such a file instead, for editors.")
@pass_session
def init(session: Session, folder: Path, schema: bool) -> None:
    """Write a commented customlabels.toml into FOLDER.

    Example: customlabels init

    Example: customlabels init --schema > customlabels.schema.json
    """
    from customlabels.core.files import written_aside
    from customlabels.core.settings import FILE_NAME, TEMPLATE
    from customlabels.core.settings_schema import schema as settings_schema

    if schema:
        session.console.document(json.dumps(settings_schema(), indent=2))
        return

    path = folder / FILE_NAME
    if path.exists():
        raise SettingsError(f"{path} is there already", hint="edit it, or remove it first")
    with written_aside(path) as file:
        file.write(TEMPLATE.encode())
    session.console.done(f"wrote {path}", file=str(path))
