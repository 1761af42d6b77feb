"""customlabels dataset."""

from collections.abc import Iterable
from pathlib import Path

import click

from customlabels.cli.group import Group, pass_session
from customlabels.cli.source_options import Source, divides_images, reads_images, takes_images, wanted
from customlabels.core.errors import SettingsError
from customlabels.datasets.duplicates import Duplicates
from customlabels.datasets.model import Dataset, Finding, Side
from customlabels.datasets.split import balance
from customlabels.datasets.summary import summarise
from customlabels.manifests.formats import FORMATS
from customlabels.pipelines.training.sources import (
    divide_images,
    find_exact_duplicates,
    find_near_duplicates,
    find_source,
    read_images,
    take_images,
    warn_of_leaks,
)
from customlabels.session import Session

_ALIKE = 3
_WRITTEN = [name for name, format in FORMATS.items() if format.writes]


@click.group(cls=Group)
def dataset() -> None:
    """What labelled images there are, and what is wrong with them; divided, converted."""


@dataset.command()
@reads_images
@click.option("--near-duplicates", is_flag=True, help="Also look for images that look nearly the same.")
@pass_session
def inspect(session: Session, source: Source, near_duplicates: bool) -> int:
    """Show labels, counts and sizes in SOURCE, images that are there twice, and every file with a problem.

    Exits 4 where images cannot be used, or the same image has different labels.

    Example: customlabels dataset inspect images --include '*.jpg'
    """
    taken = read_images(wanted(session, source))
    dataset_ = taken.dataset
    twice = find_exact_duplicates(taken)
    if near_duplicates:
        same = {frozenset(duplicates.records) for duplicates in twice}
        twice += [
            duplicates
            for duplicates in find_near_duplicates(session.console, taken)
            if frozenset(duplicates.records) not in same
        ]
    document = summarise(dataset_) | {"duplicates": [_document(duplicates) for duplicates in twice]}
    session.console.result(document, lambda _: _show(session, dataset_, twice))
    contradicted = any(duplicates.exact and duplicates.kind == "across labels" for duplicates in twice)
    return 4 if dataset_.faults or contradicted else 0


@dataset.command("split")
@divides_images
@click.option("--report", is_flag=True, help="Show labels a side, and what could not be balanced, instead of images.")
@pass_session
def split_(session: Session, source: Source, report: bool) -> None:
    """Show which images in SOURCE are trained on and which tested on, as `train` would divide them.

    An image keeps its side when others are added, and when it is renamed or exported anew.

    Example: customlabels dataset split images --group-by '(tile-[0-9]+)' --report
    """
    taken, group = divide_images(wanted(session, source))
    divided = taken.dataset
    if not report:
        images = {side.value: [record.name for record in divided.side(side)] for side in Side}
        session.console.result(
            images,
            lambda _: session.console.text(
                "\n".join(f"{side}\t{name}" for side, names in images.items() for name in names)
            ),
        )
        return
    warn_of_leaks(wanted(session, source), taken)
    rows = balance(divided, source.over(session.settings.dataset).test_fraction, group)
    names = ("label", "images", "groups", "train", "test", "note")
    session.console.result(
        [{name: getattr(row, name) for name in names} for row in rows],
        lambda _: session.console.table(
            (*names[:-1], "share tested", "note"),
            [(row.label, row.images, row.groups, row.train, row.test, row.test / row.images, row.note) for row in rows],
        ),
    )


