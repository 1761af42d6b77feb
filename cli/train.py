"""customlabels train."""

from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.gating import end_on, judged, judges, show_verdict
from customlabels.cli.group import Command, Figure
from customlabels.cli.reading import Source, divide_images, divides_images, warn_of_leaks
from customlabels.cli.session import Session, pass_session, still_waiting
from customlabels.cli.tracking import Kept, keeps, track, write_files
from customlabels.cli.versions import as_document, show_evaluation
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.prices import training_cost
from customlabels.core.settings import GateSettings
from customlabels.datasets.duplicates import alike
from customlabels.datasets.model import Dataset, Side, label_counts
from customlabels.pipelines.estimate import Estimate, estimate, quota_notes
from customlabels.pipelines.plan import Plan, make_plan

if TYPE_CHECKING:
    from customlabels.pipelines.remote import Remote
    from customlabels.pipelines.run import Begun


@click.command(cls=Command)
@divides_images
@click.option("--bucket", help="Where images, manifests and results go.")
@click.option("--project", help="Name of the project.  [default: that of the folder]")
@click.option("--version-name", help="Name of the version.  [default: made from the images]")
@click.option("--external-manifests", is_flag=True, help="Train from manifests in S3, without datasets in the project.")
@click.option("--max-cost", type=Figure(0, min_open=True), help="Refuse a training that may cost more dollars.")
@click.option("--fix-bucket-policy", is_flag=True, help="Add what the service needs to the bucket's policy.")
@click.option("--no-upload", is_flag=True, help="Upload no image; all have to be in S3 already.")
@click.option("--no-wait", is_flag=True, help="Start the training and leave.")
@click.option("--resume", is_flag=True, help="Wait for the training that is under way, and judge it; needs no SOURCE.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop before the first write.")
@pass_session
@judges
@keeps
def train(
    session: Session,
    source: Source,
    bucket: str | None,
    project: str | None,
    version_name: str | None,
    external_manifests: bool,
    max_cost: float | None,
    fix_bucket_policy: bool,
    no_upload: bool,
    no_wait: bool,
    resume: bool,
    dry_run: bool,
    gate: GateSettings,
    junit: Path | None,
    kept: Kept,
) -> None:
    """Train a version on the images below SOURCE, a folder a label, and judge it by its F1.

    SOURCE may be s3://bucket/folder, or a manifest: images that are in S3 already are used where they are.

    The version's name is made from the images: the same command again trains nothing, and finishes what was cut off.

    Example: customlabels --local train images --min-f1 0.8
    """
    if resume:
        if source.path or dry_run or no_wait:
            raise SettingsError("--resume waits for what is being trained: it takes no SOURCE, --dry-run or --no-wait")
        _finish(session, _under_way(session, session.project(project), version_name), gate, junit, kept)
        return
    chosen = source.over(session.settings.dataset)
    divided_by = f"test-fraction={chosen.test_fraction:g} seed={chosen.seed} group-by={chosen.group_by or 'none'}"
    divided, _ = divide_images(session, source)
    warn_of_leaks(session, source, divided)
    plan = plan_for(session, divided.dataset, bucket, project, version_name, divided_by, divided.remote)
    _check_gate(session, plan, gate)
    forecast = _forecast(session, plan, max_cost or session.settings.project.max_cost, dry_run)
    if dry_run:
        session.console.result(
            _plan_document(plan, forecast),
            lambda _: session.console.text("nothing was uploaded or trained (--dry-run)"),
        )
        return
    from customlabels.pipelines.run import begin

    clients, console = session.clients, session.console
    _see_to_bucket(session, plan, fix_bucket_policy)
    begun = begin(
        plan,
        rekognition=clients.rekognition,
        s3=clients.s3,
        region=clients.region,
        watch=console,
        external=external_manifests,
        upload=not no_upload,
    )
    if no_wait and not begun.trained:
        console.done(
            f"version {begun.version} is being trained; to wait for it and judge it: {_resuming(plan.project)}",
            version=begun.version,
            project=plan.project,
            started=begun.started,
        )
        return
    _finish(session, begun, gate, junit, kept)


