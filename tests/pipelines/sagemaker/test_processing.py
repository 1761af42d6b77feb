"""The processing jobs as they are deployed: zips that are run as processes, on the local service."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import draw
from support.local_services import BUCKET, Service

from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.pipelines.sagemaker.pipeline_code import processing_zip
from customlabels.pipelines.sagemaker.sightings import Share, seen
from customlabels.pipelines.training.s3_source import arrange

DATASET = {"label_from": "top", "label_map": {}, "include": [], "exclude": ["*/9.jpg"], "group_by": None}
SETTINGS = {"name": "line-5", "bucket": BUCKET, "prefix": "customlabels", "kms_key": "alias/models", "dataset": DATASET}
MANY = 1100
"""More than a page of a listing holds."""


def job(service: Service, folder: Path, command: str, number: int, of: int, *words: str) -> "subprocess.Popen[bytes]":
    """A machine's process, as SageMaker starts it."""
    place = folder / f"{command}-{number}"
    place.mkdir()
    (place / "jobs.zip").write_bytes(processing_zip(SETTINGS))
    hosts = [f"algo-{one + 1}" for one in range(of)]
    (place / "resourceconfig.json").write_text(json.dumps({"current_host": hosts[number], "hosts": hosts}))
    files = ["--resources", str(place / "resourceconfig.json"), "--message", str(place / "out" / "message")]
    return subprocess.Popen(
        [sys.executable, str(place / "jobs.zip"), command, *words, *files, "--region", "us-east-1"],
        cwd=place,
        env={
            "AWS_ENDPOINT_URL": service.endpoint_url,
            "AWS_ACCESS_KEY_ID": service.key,
            "AWS_SECRET_ACCESS_KEY": "local",
            "PATH": "",
        },
        stderr=subprocess.PIPE,
    )


@pytest.mark.around
def test_two_machines_see_all_images_between_them(service: Service, tmp_path: Path) -> None:
    image = (draw(tmp_path / "drawn", {"ok": 1}) / "ok" / "000.jpg").read_bytes()
    keys = [f"line-5/{label}/{number}.jpg" for label in ("ok", "crack") for number in range(MANY // 2)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: service.s3.put_object(Bucket=BUCKET, Key=key, Body=image), keys))
    words = ("--source", f"s3://{BUCKET}/line-5", "--to", f"s3://{BUCKET}/runs/1")
    machines = [job(service, tmp_path, "look", number, 2, *words) for number in range(2)]
    said = [machine.communicate(timeout=60)[1].decode() for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], said
    shards = [f"runs/1/seen/{number:04}-of-0002.jsonl.gz" for number in range(2)]
    assert {service.s3.head_object(Bucket=BUCKET, Key=key)["SSEKMSKeyId"] for key in shards} == {"alias/models"}
    counts = [int(text.rpartition(": ")[2].split()[0]) for text in said]
    assert sum(counts) == MANY - 2
    assert min(counts) > MANY / 3
    source, to = S3Address(BUCKET, "line-5"), S3Address(BUCKET, "runs/1")
    together = arrange(source, seen(service.s3, to))
    wanted = sorted(key.removeprefix("line-5/") for key in keys if not key.endswith("/9.jpg"))
    assert [one.name for one in together.dataset.records] == wanted
    assert {(one.labels, one.info.width) for one in together.dataset.records} == {(("ok",), 96), (("crack",), 96)}
    assert together.hashes.keys() == set(wanted)
    service.s3.delete_object(Bucket=BUCKET, Key=shards[0])
    with pytest.raises(ServiceError, match="not all machines left what they saw"):
        seen(service.s3, to)


def test_a_job_that_fails_leaves_a_sentence_where_sagemaker_reads_it(service: Service, tmp_path: Path) -> None:
    service.s3.put_object(Bucket=BUCKET, Key="line-6/ok/1.jpg", Body=b"no image")
    words = ("--source", f"s3://{BUCKET}/line-6", "--to", f"s3://{BUCKET}/runs/2")
    assert job(service, tmp_path, "look", 0, 1, *words).wait(60) == 0
    failing = job(service, tmp_path, "build", 0, 1, *words, "--seed", "0", "--test-fraction", "0.2")
    assert failing.wait(60) == 4
    message = (tmp_path / "build-0" / "out" / "message").read_text()
    assert message.startswith(f"s3://{BUCKET}/line-6: 1 fault: ok/1.jpg: no JPEG or PNG image")


@given(st.lists(st.text(), unique=True), st.integers(1, 9))
def test_every_name_is_in_one_share_alone(names: list[str], of: int) -> None:
    assert all(sum(name in Share(number, of) for number in range(of)) == 1 for name in names)
