"""A session as Python uses it."""

import os
from pathlib import Path

import pandas
import pytest
from support.local_services import Service

from customlabels import Dataset, GateFailed, Session, SettingsError
from customlabels.aws.clients import LOCAL_BUCKET
from customlabels.core.settings import GateSettings
from customlabels.manifests.lines import entry_line


@pytest.fixture(autouse=True)
def elsewhere(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without settings, and an AWS configuration that does not work."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"STATE": str(service.state), "LOCAL": ""}.items():
        monkeypatch.setenv(f"CUSTOMLABELS_{name}", value)
    for name, value in {"PROFILE": "nobody", "SESSION_TOKEN": "expired", "CONFIG_FILE": "/nowhere"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def test_the_local_service_needs_no_aws_configuration_and_leaves_it_alone(service: Service) -> None:
    before = dict(os.environ)
    session = Session(local=True)
    assert session.clients.rekognition.meta.endpoint_url == service.endpoint_url
    assert LOCAL_BUCKET in [one["Name"] for one in session.clients.s3.list_buckets()["Buckets"]]
    assert dict(os.environ) == before
    with pytest.raises(SettingsError, match="profile 'nobody' does not exist"):
        Session().clients.region  # noqa: B018


def test_it_goes_by_the_environment_and_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "customlabels.toml"
    settings.write_text('[project]\nname = "caps"\nregion = "eu-west-1"\n')
    monkeypatch.setenv("CUSTOMLABELS_LOCAL", "1")
    session = Session()
    assert (session.local, session.settings_path, session.project()) == (True, settings, "caps")
    assert session.clients.region == "eu-west-1"
    assert Session(region="us-west-2").clients.region == "us-west-2"
    assert not Session(endpoint_url="http://127.0.0.1:9").local
    with pytest.raises(SettingsError, match="exclude each other"):
        Session(local=True, endpoint_url="http://127.0.0.1:9").clients  # noqa: B018


def test_python_does_what_the_command_does(service: Service, images: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    session = Session(local=True, progress=lambda title, done, total: steps.append(title))
    dataset = Dataset.from_pandas(table(images), image="image", label="label", root=images)
    trained = session.train(dataset, project="by-python", version="v1", gate=GateSettings(min_f1=0.5))
    assert (trained.version, trained.started, trained.verdict.shortfalls) == ("v1", True, [])
    again = session.train(str(images), project="by-python", version="v1", gate=GateSettings(min_f1=0.5))
    assert not again.started
    assert "train dataset, 16 images" in steps
    (row,) = session.versions(project="by-python")
    assert (row.version, row.champion, row.status) == ("v1", False, "TRAINING_COMPLETED")
    promoted = session.promote("v1", project="by-python", gate=GateSettings(min_f1=0.5), why="good")
    assert (promoted.changed, promoted.forced) == (True, False)
    assert session.gate(project="by-python", gate=GateSettings(min_f1=0.5)).checks[0].name == "F1"
    (comparison,) = session.compare("champion", "v1", project="by-python")
    assert comparison.comparable
    with pytest.raises(GateFailed, match="not enough evidence"):
        session.promote("v1", project="by-python", gate=GateSettings(min_test_images=50))
    assert session.start(project="by-python").started
    detections = session.detect(images / "across", project="by-python", rate=100)
    assert [detection.error for detection in detections] == [None] * 10
    assert list(detections.to_pandas().columns) == ["name", "labels", "error"]
    assert "<td>000.jpg</td>" in detections._repr_html_()
    assert [model.status for model in session.status(project="by-python")] == ["RUNNING"]
    assert [stopped.stopped for stopped in session.stop(project="by-python")] == [True]
    manifest = tmp_path / "train.manifest"
    manifest.write_bytes(entry_line("s3://plant-7/a.jpg", ("across",)) + entry_line("s3://plant-7/b.jpg", ("down",)))
    assert not session.validate(manifest).import_faults


def table(images: Path) -> pandas.DataFrame:
    paths = sorted(path.relative_to(images) for path in images.glob("*/*.jpg"))
    return pandas.DataFrame([(str(path), path.parts[0]) for path in paths], columns=["image", "label"])
