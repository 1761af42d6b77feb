"""Rows of CSV as text: read again as they were written, and run by no spreadsheet where that is asked for."""

import csv
import io
from collections.abc import Sequence

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""A spreadsheet runs a cell that begins so; and the apostrophe that keeps it from that.

Source: OWASP, "CSV Injection".
"""


def csv_row(cells: Sequence[object], *, safe: bool = False) -> str:
    """A row with its end.

    Parameters
    ----------
    safe : an apostrophe keeps spreadsheets from running texts that begin as formulas do
    """
    if safe:
        cells = [f"'{cell}" if isinstance(cell, str) and cell.startswith(RUN) else cell for cell in cells]
    # The csv module leaves a carriage return bare, which it does not read again.
    bare = any(isinstance(cell, str) and "\r" in cell for cell in cells)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL).writerow(cells)
    return text.getvalue()
