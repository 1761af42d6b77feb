"""Images that are in S3 already, and the bucket that a run works in."""

import io
from pathlib import Path

import pytest
from support.drawing import drawn
from support.local_services import Service

from customlabels.aws.bucket import exposure, policy_change, put_policy
from customlabels.core.addresses import S3Address
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.model import Side
from customlabels.pipelines.training.s3_source import folder_address, read_remote


def put(service: Service, bucket: str, names: list[str], **about: str) -> None:
    service.s3.create_bucket(Bucket=bucket)
    for number, name in enumerate(names):
        body = io.BytesIO()
        drawn(0, number).save(body, "JPEG")
        service.s3.put_object(Bucket=bucket, Key=name, Body=body.getvalue())


def test_labels_are_the_folders_and_nothing_is_downloaded_whole(service: Service) -> None:
    put(service, "line-1", ["set/ok/a b.jpg", "set/crack/1.jpg", "set/notes.txt", "set/stray.jpg", "other/ok/1.jpg"])
    service.s3.put_object(Bucket="line-1", Key="set/ok/broken.jpg", Body=b"no image")
    service.s3.put_object(Bucket="line-1", Key="set/ok/empty.png", Body=b"")
    found = read_remote(service.s3, S3Address("line-1", "set"))
    assert [(one.name, one.labels, one.info.width) for one in found.dataset.records] == [
        ("crack/1.jpg", ("crack",), 96),
        ("ok/a b.jpg", ("ok",), 96),
    ]
    assert {one.name: one.message for one in found.dataset.findings} == {
        "ok/broken.jpg": "no JPEG or PNG image",
        "ok/empty.png": "an empty file",
        "stray.jpg": "lies in no folder that is a label",
    }
    etag = service.s3.head_object(Bucket="line-1", Key="set/crack/1.jpg")["ETag"].strip('"')
    assert found.hashes["crack/1.jpg"].sha256.startswith(f"etag-{etag}-")


def test_archived_images_are_named_and_never_asked_for(service: Service) -> None:
    put(service, "line-5", ["set/ok/1.jpg", "set-old/ok/2.jpg"])
    service.s3.put_object(Bucket="line-5", Key="set/ok/cold.jpg", Body=b"no image", StorageClass="GLACIER")
    found = read_remote(service.s3, S3Address("line-5", "set"))
    assert [record.name for record in found.dataset.records] == ["ok/1.jpg"]
    assert [(finding.name, finding.message, finding.fatal) for finding in found.dataset.findings] == [
        ("ok/cold.jpg", "archived in GLACIER, to be restored before it can be read", True)
    ]


def test_train_and_test_at_the_top_are_the_split(service: Service) -> None:
    put(service, "line-2", ["train/ok/1.jpg", "valid/ok/2.jpg", "test/crack/deep/3.jpg"])
    found = read_remote(service.s3, S3Address("line-2", ""), label_from="parent", label_map={"deep": "crack"})
    assert [(one.name, one.side, one.labels) for one in found.dataset.records] == [
        ("test/crack/deep/3.jpg", Side.TEST, ("crack",)),
        ("train/ok/1.jpg", Side.TRAIN, ("ok",)),
        ("valid/ok/2.jpg", Side.TRAIN, ("ok",)),
    ]
    assert "images for validation are trained on" in str(found.dataset.findings)
    renamed = read_remote(service.s3, S3Address("line-2", ""), label_from="parent", label_map={"depe": "crack"})
    assert "--label-map depe=…: no image has that label" in str(renamed.dataset.findings)


def test_a_part_of_a_split_in_itself_is_no_label_in_s3_either(service: Service) -> None:
    put(service, "line-7", ["train/ok/1.jpg", "train/crack/2.jpg", "test/test/crack/3.jpg", "test/test/4.jpg"])
    found = read_remote(service.s3, S3Address("line-7", ""))
    assert [(record.name, record.labels) for record in found.dataset.side(Side.TEST)] == [
        ("test/test/crack/3.jpg", ("crack",))
    ]
    assert [finding.name for finding in found.dataset.faults] == ["test/test/4.jpg"]


def test_masks_in_s3_are_no_images(service: Service) -> None:
    photographs = ["train/good/1.jpg", "test/good/2.jpg", "test/cut/3.jpg", "test/cut/4.jpg"]
    masks = ["ground_truth/cut/3_mask.png", "ground_truth/cut/4_mask.png", "ground_truth/cut/5_mask.png"]
    put(service, "line-4", [*photographs, *masks])
    found = read_remote(service.s3, S3Address("line-4", ""))
    assert [(record.name, record.side, record.labels) for record in found.dataset.records] == [
        ("test/cut/3.jpg", Side.TEST, ("cut",)),
        ("test/cut/4.jpg", Side.TEST, ("cut",)),
        ("test/good/2.jpg", Side.TEST, ("good",)),
        ("train/good/1.jpg", Side.TRAIN, ("good",)),
    ]
    assert [finding.name for finding in found.dataset.findings] == masks
    assert not found.dataset.faults


def test_an_empty_place_and_a_wrong_address_are_named(service: Service) -> None:
    service.s3.create_bucket(Bucket="line-3")
    with pytest.raises(LayoutError, match="s3://line-3/x: holds no JPEG or PNG image"):
        read_remote(service.s3, S3Address("line-3", "x"))
    with pytest.raises(SettingsError, match="not of the form"):
        folder_address("s3:///x")


def test_the_bucket_gets_what_the_service_needs_and_keeps_what_it_has(service: Service) -> None:
    service.s3.create_bucket(Bucket="policed")
    own = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": "arn:aws:s3:::policed",
    }
    put_policy(service.s3, "policed", {"Version": "2012-10-17", "Statement": [own]})
    before, after = policy_change(service.s3, "policed", "runs", "111122223333")
    assert before["Statement"] == [own]
    assert after["Statement"][0] == own
    added = {one["Sid"]: one["Resource"] for one in after["Statement"][1:]}
    assert added == {
        "CustomLabelsBucket": "arn:aws:s3:::policed",
        "CustomLabelsReadRuns": "arn:aws:s3:::policed/runs/*",
        "CustomLabelsWriteRuns": "arn:aws:s3:::policed/runs/*",
    }
    assert all("111122223333" in str(one["Condition"]) for one in after["Statement"][1:])
    put_policy(service.s3, "policed", after)
    assert policy_change(service.s3, "policed", "runs", "111122223333") == (after, after)


def test_a_bucket_that_is_open_to_the_public_is_told(service: Service, tmp_path: Path) -> None:
    service.s3.create_bucket(Bucket="exposed")
    assert "does not block public access" in str(exposure(service.s3, "exposed"))
    every = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    service.s3.put_public_access_block(
        Bucket="exposed",
        PublicAccessBlockConfiguration=dict.fromkeys(every, True),  # type: ignore[arg-type]
    )
    assert exposure(service.s3, "exposed") is None
