"""customlabels manifest."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.group import Group
from customlabels.cli.reading import NEAR_DUPLICATES, Source, divide_images, divides_images, find_source
from customlabels.cli.session import Session, pass_session
from customlabels.core.errors import ManifestError, SettingsError

if TYPE_CHECKING:
    from customlabels.manifests.building import Remote
    from customlabels.manifests.report import Report

MANIFEST = ".manifest"
_MOST_SHOWN = 50


@click.group(cls=Group)
def manifest() -> None:
    """Write the manifests that a dataset is made from; check, describe, merge and convert any."""


@manifest.command()
@divides_images
@click.option("--bucket", help="Where the images will lie, once they are uploaded.")
@click.option("--project", help="Name of the project.")
@click.option(
    "--s3-images",
    metavar="s3://BUCKET/FOLDER/",
    help="Where the images lie already; they are not looked at, nor needed here.",
)
@click.option(
    "-o",
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

    Example: customlabels manifest build images --bucket my-bucket -o out

    Example: customlabels manifest build parts.csv --s3-images s3://my-bucket/parts/ -o parts.manifest
    """
    from customlabels.cli.train import plan_for
    from customlabels.datasets.model import Side
    from customlabels.manifests.lines import write_manifest
    from customlabels.pipelines.plan import manifest_lines

    if s3_images is not None:
        written = _build_remote(session, source, s3_images, project, target)
    elif target.suffix == MANIFEST:
        raise SettingsError(
            f"-o {target}: images that are to be uploaded are divided into two manifests", hint="name a folder with -o"
        )
    else:
        divided, _ = divide_images(session, source)
        plan = plan_for(session, divided, bucket, project, None)
        written = {
            str(target / f"{side.value}{MANIFEST}"): write_manifest(
                target / f"{side.value}{MANIFEST}", manifest_lines(plan, side)
            )
            for side in Side
        }
    session.console.result(
        written,
        lambda _: session.console.text("\n".join(f"{name}: {count} lines" for name, count in written.items())),
    )


def _build_remote(
    session: Session, source: Source, s3_images: str, project: str | None, target: Path
) -> dict[str, int]:
    """Writes the manifests of images that lie in S3; lines by file."""
    from customlabels.core.s3 import parse_address
    from customlabels.manifests.building import Remote, build

    prefix = s3_images if s3_images.endswith("/") else f"{s3_images}/"
    try:
        parse_address(f"{prefix}x")
    except ValueError as error:
        raise SettingsError(f"--s3-images {s3_images}: has to be s3://bucket/folder/") from error
    with find_source(session, source) as found:
        remote = Remote(
            prefix,
            label_map=found.settings.label_map,
            allow_unlabelled=found.settings.allow_unlabelled,
            skip_faulty=source.skip_faulty,
            job=project or "customlabels",
        )
        if target.suffix != MANIFEST:
            return _build_divided(session, source, remote, target)
        with session.console.step(f"reading {found.path}"):
            count, findings = build(found.path, found.format, found.options, remote, target)
    if findings:
        session.console.note(f"notes and skipped faults: {len(findings)}")
        for finding in findings[:_MOST_SHOWN]:
            session.console.note(f"      {finding.name}: {finding.message}")
    return {str(target): count}


def _build_divided(session: Session, source: Source, remote: "Remote", target: Path) -> dict[str, int]:
    from customlabels.datasets.model import Side
    from customlabels.datasets.split import group_by, own_group, split, undivided
    from customlabels.manifests.building import remote_dataset
    from customlabels.manifests.layout import class_numbers
    from customlabels.manifests.lines import entry_line, write_manifest

    with find_source(session, source) as found, session.console.step(f"reading {found.path}"):
        given = found.settings
        dataset = remote_dataset(found.path, found.format, found.options, remote)
    if given.group_by == NEAR_DUPLICATES:
        raise SettingsError(f"--group-by {NEAR_DUPLICATES} needs the images here", hint="give a regular expression")
    group = group_by(given.group_by) if given.group_by else own_group
    if source.resplit:
        dataset = undivided(dataset)
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


