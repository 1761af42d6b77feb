"""customlabels manifest."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.group import Group, pass_session
from customlabels.cli.manifest_build import build
from customlabels.core.errors import ManifestError, SettingsError
from customlabels.pipelines.training.sources import local_file
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.manifests.report import Report
    from customlabels.manifests.validation import Explained, Occurrence


@click.group(cls=Group)
def manifest() -> None:
    """Write the manifests that a dataset is made from; check, describe, merge and convert any."""


manifest.add_command(build)


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
    from customlabels.manifests.report import validate as checked

    look = session.look(images)
    if fix is not None and len(files) > 1:
        raise SettingsError("--fix takes one FILE")
    reports: dict[str, Report] = {}
    changes: list[tuple[int, str]] = []
    for file in files:
        with ExitStack() as opened:
            path = opened.enter_context(_opened(session, file))
            testing = opened.enter_context(_opened(session, test)) if test else None
            if fix is not None:
                changes = _fix(path, fix, images)
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


def _fix(path: Path, target: Path, images: str | None) -> list[tuple[int, str]]:
    """Writes `path` repaired to `target`; the line and a sentence of each change.

    Raises
    ------
    ManifestError : nothing would be left of it; nothing is written
    """
    from customlabels.datasets.files import Finder
    from customlabels.manifests.files import manifest_lines, other_shape, relined
    from customlabels.manifests.lines import write_manifest
    from customlabels.manifests.repairing import repaired

    if target.exists():
        raise SettingsError(f"--fix {target}: is there already", hint="name a new file; nothing is overwritten")
    shape = other_shape(path)
    changes = [(1, f"wrote {shape} as one object a line")] if shape else []
    is_there = None
    if images is not None and not images.startswith("s3"):
        finder = Finder(Path(images))

        def is_there(name: str) -> bool:
            try:
                return bool(finder.find(name))
            except ValueError:
                return False

    def lines() -> Iterator[bytes]:
        count = 0
        for repair in repaired(relined(path) if shape else manifest_lines(path), is_there):
            changes.extend((repair.number, change) for change in repair.changes)
            if repair.line is not None:
                count += 1
                yield repair.line + b"\n"
        if not count:
            raise ManifestError(
                f"{path}: nothing would be left of it; nothing was written",
                details=[f"line {number}: {change}" for number, change in changes],
            )

    write_manifest(target, lines())
    return changes


@contextmanager
def _opened(session: Session, file: str) -> Iterator[Path]:
    """The path of a manifest, fetched where it lies in S3."""
    with local_file(file, lambda: session.clients.s3) as path:
        if not path.is_file():
            raise ManifestError(f"{file}: no such file")
        yield path


def _document(report: "Report") -> dict[str, Any]:
    return {
        "fails": report.fails,
        "import_errors": {name: fault.code for name, fault in report.import_faults.items()},
        "used": {name: part.used for name, part in report.parts.items()},
        "summary": report.summary,
        "lines": [
            {
                "part": part,
                "code": code,
                "message": message,
                "count": lines.count,
                "first_lines": lines.lines,
                "causes": [
                    {
                        "field": cause.field,
                        "value": cause.shown,
                        "why": cause.why,
                        "count": occurrence.count,
                        "first_lines": occurrence.lines,
                    }
                    for cause, occurrence in lines.causes.values()
                ],
            }
            for part, code, message, lines in report.rows()
        ],
    }


def _show(session: Session, report: "Report") -> None:
    console = session.console
    console.table(
        ("manifest", "lines", "valid", "invalid", "ignored", "dropped", "used", "labels"),
        [
            (
                name,
                part.total,
                part.valid,
                part.invalid,
                part.ignored,
                part.lost,
                part.used,
                len(part.labels),
            )
            for name, part in report.parts.items()
        ],
    )
    rows = [row for part, code, message, lines in report.rows() for row in _rows(part, code, message, lines)]
    if rows:
        console.table(("manifest", "code", "lines", "first", "field and value", "message"), rows)
    for name, fault in report.import_faults.items():
        console.text(f"a dataset import of {name} would fail: {fault.code}: {fault.message}")
    for fault in report.verdict.faults:
        console.text(f"a training would fail: {fault.code}: {fault.message}")
    if not report.fails:
        console.text(f"a training would accept this, and train {report.verdict.use_case}")


def _rows(part: str, code: str, message: str, lines: "Explained") -> Iterator[tuple[object, ...]]:
    """A row a kind of field; one alone where a code follows from others, whose rows have the fields."""
    from customlabels.manifests.codes import FOLLOWING

    causes = list(lines.causes.values())
    if code in FOLLOWING or not causes:
        others = f" and {len(causes) - 1} other fields" if len(causes) > 1 else ""
        field = f"{causes[0][0].sentence}{others}" if causes else None
        yield part, code, lines.count, _first(lines), field, message
        return
    for cause, occurrence in causes:
        yield part, code, occurrence.count, _first(occurrence), cause.sentence, message
        message = ""


def _first(lines: "Occurrence") -> str:
    return ", ".join(map(str, lines.lines)) + (" …" if lines.count > len(lines.lines) else "")


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
