"""customlabels inspection remove."""

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option
from customlabels.inspection.stack.template import names_of
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option("--results", is_flag=True, help="Delete the results, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(session: Session, project: str | None, bucket: str | None, results: bool, yes: bool) -> None:
    """Stop inspecting: take the bucket's notification out, delete queue, function, alarms and parameters.

    Images stay where they are. Results stay, unless --results says otherwise; the next deploy takes them up again.

    Example: customlabels inspection remove
    """
    name = session.project(project)
    names = names_of(name)
    rest = "its results are deleted" if results else "its results stay"
    ask(f"Delete {names.stack}, with what waits in its queue? {rest}.", yes=yes)
    removed = session.remove_inspection(project=name, bucket=bucket, results=results)
    done = (
        f"{names.stack} is deleted, and bucket notifications of it are taken out"
        if removed.existed
        else f"there was no {names.stack}; what it left is deleted"
    )
    kept = f"; the results are kept in table {names.table}" if removed.results_kept else ""
    session.console.done(done + kept, stack=names.stack, deleted=removed.existed, results_kept=removed.results_kept)
