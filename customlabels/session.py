"""Custom Labels as Python uses it: the use cases of the command, with the settings and clients that each needs."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import LOCAL_BUCKET, Clients, Connection, check_region, explained
from customlabels.core.console import Console, Reporting
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.watching import Progress
from customlabels.core.settings import GateSettings, Settings, find_settings, load_settings
from customlabels.pipelines.service.arns import CHAMPION, project_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from customlabels.aws.stacks.change_sets import Change
    from customlabels.core.tables import Table
    from customlabels.datasets.model import Dataset
    from customlabels.manifests.images import Look
    from customlabels.manifests.report import Report
    from customlabels.pipelines.evaluation.comparison import Comparison
    from customlabels.pipelines.evaluation.measured import Measured
    from customlabels.pipelines.evaluation.gate import Verdict
    from customlabels.pipelines.following import Following
    from customlabels.pipelines.policies import Scope
    from customlabels.pipelines.promotion import Promoted
    from customlabels.pipelines.readiness.findings import Finding
    from customlabels.pipelines.service.detection import Detection
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.versions import Description
    from customlabels.pipelines.training.conclusion import Trained
    from customlabels.pipelines.training.forecast import Planned
    from customlabels.pipelines.training.run import Begun
    from customlabels.pipelines.training.run_plan import Plan
    from customlabels.pipelines.training.s3_source import Remote
    from customlabels.pipelines.training.sources import Wanted
    from customlabels.pipelines.training.version_table import VersionRow
    from customlabels.scheduler.models import ModelStatus, Started, Stopped
    from customlabels.scheduler.stack.schedule_stack import Assembled
    from customlabels.scheduler.uptime import Schedule


class Session:
    """The project's settings, and clients of AWS or of the local service, as every command has them.

    Everything in it is made when it is first used. Session() goes by the environment, and by the customlabels.toml of
    the working folder or of the nearest one above it.

    Parameters
    ----------
    local : whether calls go to the local service, which is started where it is not up; None: as CUSTOMLABELS_LOCAL says
    endpoint_url : of something else that speaks AWS's protocol
    config : path of the settings, where they lie elsewhere
    console : what progress, notes and warnings are shown on
    progress : called with a step's title, how much of it is done, and how much there is, in place of showing it
    """

    def __init__(
        self,
        *,
        local: bool | None = None,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        config: Path | None = None,
        console: Console | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._local = local
        self._profile = profile
        self._region = region
        self._endpoint_url = endpoint_url
        self._config = config
        self.console = console or (Reporting(progress) if progress else Console())

    @cached_property
    def settings_path(self) -> Path | None:
        """Where the settings lie; None where there are none."""
        return self._config or find_settings(Path.cwd())

    @cached_property
    def settings(self) -> Settings:
        """The settings; the defaults where there is no file."""
        return load_settings(self.settings_path)

    @cached_property
    def local(self) -> bool:
        """Whether the local service is asked for; another endpoint overrules the environment."""
        if self._local is not None:
            return self._local
        return os.environ.get("CUSTOMLABELS_LOCAL", "") not in ("", "0") and self._endpoint_url is None

    @cached_property
    def state(self) -> Path:
        """Where the local service keeps its state: beside the settings, else in the working folder."""
        from customlabels.emulator.server.address import STATE_FOLDER

        if named := os.environ.get("CUSTOMLABELS_STATE"):
            return Path(named)
        folder = self.settings_path.parent if self.settings_path else Path.cwd()
        return folder / STATE_FOLDER

    @cached_property
    def clients(self) -> Clients:
        """boto3's clients, typed, by the names of services: `clients.rekognition`, `clients.s3` and so on."""
        region = self._region or self.settings.project.region
        if not self.local:
            return Clients(
                Connection(self._profile, region, self._endpoint_url, on_call=self._note_call, held_up=self.console.note)
            )
        from customlabels.emulator.server.address import start

        if self._endpoint_url is not None:
            raise SettingsError("--local and --endpoint-url exclude each other")
        service = start(self.state)
        clients = Clients(
            Connection(None, region, service.endpoint_url, service.key, on_call=self._note_call, held_up=self.console.note)
        )
        self._make_local_bucket(clients, self.settings.project.bucket or LOCAL_BUCKET)
        return clients

    def other(self, profile: str) -> Clients:
        """The clients of another profile, in the same region; locally there is one account only."""
        if self.local:
            raise SettingsError("the local service has one account only", hint="leave --to-profile out")
        return Clients(
            Connection(
                profile, self.clients.region, self._endpoint_url, on_call=self._note_call, held_up=self.console.note
            )
        )

    def now(self) -> datetime:
        """The time: the local service's own, which may have been moved on, where that is used."""
        if self.local:
            from customlabels.emulator.server.address import advance, running

            if running(self.state) is None:
                return datetime.now(UTC)
            return datetime.fromtimestamp(advance(self.state, 0.0), UTC)
        return datetime.now(UTC)

    @property
    def _note_call(self) -> Callable[[str], None] | None:
        return (lambda call: self.console.note(f"calls {call}")) if self.console.verbose else None

    def bucket(self, name: str | None = None) -> str:
        """That bucket, or the settings', or the local service's.

        Raises
        ------
        SettingsError : none is named
        """
        bucket = name or self.settings.project.bucket or (LOCAL_BUCKET if self.local else None)
        if bucket is None:
            raise SettingsError(
                "no bucket is set",
                hint="give --bucket NAME or set it in customlabels.toml; or try everything without AWS: --local",
            )
        return bucket

    def project(self, name: str | None = None, source: Path | None = None) -> str:
        """That name, or the settings', or that of the image folder `source`, or that of the only project there is.

        Raises
        ------
        SettingsError : nothing names one
        """
        from customlabels.pipelines.training.run_plan import project_name as usable_name

        name = name or self.settings.project.name
        if name is None and source is not None:
            name = usable_name(source.resolve().name)
        return name if name is not None else self._only_project()

    def schedule(self, learned: timedelta | None = None) -> "Schedule":
        """The schedule of the settings; `learned`, or else the usual one, is its warm-up where they name none.

        Raises
        ------
        SettingsError : there is none, or what is wrong with it
        """
        from customlabels.scheduler.schedule_settings import read_schedule
        from customlabels.scheduler.uptime import USUAL_WARM_UP

        warm_up = USUAL_WARM_UP if learned is None else learned
        schedule = read_schedule(self.settings.schedule, self.now().year, warm_up)
        if not schedule.windows:
            raise SettingsError(
                "no window is set", hint="add a [[schedule.window]] to customlabels.toml; customlabels init shows one"
            )
        return schedule

    def version(self, project: str, name: str | None = None, *, gone: bool = False) -> "Description":
        """The version of that name, of the champion where it is called champion, the newest trained where it is None.

        Parameters
        ----------
        gone : whether it may be one that is no model any more: DELETING, EXPIRED or DEPRECATED

        Raises
        ------
        ServiceError : there is none
        """
        from customlabels.pipelines.service import champion
        from customlabels.pipelines.service.versions import choose_version

        if name == CHAMPION:
            promoted = champion.current(self.clients.ssm, project)
            if promoted is None:
                raise ServiceError(
                    f"project {project} has no champion", hint="customlabels versions promote VERSION makes one"
                )
            return champion.promoted_version(self.clients.rekognition, project, promoted)
        return choose_version(self.clients.rekognition, project, name, gone=gone)

    def champion_or(self, project: str, name: str | None) -> "Description":
        """The version of that name; where it is None the champion, and where there is none the newest trained."""
        from customlabels.pipelines.service import champion

        if name is None and champion.current(self.clients.ssm, project) is not None:
            return self.version(project, CHAMPION)
        return self.version(project, name)

    def measured(self, project: str, name: str | None = None) -> "Measured":
        """Evaluation and snapshot of that version."""
        from customlabels.pipelines.evaluation.results import measure

        measured = measure(self.clients.s3, self.version(project, name))
        for sentence in measured.unread:
            self.console.warn(sentence)
        return measured

    def plan(
        self,
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
        from contextlib import nullcontext

        from customlabels.pipelines.training.run_plan import make_plan

        title = f"hashing {len(divided.records)} images"
        known = remote is not None or all(record.hashes for record in divided.records)
        shown = nullcontext(lambda count: None) if known else self.console.step(title, len(divided.records))
        with shown as advance:
            return make_plan(
                divided,
                project=self.project(project, divided.root),
                bucket=self.bucket(bucket),
                prefix=self.settings.project.prefix,
                version=version,
                settings=settings,
                kms_key=self.settings.project.kms_key,
                source=remote.address if remote else None,
                hashes=remote.hashes if remote else None,
                step=lambda: advance(1),
            )

    def divide(self, wanted: "Wanted") -> "tuple[Dataset, Remote | None]":
        """The images that are asked for, divided; and what is known of them in S3, where they lie there."""
        from customlabels.pipelines.training.sources import divide_images, warn_of_leaks

        divided, _ = divide_images(wanted)
        warn_of_leaks(wanted, divided)
        return divided.dataset, divided.remote

    def plan_training(
        self,
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
        from customlabels.pipelines.training import forecast

        given = wanted.settings
        self._check_training(wanted, bucket=bucket, project=project, version=version, offline=offline)
        divided, remote = self.divide(wanted)
        divided_by = f"test-fraction={given.test_fraction:g} seed={given.seed} group-by={given.group_by or 'none'}"
        plan = self.plan(
            divided, bucket=bucket, project=project, version=version, settings=divided_by, remote=remote
        )
        forecast.check_gate(plan, gate or self.settings.gate, self.console)
        most = max_cost or self.settings.project.max_cost
        estimate = forecast.forecast(lambda: self.clients.rekognition, plan, most, self.console, offline=offline)
        return forecast.Planned(plan, estimate)

    def _check_training(
        self, wanted: "Wanted", *, bucket: str | None, project: str | None, version: str | None, offline: bool
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

        named = self.bucket(bucket)
        check_names(project=project or self.settings.project.name, version=version, bucket=named)
        region = self._region or self.settings.project.region
        if offline:
            if region is not None and not self.local and self._endpoint_url is None:
                check_region(region)
            return
        check_bucket(self.clients.s3, named, self.clients.region)
        if wanted.in_s3 and is_address(f"{wanted.path}/"):
            images = str(wanted.path).removeprefix("s3://").partition("/")[0]
            if images != named:
                check_bucket(self.clients.s3, images, self.clients.region)

    def begin_training(
        self,
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

        clients = self.clients
        see_to_bucket(clients, plan, self.console, fix_policy=fix_policy, public_check=not self.local)
        return begin(
            plan,
            rekognition=clients.rekognition,
            s3=clients.s3,
            region=clients.region,
            watch=self.console,
            external=external,
            upload=upload,
        )

    def finish_training(
        self,
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

            keep = keeper(tracker, self.clients, self.console)
        return conclude(
            begun,
            clients=self.clients,
            gate=gate or self.settings.gate,
            notify=self.settings.notify,
            watch=self.console,
            keep=keep,
            held_up=self.held_up,
            on_result=on_result,
        )

    def train(
        self,
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
        wanted = self.wanted(source, **dataset)
        planned = self.plan_training(
            wanted, bucket=bucket, project=project, version=version, gate=gate, max_cost=max_cost
        )
        return self.finish_training(self.begin_training(planned.plan), gate=gate)

    def wanted(self, source: "str | Path | Dataset", **dataset: Any) -> "Wanted":
        """The images at `source`, or those of a dataset that is at hand, read as [dataset] of the settings and what is given beside it say."""
        from customlabels.datasets.model import Dataset
        from customlabels.pipelines.training.sources import Wanted

        given = replace(self.settings.dataset, **dataset)
        return Wanted(
            None if isinstance(source, Dataset) else str(source),
            given,
            lambda: self.clients.s3,
            self.console,
            region=lambda: self.clients.region,
            images=Path(given.images) if given.images else None,
            masks=Path(given.masks) if given.masks else None,
            dataset=source if isinstance(source, Dataset) else None,
        )

    def gate(
        self, version: str | None = None, gate: GateSettings | None = None, *, project: str | None = None
    ) -> "Verdict":
        """The gate's verdict on that version, or the newest; nothing is trained."""
        from customlabels.pipelines.evaluation.judging import judge_beside_champion

        name = self.project(project)
        return judge_beside_champion(self.clients, name, self.measured(name, version), gate or self.settings.gate, self.console)

    def compare(
        self,
        base: str,
        *others: str,
        project: str | None = None,
        re_evaluate: bool = False,
        before_start: "BeforeStart | None" = None,
        guard: bool = True,
    ) -> "list[Comparison]":
        """Each of `others` beside `base`.

        Parameters
        ----------
        re_evaluate : shows the test images of `base` to versions that were judged on others; that starts their model
        before_start : asked before that; raises where the model is not to be started
        """
        from customlabels.pipelines.evaluation import re_evaluation
        from customlabels.pipelines.evaluation.comparison import compare
        from customlabels.pipelines.service.running import unasked

        name = self.project(project)
        first, comparisons = self.measured(name, base), []
        for other in others:
            comparison = compare(first, self.measured(name, other))
            if not comparison.comparable and re_evaluate:
                beside = re_evaluation.on_test_images_of(
                    first, self.version(name, other), self.clients, self.console, before_start or unasked, guard
                )
                comparison = compare(first, beside)
            comparisons.append(comparison)
        return comparisons

    def promote(
        self,
        version: str | None = None,
        *,
        project: str | None = None,
        gate: GateSettings | None = None,
        why: str = "",
        force: bool = False,
        smoke: str | Path | None = None,
        on_verdict: "Callable[[Verdict], None]" = lambda verdict: None,
    ) -> "Promoted":
        """That version, or the newest, as champion, once it passes its gate; see promotion.promote."""
        from customlabels.pipelines import promotion

        name = self.project(project)
        return promotion.promote(
            self.clients,
            name,
            self.version(name, version),
            gate or self.settings.gate,
            self._following(name),
            self.console,
            why=why,
            force=force,
            smoke=None if smoke is None else Path(smoke),
            on_verdict=on_verdict,
        )

    def rollback(self, *, project: str | None = None, why: str = "") -> "Promoted":
        """The champion before this one as champion again."""
        from customlabels.pipelines import promotion

        name = self.project(project)
        return promotion.rollback(self.clients, name, lambda left: self._following(name, left), self.console, why)

    def start(
        self,
        version: str | None = None,
        *,
        project: str | None = None,
        units: int = 1,
        max_units: int | None = None,
        before_start: "BeforeStart | None" = None,
    ) -> "Started":
        """That version's model, or the champion's, or the newest's, brought to RUNNING; it costs until it is stopped.

        Parameters
        ----------
        units, max_units : inference units; scaled by load up to `max_units`
        before_start : asked before it is started; raises where it is not to be
        """
        from customlabels.scheduler import models

        name = self.project(project)
        chosen = self.champion_or(name, version)
        return models.start(
            self.clients, name, chosen, self.now(), self.console, units, max_units, before_start=before_start
        )

    def stop(self, version: str | None = None, *, project: str | None = None) -> "Table[Stopped]":
        """That version's model stopped, or every running model of the project."""
        from customlabels.scheduler import models

        name = self.project(project)
        chosen = [self.version(name, version)] if version else models.running(self.clients, name)
        return models.stop(self.clients, name, chosen, self.now(), self.console)

    def status(self, *, project: str | None = None, days: int = 30) -> "Table[ModelStatus]":
        """Which models of the project are up, at what price, and what they have cost in the last `days`."""
        from customlabels.scheduler import models

        return models.status(self.clients, self.project(project), self.now(), days)

    def versions(self, *, project: str | None = None) -> "Table[VersionRow]":
        """The project's versions, the newest first."""
        from customlabels.pipelines.training.version_table import version_table

        return version_table(self.clients, self.project(project), self.console)

    def detect(
        self,
        source: str | Path,
        *,
        version: str | None = None,
        project: str | None = None,
        min_confidence: float | None = None,
        rate: float | None = None,
        start: bool = False,
    ) -> "Table[Detection]":
        """What a running version sees in an image, all images below a folder, or below an address in S3.

        Parameters
        ----------
        version : its name; the champion, or else the newest trained, where it is None
        min_confidence : 0..100; each label's assumed threshold where it is None
        rate : images a second that an inference unit takes
        start : starts the model where it is stopped, and stops it again
        """
        from customlabels.core.tables import Table
        from customlabels.pipelines.service.detection import Detection, detect
        from customlabels.pipelines.service.image_sources import images_of

        images = images_of(str(source), self.clients.s3)
        chosen = self.answering(project, version)
        units = max(1, chosen.get("MinInferenceUnits") or 1)
        with self.running(chosen, units=units, start=start):
            with self.console.step(f"looking at {len(images)} images", len(images)) as advance:
                detections = detect(
                    self.clients.rekognition,
                    chosen["ProjectVersionArn"],
                    images,
                    rate=units * (rate or self.settings.detect.rate),
                    min_confidence=min_confidence,
                    advance=advance,
                )
                return Table(Detection, detections)

    def answering(self, project: str | None = None, version: str | None = None) -> "Description":
        """The version that is to answer: that one, or the champion; the old one while a schedule changes over."""
        from customlabels.pipelines.service.states import State
        from customlabels.pipelines.service.versions import version_name
        from customlabels.scheduler.deployed import serving

        name = self.project(project)
        chosen = self.champion_or(name, version)
        if version is None and chosen["Status"] != State.RUNNING:
            other = serving(self.clients, name, self.now(), self.console)
            if other is not None:
                self.console.note(f"{version_name(chosen)} is not up yet; {version_name(other)} answers")
                return other
        return chosen

    def running(
        self,
        version: "Description",
        *,
        units: int = 1,
        start: bool,
        before_start: "BeforeStart | None" = None,
        guard: bool = True,
    ) -> AbstractContextManager[None]:
        """The version running for as long as the block; started for this, and stopped again, where that was asked.

        Raises
        ------
        ServiceError : it is not running, and is not to be started
        """
        from customlabels.pipelines.service.running import kept_running, unasked
        from customlabels.pipelines.service.states import State
        from customlabels.pipelines.service.versions import version_name

        if version["Status"] != State.RUNNING and not start:
            raise ServiceError(
                f"version {version_name(version)} is {version['Status']}, not RUNNING",
                hint="--start starts it for this and stops it again; customlabels model start keeps it up "
                "(on AWS an inference unit costs $4 an hour)",
            )
        return kept_running(
            self.clients, version, self.console, units=units, before_start=before_start or unasked, guard=guard
        )

    def schedule_stack(
        self, project: str | None = None, bucket: str | None = None, *, unaided: bool = False
    ) -> "Assembled":
        """What the settings make of the project's schedule as a stack; nothing is deployed.

        Parameters
        ----------
        unaided : whether it is made, and that said, where the account cannot be asked
        """
        from customlabels.scheduler.stack.schedule_stack import Account, assemble, is_out_of_reach, look_up

        # What is wrong with the settings needs no account to be told.
        self.schedule()
        name, code_bucket = self.project(project), self.bucket(bucket)
        try:
            account = look_up(self.clients, name)
        except ServiceError as error:
            if not unaided or not is_out_of_reach(error):
                raise
            account = Account()
            self.console.warn(
                f"{error.message}: nothing of the account is in the template. Its warm-up is the settings', or the "
                "usual one; ProjectArn is a parameter of it; stops that need no function are left out"
            )
        schedule = self.schedule(account.lead)
        now = self.now()
        return assemble(self.settings, project=name, bucket=code_bucket, schedule=schedule, now=now, account=account)

    def deploy_schedule(
        self,
        confirm: "Callable[[tuple[Change, ...]], bool]",
        *,
        assembled: "Assembled | None" = None,
    ) -> "tuple[Change, ...]":
        """The project's schedule deployed; the changes that were made, none where nothing is to change.

        Parameters
        ----------
        confirm : asked with the changes before they are made; false, or an exception, leaves everything as it is
        assembled : what is deployed; by default what schedule_stack gives
        """
        from customlabels.aws.stacks import deployment
        from customlabels.scheduler.deployed import deployed
        from customlabels.scheduler.overriding import hold_on

        chosen = assembled or self.schedule_stack()
        outcome = deployment.deploy(self.clients, chosen.stack, confirm=confirm, watch=self.console)
        if outcome is None or not outcome.changes:
            return ()
        parts = chosen.parts
        hold_on(self.clients, deployed(self.clients, parts.project, self.now()), self.now())
        if chosen.champion_lost:
            self.console.warn(chosen.champion_lost)
        elif parts.champion is None:
            self.console.warn("there is no champion yet to start: customlabels versions promote VERSION makes one")
        for email in parts.emails:
            self.console.note(f"{email} is told once it has agreed to in the mail that SNS sends")
        return outcome.changes

    def scope(
        self,
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
        from customlabels.aws.stacks.names import stack_name
        from customlabels.pipelines.policies import Scope

        settings, name = self.settings, self.project(project)
        return Scope(
            account=account or self.clients.account,
            region=self.clients.region,
            project=name,
            bucket=self.bucket(bucket),
            prefix=settings.project.prefix,
            kms_key=settings.project.kms_key,
            topic=settings.notify.topic,
            event_bus=settings.notify.event_bus,
            images=images,
            to_project=to_project,
            packages=stack_name(name) if settings.track.sagemaker else None,
        )

    def doctor(
        self,
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
        from customlabels.pipelines.policies import POLICIES
        from customlabels.pipelines.readiness.checkup import Asked, checkup
        from customlabels.pipelines.readiness.findings import Finding
        from customlabels.pipelines.service.running import unasked
        from customlabels.scheduler.readiness import schedule

        name = project or self.settings.project.name
        asked = Asked(
            settings=self.settings,
            project=name,
            bucket=bucket or self.settings.project.bucket or (LOCAL_BUCKET if self.local else None),
            now=self.now,
            emulated=self.local or self._endpoint_url is not None,
            policies=lambda project, bucket: {
                use: policy(self.scope(project, bucket=bucket)) for use, policy in POLICIES.items()
            },
            schedule=lambda project: schedule(self.clients, project, self.now()),
            probe=probe,
            version=(lambda: self.champion_or(self.project(name), None)) if paid else None,
            before_start=before_start or unasked,
        )
        return Table(Finding, checkup(lambda: self.clients, asked, self.console))

    def validate(
        self, manifest: str | Path, test: str | Path | None = None, *, images: str | Path | None = None
    ) -> "Report":
        """What the dataset import and the training would find in a manifest, with the service's own codes."""
        from contextlib import ExitStack

        from customlabels.manifests.report import validate
        from customlabels.pipelines.training.sources import local_file

        with ExitStack() as stack:
            opened = [stack.enter_context(local_file(str(file), lambda: self.clients.s3)) for file in (manifest, test) if file]
            return validate(opened[0], opened[1] if test else None, look=self.look(images))

    def look(self, images: str | Path | None) -> "Look | None":
        """What looks at the images of manifests: in a folder, or in S3 itself where `images` is s3; None looks at none.

        Raises
        ------
        SettingsError : there is no such folder
        """
        from customlabels.manifests.images import local_images, s3_images

        if images is None:
            return None
        if str(images) in ("s3", "s3:", "s3://"):
            return s3_images(self.clients.s3, self.clients.region)
        if not Path(images).is_dir():
            raise SettingsError(f"--images {images}: no such folder", hint="name a folder, or s3")
        return local_images(Path(images))

    def _following(self, project: str, left: str | None = None) -> "Following":
        """Who is told of a new champion, and what follows it; `left` is the ARN of one that is gone back from."""
        from customlabels.pipelines.following import Follower, Following
        from customlabels.aws.stacks.names import stack_name

        followers: list[Follower] = []
        if self.settings.track.to == "mlflow":
            from customlabels.pipelines.tracking.keeping import alias_follower

            followers.append(alias_follower(self.settings.track.uri))
        if self.settings.track.sagemaker:
            from customlabels.pipelines.sagemaker.packages import package_follower

            followers.append(package_follower(self.clients, stack_name(project), self.console, left))
        return Following(self.settings.notify, tuple(followers))

    def held_up(self, sentence: str) -> None:
        """Tells what a wait is held up by; a local service that died is brought back, since nobody else would."""
        self.console.note(sentence)
        if self.local:
            from customlabels.emulator.server.address import start

            start(self.state)

    def _only_project(self) -> str:
        with explained("projects"):
            projects = self.clients.rekognition.describe_projects()["ProjectDescriptions"]
        if len(projects) == 1:
            return project_name(projects[0]["ProjectArn"])
        names = ", ".join(sorted(project_name(project["ProjectArn"]) for project in projects))
        if not projects:
            raise ServiceError("there is no project yet", hint="train a first version: customlabels train DIR")
        raise SettingsError(f"there are several projects: {names}", hint="name one with --project")

    def _make_local_bucket(self, clients: Clients, bucket: str) -> None:
        """Makes the bucket of the settings, or the usual one, in the local service."""
        from botocore.exceptions import ClientError

        try:
            clients.s3.head_bucket(Bucket=bucket)
        except ClientError:
            with explained(f"creating bucket {bucket} locally"):
                if clients.region == "us-east-1":
                    clients.s3.create_bucket(Bucket=bucket)
                else:
                    configuration: Any = {"LocationConstraint": clients.region}
                    clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=configuration)
