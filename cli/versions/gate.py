"""customlabels versions gate."""

from pathlib import Path

import click

from customlabels.cli.gate_options import end_on, judges
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.shown import show_verdict
from customlabels.core.errors import SettingsError
from customlabels.core.settings import GateSettings
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@pass_session
@judges
def gate(session: Session, version: str | None, project: str | None, gate: GateSettings, junit: Path | None) -> None:
    """Judge VERSION (default: the newest) without training anything; exits 3 where it does not pass.

    Example: customlabels versions gate --min-f1 0.9 --min-label crack=0.95:recall --decide-on interval
    """
    verdict = session.gate(version, gate, project=project)
    if not verdict.checks and gate.max_regression is not None:
        session.console.done("gate passed: there is no other champion to fall behind", **verdict.document())
        return
    if not verdict.checks:
        raise SettingsError(
            "the gate asks for nothing", hint="give --min-f1 or another flag, or fill [gate] in the settings"
        )
    session.console.result(verdict.document(), lambda _: show_verdict(session.console, verdict))
    end_on(verdict, junit)