@manifest.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--test", metavar="FILE", help="The testing manifest beside it.")
@click.option(
    "--images", metavar="DIR|s3", help="Look at the images too: below a folder, or, with s3, at the objects themselves."
)
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write the service's own result files here."
)
@click.option(
    "--fix",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write FILE to this new file, repaired where that takes no guess, and check that one.",
)
@pass_session
def validate(
    session: Session,
    files: tuple[str, ...],
    test: str | None,
    images: str | None,
    folder: Path | None,
    fix: Path | None,
) -> int:
    """Check each FILE as a dataset import and a training would, with the service's codes; nothing is uploaded.

    Exits 4 where an import or a training would fail, 0 where lines would merely be left out.

    Example: customlabels manifest validate train.manifest --test test.manifest --images photos
    """
    from customlabels.manifests.images import local_images, s3_images
    from customlabels.manifests.report import validate as checked

    look = None
    if images is not None:
        if images not in ("s3", "s3://") and not Path(images).is_dir():
            raise SettingsError(f"--images {images}: no such folder", hint="name a folder, or s3")
        look = s3_images(session.clients.s3) if images.startswith("s3") else local_images(Path(images))
    if fix is not None and len(files) > 1:
        raise SettingsError("--fix takes one FILE")
    reports: dict[str, Report] = {}
    changes: list[tuple[int, str]] = []
    for file in files:
        with ExitStack() as opened:
            path = opened.enter_context(_opened(session, file))
            testing = opened.enter_context(_opened(session, test)) if test else None
            if fix is not None:
                changes = _fix(path, fix)
                path = fix
            target = folder / Path(file).stem if folder and len(files) > 1 else folder
            with session.console.step(f"checking {fix or file}"):
                reports[file] = checked(path, testing, look=look, output=target)
    documents = [_document(report) for report in reports.values()]
    if fix is not None:
        documents[0]["changes"] = [{"line": line, "change": change} for line, change in changes]

    def show(_: object) -> None:
        if fix is not None:
            if changes:
                session.console.table(("line", "what was changed"), changes)
            session.console.text(f"{fix}: {len(changes)} changes")
        for file, report in reports.items():
            if len(reports) > 1:
                session.console.text(f"\n{file}")
            _show(session, report)

    session.console.result(documents[0] if len(files) == 1 else dict(zip(files, documents, strict=True)), show)
    return 4 if any(report.fails for report in reports.values()) else 0


def _fix(path: Path, target: Path) -> list[tuple[int, str]]:
    from customlabels.manifests.files import manifest_lines
    from customlabels.manifests.lines import write_manifest
    from customlabels.manifests.repairing import repaired

    if target.exists():
        raise SettingsError(f"--fix {target}: is there already", hint="name a new file; nothing is overwritten")
    changes: list[tuple[int, str]] = []

    def lines() -> Any:
        for repair in repaired(manifest_lines(path)):
            changes.extend((repair.number, change) for change in repair.changes)
            if repair.line is not None:
                yield repair.line + b"\n"

    write_manifest(target, lines())
    return changes


@contextmanager
def _opened(session: Session, file: str) -> Iterator[Path]:
    """The path of a manifest, fetched where it lies in S3."""
    with session.local_file(file) as path:
        if not path.is_file():
            raise ManifestError(f"{file}: no such file")
        yield path


def _document(report: "Report") -> dict[str, Any]:
    return {
        "fails": report.fails,
        "import_errors": {name: fault.code for name, fault in report.import_faults.items()},
        "summary": report.summary,
        "lines": [
            {"part": part, "code": code, "message": said, "count": found.count, "first_lines": found.lines}
            for part, code, said, found in report.rows()
        ],
    }


def _show(session: Session, report: "Report") -> None:
    console = session.console
    console.table(
        ("manifest", "lines", "valid", "invalid", "ignored", "dropped", "labels"),
        [
            (
                name,
                part.total,
                part.valid,
                part.invalid,
                part.ignored,
                part.lost,
                len(part.labels),
            )
            for name, part in report.parts.items()
        ],
    )
    rows = [
        (
            name,
            code,
            found.count,
            ", ".join(map(str, found.lines)) + (" …" if found.count > len(found.lines) else ""),
            said,
        )
        for name, code, said, found in report.rows()
    ]
    if rows:
        console.table(("manifest", "code", "lines", "first", "message"), rows)
    for name, fault in report.import_faults.items():
        console.text(f"a dataset import of {name} would fail: {fault.code}: {fault.message}")
    for fault in report.verdict.faults:
        console.text(f"a training would fail: {fault.code}: {fault.message}")
    if not report.fails:
        console.text(f"a training would accept this, and train {report.verdict.use_case}")


