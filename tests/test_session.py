"""A session as Python uses it."""

import importlib
import inspect
import os
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from support.local_services import Service, client

import customlabels.session
from customlabels import CustomLabelsError, Dataset, GateFailed, Session, SettingsError
from customlabels.aws.bucket import make_bucket
from customlabels.aws.clients import LOCAL_BUCKET
from customlabels.core.settings import DatasetSettings, GateSettings
from customlabels.core.watching import UNWATCHED
from customlabels.manifests.lines import entry_line
from customlabels.pipelines.training.sources import Wanted


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
    for said, local in {"false": False, "No": False, "0": False, "TRUE": True, "on": True}.items():
        monkeypatch.setenv("CUSTOMLABELS_LOCAL", said)
        assert Session().local is local
    monkeypatch.setenv("CUSTOMLABELS_LOCAL", "maybe")
    with pytest.raises(SettingsError, match="CUSTOMLABELS_LOCAL=maybe: is neither 1 nor 0"):
        Session().local  # noqa: B018
    with pytest.raises(SettingsError, match="exclude each other"):
        Session(local=True, endpoint_url="http://127.0.0.1:9").clients  # noqa: B018


def test_what_can_be_known_is_refused_before_an_image_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PROFILE", "SESSION_TOKEN", "CONFIG_FILE", "ENDPOINT_URL"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    # Looking at it would say that it does not exist.
    nowhere = tmp_path / "nowhere"

    def refusal(session: Session, **given: Any) -> str:
        wanted = Wanted(str(nowhere), DatasetSettings(), s3=lambda: session.clients.s3, watch=UNWATCHED)
        with pytest.raises(CustomLabelsError) as caught:
            session.plan_training(wanted, **given)
        return caught.value.message

    session = Session(region="eu-west-1")
    assert refusal(session) == "no bucket is set"
    assert refusal(session, bucket="B") == "'B' is no name for a bucket"
    assert "no name for a version" in refusal(session, bucket="plant", version="v 1")
    assert "no name for a project" in refusal(session, bucket="plant", project="a/b")
    assert "no AWS credentials found" in refusal(session, bucket="plant")
    elsewhere = Session(region="ca-central-1")
    for offline in (False, True):
        assert "not available in ca-central-1" in refusal(elsewhere, bucket="plant", offline=offline)
    assert "no such file or folder" in refusal(session, bucket="plant", offline=True)


def test_images_in_a_bucket_of_another_region_are_refused_before_anything_is_planned(
    service: Service, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_PROFILE")
    near, far = Session(local=True), client(service, "s3", "eu-west-1")
    make_bucket(far, "far-7", "eu-west-1")
    lines = []
    for path in sorted(images.rglob("*.jpg")):
        key = f"line-1/{path.relative_to(images)}"
        far.upload_file(str(path), "far-7", key)
        lines.append(entry_line(f"s3://far-7/{key}", (path.parent.name,)))
    (tmp_path / "far.manifest").write_bytes(b"".join(lines))
    for source in (str(tmp_path / "far.manifest"), "s3://far-7/line-1"):
        for offline in (False, True):
            wanted = Wanted(source, DatasetSettings(), s3=lambda: near.clients.s3, watch=UNWATCHED)
            with pytest.raises(CustomLabelsError, match="bucket far-7 is in eu-west-1, the project in us-east-1"):
                near.plan_training(wanted, project="far", offline=offline)


def test_python_does_what_the_command_does(service: Service, images: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    session = Session(local=True, progress=lambda title, done, total: steps.append(title))
    dataset = Dataset.from_pandas(table(images), image="image", label="label", root=images)
    trained = session.train(dataset, project="by-python", version="v1", gate=GateSettings(min_f1=0.5))
    assert (trained.version, trained.started, trained.verdict.shortfalls) == ("v1", True, [])
    again = session.train(str(images), project="by-python", version="v1", gate=GateSettings(min_f1=0.5))
    assert not again.started
    assert any(step.startswith("train dataset, ") for step in steps)
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


def test_every_use_case_is_a_function_that_is_given_the_session() -> None:
    subjects = [
        importlib.import_module(f"customlabels.session.{module.name}")
        for module in pkgutil.iter_modules(customlabels.session.__path__)
        if module.name != "session"
    ]
    functions = {
        name: function
        for subject in subjects
        for name, function in inspect.getmembers(subject, inspect.isfunction)
        if function.__module__ == subject.__name__ and not name.startswith("_")
    }
    offered = {name: use for name, use in inspect.getmembers(Session, inspect.isfunction) if not name.startswith("_")}
    assert {name: offered.get(name) for name in functions} == functions
    for name, function in functions.items():
        first = next(iter(inspect.signature(function).parameters))
        assert first == "session" or name == "divide", name
        assert function.__doc__, name


def table(images: Path) -> Any:
    paths = sorted(path.relative_to(images) for path in images.glob("*/*.jpg"))
    import pandas

    return pandas.DataFrame([(str(path), path.parts[0]) for path in paths], columns=["image", "label"])
