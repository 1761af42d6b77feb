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

    Exits 2 where a command would refuse a value, with every fault of every file. What can hardly be meant, as a window
    that never opens, is a warning.

    Example: customlabels settings validate
    """
    faults: list[str] = []
    doubts: list[str] = []
    hint = None
    for path in files or (session.settings_path,):
        try:
            doubts += [f"{path}: {doubt}" for doubt in session.settings_doubts(session.check_settings(path))]
        except SettingsError as error:
            hint = error.hint
            faults += [error.message, *(f"{path}: {detail}" for detail in error.details)]
    if faults:
        raise SettingsError(faults[0], details=faults[1:], hint=hint)
    for doubt in doubts:
        session.console.warn(doubt)
    names = [str(path) for path in files or (session.settings_path,)]
    outcome = "nothing is refused, but see the warnings" if doubts else "nothing is wrong"
    session.console.done(f"{', '.join(names)}: {outcome}", files=names, warnings=doubts)
