import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from support.local_services import BUCKET, Service, client, connect, kill, kill_and_return
from support.processes import processes

from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address


def test_every_kind_of_object_comes_back(own_service: Service) -> None:
    s3 = own_service.s3
    s3.put_object(Bucket=BUCKET, Key="a b+ü#%41.jpg", Body=b"one", Metadata={"sha256": "x"}, ContentType="image/jpeg")
    s3.put_object(Bucket=BUCKET, Key="gone", Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="gone")
    s3.put_object(Bucket=BUCKET, Key="many/1", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="many/2", Body=b"x", Tagging="team=a")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "many/1"}]})
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "many/2"})
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="large")["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket=BUCKET, Key="large", UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in ((1, b"a" * 5_242_880), (2, b"b"))
    ]
    s3.complete_multipart_upload(Bucket=BUCKET, Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="versioned", Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket="versioned", Key="k", Body=b"2")
    s3.delete_object(Bucket="versioned", Key="k")
    s3.create_bucket(Bucket="dropped")
    s3.delete_bucket(Bucket="dropped")
    before = {name: s3.list_objects_v2(Bucket=name)["KeyCount"] for name in (BUCKET, "versioned")}
    etag = s3.head_object(Bucket=BUCKET, Key="large")["ETag"]
    kill(own_service)
    s3 = connect(own_service.state).s3
    stored = s3.get_object(Bucket=BUCKET, Key="a b+ü#%41.jpg")
    assert (stored["Body"].read(), stored["Metadata"], stored["ContentType"]) == (b"one", {"sha256": "x"}, "image/jpeg")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["a b+ü#%41.jpg", "copied", "large", "many/2"]
    assert {name: s3.list_objects_v2(Bucket=name)["KeyCount"] for name in before} == before
    assert s3.get_object_tagging(Bucket=BUCKET, Key="many/2")["TagSet"] == [{"Key": "team", "Value": "a"}]
    assert s3.head_object(Bucket=BUCKET, Key="large")["ETag"] == etag
    assert s3.get_object(Bucket="versioned", Key="k", VersionId=first)["Body"].read() == b"1"
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="versioned", Key="k")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET, "versioned"]


def test_what_other_services_hold_comes_back(own_service: Service) -> None:
    parameters = client(own_service, "ssm", "eu-west-1")
    for value in ("v1", "v2"):
        parameters.put_parameter(Name="/customlabels/x/champion", Value=value, Type="String", Overwrite=True)
    own_service = kill_and_return(own_service)
    history = client(own_service, "ssm", "eu-west-1").get_parameter_history(Name="/customlabels/x/champion")[
        "Parameters"
    ]
    assert [entry["Value"] for entry in history] == ["v1", "v2"]
    kept = b"".join(path.read_bytes() for path in own_service.state.iterdir() if path.is_file())
    assert b"SECRETSECRET" not in kept


def test_keys_of_every_kind_come_back(own_service: Service) -> None:
    kms = client(own_service, "kms")
    made = {
        spec: kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
        for spec, usage in (
            ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
            ("RSA_2048", "SIGN_VERIFY"),
            ("ECC_NIST_P256", "SIGN_VERIFY"),
            ("HMAC_256", "GENERATE_VERIFY_MAC"),
        )
    }
    ciphered = kms.encrypt(KeyId=made["SYMMETRIC_DEFAULT"], Plaintext=b"secret")["CiphertextBlob"]
    about: Any = {"KeyId": made["RSA_2048"], "Message": b"m", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}
    signature = kms.sign(**about)["Signature"]
    kms = client(kill_and_return(own_service), "kms")
    assert {spec: kms.describe_key(KeyId=key)["KeyMetadata"]["KeySpec"] for spec, key in made.items()} == {
        spec: spec for spec in made
    }
    assert kms.decrypt(CiphertextBlob=ciphered)["Plaintext"] == b"secret"
    assert kms.verify(**about, Signature=signature)["SignatureValid"]


