"""Readiness from Python: what doctor looks at, and what the printed policies are for."""

from typing import TYPE_CHECKING

from customlabels.aws.clients import LOCAL_BUCKET

if TYPE_CHECKING:
    from customlabels.aws.stacks.scope import Scope
    from customlabels.core.tables import Table
    from customlabels.pipelines.readiness.findings import Finding
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.session.session import Session


def doctor(
    session: "Session",
    *,
    project: str | None = None,
    bucket: str | None = None,
    probe: bool = False,
    paid: bool = False,
    before_start: "BeforeStart | None" = None,
) -> "Table[Finding]":
    """Whether machine, account and project are ready; free, and nothing is written, unless a probe is asked for.

    Parameters
    ----------
    probe : tries what documents leave open with a throwaway project and stack, which are removed after
    paid : with it, also starts a model, and stops it
    before_start : asked before that; raises where it is not to be
    """
    from customlabels.core.tables import Table
    from customlabels.pipelines.readiness.checkup import Asked, checkup
    from customlabels.pipelines.readiness.findings import Finding
    from customlabels.pipelines.service.running import unasked
    from customlabels.scheduler.readiness import schedule
    from customlabels.session.printed_policies import POLICIES

    name = project or session.settings.project.name
    asked = Asked(
        settings=session.settings,
        project=name,
        bucket=bucket or session.settings.project.bucket or (LOCAL_BUCKET if session.local else None),
        now=session.now,
        emulated=session.emulated,
        policies=lambda project, bucket: {
            use: policy(session.scope(project, bucket=bucket)) for use, policy in POLICIES.items()
        },
        schedule=lambda project: schedule(session.clients, project, session.now()),
        probe=probe,
        version=(lambda: session.champion_or(session.project(name), None)) if paid else None,
        before_start=before_start or unasked,
    )
    return Table(Finding, checkup(lambda: session.clients, asked, session.console))


def scope(
    session: "Session",
    project: str | None = None,
    *,
    bucket: str | None = None,
    images: str | None = None,
    to_project: str | None = None,
    account: str | None = None,
) -> "Scope":
    """What the printed policies are for: the project, and the settings around it.

    Parameters
    ----------
    images : address of images that are trained on where they lie
    to_project : where copies go
    account : its number; that of the credentials where it is None
    """
    from customlabels.aws.kinesis_video import PREFIX, is_kinesis
    from customlabels.aws.stacks.names import stack_name
    from customlabels.aws.stacks.scope import Scope
    from customlabels.inspection.inspection_settings import arrives_at

    settings, name = session.settings, session.project(project)
    source = settings.inspection.source
    return Scope(
        account=account or session.clients.account,
        region=session.clients.region,
        project=name,
        bucket=session.bucket(bucket),
        prefix=settings.project.prefix,
        kms_key=settings.project.kms_key,
        topic=settings.notify.topic,
        event_bus=settings.notify.event_bus,
        images=images,
        to_project=to_project,
        defects_to=settings.inspection.defects_to,
        archives=settings.inspection.batch_sources,
        watched=arrives_at(settings.inspection),
        stream=source.removeprefix(PREFIX) if source is not None and is_kinesis(source) else None,
        job_role=settings.video.role,
        job_queue=settings.video.queue,
        packages=stack_name(name) if settings.track.sagemaker else None,
    )
