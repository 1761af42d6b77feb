"""The session: settings, clients, and the use cases, each a function of a module beside this one."""

import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from customlabels.aws.clients import LOCAL_BUCKET, Clients, Connection
from customlabels.core.console import Console, Reporting
from customlabels.core.errors import SettingsError
from customlabels.core.settings import Settings, find_settings, load_settings
from customlabels.core.watching import Progress
from customlabels.session import (
    analyses,
    batch_following,
    batch_redriving,
    batches,
    champions,
    checkups,
    detections,
    evaluations,
    inspections,
    manifest_checks,
    prelabelling,
    reviews,
    running_models,
    sagemaker_steps,
    schedules,
    settings_checks,
    trainings,
    video_detections,
    videos,
    watching,
)

_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
"""What CUSTOMLABELS_LOCAL may be, in any case."""


class Session:
    """The project's settings, and clients of AWS or of the local service, as every command has them.

    Everything in it is made when it is first used. Session() goes by the environment, and by the customlabels.toml of
    the working folder or of the nearest one above it. The use cases are functions of the modules beside this one.

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
        asked = os.environ.get("CUSTOMLABELS_LOCAL", "")
        if asked.lower() not in (*_YES, *_NO):
            raise SettingsError(f"CUSTOMLABELS_LOCAL={asked}: is neither 1 nor 0")
        return asked.lower() in _YES and self._endpoint_url is None

    @cached_property
    def state(self) -> Path:
        """Where the local service keeps its state: beside the settings, else in the working folder."""
        from customlabels.emulator.server.address import STATE_FOLDER

        if named := os.environ.get("CUSTOMLABELS_STATE"):
            return Path(named)
        folder = self.settings_path.parent if self.settings_path else Path.cwd()
        return folder / STATE_FOLDER

    @cached_property
    def region(self) -> str | None:
        """The region that is asked for; None where that is left to the configuration of AWS."""
        return self._region or self.settings.project.region

    @cached_property
    def emulated(self) -> bool:
        """Whether something else than AWS is asked: the local service, or another endpoint."""
        return self.local or self._endpoint_url is not None

    @cached_property
    def clients(self) -> Clients:
        """boto3's clients, typed, by the names of services: `clients.rekognition`, `clients.s3` and so on."""
        if not self.local:
            return self._connect(self._profile, self.region, self._endpoint_url)
        from customlabels.emulator.server.address import start

        if self._endpoint_url is not None:
            raise SettingsError("--local and --endpoint-url exclude each other")
        service = start(self.state, watch=self.console)
        return self._connect(None, self.region, service.endpoint_url, service.key, self.bucket())

    def other(self, profile: str) -> Clients:
        """The clients of another profile, in the same region; locally there is one account only."""
        if self.local:
            raise SettingsError("the local service has one account only", hint="leave --to-profile out")
        return self._connect(profile, self.clients.region, self._endpoint_url)

    def _connect(
        self,
        profile: str | None,
        region: str | None,
        endpoint_url: str | None,
        key: str | None = None,
        own_bucket: str | None = None,
    ) -> Clients:
        console = self.console
        note_call = (lambda call: console.note(f"calls {call}")) if console.verbose else None
        return Clients(
            Connection(
                profile, region, endpoint_url, key, on_call=note_call, held_up=console.note, own_bucket=own_bucket
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
        if named := name or self.settings.project.name:
            return named
        if source is None:
            from customlabels.pipelines.service.projects import only_project

            return only_project(self.clients.rekognition)
        from customlabels.pipelines.training.run_plan import project_name

        return project_name(source.resolve().name)

    def held_up(self, sentence: str) -> None:
        """Tells what a wait is held up by; a local service that died is brought back, since nobody else would."""
        self.console.note(sentence)
        if self.local:
            from customlabels.emulator.server.address import start

            start(self.state, watch=self.console)

    wanted = trainings.wanted
    divide = staticmethod(trainings.divide)
    plan = trainings.plan
    plan_training = trainings.plan_training
    begin_training = trainings.begin_training
    finish_training = trainings.finish_training
    train = trainings.train

    version = evaluations.version
    champion_or = evaluations.champion_or
    versions = evaluations.versions
    measured = evaluations.measured
    gate = evaluations.gate
    compare = evaluations.compare

    promote = champions.promote
    rollback = champions.rollback

    start = running_models.start
    stop = running_models.stop
    status = running_models.status
    answering = running_models.answering
    running = running_models.running

    detect = detections.detect
    look_at = detections.look_at
    measure_rate = detections.measure_rate

    plan_prelabels = prelabelling.plan_prelabels
    prelabel = prelabelling.prelabel

    schedule = schedules.schedule
    schedule_stack = schedules.schedule_stack
    deploy_schedule = schedules.deploy_schedule

    asked_inspection = inspections.asked_inspection
    inspection_stack = inspections.inspection_stack
    stream_changes = inspections.stream_changes
    deploy_inspection = inspections.deploy_inspection
    remove_inspection = inspections.remove_inspection
    inspection_status = inspections.inspection_status
    inspected = inspections.inspected
    dead_letters = inspections.dead_letters
    retry_inspection = inspections.retry_inspection
    analyses = analyses.analyses

    prepare_batch = batches.prepare_batch
    begin_batch = batches.begin_batch
    keep_up_for_batch = batches.keep_up_for_batch
    let_go_of_batch = batch_following.let_go_of_batch
    follow_batch = batch_following.follow_batch
    conclude_batch = batch_following.conclude_batch
    batch_status = batch_following.batch_status
    stop_batch = batch_following.stop_batch
    redrive_batch = batch_redriving.redrive_batch
    batch_results = batch_redriving.batch_results

    known_detections = inspections.known_detections
    watch_inspection = watching.watch_inspection

    check_settings = settings_checks.check_settings
    settings_doubts = settings_checks.settings_doubts

    validate = manifest_checks.validate
    look = manifest_checks.look

    pick_for_review = reviews.pick_for_review
    read_answers = reviews.read_answers
    send_review = reviews.send_review
    collect_review = reviews.collect_review
    review_status = reviews.review_status
    apply_review = reviews.apply_review
    label_suspects = reviews.label_suspects

    frames = videos.frames
    prelabel_frames = videos.prelabel_frames
    holds_videos = video_detections.holds_videos
    look_at_videos = video_detections.look_at_videos
    span_thresholds = video_detections.span_thresholds
    sagemaker_steps = sagemaker_steps.sagemaker_steps

    doctor = checkups.doctor
    scope = checkups.scope
