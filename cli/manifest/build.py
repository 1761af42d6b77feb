"""customlabels manifest build."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.source_options import Source, divides_images, wanted
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.pipelines.training.sources import NEAR_DUPLICATES, Wanted, divide_images, find_source, group_of
from customlabels.pipelines.training.sources import Source as Chosen
from customlabels.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customlabels.datasets.model import Finding
    from customlabels.manifests.building import Remote

MANIFEST = ".manifest"
_MOST_SHOWN = 50


@click.command(cls=Command)
@divides_images
@click.option("--bucket", help="Where the images will lie, once they are uploaded.")
@click.option("--project", help="Name of the project.")
@click.option(
    "--s3-images",
    metavar="s3://BUCKET/FOLDER/",
    help="Where the images lie already; they are not looked at, nor needed here.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    default="manifests-out",
    show_default=True,
    help="A folder for train.manifest and test.manifest; with --s3-images also one file NAME.manifest, undivided.",
)
@pass_session
def build(
    session: Session,
    source: Source,
    bucket: str | None,
    project: str | None,
    s3_images: str | None,
    target: Path,
) -> None:
    """Write train.manifest and test.manifest for the images in SOURCE; nothing is uploaded.

    Example: customlabels manifest build images --bucket my-bucket --to out

    Example: customlabels manifest build parts.csv --s3-images s3://my-bucket/parts/ --to parts.manifest
    """
    asked = wanted(session, source)
    _see_apart(target, asked.path)
    if s3_images is not None:
        written = _build_remote(session, asked, s3_images, project, target)
    elif target.suffix == MANIFEST:
        raise SettingsError(
            f"--to {target}: images that are to be uploaded are divided into two manifests",
            hint="name a folder with --to",
        )
    else:
        written = _build_divided(session, asked, bucket, project, target)
    session.console.result(
        written,
        lambda _: session.console.lines(f"{name}: {counted(count, 'line')}" for name, count in written.items()),
    )


def _see_apart(target: Path, source: str | None) -> None:
    """Sees that a folder of images does not become one of a manifest.

    Raises
    ------
    SettingsError
    """
    folder = target.parent if target.suffix == MANIFEST else target
    if source is not None and Path(source).is_dir() and folder.resolve() == Path(source).resolve():
        raise SettingsError(
            f"--to {target}: a manifest in {source} would be read in its place the next time",
            hint="name a folder beside it",
        )


def _build_divided(
    session: Session, asked: Wanted, bucket: str | None, project: str | None, target: Path
) -> dict[str, int]:
    """Writes the manifests of images that are here; lines by file."""
    from customlabels.datasets.model import Side
    from customlabels.manifests.lines import write_manifest
    from customlabels.pipelines.training.run_plan import manifest_lines

    divided, _ = divide_images(asked)
    plan = session.plan(divided.dataset, bucket=bucket, project=project, remote=divided.remote)
    paths = {side: target / f"{side.value}{MANIFEST}" for side in Side}
    return {str(path): write_manifest(path, manifest_lines(plan, side)) for side, path in paths.items()}


def _build_remote(session: Session, asked: Wanted, s3_images: str, project: str | None, target: Path) -> dict[str, int]:
    """Writes the manifests of images that lie in S3; lines by file."""
    from customlabels.core.addresses import parse_address
    from customlabels.manifests.building import Remote, build

    prefix = s3_images if s3_images.endswith("/") else f"{s3_images}/"
    try:
        parse_address(f"{prefix}x")
    except ValueError as error:
        raise SettingsError(f"--s3-images {s3_images}: has to be s3://bucket/folder/") from error
    given = asked.settings
    with find_source(asked) as chosen:
        remote = Remote(
            prefix,
            label_map=given.label_map,
            allow_unlabelled=given.allow_unlabelled,
            skip_faulty=asked.skip_faulty,
            job=project or "customlabels",
        )
        if target.suffix != MANIFEST:
            return _build_remote_divided(session, asked, chosen, remote, target)
        with session.console.step(f"reading {chosen.path}"):
            count, findings = build(chosen.path, chosen.format, chosen.options, remote, target)
    _show(session, findings)
    return {str(target): count}


def _show(session: Session, findings: "Sequence[Finding]") -> None:
    if findings:
        session.console.note(f"notes and skipped faults: {len(findings)}")
    for finding in findings[:_MOST_SHOWN]:
        session.console.note(f"      {finding.name}: {finding.message}")
    if len(findings) > _MOST_SHOWN:
        session.console.note(f"      … and {len(findings) - _MOST_SHOWN} more")


def _build_remote_divided(
    session: Session, asked: Wanted, chosen: Chosen, remote: "Remote", target: Path
) -> dict[str, int]:
    from customlabels.datasets.model import Side
    from customlabels.datasets.split import split, undivided
    from customlabels.manifests.building import remote_dataset
    from customlabels.manifests.layout import class_numbers
    from customlabels.manifests.lines import entry_line, write_manifest

    given = asked.settings
    with session.console.step(f"reading {chosen.path}"):
        dataset = remote_dataset(chosen.path, chosen.format, chosen.options, remote)
    _show(session, dataset.findings)
    if given.group_by == NEAR_DUPLICATES:
        raise SettingsError(f"--group-by {NEAR_DUPLICATES} needs the images here", hint="give a regular expression")
    if asked.resplit:
        dataset = undivided(dataset)
    group = group_of(given, dataset, session.console)
    divided = split(dataset, fraction=given.test_fraction, seed=given.seed, group=group)
    class_ids = class_numbers(divided)
    written = {}
    for side in Side:
        path = target / f"{side.value}{MANIFEST}"
        written[str(path)] = write_manifest(
            path,
            (
                entry_line(
                    remote.source_ref(record.name),
                    record.labels,
                    record.boxes,
                    (record.info.width, record.info.height, record.info.channels),
                    class_ids=class_ids,
                    job=remote.job,
                )
                for record in divided.side(side)
            ),
        )
    return written