def test_what_works_in_the_background_comes_back_as_done(own_service: Service) -> None:
    tables = client(own_service, "dynamodb")
    key: Any = {"AttributeName": "k", "AttributeType": "S"}
    about: Any = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    arn = tables.create_table(TableName="t", AttributeDefinitions=[key], **about)["TableDescription"]["TableArn"]
    tables.update_continuous_backups(
        TableName="t", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    export = tables.export_table_to_point_in_time(TableArn=arn, S3Bucket=BUCKET, S3Prefix="t")["ExportDescription"][
        "ExportArn"
    ]
    address.stop(own_service.state)
    tables = client(connect(own_service.state), "dynamodb")
    assert tables.describe_export(ExportArn=export)["ExportDescription"]["TableArn"] == arn


def test_a_state_of_another_version_is_refused_and_left(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with closing(sqlite3.connect(state / address.STATE_FILE)) as connection:
        connection.execute("CREATE TABLE journal (id INTEGER)")
    with pytest.raises(ServiceError, match="another version"):
        address.start(state)
    assert address.running(state) is None


def test_nothing_acknowledged_is_lost_whenever_the_service_is_killed(own_service: Service) -> None:
    acknowledged: list[str] = []
    for round_ in range(6):
        service = connect(own_service.state)

        def work(service: Service = service, round_: int = round_) -> None:
            try:
                for number in range(1000):
                    name = f"{round_}-{number}"
                    service.s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode())
                    acknowledged.append(f"object {name}")
                    if number % 10 == 0 and number < 100:
                        service.rekognition.create_project(ProjectName=name)
                        acknowledged.append(f"project {name}")
            except (ClientError, BotoCoreError):
                return

        worker = threading.Thread(target=work)
        worker.start()
        goal = len(acknowledged) + 5 + 7 * round_
        wait_for(lambda goal=goal: True if len(acknowledged) >= goal else None, what="work", most=20)
        kill(service)
        worker.join()
    service = connect(own_service.state)
    pages = service.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    stored = {f"object {item['Key']}" for page in pages for item in page.get("Contents", ())}
    projects = service.rekognition.get_paginator("describe_projects").paginate()
    stored |= {f"project {p['ProjectArn'].split('/')[1]}" for page in projects for p in page["ProjectDescriptions"]}
    assert set(acknowledged) <= stored
    for name in list(stored)[:20]:
        if name.startswith("object "):
            key = name.removeprefix("object ")
            assert service.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == key.encode()


def test_it_comes_back_on_its_old_port_and_only_once(own_service: Service) -> None:
    port = address.start(own_service.state).port
    kill(own_service)
    services: list[address.Running] = []
    starters = [threading.Thread(target=lambda: services.append(address.start(own_service.state))) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert {running.port for running in services} == {port}
    assert len({running.pid for running in services}) == 1
    # Those that came too late do not take its place.
    address.stop(own_service.state)
    wait_for(lambda: not processes(str(own_service.state)) or None, what="the end of all", most=20)


def test_a_file_that_is_no_state_gives_a_sentence(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / address.STATE_FILE).write_bytes(b"no database " * 1000)
    with pytest.raises(ServiceError, match="is no state of a local service"):
        address.start(state)
    assert (state / address.STATE_FILE).read_bytes() == b"no database " * 1000


def test_on_a_full_disk_what_was_not_acknowledged_is_not_there_and_the_rest_is(own_service: Service) -> None:
    """A limit on the size of files stands in for the disk: SQLite is told by the same refusal to write."""
    import resource

    running = address.running(own_service.state)
    assert running is not None
    own_service.s3.put_object(Bucket=BUCKET, Key="before", Body=b"whole")
    own_service.s3.put_object(Bucket=BUCKET, Key="changed", Body=b"old")
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    for key in ("large", "changed"):
        with pytest.raises(ClientError, match="cannot keep its state"):
            own_service.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x" * 400_000)
    listed = [item["Key"] for item in own_service.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert listed == ["before", "changed"]
    assert own_service.s3.get_object(Bucket=BUCKET, Key="changed")["Body"].read() == b"old"
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    own_service.s3.put_object(Bucket=BUCKET, Key="large", Body=b"x" * 400_000)
    kill(own_service)
    again = connect(own_service.state).s3
    assert again.head_object(Bucket=BUCKET, Key="large")["ContentLength"] == 400_000
    assert again.get_object(Bucket=BUCKET, Key="changed")["Body"].read() == b"old"
