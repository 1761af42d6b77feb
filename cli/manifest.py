"""customlabels manifest."""

from pathlib import Path

import click

from customlabels.cli.group import Group
from customlabels.cli.reading import read_source, refuse_faults, source_options, split_options
from customlabels.cli.session import Session, pass_session


@click.group(cls=Group)
def manifest() -> None:
    """Write the manifests that a dataset is made from."""


@manifest.command()
@source_options
@split_options
@click.option("--bucket", help="Where the images lie, or will.")
@click.option("--project", help="Name of the project.")
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), default="manifests-out", show_default=True
)
@pass_session
def build(
    session: Session,
    source: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    test_fraction: float | None,
    seed: int | None,
    skip_faulty: bool,
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

    found = read_source(session, source, include, exclude)
    refuse_faults(session, found, skip_faulty)
    plan = plan_for(session, found, test_fraction, seed, bucket, project, None)
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
