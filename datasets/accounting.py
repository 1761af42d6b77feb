"""What of a source does not become an image of the dataset: named, all of it, in few lines.

Every file and every annotation of a source is read, or left out and named with the reason, or a fault. A reader tells
of annotations through `Annotated.faults` and `Annotated.left_out`, of files through `Layout.files`; here is the rest.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from customlabels.datasets.files import SPREADSHEETS, ending_of, is_image, walk, wanted
from customlabels.datasets.layout import VIDEO_ENDINGS, Annotated, Layout, Options
from customlabels.datasets.model import Finding

_NAMED = 3
"""Names in a finding that stands for many."""

_SINGLE = 10
"""Findings that say the same and are left as they are; of more one is made."""


@dataclass(slots=True)
class Tally:
    """How often something was left out, and where first."""

    count: int = 0
    places: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, where: str, count: int = 1) -> None:
        self.count += count
        self.places += 1
        if len(self.first) < _NAMED:
            self.first.append(where)

    @property
    def where(self) -> str:
        more = self.places - len(self.first)
        return ", ".join(self.first) + (f" and {more:,} more" if more else "")


Tallies = dict[str, Tally]


def tally(tallies: Tallies, image: Annotated) -> None:
    """Counts the annotations of an image that were left out, by kind."""
    for kind in dict.fromkeys(image.left_out):
        tallies.setdefault(kind, Tally()).add(image.name, image.left_out.count(kind))


def left_out(tallies: Tallies) -> list[Finding]:
    """A finding a kind of annotations that were left out."""
    return [
        Finding(counted.where, f"{counted.count:,} {kind} left out", fatal=False, count=counted.count)
        for kind, counted in tallies.items()
    ]


def unread(source: Path, layout: Layout, images: Iterable[Path], options: Options) -> list[Finding]:
    """A finding for every file below `source` that is no image of the layout and that its reader did not read.

    Parameters
    ----------
    images : all images that the layout names, used or not
    """
    root = source.resolve()
    base = f"{root}/"
    known = {path.removeprefix(base) for path in map(str, images) if path.startswith(base)} | layout.files
    findings: list[Finding] = []
    names = list(walk(root, findings))
    findings = [finding for finding in findings if wanted(finding.name, (), options.exclude)]
    for name in names:
        if name not in known and wanted(name, options.include, options.exclude):
            what = "an image that no annotation names" if is_image(name) else no_image(name, "no file of this format")
            findings.append(Finding(name, f"{what}, left out", fatal=False))
    return findings


def no_image(name: str, otherwise: str = "no image") -> str:
    """What a file is that is no image, as its name tells."""
    if ending_of(name) in VIDEO_ENDINGS:
        return "a video, of which customlabels dataset frames makes images"
    return "a spreadsheet, which is read once it is saved as CSV" if ending_of(name) in SPREADSHEETS else otherwise


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, each once, ordered by name; of many that are not fatal and say the same one is made."""
    alike: dict[str, list[Finding]] = {}
    kept = []
    for finding in sorted(dict.fromkeys(findings), key=_by_number):
        if finding.fatal or finding.count > 1:
            kept.append(finding)
        else:
            alike.setdefault(finding.message, []).append(finding)
    for message, same in alike.items():
        if len(same) <= _SINGLE:
            kept += same
            continue
        counted = Tally()
        for finding in same:
            counted.add(finding.name)
        kept.append(Finding(counted.where, message, fatal=False, count=counted.count))
    return sorted(kept, key=_by_number)


def _by_number(finding: Finding) -> list[tuple[str, int]]:
    """Orders names by their text, and numbers in them as numbers: row 9 before row 10."""
    parts = re.split(r"(\d+)", finding.name)
    return [
        (text, int(digits[:300] or 0)) for text, digits in itertools.zip_longest(parts[::2], parts[1::2], fillvalue="")
    ]
