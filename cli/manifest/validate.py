"""customlabels manifest validate."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.manifest.opening import opened
from customlabels.core.errors import ManifestError, SettingsError
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.manifests.report import Report
    from customlabels.manifests.validation import Explained, Occurrence


@click.command(cls=Command)
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--test", metavar="FILE", help="The testing manifest beside it.")
@click.option(
    "--images", metavar="DIR|s3", help="Look at the images too: below a folder, or, with s3, at the objects themselves."
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the service's own result files there.",
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
        with ExitStack() as stack:
            path = stack.enter_context(opened(session, file))
            testing = stack.enter_context(opened(session, test)) if test else None
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
            session.console.text(f"{fix}: {counted(len(changes), 'change')}")
        for file, report in reports.items():
            if len(reports) > 1:
                session.console.text("")
                session.console.text(file)
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
        give_way=("labels", "dropped", "ignored", "lines"),
    )
    rows = [row for part, code, message, lines in report.rows() for row in _rows(part, code, message, lines)]
    if rows:
        console.table(
            ("manifest", "code", "lines", "first", "field and value", "message"), rows, give_way=("first", "message")
        )
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
        others = f" and {counted(len(causes) - 1, 'other field')}" if len(causes) > 1 else ""
        field = f"{causes[0][0].sentence}{others}" if causes else None
        yield part, code, lines.count, _first(lines), field, message
        return
    for cause, occurrence in causes:
        yield part, code, occurrence.count, _first(occurrence), cause.sentence, message
        message = ""


def _first(lines: "Occurrence") -> str:
    return ", ".join(map(str, lines.lines)) + (" …" if lines.count > len(lines.lines) else "")
