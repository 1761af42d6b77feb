"""customlabels versions show."""

from dataclasses import asdict

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.shown import show_evaluation
from customlabels.core.known_names import remember
from customlabels.pipelines.service.versions import version_tags
from customlabels.session import Session

_MOST_CROSSED = 12
"""Labels up to which the matrix is printed."""


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@pass_session
def show(session: Session, version: str | None, project: str | None) -> None:
    """Show all figures a label, the confusion matrix and the lineage of VERSION (default: the newest).

    Example: customlabels versions show champion
    """
    from customlabels.pipelines.evaluation.metrics import confusion
    from customlabels.pipelines.evaluation.results import measure

    clients = session.clients
    chosen = session.version(session.project(project), version)
    measured = measure(clients.s3, chosen)
    remember(version=[measured.name], label=[metrics.label for metrics in measured.evaluation.labels])
    for sentence in measured.unread:
        session.console.warn(sentence)
    tags = version_tags(clients.rekognition, chosen)
    lineage = {name: value for name, value in tags.items() if name.startswith("customlabels:")}
    crossed = confusion(measured.snapshot) if measured.snapshot else None
    document = asdict(measured.evaluation) | {
        "lineage": lineage,
        "confusion": {"labels": crossed[0], "images": crossed[1].tolist()} if crossed else None,
    }

    def in_words(_: object) -> None:
        console = session.console
        show_evaluation(console, measured.evaluation)
        if crossed and len(crossed[0]) <= _MOST_CROSSED:
            labels, table = crossed
            rows = [[label, *map(int, table[row])] for row, label in enumerate(labels)]
            console.text("")
            console.table(["true \\ said", *labels], rows, give_way=())
        for tag, value in sorted(lineage.items()):
            console.text(f"{tag.removeprefix('customlabels:')}: {value}")

    session.console.result(document, in_words)
