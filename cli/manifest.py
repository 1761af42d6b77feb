"""customlabels manifest."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.group import Group
from customlabels.cli.reading import Source, divide_images, divides_images
from customlabels.cli.session import Session, pass_session

if TYPE_CHECKING:
    from customlabels.manifests.report import Report


@click.group(cls=Group)
def manifest() -> None:
    """Write the manifests that a dataset is made from, and check any."""


@manifest.command()
@divides_images
@click.option("--bucket", help="Where the images lie, or will.")
@click.option("--project", help="Name of the project.")
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), default="manifests-out", show_default=True
)
@pass_session
def build(
    session: Session,
    source: Source,
    bucket: str | None,
    project: str | None,
    folder: Path,
) -> None:
    """Write train.manifest and test.manifest for the images below SOURCE; nothing is uploaded.

    Example: customlabels manifest build images --bucket my-bucket -o out
    """
    from customlabels.cli.train import plan_for
    from customlabels.datasets.model import Side
    from customlabels.manifests.lines import write_manifest

    plan = plan_for(session, divide_images(session, source), bucket, project, None)
    written = {
        f"{side.value}.manifest": write_manifest(
            folder / f"{side.value}.manifest",
            ((plan.image(record), record.labels) for record in plan.dataset.side(side)),
        )
        for side in Side
    }
    session.console.result(
        written,
        lambda _: session.console.text("\n".join(f"{folder / name}: {n} lines" for name, n in written.items())),
    )


@manifest.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--test", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The testing manifest beside it."
)
@click.option(
    "--images", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Look at the images here too."
)
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write the service's own result files here."
)
@pass_session
def validate(session: Session, file: Path, test: Path | None, images: Path | None, folder: Path | None) -> int:
    """Check FILE as a dataset import and a training would, with the service's codes; nothing is uploaded.

    Exits 4 where the import or the training would fail, 0 where lines would merely be left out.

    Example: customlabels manifest validate train.manifest --test test.manifest --images photos
    """
    from customlabels.manifests.report import validate as checked

    with session.console.step(f"checking {file}"):
        report = checked(file, test, images=images, output=folder)
    session.console.result(_document(report), lambda _: _show(session, report))
    return 4 if report.fails else 0


def _document(report: "Report") -> dict[str, Any]:
    return {
        "fails": report.fails,
        "import_errors": {name: fault.code for name, fault in report.import_faults.items()},
        "summary": report.summary,
        "lines": [
            {"part": part, "code": code, "count": found.count, "first_lines": found.lines}
            for part, code, _, found in report.rows()
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