@dataset.command()
@takes_images
@click.option(
    "-o", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder for the result."
)
@click.option("--to", type=click.Choice(_WRITTEN), help="Format of the result.  [default: that of SOURCE]")
@pass_session
def convert(session: Session, source: Source, folder: Path, to: str | None) -> None:
    """Write SOURCE in any format to a new folder, images made such that the service takes them.

    Other formats become JPEG or PNG, EXIF orientation is baked in, what is too large is scaled down, boxes along with
    it. The originals are never touched.

    Example: customlabels dataset convert instances.json --images photos --to yolo -o yolo
    """
    from customlabels.datasets import conversion
    from customlabels.datasets.reading import Policy

    if to is None:
        with find_source(wanted(session, source), convertible=True) as chosen:
            to = chosen.format.name
        if to not in _WRITTEN:
            raise SettingsError(f"{to} is read, and not written", hint=f"say --to {', '.join(_WRITTEN)}")
    policy = Policy(image_fault=conversion.convertible_fault, allow_unlabelled=True)
    taken = take_images(wanted(session, source), policy).dataset
    with session.console.step(f"writing {len(taken.records)} images to {folder}", len(taken.records)) as advance:
        written, changes = conversion.convert(taken, FORMATS[to], folder, lambda: advance(1))
    document = {
        "folder": str(folder),
        "format": to,
        "images": len(written.records),
        "changed": [
            {"image": change.name, "written": change.written, "reasons": list(change.reasons)} for change in changes
        ],
    }

    def show(_: object) -> None:
        if changes:
            session.console.table(
                ("image", "written", "what was done"),
                [(change.name, change.written, ", ".join(change.reasons)) for change in changes],
            )
        session.console.text(f"{folder}: {len(written.records)} images as {to}, {len(changes)} of them changed")

    session.console.result(document, show)


@dataset.command()
@pass_session
def formats(session: Session) -> None:
    """List the formats that are read and written.

    Example: customlabels dataset formats
    """
    session.console.result(
        {name: format_.summary for name, format_ in FORMATS.items()},
        lambda rows: session.console.table(("format", "what it is"), list(rows.items())),
    )


def _document(same: Duplicates) -> dict[str, object]:
    return {
        "images": [record.name for record in same.records],
        "exact": same.exact,
        "kind": same.kind,
        "labels": [list(labels) for labels in same.labels],
    }


def _show(session: Session, dataset_: Dataset, twice: list[Duplicates]) -> None:
    console, summary = session.console, summarise(dataset_)
    boxed = bool(summary["boxes"])
    console.table(
        ("label", "images", *(["boxes"] if boxed else []), "train", "test"),
        [
            (
                label,
                counts["images"],
                *([counts["boxes"]] if boxed else []),
                counts["train"] or None,
                counts["test"] or None,
            )
            for label, counts in summary["labels"].items()
        ],
    )
    sizes = summary["sizes"]
    parts = [
        f"{summary['images']} images, {summary['bytes'] / 1e6:.1f} MB",
        f"width {_range(sizes['width'])}, height {_range(sizes['height'])} pixels",
        ", ".join(f"{count} {kind}" for kind, count in summary["formats"].items()),
    ]
    if boxed:
        parts.append(f"{summary['boxes']} boxes")
    if summary["unlabelled"]:
        parts.append(f"{summary['unlabelled']} images without any label")
    console.text("; ".join(parts))
    if twice:
        console.table(
            ("", "there twice or more", "labels"),
            [
                (
                    f"{'same' if duplicates.exact else 'nearly the same'}, {duplicates.kind}",
                    ", ".join(record.name for record in duplicates.records),
                    " or ".join("+".join(labels) or "none" for labels in duplicates.labels),
                )
                for duplicates in twice
            ],
        )
    if dataset_.findings:
        console.table(("", "where", "finding"), _rows(dataset_.findings))


def _range(ends: list[int]) -> str:
    return "–".join(map(str, dict.fromkeys(ends)))


def _rows(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """A row a finding; of notes that say the same only the first few, with how many there are."""
    places: dict[tuple[bool, str], list[str]] = {}
    for finding in findings:
        places.setdefault((finding.fatal, finding.message), []).append(finding.name)
    rows = []
    for (fatal, message), names in sorted(places.items(), key=lambda item: not item[0][0]):
        shown = names if fatal else names[:_ALIKE]
        rows += [("fault" if fatal else "note", name, message) for name in shown]
        if len(names) > len(shown):
            rows.append(("note", f"… and {len(names) - len(shown)} more", message))
    return rows
