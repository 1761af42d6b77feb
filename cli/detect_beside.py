"""customlabels detect --with: what Rekognition's own analyzers see, beside the champion or without one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.asking import ask
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.inspection.analyzers import Findings
    from customlabels.pipelines.service.detection import Image

_NAMES = ("labels", "properties", "text", "moderation", "faces")
"""As `inspection.analyzers` has them; the command's help is not to import that."""

_ASKED_FROM = 1.0
"""Dollars."""


class Analyzers(click.ParamType[tuple[str, ...]]):
    """Names of analyzers, with commas between."""

    name = "NAMES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(name.strip().lower() for name in str(value).split(",") if name.strip()))
        unknown = [name for name in names if name not in _NAMES]
        if unknown or not names:
            self.fail(f"{', '.join(unknown) or 'nothing'} is no analyzer; there are {', '.join(_NAMES)}", param, ctx)
        return names


Beside = Callable[[str], Mapping[str, Any] | None]


def looked_beside(
    session: Session,
    images: "Sequence[tuple[str, Image]]",
    names: Sequence[str],
    results_of: str | None,
    *,
    yes: bool,
) -> Beside:
    """Gives what analyzers see in an image by its name, each asked for once; None where none was asked for.

    Raises
    ------
    Declined, Unasked : it costs more than a dollar, and that is not agreed to
    """
    if not names:
        return lambda name: None
    from customlabels.inspection.analyzers import price

    dollars = price(names, len(images))
    calls = counted(len(names) * len(images), "call")
    if not session.emulated:
        session.console.note(f"{calls} to {', '.join(names)}: at most ${dollars:.2f} at list prices (US regions)")
        if dollars > _ASKED_FROM:
            ask(f"{calls} cost up to ${dollars:.2f}. Go on?", yes=yes)
    found = session.analyses(images, names, results_of=results_of)
    held: dict[str, Mapping[str, Findings]] = {}

    def beside(name: str) -> Mapping[str, Any]:
        while name not in held:
            other, findings = next(found)
            held[other] = findings
        return {analyzer: asdict(seen) for analyzer, seen in held.pop(name).items()}

    return beside


def beside_in_words(beside: Mapping[str, Any] | None) -> Iterable[str]:
    """A line an analyzer."""
    from customlabels.inspection.analyzers import Findings, in_words
    from customlabels.inspection.rules import Seen

    for name, found in (beside or {}).items():
        seen = tuple(Seen(**thing) for thing in found["seen"])
        yield f"{name}: {in_words(Findings(found['version'], seen, found['figures'], found['refusal']))}"


def failed_beside(beside: Mapping[str, Any] | None) -> bool:
    """Whether an analyzer could not look."""
    return any(found["refusal"] is not None for found in (beside or {}).values())


def see_that_they_go_together(names: Sequence[str], *, no_model: bool, as_csv: bool, others: Mapping[str, Any]) -> None:
    """Sees that options go together.

    Raises
    ------
    SettingsError
    """
    if no_model and not names:
        raise SettingsError("--no-model goes with --with NAMES", hint=f"there are {', '.join(_NAMES)}")
    if names and as_csv:
        raise SettingsError("--with goes with JSON lines, not with CSV", hint="--to FILE.jsonl")
    given = [flag for flag, value in others.items() if value not in (None, False)]
    if no_model and given:
        raise SettingsError(f"{given[0]} is about a model, and --no-model asks none")
