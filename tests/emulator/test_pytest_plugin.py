"""The plugin as other projects have it: pytest finds it, in a process of its own."""

import pytest

pytest_plugins = "pytester"

TESTS = """
import os
import boto3

def test_a_project_is_there_with_its_bucket(customlabels_project):
    described = boto3.client("rekognition").describe_projects(ProjectNames=[customlabels_project.name])
    assert [project["ProjectArn"] for project in described["ProjectDescriptions"]] == [customlabels_project.arn]
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=customlabels_project.bucket)

def test_another_test_has_another(customlabels_project, customlabels_service):
    described = boto3.client("rekognition").describe_projects()["ProjectDescriptions"]
    assert len(described) == 2 and customlabels_project.arn in [project["ProjectArn"] for project in described]
    assert os.environ["AWS_ENDPOINT_URL"] == customlabels_service
    assert "AWS_PROFILE" not in os.environ

def test_what_asks_for_nothing_does_not_reach_aws_afterwards():
    assert boto3.client("rekognition").meta.endpoint_url == os.environ["AWS_ENDPOINT_URL"]
"""

UNUSED = """
import sys

def test_nothing_heavy_is_loaded():
    heavy = {"boto3", "botocore", "moto", "numpy", "PIL", "rich", "sklearn", "customlabels.emulator.testing"}
    assert not heavy & set(sys.modules)
    assert "customlabels.emulator.pytest_plugin" in sys.modules
"""


def test_tests_get_projects_of_one_service(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    pytester.makepyfile(TESTS)
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    ran.assert_outcomes(passed=3)


def test_a_project_that_does_not_use_it_pays_nothing_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNUSED)
    # Other plugins import what they like.
    ran = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:pytest_cov", "-p", "no:xdist")
    ran.assert_outcomes(passed=1)


def test_it_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    ran = pytester.runpytest_subprocess("-p", "no:customlabels", "-k", "another")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*fixture 'customlabels_project' not found*"])


def test_without_the_extra_a_test_says_what_to_install(pytester: pytest.Pytester) -> None:
    # As where it is not installed: the import system finds none of it.
    pytester.makeconftest("import sys\nsys.modules['moto'] = None\n")
    pytester.makepyfile(TESTS)
    ran = pytester.runpytest_subprocess("-k", "another")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*the local service is not installed; pip install 'customlabels?local?'*"])


def test_fixtures_are_listed_with_what_they_give(pytester: pytest.Pytester) -> None:
    ran = pytester.runpytest_subprocess("--fixtures")
    ran.stdout.fnmatch_lines(
        ["customlabels_service*", "*local service*", "customlabels_project*", "*project and a bucket*"]
    )
