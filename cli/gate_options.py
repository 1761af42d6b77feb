"""The gate's flags and its file, shared by the commands that judge a version."""

import functools
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from customlabels.cli.settings_options import option_of
from customlabels.core.errors import SettingsError
from customlabels.core.files import written_aside
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.gate import Verdict, demand, junit, parse_demand
from customlabels.session import Session

_NAMES = [field.name for field in fields(GateSettings)]
_SHAPES: dict[str, dict[str, Any]] = {"min_label": {"type": str, "metavar": "LABEL=0.9[:METRIC]"}}
_FLAGS = (
    *(option_of("gate", GateSettings, name, **_SHAPES.get(name, {})) for name in _NAMES),
    click.option(
        "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the verdict there, as JUnit XML."
    ),
)


def judges(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command `gate`, from settings and flags, and `junit`, a path or None."""

    @functools.wraps(command)
    def judging(session: Session, *args: Any, **kwargs: Any) -> Any:
        flags = {name: kwargs.pop(name) for name in _NAMES}
        return command(session, *args, gate=_gate(session.settings.gate, flags), **kwargs)

    for flag in reversed(_FLAGS):
        judging = flag(judging)
    return judging


def _gate(settings: GateSettings, flags: dict[str, Any]) -> GateSettings:
    demands = {}
    for text in flags.pop("min_label"):
        label, given, demand = text.rpartition("=")
        if not given or not label:
            raise SettingsError(f"--min-label {text}: write LABEL=0.9 or LABEL=0.9:recall")
        demands[label] = demand
    chosen: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    gate = replace(settings, **chosen, min_label={**settings.min_label, **demands})
    for label, demand in gate.min_label.items():
        try:
            parse_demand(demand)
        except SettingsError as error:
            raise SettingsError(f"gate.min_label {label}: {error.message}", hint=error.hint) from error
    return gate


def write_junit(verdict: Verdict, path: Path | None) -> None:
    """Writes the verdict as JUnit XML where that is wanted."""
    if path is not None:
        with written_aside(path) as file:
            file.write(junit(verdict))


def end_on(verdict: Verdict, path: Path | None) -> None:
    """Writes the verdict where it is wanted, and ends the command where it is not passed.

    Raises
    ------
    GateFailed
    """
    write_junit(verdict, path)
    demand(verdict)