@manifest.command()
@click.argument("file")
@pass_session
def describe(session: Session, file: str) -> None:
    """Show what a manifest holds: kinds of labels, counts a label, jobs, buckets, sizes, dates.

    Example: customlabels manifest describe s3://my-bucket/output/output.manifest
    """
    from customlabels.manifests.describing import describe as described
    from customlabels.manifests.files import manifest_lines

    with _opened(session, file) as path, session.console.step(f"reading {file}"):
        found = described(manifest_lines(path))
    session.console.result(found, lambda _: _show_description(session, found))


def _show_description(session: Session, found: dict[str, Any]) -> None:
    console = session.console
    if found["labels"]:
        console.table(
            ("label", "images", "boxes"),
            [(label, counts["images"], counts["boxes"]) for label, counts in found["labels"].items()],
        )
    wanted = {
        "faulty": "with errors (customlabels manifest validate names them)",
        "unlabelled": "without labels",
        "nothing_on_them": "that say that nothing is on the image",
        "several_labels": "with several labels",
        "labels_and_boxes": "with labels and boxes",
    }
    console.text(
        f"{found['lines']} lines" + "".join(f"; {found[key]} {said}" for key, said in wanted.items() if found[key])
    )
    for key in ("kinds", "attributes", "jobs", "buckets", "sizes"):
        if found[key]:
            shown = list(found[key].items())
            text = ", ".join(f"{name} ({count})" for name, count in shown[:10])
            console.text(f"{key}: {text}{' …' if len(shown) > 10 else ''}")
    if found["dates"]:
        console.text(f"dates: {' to '.join(dict.fromkeys(found['dates']))}")


@manifest.command()
@click.argument("files", metavar="FILE FILE…", nargs=-1, required=True)
@click.option("-o", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new file.")
@pass_session
def merge(session: Session, files: tuple[str, ...], target: Path) -> None:
    """Put manifests together: an image on several lines gets one with all they say, unless they contradict each other.

    Example: customlabels manifest merge monday.manifest tuesday.manifest -o week.manifest
    """
    from customlabels.manifests.files import manifest_lines
    from customlabels.manifests.lines import write_manifest
    from customlabels.manifests.merging import merged

    with ExitStack() as opened:
        paths = [(file, opened.enter_context(_opened(session, file))) for file in files]
        with session.console.step(f"merging {len(files)} manifests"):
            count = write_manifest(target, merged((file, manifest_lines(path)) for file, path in paths))
    session.console.done(f"{target}: {count} lines", file=str(target), lines=count)


@manifest.command()
@click.argument("file")
@click.option(
    "--to",
    "kind",
    required=True,
    type=click.Choice(["custom-labels", "image-level", "boxes", "multi-label"]),
    help="custom-labels: Ground Truth's multi-label form becomes what the service takes; image-level: boxes become "
    "labels; boxes: only boxes stay; multi-label: Ground Truth's form.",
)
@click.option("-o", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new file.")
@pass_session
def convert(session: Session, file: str, kind: str, target: Path) -> None:
    """Write FILE as another kind of manifest.

    Lines that have nothing of that kind are left out, and counted.

    Example: customlabels manifest convert output.manifest --to custom-labels -o train.manifest
    """
    from customlabels.manifests.files import manifest_lines
    from customlabels.manifests.lines import write_manifest
    from customlabels.manifests.rewriting import Conversion, Kind

    conversion = Conversion(file, Kind(kind))
    with _opened(session, file) as path, session.console.step(f"reading {file}"):
        count = write_manifest(target, conversion.lines(manifest_lines(path)))
    left_out = conversion.left_out
    session.console.done(
        f"{target}: {count} lines" + (f"; {left_out} without anything of that kind left out" if left_out else ""),
        file=str(target),
        lines=count,
        left_out=left_out,
    )
