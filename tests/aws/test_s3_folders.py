"""What an address in S3 means where images are looked for; what is archived there."""

from typing import Any

import pytest
from support.local_services import Service

from customlabels.aws import s3, s3_folders
from customlabels.core.errors import SettingsError

NAME = "folders-7"
KEYS = (
    "alone.jpg",
    "parts-old/1.jpg",
    "parts/1.jpg",
    "parts/deep/2.jpg",
    "parts2/3.jpg",
    "x.jpg",
    "x.jpg.png",
    "é/4.jpg",
)


@pytest.fixture(scope="module")
def bucket(service: Service) -> Service:
    service.s3.create_bucket(Bucket=NAME)
    for key in KEYS:
        service.s3.put_object(Bucket=NAME, Key=key, Body=b"-")
    return service


@pytest.mark.parametrize(
    ("key", "keys", "told"),
    [
        ("", KEYS, ""),
        ("parts/", ["parts/1.jpg", "parts/deep/2.jpg"], ""),
        ("parts", ["parts/1.jpg", "parts/deep/2.jpg"], "parts-old/1.jpg"),
        ("parts/deep", ["parts/deep/2.jpg"], ""),
        ("parts2", ["parts2/3.jpg"], ""),
        ("x.jpg", ["x.jpg"], "x.jpg.png"),
        ("alone.jpg", ["alone.jpg"], ""),
        ("é", ["é/4.jpg"], ""),
        ("nothing", [], ""),
        ("nothing/", [], ""),
    ],
)
def test_an_address_is_an_object_or_a_folder_and_never_the_beginning_of_names(
    bucket: Service, key: str, keys: list[str], told: str
) -> None:
    sentences: list[str] = []
    assert [each.address.key for each in s3_folders.listed(bucket.s3, NAME, key, sentences.append)] == [*keys]
    assert [told in sentence for sentence in sentences] == [True] * bool(told)


@pytest.mark.parametrize(
    ("key", "other"), [("part", "parts-old/1.jpg"), ("parts/de", "parts/deep/2.jpg"), ("x", "x.jpg")]
)
def test_what_cuts_through_names_alone_is_refused(bucket: Service, key: str, other: str) -> None:
    with pytest.raises(SettingsError, match=f"{key}: is no folder; it cuts through names, as s3://{NAME}/{other}"):
        list(s3_folders.items(bucket.s3, NAME, key))


@pytest.mark.parametrize(
    ("about", "tier"),
    [
        ({}, ""),
        ({"StorageClass": "STANDARD"}, ""),
        ({"StorageClass": "GLACIER_IR"}, ""),
        ({"StorageClass": "INTELLIGENT_TIERING"}, ""),
        ({"StorageClass": "GLACIER"}, "GLACIER"),
        ({"StorageClass": "DEEP_ARCHIVE"}, "DEEP_ARCHIVE"),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, "ARCHIVE_ACCESS"),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "FREQUENT"}, ""),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, "GLACIER"),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="Fri, 21 Dec 2029"'}, ""),
        ({"StorageClass": "GLACIER", "RestoreStatus": {"IsRestoreInProgress": True}}, "GLACIER"),
        ({"StorageClass": "GLACIER", "RestoreStatus": {"IsRestoreInProgress": False, "RestoreExpiryDate": "soon"}}, ""),
    ],
)
def test_what_is_archived_can_be_read_once_it_is_restored(about: dict[str, Any], tier: str) -> None:
    assert s3.archived(about) == tier


def test_a_listing_and_a_look_tell_what_is_archived(bucket: Service) -> None:
    bucket.s3.put_object(Bucket=NAME, Key="cold/1.jpg", Body=b"-", StorageClass="DEEP_ARCHIVE")
    bucket.s3.put_object(Bucket=NAME, Key="cold/2.jpg", Body=b"-", StorageClass="GLACIER_IR")
    objects = list(s3.listed(bucket.s3, NAME, "cold/"))
    assert [each.archived for each in objects] == ["DEEP_ARCHIVE", ""]
    looks = [s3.head(bucket.s3, each.address) for each in objects]
    assert [look and look.archived for look in looks] == ["DEEP_ARCHIVE", ""]
    bucket.s3.delete_object(Bucket=NAME, Key="cold/1.jpg")
    bucket.s3.delete_object(Bucket=NAME, Key="cold/2.jpg")
