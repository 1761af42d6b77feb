"""A training from Python: planned, begun, waited for and judged."""

import hashlib
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import check_region
from customlabels.core.addresses import bucket_and_key
from customlabels.core.plurals import counted
from customlabels.core.settings import GateSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient

    from customlabels.datasets.model import Dataset
    from customlabels.pipelines.training.conclusion import Trained
    from customlabels.pipelines.training.forecast import Planned
    from customlabels.pipelines.training.run import Begun
    from customlabels.pipelines.training.run_plan import Plan
    from customlabels.pipelines.training.s3_source import Remote
    from customlabels.pipelines.training.sources import Wanted
    from customlabels.session.session import Session


def wanted(session: "Session", source: "str | Path | Dataset", **dataset: Any) -> "Wanted":
    """The images at `source`, or of a dataset at hand, read as [dataset] of the settings and what is given here say."""
    from customlabels.datasets.model import Dataset
    from customlabels.pipelines.training.sources import Wanted

    given = replace(session.settings.dataset, **dataset)
    return Wanted(
        None if isinstance(source, Dataset) else str(source),
        given,
        lambda: session.clients.s3,
        session.console,
        region=lambda: session.clients.region,
        images=Path(given.images) if given.images else None,
        masks=Path(given.masks) if given.masks else None,
        dataset=source if isinstance(source, Dataset) else None,
    )


def divide(wanted: "Wanted") -> "tuple[Dataset, Remote | None]":
    """The images that are asked for, divided; and what is known of them in S3, where they lie there."""
    from customlabels.pipelines.training.sources import divide_images, warn_of_leaks

    divided, _ = divide_images(wanted)
    warn_of_leaks(wanted, divided)
    return divided.dataset, divided.remote


def plan(
    session: "Session",
    divided: "Dataset",
    *,
    bucket: str | None = None,
    project: str | None = None,
    version: str | None = None,
    settings: str = "",
    remote: "Remote | None" = None,
) -> "Plan":
    """What a run on these images will do.

    Parameters
    ----------
    divided : images with their sides
    settings : how they were divided, in words
    remote : the images, where they are in S3 already: what is there has a hash
    """
    from customlabels.pipelines.training.run_plan import make_plan

    title = f"hashing {counted(len(divided.records), 'image')}"
    unread = sum(record.info.size for record in divided.records if record.hashes is None and remote is None)
    shown = session.console.step(title, unread, in_bytes=True) if unread else nullcontext(lambda size: None)
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
            step=advance,
        )


def plan_training(
    session: "Session",
    wanted: "Wanted",
    *,
    bucket: str | None = None,
    project: str | None = None,
    version: str | None = None,
    gate: GateSettings | None = None,
    max_cost: float | None = None,
    offline: bool = False,
) -> "Planned":
    """What a training will do and may cost; nothing is written.

    Parameters
    ----------
    max_cost : dollars that it may cost at most
    offline : goes on where the service cannot be asked

    Raises
    ------
    LayoutError, SettingsError, ServiceError : what would make the training worthless, or too dear
    """
    from customlabels.aws.bucket import check_images_near
    from customlabels.pipelines.training import forecast

    given = wanted.settings
    _check_training(session, wanted, bucket=bucket, project=project, version=version, offline=offline)
    divided, remote = session.divide(wanted)
    if remote is not None:
        check_images_near(session.clients.s3, remote.address.bucket, session.clients.region)
    divided_by = f"test-fraction={given.test_fraction:g} seed={given.seed} group-by={given.group_by or 'none'}"
    if given.texts is not None:
        divided_by += f" texts={hashlib.sha256(Path(given.texts).read_bytes()).hexdigest()[:12]}"
    plan = session.plan(divided, bucket=bucket, project=project, version=version, settings=divided_by, remote=remote)
    forecast.check_gate(plan, gate or session.settings.gate, session.console)
    most = max_cost or session.settings.project.max_cost
    estimate = forecast.forecast(
        lambda: session.clients.rekognition, plan, most, session.console, offline=offline, billed=not session.local
    )
    return forecast.Planned(plan, estimate)


