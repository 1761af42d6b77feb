"""customlabels inspection deploy."""

from dataclasses import asdict

import click

from customlabels.aws.kinesis_video import PER_IMAGE
from customlabels.aws.stacks.change_sets import Change
from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option, show_changes
from customlabels.inspection.analyzers import price
from customlabels.inspection.inspection_settings import most_units
from customlabels.inspection.own_cost import dollars_an_image, in_words, standing_charges
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def deploy(session: Session, project: str | None, bucket: str | None, yes: bool) -> None:
    """Deploy what inspects each image that arrives, once its changes have been shown and agreed to.

    What others have set in the bucket's notification stays. Images that are there already are not looked at.

    Example: customlabels inspection deploy
    """
    assembled, console = session.inspection_stack(project, bucket), session.console
    parts, name = assembled.parts, assembled.names.stack
    inspection, charges = parts.asked.inspection, standing_charges()
    source = inspection.address

    def confirm(changes: tuple[Change, ...]) -> bool:
        if not console.as_json:
            show_changes(console, changes)
            rate = inspection.rate * most_units(session.settings)
            console.text(in_words(charges, dollars_an_image(parts.asked.workers, rate)))
            if inspection.analyzers:
                dollars = price(inspection.analyzers, 1000)
                console.text(f"{', '.join(inspection.analyzers)}: ${dollars:.2f} a thousand images that are new")
            if inspection.stream:
                images = 86_400 / inspection.every
                console.text(
                    f"stream {inspection.stream}: an image each {inspection.every:g} s, {images:,.0f} a day; Kinesis "
                    f"Video makes them for about ${images * PER_IMAGE:.2f} (not checked), and each is looked at"
                )
        question = f"Make these {len(changes)} changes to {name}, and have bucket {inspection.bucket} tell of arrivals?"
        ask(question, yes=yes)
        return True

    outcome = session.deploy_inspection(confirm, assembled=assembled)
    if outcome is None or not (outcome.changes or outcome.notified or outcome.streamed):
        console.done(f"{name} is as the settings have it; nothing to change", stack=name, changes=[])
        return
    if any(change.action == "Add" and change.name == "Arrivals" for change in outcome.changes):
        console.note("customlabels schedule deploy, once more, lets the schedule see how long images have waited")
    if outcome.streamed:
        console.note(
            "Kinesis Video makes images of fragments that the camera's producer marks (putKinesisVideoEventMetadata), "
            "and writes them with the rights of who sends them: that role needs s3:PutObject there"
        )
    console.done(
        f"{name} is deployed: what arrives in {source} is inspected; customlabels inspection status shows how it goes",
        stack=name,
        source=source,
        changes=[asdict(change) for change in outcome.changes],
        charges=[asdict(charge) for charge in charges],
    )
