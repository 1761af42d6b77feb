"""What a command works with: settings, clients, console, and the names that flags or settings give."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import LOCAL_BUCKET, Clients, Connection, explained
from customlabels.core.console import Console
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.settings import Settings, find_settings, load_settings
from customlabels.pipelines.service.arns import CHAMPION, project_name

if TYPE_CHECKING:
    from customlabels.pipelines.evaluation.comparison import Measured
    from customlabels.pipelines.service.versions import Description
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
    ) -> None:
        self._local = local
        self._profile = profile
        self._region = region
        self._endpoint_url = endpoint_url
        self._config = config
        self.console = console or Console()

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
            return Clients(Connection(self._profile, region, self._endpoint_url, said=self._said))
        from customlabels.emulator.server.address import start

        if self._endpoint_url is not None:
            raise SettingsError("--local and --endpoint-url exclude each other")
        service = start(self.state)
        clients = Clients(Connection(None, region, service.endpoint_url, service.key, said=self._said))
        self._make_local_bucket(clients, self.settings.project.bucket or LOCAL_BUCKET)
        return clients

    def other(self, profile: str) -> Clients:
        """The clients of another profile, in the same region; locally there is one account only."""
        if self.local:
            raise SettingsError("the local service has one account only", hint="leave --to-profile out")
        return Clients(Connection(profile, self.clients.region, self._endpoint_url, said=self._said))

    def now(self) -> datetime:
        """The time: the local service's own, which may have been moved on, where that is used."""
        if self.local:
            from customlabels.emulator.server.address import advance, running

            if running(self.state) is None:
                return datetime.now(UTC)
            return datetime.fromtimestamp(advance(self.state, 0.0), UTC)
        return datetime.now(UTC)

    @property
    def _said(self) -> Callable[[str], None] | None:
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
        from customlabels.scheduler.reading import read_schedule
        from customlabels.scheduler.uptime import USUAL_WARM_UP

        warm_up = USUAL_WARM_UP if learned is None else learned
        found = read_schedule(self.settings.schedule, self.now().year, warm_up)
        if not found.windows:
            raise SettingsError(
                "no window is set", hint="add a [[schedule.window]] to customlabels.toml; customlabels init shows one"
            )
        return found

    def version(self, project: str, name: str | None = None) -> "Description":
        """The version of that name, of the champion where it is called champion, the newest trained where it is None.

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
            name = promoted.version
        return choose_version(self.clients.rekognition, project, name)

    def champion_or(self, project: str, name: str | None) -> "Description":
        """The version of that name; where it is None the champion, and where there is none the newest trained."""
        from customlabels.pipelines.service import champion

        if name is None:
            promoted = champion.current(self.clients.ssm, project)
            name = promoted.version if promoted else None
        return self.version(project, name)

    def measured(self, project: str, name: str | None = None) -> "Measured":
        """Evaluation and snapshot of that version."""
        from customlabels.pipelines.evaluation.results import measure

        return measure(self.clients.s3, self.version(project, name))

    def measured_champion(self, project: str) -> "Measured | None":
        """Evaluation and snapshot of the champion; None where there is none."""
        from customlabels.pipelines.service import champion

        promoted = champion.current(self.clients.ssm, project)
        return self.measured(project, promoted.version) if promoted else None

    def _only_project(self) -> str:
        with explained("projects"):
            found = self.clients.rekognition.describe_projects()["ProjectDescriptions"]
        if len(found) == 1:
            return project_name(found[0]["ProjectArn"])
        names = ", ".join(sorted(project_name(project["ProjectArn"]) for project in found))
        if not found:
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
                    place: Any = {"LocationConstraint": clients.region}
                    clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)


def still_waiting(session: Session, sentence: str) -> None:
    """Tells what a wait is held up by; a local service that died is brought back, since nobody else would."""
    session.console.note(sentence)
    if session.local:
        from customlabels.emulator.server.address import start

        start(session.state)
