"""customlabels batch run."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.asking import ask
from customlabels.cli.batch.concluded import show_end
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.core.spans import parse_minutes
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.inspection.batches.batch_plan import Choice
    from customlabels.session.batches import Prepared

_SOON, _LATE = timedelta(minutes=5), timedelta(days=7)


@click.command(cls=Command)
@click.argument("source", metavar="s3://BUCKET/PREFIX/ | FILE.jsonl | s3://…/manifest.json")
@project_option
@click.option("--units", type=click.IntRange(1, MAX_UNITS), help="Units of the model while it runs.  [default: 1]")
@click.option(
    "--deadline", metavar="SPAN", help="Choose the fewest units that are done within it (8h), the start included."
)
@click.option("--max-cost", type=Figure(0, min_open=True), metavar="DOLLARS", help="Refuse what would cost more.")
@click.option(
    "--tolerate",
    type=click.IntRange(0, 100),
    default=5,
    show_default=True,
    metavar="PERCENT",
    help="Of the images, that may fail before it ends.",
)
@click.option("--dry-run", is_flag=True, help="Show what it takes on 1 to 5 units, and start nothing.")
@click.option("--no-wait", is_flag=True, help="Begin it, and leave.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def run(
    session: Session,
    source: str,
    project: str | None,
    units: int | None,
    deadline: str | None,
    max_cost: float | None,
    tolerate: int,
    dry_run: bool,
    no_wait: bool,
    yes: bool,
) -> None:
    """Have the champion look at every image of a source; what is known already costs nothing.

    Run again, it joins the same batch, or goes on with it. It ends, and lets its model go, whether this command lives
    or not.

    \b
    Examples: customlabels batch run s3://archive/parts/ --dry-run
              customlabels batch run s3://archive/parts/ --deadline 8h
    """
    from customlabels.inspection.batches import batch_plan, batch_runs

    if units is not None and deadline is not None:
        raise click.UsageError("give --units or --deadline, which chooses them")
    span = parse_minutes(deadline, least=_SOON, most=_LATE) if deadline else None
    with session.prepare_batch(source, project=project) as prepared:
        if dry_run:
            _show_plan(session, prepared, span)
            return
        before, console = prepared.before, session.console
        if before is not None and before.status == batch_runs.SUCCEEDED:
            console.note(f"batch {before.name} has been run; nothing is looked at again")
            show_end(session, session.conclude_batch(before, project=project))
            return
        chosen = batch_plan.chosen(prepared.wanted, units=units, deadline=span)
        batch_plan.check_cost(chosen, max_cost)
        if before is None or before.status != batch_runs.RUNNING:
            ask(_question(prepared, chosen), yes=yes or session.local or not prepared.wanted.calls)
        batch = session.begin_batch(prepared, chosen, tolerated=float(tolerate))
    if no_wait:
        console.done(
            f"batch {batch.name} runs; customlabels batch status shows how far it is, stop ends it",
            batch=batch.name,
            images=prepared.listed.images,
            units=int(batch.given["units"]),
        )
        return
    console.note(f"batch {batch.name}: it goes on should this command end; customlabels batch stop ends it")
    show_end(session, session.follow_batch(batch, project=project))


def _question(prepared: "Prepared", chosen: "Choice") -> str:
    from customlabels.inspection.batches.batch_plan import in_words

    return (
        f"Look at {prepared.wanted.calls:,} images ({prepared.known:,} are known) on "
        f"{chosen.units} unit{'s' if chosen.units > 1 else ''}, in about {in_words(chosen.time)}? "
        f"On AWS it costs about ${chosen.dollars:,.2f}"
        + (f", ${chosen.analyzers:,.2f} of it for {', '.join(prepared.wanted.asked)}." if chosen.analyzers else ".")
    )


def _show_plan(session: Session, prepared: "Prepared", deadline: timedelta | None) -> None:
    from customlabels.inspection.batches import batch_plan

    wanted, console = prepared.wanted, session.console
    picked = batch_plan.chosen(wanted, units=None, deadline=deadline) if deadline else None
    document: dict[str, Any] = {
        "batch": prepared.name,
        "images": wanted.images,
        "known": wanted.known,
        "calls": wanted.calls,
        "left_out": prepared.listed.left_out,
        "start_minutes": 0 if wanted.is_up or not wanted.calls else wanted.start / timedelta(minutes=1),
        "units": [
            {
                "units": each.units,
                "images_a_second": each.rate,
                "hours": round(each.time / timedelta(hours=1), 3),
                "inference_dollars": round(each.inference, 2),
                "analyzer_dollars": round(each.analyzers, 2),
                "around_dollars": round(each.around, 2),
                "dollars": round(each.dollars, 2),
            }
            for each in batch_plan.choices(wanted)
        ],
        "analyzers": {
            name: {"images": wanted.asked[name], "dollars": round(dollars, 2)}
            for name, dollars in batch_plan.analyzer_dollars(wanted).items()
        },
        "chosen": picked.units if picked else None,
    }

    def show(_: Any) -> None:
        title = f"{wanted.images:,} images, {wanted.known:,} of them known"
        console.table(batch_plan.columns(wanted), batch_plan.rows(wanted), title=title, give_way=("images/s",))
        for name, dollars in batch_plan.analyzer_dollars(wanted).items():
            console.text(f"{name}: {wanted.asked[name]:,} images to be asked about, ${dollars:,.2f}")
        start = document["start_minutes"]
        if start:
            console.text(
                f"the start of the model takes about {start:.0f} min more; whether that is billed is documented nowhere"
            )
        if picked:
            console.text(f"--deadline chooses {picked.units} unit{'s' if picked.units > 1 else ''}")

    console.result(document, show)
