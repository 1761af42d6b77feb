"""customlabels settings validate."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.core.errors import SettingsError
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_session
def validate(session: Session, files: tuple[Path, ...]) -> None:
    """Check each FILE, or the customlabels.toml that commands would use here; AWS is not asked.

    Exits 2 where a command would refuse a value, with every fault of every file.

    Example: customlabels settings validate
    """
    from customlabels.session.settings_checks import check_settings

    paths = files or ((session.settings_path,) if session.settings_path else ())
    if not paths:
        raise SettingsError("there is no customlabels.toml here or above", hint="customlabels init writes one")
    faults: list[str] = []
    for path in paths:
        try:
            check_settings(path)
        except SettingsError as error:
            faults += [error.message, *(f"{path}: {detail}" for detail in error.details)]
    if faults:
        raise SettingsError(faults[0], details=faults[1:], hint="customlabels init DIR writes a commented example")
    names = [str(path) for path in paths]
    session.console.done(f"{', '.join(names)}: nothing is wrong", files=names)
