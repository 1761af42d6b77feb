"""customlabels review pick."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.cli.review_options import review_option
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.core.settings import DatasetSettings
from customlabels.core.spans import parse_span
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.datasets.model import Dataset
    from customlabels.review.picking import Picked


class _Threshold(click.ParamType):  # type: ignore[type-arg] # generic in the newest click alone
    """[LABEL=]NUMBER."""

    name = "threshold"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        label, _, number = str(value).rpartition("=")
        return label, Figure(0, 100).convert(number, param, ctx)


@click.command(cls=Command)
@click.argument("detections", metavar="[FOUND]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@review_option
@click.option("--since", metavar="SPAN", help="What was inspected so far back, without FOUND.  [default: 1d]")
@click.option("--images", type=click.Path(path_type=Path, file_okay=False), help="Where the images lie now.")
@click.option("--count", type=click.IntRange(1), default=200, show_default=True, help="Images to ask about.")
@click.option("--a-day", type=click.IntRange(1), help="Images to ask about a day, at most, over all picks.")
@click.option(
    "--threshold",
    "thresholds",
    type=_Threshold(),
    multiple=True,
    metavar="[LABEL=]NUMBER",
    help="0 to 100, from which a label counts; repeatable.  [default: the version's assumed thresholds]",
)
@click.option("--ok", multiple=True, metavar="LABEL", help="A label that says that nothing is wrong; repeatable.")
@click.option(
    "--band", type=Figure(0, 100), default=15, show_default=True, help="So near to its threshold a label is unsure."
)
@click.option(
    "--overlap", type=Figure(0, 1), default=0.2, show_default=True, help="Part of the images that two people answer."
)
@click.option("--known", metavar="SOURCE", help="Labelled images; one in twenty of these is asked about as well.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other images.")
@click.option("--not-alike", is_flag=True, help="Do not look for images that look the same.")
@project_option
@pass_session
def pick(
    session: Session,
    detections: Path | None,
    folder: Path,
    since: str | None,
    images: Path | None,
    count: int,
    a_day: int | None,
    thresholds: tuple[tuple[str, float], ...],
    ok: tuple[str, ...],
    band: float,
    overlap: float,
    known: str | None,
    seed: int,
    not_alike: bool,
    project: str | None,
) -> None:
    """Choose images for people to look at, of FOUND, a file of detections, or of what was inspected.

    Four in ten lie near a threshold, two are other defects, four are random; more are random while the version's F1 is
    under 0.85, and all where it is under 0.6, unless the thresholds are given. Each has the chance of being chosen
    beside it. Nobody is asked about an image twice, nor about two that look the same. Labels below their threshold have
    to be in FOUND, or misses cannot be told:

    Example: customlabels detect images --min-confidence 10 --to found.jsonl && customlabels review pick found.jsonl
    """
    from customlabels.review.pick import Thresholds
    from customlabels.review.picking import Wish

    if detections is not None and since is not None:
        raise SettingsError("FOUND and --since exclude each other", hint="--since reads what was inspected")
    own = dict(thresholds)
    picked = session.pick_for_review(
        detections,
        Wish(count, a_day, overlap, seed=seed, known=_labelled(session, known)),
        since=None if since is None else session.now() - parse_span(since),
        thresholds=Thresholds(own.pop("", None), own) if thresholds else None,
        ok=ok,
        band=band,
        review=folder,
        images=images,
        alike=not not_alike,
        project=project,
    )
    session.console.result(asdict(picked), lambda _: _show(session, picked, folder))


def _labelled(session: Session, source: str | None) -> "Dataset | None":
    from customlabels.pipelines.training.sources import Wanted, read_images

    if source is None:
        return None
    # What the settings say of their own source does not hold for another.
    settings = replace(DatasetSettings(), label_map=session.settings.dataset.label_map)
    return read_images(Wanted(source, settings, lambda: session.clients.s3, session.console)).dataset


def _show(session: Session, picked: "Picked", folder: Path) -> None:
    from customlabels.review.pick import Group, Stratum

    console = session.console
    kinds = {"near a threshold": Group.NEAR, "other defects": Group.DEFECT, "the rest": Group.REST}
    console.table(
        ("", "picked", "of"),
        [(name, picked.picked.get(group, 0), picked.groups.get(group, 0)) for name, group in kinds.items()],
    )
    random = picked.strata.get(Stratum.RANDOM, 0)
    parts = [
        f"{counted(picked.images, 'image')} to ask about, {random} of them drawn from all, "
        f"{picked.twice} for two people"
    ]
    if picked.known:
        parts.append(f"{picked.known} whose answer is known")
    if picked.alike:
        parts.append(f"{picked.alike} left out that look like another")
    if picked.asked_before:
        parts.append(f"{picked.asked_before} were asked about before")
    console.text(f"{'; '.join(parts)}; in {folder}")
    console.note("customlabels review page asks about them")
