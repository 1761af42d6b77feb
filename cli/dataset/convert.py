"""customlabels dataset convert."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.source_options import Source, takes_images, wanted
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.datasets.layout import Options
from customlabels.manifests.formats import AUTO, FORMATS, find_format
from customlabels.pipelines.training.sources import find_source, take_images
from customlabels.session import Session

_WRITTEN = [name for name, format in FORMATS.items() if format.writes]


@click.command(cls=Command)
@takes_images
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder for the result.",
)
@click.option(
    "--as",
    "kind",
    metavar="FORMAT",
    type=click.Choice(_WRITTEN),
    help="Format of the result; customlabels dataset formats lists them.  [default: that of SOURCE]",
)
@pass_session
def convert(session: Session, source: Source, folder: Path, kind: str | None) -> None:
    """Write SOURCE in any format to a new folder, images made such that the service takes them.

    Other formats become JPEG or PNG, EXIF orientation is baked in, what is too large is scaled down, boxes along with
    it. The originals are never touched.

    Example: customlabels dataset convert instances.json --images photos --as yolo --to yolo
    """
    from customlabels.datasets import conversion
    from customlabels.datasets.reading import Policy

    asked = wanted(session, source)
    asked.see_apart(folder)
    if kind is None:
        with find_source(asked, convertible=True) as chosen:
            kind = chosen.format.name
        if kind not in _WRITTEN:
            raise SettingsError(f"{kind} is read, and not written", hint=f"say --as {', '.join(_WRITTEN)}")
    policy = Policy(image_fault=conversion.convertible_fault, allow_unlabelled=True)
    taken = take_images(asked, policy).dataset
    with session.console.step(
        f"writing {counted(len(taken.records), 'image')} to {folder}", len(taken.records)
    ) as advance:
        written, changes = conversion.convert(taken, FORMATS[kind], folder, lambda: advance(1))
    lost = written.findings[len(taken.findings) :]
    for finding in lost:
        session.console.warn(f"{finding.name}: {finding.message}")
    try:
        taken_for = find_format(AUTO, folder, Options()).name
    except LayoutError as error:
        session.console.warn(f"{error.message}; --format {kind} reads it")
    else:
        if taken_for != kind:
            session.console.warn(f"{folder}: is taken for {taken_for} unless --format {kind} is said")
    document = {
        "folder": str(folder),
        "format": kind,
        "images": len(written.records),
        "changed": [
            {"image": change.name, "written": change.written, "reasons": list(change.reasons)} for change in changes
        ],
        "not_kept": [{"where": finding.name, "what": finding.message} for finding in lost],
    }

    def show(_: object) -> None:
        if changes:
            session.console.table(
                ("image", "written", "what was done"),
                [(change.name, change.written, ", ".join(change.reasons)) for change in changes],
                give_way=("written",),
            )
        session.console.text(
            f"{folder}: {counted(len(written.records), 'image')} as {kind}, {len(changes)} of them changed"
        )

    session.console.result(document, show)
