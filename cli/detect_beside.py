"""customlabels detect --with: what Rekognition's own analyzers see, beside the champion or without one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from customlabels.cli.asking import ask
from customlabels.core.console import tell
from customlabels.core.errors import SettingsError

_NAMES = ("labels", "properties", "text", "moderation", "faces")
"""As `inspection.analyzers` has them; the command's help is not to import that."""

_ASKED_FROM = 1.0
"""Dollars."""


class Analyzers(click.ParamType):  # type: ignore[type-arg] # generic in the newest click alone
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


def confirm_price(yes: bool) -> Callable[[float, str], None]:
    """Says what calls cost, and asks from a dollar on.

    Raises, when it is called
    ------
    Declined, Unasked : that is not agreed to
    """

    def before_paying(dollars: float, calls: str) -> None:
        tell(f"{calls}: at most ${dollars:.2f} at list prices (US regions)")
        if dollars > _ASKED_FROM:
            ask("Go on?", yes=yes)

    return before_paying


def beside_in_words(beside: Mapping[str, Any] | None) -> Iterator[str]:
    """A line an analyzer."""
    from customlabels.inspection.analyzers import Findings, in_words
    from customlabels.inspection.rules import Seen

    for name, found in (beside or {}).items():
        seen = tuple(Seen(**thing) for thing in found["seen"])
        yield f"{name}: {in_words(Findings(found['version'], seen, found['figures'], found['refusal']))}"


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
