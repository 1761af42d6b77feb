"""The options of commands that work on a review."""

from pathlib import Path

import click

review_option = click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="review",
    show_default=True,
    help="Folder of the review: picks.jsonl and answers.jsonl.",
)
"""Of every command that works on a review."""
