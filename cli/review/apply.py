"""customlabels review apply."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.review_options import review_option
from customlabels.cli.source_options import Source, divides_images, wanted
from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.manifests.formats import FORMATS
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.review.applied_folder import Written

_WRITTEN = [name for name, format in FORMATS.items() if format.writes]


@click.command(cls=Command)
@divides_images
@review_option
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder for it all."
)
@click.option(
    "--as",
    "layout",
    metavar="FORMAT",
    type=click.Choice(_WRITTEN),
    default="manifest",
    show_default=True,
    help="Format of the result; customlabels dataset formats lists them.",
)
@click.option(
    "--to-test",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Test on N of the images that were picked at random, in place of training on them.",
)
@pass_session
def apply(session: Session, source: Source, folder: Path, target: Path, layout: str, to_test: int) -> None:
    """Write SOURCE, divided as `train` would, with the answers that people agree on in its train part.

    The result is a SOURCE of `train`. Images alike to one that is tested on are left out, and named; what is open or
    disputed waits. Without SOURCE it is the answers alone. Nothing of SOURCE is touched.

    Example: customlabels review apply images --to images-2 && customlabels train images-2
    """
    from customlabels.pipelines.training.sources import divide_images

    asked = wanted(session, source)
    dataset = None
    asked.see_apart(target)
    if asked.path is not None:
        taken, _ = divide_images(asked)
        if taken.remote is not None:
            raise LayoutError(
                f"{asked.path}: its images lie in S3, and only files here are written", hint="aws s3 sync, first"
            )
        dataset = taken.dataset
    else:
        session.console.warn("no SOURCE: the answers alone, and nothing that they could be too much like")
    written = session.apply_review(target, dataset=dataset, review=folder, format=layout, to_test=to_test)
    session.console.result(_document(written, target), lambda _: _show(session, written, target, to_test))


def _document(written: "Written", target: Path) -> dict[str, Any]:
    applied = written.applied
    return {
        "folder": str(target),
        "images": len(applied.dataset.records),
        "added": list(applied.added),
        "corrected": list(applied.corrected),
        "tested": list(applied.tested),
        "unchanged": applied.unchanged,
        "refused": [{"image": refused.name, "why": refused.why} for refused in applied.refused],
        "new_labels": dict(applied.strangers),
        "waiting": written.waiting,
        "test_digest_before": written.before or None,
        "test_digest": written.after or None,
    }


def _show(session: Session, written: "Written", target: Path, to_test: int) -> None:
    from customlabels.datasets.model import Side

    console, applied = session.console, written.applied
    if applied.refused:
        console.table(("left out", "why"), [(refused.name, refused.why) for refused in applied.refused])
    waiting = ", ".join(f"{count} {outcome}" for outcome, count in written.waiting.items() if count)
    console.text(
        f"{target}: {counted(len(applied.dataset.records), 'image')}; {len(applied.added)} new to train on, "
        f"{len(applied.corrected)} corrected, {len(applied.tested)} new to test on, {applied.unchanged} as they were"
        + (f"; {waiting}" if waiting else "")
    )
    if applied.strangers:
        named = ", ".join(f"{label} ({count})" for label, count in applied.strangers.items())
        console.warn(f"labels that the images did not have before, and would be trained: {named}")
    if to_test and len(applied.tested) < to_test:
        console.warn(
            f"{len(applied.tested)} of {to_test} images could be tested on: no more are random, agreed on, and like no "
            "other"
        )
    if written.before != written.after and written.after:
        console.text(
            f"the test set has {len(applied.dataset.side(Side.TEST))} images and another digest, {written.after[:12]}: "
            "a version judged on the one before cannot be compared with one judged on this until it is evaluated again"
        )
    console.note(f"customlabels train {target}")