def _finish(session: Session, begun: "Begun", gate: GateSettings, junit: Path | None, kept: Kept) -> None:
    """Waits for the training, and shows, judges and keeps what came of it."""
    from customlabels.pipelines import notices
    from customlabels.pipelines.run import finish

    clients, console = session.clients, session.console
    project = begun.project_arn.split("/")[1]
    try:
        outcome = finish(
            begun, rekognition=clients.rekognition, s3=clients.s3, watch=console, said=partial(still_waiting, session)
        )
    except KeyboardInterrupt:
        console.note(f"\nthe training of {begun.version} goes on; to come back: {_resuming(project)}")
        raise
    verdict = judged(session, project, outcome.measured, gate)
    evaluation, seconds = outcome.measured.evaluation, outcome.billable_seconds
    document = as_document(evaluation) | {"trained": begun.started} | verdict.document()
    about = {"project": project, "version": begun.version, "f1": evaluation.f1}
    if begun.started:
        notices.notify(clients, session.settings.notify, notices.TRAINED, about, console.warn)

    def show(_: object) -> None:
        show_evaluation(console, evaluation)
        if not begun.started:
            console.text(f"version {begun.version} was trained already; nothing was trained or billed")
        elif seconds is not None:
            console.text(f"billed: {seconds} seconds of training, ${training_cost(seconds):.2f} at the AWS price")
        show_verdict(console, verdict)

    console.result(document, show)
    write_files(kept, outcome.measured)
    unlogged = track(session, kept, project, outcome, verdict)
    if verdict.checks:
        what = notices.FAILED if verdict.shortfalls else notices.PASSED
        detail = {**about, "shortfalls": verdict.shortfalls}
        notices.notify(clients, session.settings.notify, what, detail, console.warn)
    if unlogged and verdict.shortfalls:
        console.warn(unlogged.message)
    end_on(verdict, junit)
    if unlogged:
        raise unlogged


def _under_way(session: Session, project: str, name: str | None) -> "Begun":
    """The version of that name; the newest that is being trained, or else the newest, where it is None."""
    from customlabels.pipelines.project import need_project
    from customlabels.pipelines.run import Begun
    from customlabels.pipelines.versions import list_versions, version_name

    rekognition = session.clients.rekognition
    found = [one for one in list_versions(rekognition, project) if name in (None, version_name(one))]
    if not found:
        raise ServiceError(
            f"project {project} has no version{f' {name}' if name else ''} to wait for", hint="customlabels train DIR"
        )
    found.sort(key=lambda one: one["Status"] != "TRAINING_IN_PROGRESS")
    training = found[0]["Status"] == "TRAINING_IN_PROGRESS"
    return Begun(need_project(rekognition, project), version_name(found[0]), training)


def _resuming(project: str) -> str:
    return f"customlabels train --resume --project {project}"


def plan_for(
    session: Session,
    divided: Dataset,
    bucket: str | None,
    project: str | None,
    version: str | None,
    settings: str = "",
    remote: "Remote | None" = None,
) -> Plan:
    """The plan that flags and settings ask for."""
    title = f"hashing {len(divided.records)} images"
    # What is in S3 already has a hash there.
    shown = nullcontext(_nothing) if remote else session.console.step(title, len(divided.records))
    with shown as advance:
        return make_plan(
            divided,
            project=session.project(project, divided.root),
            bucket=session.bucket(bucket),
            prefix=session.settings.project.prefix,
            version=version,
            settings=settings,
            kms_key=session.settings.project.kms_key,
            source=remote.address if remote else None,
            hashes=remote.hashes if remote else None,
            step=lambda: advance(1),
        )


def _nothing(count: int) -> None:
    """Advances no bar."""


