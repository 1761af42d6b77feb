"""customlabels dataset inspect."""

from collections.abc import Iterable

import click

from customlabels.cli.group import Command, pass_session
from customlabels.cli.source_options import Source, reads_images, wanted
from customlabels.core.plurals import counted
from customlabels.datasets.duplicates import Duplicates
from customlabels.datasets.model import Dataset, Finding
from customlabels.datasets.summary import summarise
from customlabels.pipelines.training.sources import (
    find_exact_duplicates,
    find_near_duplicates,
    read_images,
)
from customlabels.session import Session

_ALIKE = 3


@click.command(cls=Command)
@reads_images
@click.option("--near-duplicates", is_flag=True, help="Also look for images that look nearly the same.")
@pass_session
def inspect(session: Session, source: Source, near_duplicates: bool) -> int:
    """Show labels, counts and sizes in SOURCE, images that are there twice, and every file with a problem.

    Exits 4 where images cannot be used, or the same image has different labels.

    Example: customlabels dataset inspect images --include '*.jpg'
    """
    taken = read_images(wanted(session, source), whole=near_duplicates)
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
        f"{counted(summary['images'], 'image')}, {summary['bytes'] / 1e6:.1f} MB",
        f"width {_range(sizes['width'])}, height {_range(sizes['height'])} pixels",
        ", ".join(f"{count} {kind}" for kind, count in summary["formats"].items()),
    ]
    if boxed:
        parts.append(counted(summary["boxes"], "box"))
    if summary["unlabelled"]:
        parts.append(f"{counted(summary['unlabelled'], 'image')} without any label")
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
