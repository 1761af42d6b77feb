"""customlabels versions compare."""

from dataclasses import asdict

import click

from customlabels.cli.confirming import confirm_start
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.shown import show_comparisons
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("base")
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@project_option
@click.option("--re-evaluate", is_flag=True, help="Show BASE's test images to versions that were judged on others.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@click.option("--no-guard", is_flag=True, help="Set no schedule that stops the model should this be killed.")
@click.option("--yes", is_flag=True, help="Do not ask before a model is started.")
@pass_session
def compare(
    session: Session,
    base: str,
    others: tuple[str, ...],
    project: str | None,
    re_evaluate: bool,
    markdown: bool,
    no_guard: bool,
    yes: bool,
) -> None:
    """Put versions side by side: figures with intervals, and the test images on which they disagree.

    Example: customlabels versions compare champion v-3f9c2a71b0
    """
    comparisons = session.compare(
        base,
        *others,
        project=project,
        re_evaluate=re_evaluate,
        before_start=confirm_start(session, yes),
        guard=not no_guard,
    )
    if markdown and not session.console.as_json:
        from customlabels.pipelines.evaluation.comparison import markdown as as_markdown

        session.console.document(as_markdown(comparisons))
    else:
        documents = [asdict(comparison) for comparison in comparisons]
        session.console.result(documents, lambda _: show_comparisons(session.console, comparisons))
    for comparison in comparisons:
        if not comparison.comparable:
            session.console.warn(
                f"{comparison.base} and {comparison.other} were judged on different test images: their figures do not "
                "tell which is better; --re-evaluate shows the test images of the first to the others"
            )
