from pathlib import Path
from typing import Any

import boto3
import pytest
from support.interception import Call, Spoiled, intercepted
from support.local_services import Service

from customlabels.aws.clients import Clients, Connection, caller_name, explained
from customlabels.aws.regions import REGIONS
from customlabels.aws.retrying import tell_of_retries
from customlabels.core.errors import SettingsError


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::111122223333:user/ci", "ci"),
        ("arn:aws:iam::111122223333:user/plants/north/ci", "ci"),
        ("arn:aws:sts::111122223333:assumed-role/Admin/me@example.com", "me@example.com"),
        ("arn:aws-cn:iam::111122223333:root", "the account"),
        ("", ""),
        ("N/A", ""),
    ],
)
def test_a_caller_is_called_by_the_last_part_of_its_arn(arn: str, name: str) -> None:
    assert caller_name(arn) == name


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("[profile p]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = nobody\n", "nobody"),
        ("[profile p]\ncredential_process = false\n", "credential"),
        ("[profile p]\ncredential_process = echo no JSON\n", "credential_process printed no JSON: Expecting value"),
        ("[profile p]\ncredential_process = /nowhere/program\n", "/nowhere/program"),
        ("[profile p]\naws_access_key_id = AKIA\n", "Partial credentials"),
        ("[profile p\n", "parse"),
    ],
)
def test_what_is_wrong_with_the_users_own_configuration_is_a_sentence(
    profile: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(profile)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    clients = Clients(Connection("p", "eu-west-1"))
    with pytest.raises(SettingsError, match="the AWS configuration cannot be used: ") as caught, explained("asking"):
        clients.rekognition.describe_projects()
    assert said in caught.value.message
    assert caught.value.hint
    assert "another --profile" in caught.value.hint


@pytest.mark.parametrize("region", ["ca-central-1", "us-west-1", "eu-north-1", "us-gov-west-1", "mars-1"])
def test_a_region_without_custom_labels_is_refused_with_those_that_have_it(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(SettingsError, match=f"not available in {region}") as caught:
        Clients(Connection(region=region)).rekognition  # noqa: B018
    assert all(known in (caught.value.hint or "") for known in REGIONS)
    assert Clients(Connection(region=region, endpoint_url="http://127.0.0.1:9")).region == region


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"AWS_DEFAULT_REGION": ""}, "no AWS region is set: AWS_DEFAULT_REGION is set to nothing"),
        ({"AWS_REGION": ""}, "no AWS region is set: AWS_REGION is set to nothing"),
        ({"AWS_DEFAULT_REGION": "", "AWS_REGION": ""}, "AWS_DEFAULT_REGION and AWS_REGION are set to nothing"),
        ({"AWS_REGION": "eu-west-1"}, "AWS_REGION, which names one, is not read"),
        ({"AWS_PROFILE": ""}, "AWS_PROFILE is set to nothing, and no profile is called so"),
    ],
)
def test_what_is_set_to_nothing_is_named(
    environment: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Clients(Connection()).region  # noqa: B018
    assert sentence in f"{caught.value.message} {caught.value.hint}"


def test_there_are_eleven_regions() -> None:
    assert len(set(REGIONS)) == 11


@pytest.mark.parametrize(("spoilt", "told"), [(0, 0), (2, 1)])
def test_a_call_that_is_tried_again_for_long_says_so_once(service: Service, spoilt: int, told: int) -> None:
    sentences: list[str] = []

    def spoil(call: Call) -> Spoiled | None:
        return Spoiled(500, "InternalServerError") if call.number <= spoilt else None

    with intercepted(service.endpoint_url, spoil) as endpoint:
        session: Any = boto3
        client = session.client(
            "rekognition",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=service.key,
            aws_secret_access_key="any",
        )
        tell_of_retries(client.meta.events, sentences.append, patience=0.0)
        client.describe_projects()
    assert len(sentences) == told
    assert all("DescribeProjects: InternalServerError" in sentence for sentence in sentences)
