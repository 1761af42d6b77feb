"""A project with two trained versions whose schedule is deployed on a local service of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from customlabels.emulator.server import address
from support.drawing import draw
from support.local_services import Service, connect
from support.shells import Shell

SETTINGS = """
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "Europe/Berlin"
warm_up = "10m"
[[schedule.window]]
days = "daily"
start = "08:00"
stop = "10:00"
[[schedule.window]]
days = "daily"
start = "20:00"
stop = "02:00"
"""


@contextmanager
def serviced(folder: Path, pace: address.Pace, settings: str) -> Iterator[tuple[Shell, Service]]:
    """A folder with these settings to run commands in, and a service of its own."""
    shell = Shell(folder)
    service = connect(shell.state, pace=pace)
    (folder / "customlabels.toml").write_text(settings)
    try:
        yield shell, service
    finally:
        address.stop(shell.state)


@contextmanager
def deployed(folder: Path, pace: address.Pace, settings: str = SETTINGS) -> Iterator[tuple[Shell, Service]]:
    """The folder to run commands in, and the service, at two at night; `v1` is the champion, `v2` a copy of it."""
    with serviced(folder, pace, settings) as (shell, service):
        draw(folder / "photos", {"across": 6, "down": 6})
        shell.run_on("--local", "train", "photos", "--version-name", "v1", minutes=30)
        shell.run("--local", "versions", "promote", "v1", "--force")
        (project,) = service.rekognition.describe_projects()["ProjectDescriptions"]
        (version,) = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"])[
            "ProjectVersionDescriptions"
        ]
        service.rekognition.copy_project_version(
            SourceProjectArn=project["ProjectArn"],
            SourceProjectVersionArn=version["ProjectVersionArn"],
            DestinationProjectArn=project["ProjectArn"],
            VersionName="v2",
            OutputConfig={"S3Bucket": "customlabels-local", "S3KeyPrefix": "copied"},
        )
        # At two at night, whatever the time is: no window is open, and none has been.
        now = datetime.fromtimestamp(address.advance(shell.state, 3600), UTC)
        night = now.replace(hour=2, minute=0, second=0) + timedelta(days=1)
        address.advance(shell.state, (night - now).total_seconds())
        shell.run("--local", "schedule", "deploy", "--yes")
        yield shell, service