def _forecast(session: Session, plan: Plan, max_cost: float | None, dry_run: bool) -> Estimate | None:
    """What the training may cost; None where the version is there already. Notes the plan.

    Raises
    ------
    SettingsError : it may cost more than is allowed
    """
    from customlabels.pipelines.project import find_project
    from customlabels.pipelines.versions import list_versions, version_name

    earlier = []
    try:
        rekognition = session.clients.rekognition
        if find_project(rekognition, plan.project):
            earlier = list_versions(rekognition, plan.project)
    except (ServiceError, SettingsError) as error:
        if not dry_run:
            raise
        session.console.note(f"the service was not asked: {error.message}")
    sides = {side: plan.dataset.side(side) for side in Side}
    note = (
        f"plan: project {plan.project}, version {plan.version}\n"
        f"      {len(label_counts(plan.dataset.records))} labels, "
        f"{len(sides[Side.TRAIN])} images to train, {len(sides[Side.TEST])} to test\n"
        f"      images in {plan.source or f's3://{plan.bucket}/{plan.images}'}, "
        f"results in s3://{plan.bucket}/{plan.output}\n"
    )
    for one in earlier:
        if version_name(one) == plan.version:
            training = one["Status"] == "TRAINING_IN_PROGRESS"
            said = "is being trained already" if training else "exists: nothing is trained or billed"
            session.console.note(f"{note}      the version {said}")
            return None
    forecast = estimate(len(sides[Side.TRAIN]), earlier)
    low, high = forecast.dollars
    session.console.note(
        f"{note}      estimated cost on AWS: ${low:.2f} to ${high:.2f} ({forecast.low_hours:.2g} to "
        f"{forecast.high_hours:.2g} hours of training at $1.00, {forecast.basis})"
    )
    for sentence in quota_notes(earlier):
        session.console.warn(sentence)
    if max_cost is not None and high > max_cost:
        raise SettingsError(
            f"the training may cost ${high:.2f}, --max-cost allows ${max_cost:.2f}; nothing was uploaded or trained",
            hint="fewer images train faster; or allow more",
        )
    return forecast


def _check_gate(session: Session, plan: Plan, gate: GateSettings) -> None:
    """Finds what would make the gate's verdict worthless before a training is paid for.

    Raises
    ------
    SettingsError : it asks for labels that the images do not have
    """
    labels = label_counts(plan.dataset.records)
    if missing := sorted(gate.min_label.keys() - labels.keys()):
        raise SettingsError(
            f"the gate asks for labels that the images do not have: {', '.join(missing)}",
            hint=f"their labels are {', '.join(labels)}",
        )
    same = alike(plan.dataset.records, lambda record: plan.hashes[record.name].sha256)
    if torn := [group for group in same if len({record.labels for record in group}) > 1]:
        # The first of each label.
        names = {record.labels: record.name for record in reversed(torn[0])}
        session.console.warn(
            f"{len(torn)} images are there under several labels: {' and '.join(sorted(names.values()))} …; "
            "customlabels dataset inspect lists them"
        )


def _see_to_bucket(session: Session, plan: Plan, fix_policy: bool) -> None:
    """Warns of a bucket that is open to the public; adds to its policy where that is asked."""
    import json
    from difflib import unified_diff

    from customlabels.pipelines import bucket

    clients, console = session.clients, session.console
    bucket.check_bucket(clients.s3, plan.bucket, clients.region)
    if not session.local and (sentence := bucket.exposure(clients.s3, plan.bucket)):
        console.warn(sentence)
    if fix_policy:
        before, after = bucket.policy_change(clients.s3, plan.bucket, plan.prefix, clients.account)
        if before == after:
            console.note("the bucket's policy has what the service needs")
            return
        now, then = (json.dumps(one, indent=2).splitlines() for one in (before, after))
        console.note("\n".join(unified_diff(now, then, "policy now", "policy to be", lineterm="")))
        bucket.put_policy(clients.s3, plan.bucket, after)


def _plan_document(plan: Plan, forecast: Estimate | None) -> dict[str, Any]:
    return {
        "project": plan.project,
        "version": plan.version,
        "bucket": plan.bucket,
        "images": {side.value: len(plan.dataset.side(side)) for side in Side},
        "digests": {side.value: plan.digest(side) for side in Side},
        "exists": forecast is None,
        "estimate": asdict(forecast) if forecast else None,
        "estimated_dollars": list(forecast.dollars) if forecast else [0.0, 0.0],
    }
