"""--safe-csv, as commands have it that write CSV."""

from pathlib import Path

import click

from customlabels.core.errors import SettingsError

safe_csv_option = click.option(
    "--safe-csv",
    is_flag=True,
    help="Write an apostrophe before cells of a CSV that a spreadsheet would run, as those that begin with =.",
)


def see_that_csv_is_written(safe_csv: bool, *files: Path | None, flags: str = "--to FILE.csv") -> None:
    """Sees that --safe-csv is given where CSV is written.

    Raises
    ------
    SettingsError
    """
    if safe_csv and not any(file is not None and file.suffix.lower() == ".csv" for file in files):
        raise SettingsError(f"--safe-csv goes with {flags}", hint="JSON lines are run by no spreadsheet")
