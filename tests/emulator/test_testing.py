import os
import subprocess
import sys
import textwrap
from pathlib import Path

import boto3
import pytest

from customlabels.emulator.testing import local_service


def test_code_under_test_reaches_it_without_a_word_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "someone")
    with local_service() as endpoint:
        client = boto3.client("rekognition")
        assert client.meta.endpoint_url == endpoint
        client.create_project(ProjectName="mine")
        assert [project["Status"] for project in client.describe_projects()["ProjectDescriptions"]]
    assert os.environ["AWS_PROFILE"] == "someone"
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_what_boto3_knew_before_is_not_used_meanwhile_and_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "any"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    boto3.client("rekognition", "us-east-1")
    before = boto3.DEFAULT_SESSION
    with local_service(strict=True):
        assert boto3.client("rekognition").describe_projects()["ProjectDescriptions"] == []
    assert boto3.DEFAULT_SESSION is before
    credentials = boto3.Session().get_credentials()
    assert credentials is not None
    assert credentials.access_key == "AKIAOTHER"


def test_a_project_of_its_own_makes_a_fixture_of_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent("""
        import pytest
        from customlabels.emulator.testing import local_service

        @pytest.fixture(scope="session")
        def custom_labels():
            with local_service() as endpoint:
                yield endpoint
        """)
    )
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
        import boto3

        def test_a_project_is_made(custom_labels):
            rekognition = boto3.client("rekognition")
            assert rekognition.create_project(ProjectName="parts")["ProjectArn"].split("/")[1] == "parts"
        """)
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout
