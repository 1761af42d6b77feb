"""customlabels versions promote."""

from pathlib import Path

import click

from customlabels.aws import parameters
from customlabels.cli.gate_options import judges, write_junit
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.shown import note_schedule, show_verdict
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.gate import Verdict
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@click.option("--why", default="", help="Noted in the history.")
@click.option("--force", is_flag=True, help="Promote a version that fails its gate.")
@click.option(
    "--smoke",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Labelled images, a folder a label, that the running version must get right first.",
)
@pass_session
@judges
def promote(
    session: Session,
    version: str | None,
    project: str | None,
    why: str,
    force: bool,
    smoke: Path | None,
    gate: GateSettings,
    junit: Path | None,
) -> None:
    """Make VERSION (default: the newest) the champion, once it passes the gate.

    Example: customlabels versions promote v-3f9c2a71b0 --min-f1 0.9 --smoke golden
    """

    def on_verdict(verdict: Verdict) -> None:
        if not force:
            if verdict.shortfalls:
                show_verdict(session.console, verdict)
            write_junit(verdict, junit)

    promoted = session.promote(
        version, project=project, gate=gate, why=why, force=force, smoke=smoke, on_verdict=on_verdict
    )
    if promoted.changed:
        note_schedule(session, promoted.project)
    outcome = "is the champion now" if promoted.changed else "is the champion already"
    past = " (forced past its gate)" if promoted.forced and promoted.changed else ""
    session.console.done(
        f"{promoted.version} {outcome} of {promoted.project}{past}",
        version=promoted.version,
        promoted=promoted.changed,
        forced=promoted.forced,
        parameter=parameters.champion(promoted.project),
    )
