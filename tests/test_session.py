"""A session as Python uses it."""

import os
from pathlib import Path

import pytest
from support.local_services import Service

from customlabels import Session, SettingsError
from customlabels.aws.clients import LOCAL_BUCKET


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
