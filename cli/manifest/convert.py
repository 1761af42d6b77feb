"""customlabels manifest convert."""

from pathlib import Path

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.manifest.opening import opened
from customlabels.core.plurals import counted
from customlabels.session import Session

_KINDS = ("custom-labels", "image-level", "boxes", "multi-label")


@click.command(cls=Command)
@click.argument("file")
@click.option(
    "--as",
    "kind",
    required=True,
    type=click.Choice(_KINDS),
    help="custom-labels: Ground Truth's multi-label form becomes what the service takes; image-level: boxes become "
    "labels; boxes: only boxes stay; multi-label: Ground Truth's form.",
)
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME",
    help="Use this attribute alone; repeatable.  [default: all but those that a later job superseded]",
)
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new file.")
@pass_session
def convert(session: Session, file: str, kind: str, attributes: tuple[str, ...], target: Path) -> None:
    """Write FILE as another kind of manifest.

    Of attributes that an adjustment job superseded only the adjusted stays. Lines that have nothing of that kind are
    left out, and counted.

    Example: customlabels manifest convert output.manifest --as custom-labels --to train.manifest
    """
    from customlabels.manifests.files import manifest_lines
    from customlabels.manifests.lines import write_manifest
    from customlabels.manifests.rewriting import Conversion, Kind

    conversion = Conversion(file, Kind(kind), attributes)
    with opened(session, file) as path, session.console.step(f"reading {file}"):
        count = write_manifest(target, conversion.lines(manifest_lines(path)))
    left_out = conversion.left_out
    for kind_of_part, parts in sorted(conversion.parts.items()):
        session.console.note(f"{parts} {kind_of_part} left out")
    session.console.done(
        f"{target}: {counted(count, 'line')}"
        + (f"; {left_out} without anything of that kind left out" if left_out else ""),
        file=str(target),
        lines=count,
        left_out=left_out,
        parts=dict(conversion.parts),
    )