def _check_training(
    session: "Session", wanted: "Wanted", *, bucket: str | None, project: str | None, version: str | None, offline: bool
) -> None:
    """Refuses what can be known before an image is read.

    Raises
    ------
    SettingsError : a name, a bucket or a region that cannot be used
    ServiceError : no credentials; a bucket that is missing, another's, or elsewhere
    """
    from customlabels.aws.bucket import check_bucket
    from customlabels.core.addresses import is_address
    from customlabels.pipelines.training.run_plan import check_names

    named = session.bucket(bucket)
    check_names(project=project or session.settings.project.name, version=version, bucket=named)
    if offline:
        if session.region is not None and not session.emulated:
            check_region(session.region)
        return
    check_bucket(session.clients.s3, named, session.clients.region)
    if wanted.in_s3 and is_address(f"{wanted.path}/"):
        images, _ = bucket_and_key(str(wanted.path))
        if images != named:
            check_bucket(session.clients.s3, images, session.clients.region)


def begin_training(
    session: "Session",
    plan: "Plan",
    *,
    external: bool = False,
    upload: bool = True,
    fix_policy: bool = False,
) -> "Begun":
    """Carries the plan out as far as the start of the training, except for what is done already.

    Parameters
    ----------
    external : train from manifests in S3, without datasets in the project
    upload : whether images that are not in S3 may be put there
    fix_policy : adds what the service needs to the bucket's policy
    """
    from customlabels.pipelines.training.run import begin, see_to_bucket

    clients = session.clients
    see_to_bucket(clients, plan, session.console, fix_policy=fix_policy, public_check=not session.local)
    return begin(
        plan,
        rekognition=clients.rekognition,
        s3=clients.s3,
        region=clients.region,
        watch=session.console,
        external=external,
        upload=upload,
    )


def finish_training(
    session: "Session",
    begun: "Begun",
    *,
    gate: GateSettings | None = None,
    tracker: "MlflowClient | None" = None,
    on_result: "Callable[[Trained], None]" = lambda trained: None,
) -> "Trained":
    """Waits for the training, judges the version, tells of it, and logs it where a tracking server is given.

    Parameters
    ----------
    on_result : told the result before anybody else is

    Raises
    ------
    TrainingFailed : with the codes and lines of what the service found
    ServiceError : the service refuses, or the version is trained but cannot be logged
    """
    from customlabels.pipelines.training.conclusion import Keep, conclude

    keep: Keep | None = None
    if tracker is not None:
        from customlabels.pipelines.tracking.keeping import keeper

        keep = keeper(tracker, session.clients, session.console)
    return conclude(
        begun,
        clients=session.clients,
        gate=gate or session.settings.gate,
        notify=session.settings.notify,
        watch=session.console,
        keep=keep,
        held_up=session.held_up,
        on_result=on_result,
    )


def train(
    session: "Session",
    source: "str | Path | Dataset",
    *,
    project: str | None = None,
    bucket: str | None = None,
    version: str | None = None,
    gate: GateSettings | None = None,
    max_cost: float | None = None,
    **dataset: Any,
) -> "Trained":
    """A trained and judged version of the images at `source`; one that is trained already trains nothing again.

    The verdict is part of the result: pipelines.evaluation.gate.demand raises where it is not passed.

    Parameters
    ----------
    dataset : keys of [dataset] in the settings: format, seed, test_fraction, group_by, label_map …

    Raises
    ------
    CustomLabelsError : one of its children, as plan_training, begin_training and finish_training
    """
    wanted = session.wanted(source, **dataset)
    planned = session.plan_training(
        wanted, bucket=bucket, project=project, version=version, gate=gate, max_cost=max_cost
    )
    return session.finish_training(session.begin_training(planned.plan), gate=gate)
