"""customlabels schedule deploy."""

from dataclasses import asdict
from datetime import timedelta

import click

from customlabels.aws.stacks.change_sets import Change
from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option, show_changes
from customlabels.core.plurals import these
from customlabels.core.prices import hosting_cost
from customlabels.scheduler.stack.own_cost import in_words, standing_charges
from customlabels.scheduler.windows import dollars
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def deploy(session: Session, project: str | None, bucket: str | None, yes: bool) -> None:
    """Deploy the schedule, once its changes have been shown and agreed to; run again, it goes on where it was.

    Example: customlabels schedule deploy
    """
    assembled, console = session.schedule_stack(project, bucket), session.console
    parts, stack = assembled.parts, assembled.stack
    charges = standing_charges(parts)

    def confirm(changes: tuple[Change, ...]) -> bool:
        if not console.as_json:
            show_changes(console, changes)
            if not session.local:
                week = dollars(parts.schedule, session.now(), session.now() + timedelta(days=7))
                always = hosting_cost(24 * 7, 1)
                console.text(
                    f"windows of the next seven days: ${week:.2f}; "
                    f"one unit that is never stopped costs ${always:.2f} a week"
                )
                console.text(in_words(charges))
        ask(f"Make {these(len(changes), 'change')} to {stack.name}?", yes=yes)
        return True

    changes = session.deploy_schedule(confirm, assembled=assembled)
    if not changes:
        console.done(f"{stack.name} is as the settings have it; nothing to change", stack=stack.name, changes=[])
        return
    console.done(
        f"{stack.name} is deployed; customlabels schedule status shows what it does",
        stack=stack.name,
        changes=[asdict(change) for change in changes],
        charges=[asdict(charge) for charge in charges],
    )
