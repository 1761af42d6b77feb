"""What a child of a batch gives back, and how the results of all come into one file with counts."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from support.local_services import QUICK, Service, client, connect
from support.machines import ended, make, start

from customlabels.aws.clients import Clients, Connection
from customlabels.core.errors import ServiceError
from customlabels.emulator.server import address
from customlabels.inspection.batches import batch_runs
from customlabels.inspection.functions import concluding, gathering
from customlabels.inspection.functions.gathering import Folder
from customlabels.inspection.functions.listed import ImagesFailed, NotYet, rows
from customlabels.inspection.functions.look import Outcome

ITEMS = [
    {"bucket": "b-1", "key": f"{n}.jpg", "etag": "e", "size": 3, "at": "2026-11-26T10:00:00+00:00"} for n in range(4)
]
FOLDER = Folder("results-7", "x/batches/b-1")


def test_what_has_to_wait_has_the_whole_child_tried_again() -> None:
    with pytest.raises(NotYet, match="1 of 4 images have to wait"):
        rows(ITEMS, Outcome(later={"2": 5.0}))


def test_an_image_that_failed_is_a_row_unless_most_of_them_did() -> None:
    some = Outcome(failed={"0", "1"}, errors={"0": "ClientError: denied", "1": "ClientError: denied"})
    found = rows(ITEMS, some)
    assert [(row["key"], row["verdict"]) for row in found[:2]] == [("0.jpg", "failed"), ("1.jpg", "failed")]
    assert found[0]["why"] == "ClientError: denied"
    most = Outcome(failed={"0", "1", "2"}, errors=dict.fromkeys("012", "ClientError: denied"))
    with pytest.raises(ImagesFailed, match="3 of 4 images failed; ClientError: denied"):
        rows(ITEMS, most)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    started = connect(tmp_path_factory.mktemp("results"), pace=QUICK)
    started.s3.create_bucket(Bucket=FOLDER.bucket)
    yield started
    address.stop(started.state)


def test_results_of_all_children_are_one_file_with_a_row_an_image(service: Service) -> None:
    done = [{**item, "verdict": "pass" if number % 2 else "defect"} for number, item in enumerate(ITEMS)] * 40_000
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in done)
    raised = json.dumps({"errorType": "ImagesFailed", "errorMessage": "all of them"})
    failed = [{"Status": "FAILED", "Error": "ImagesFailed", "Cause": raised, "Input": json.dumps({"Items": ITEMS})}]
    pending = [{"Status": "PENDING", "Input": json.dumps({"Items": ITEMS[:1]})}]
    files = {"SUCCEEDED": lines, "FAILED": json.dumps(failed[0]).encode(), "PENDING": json.dumps(pending[0]).encode()}
    for name, body in files.items():
        service.s3.put_object(Bucket=FOLDER.bucket, Key=f"{FOLDER.parts}/run-1/{name}_0.jsonl", Body=body)
    manifest = {"ResultFiles": {name: [{"Key": f"{FOLDER.parts}/run-1/{name}_0.jsonl"}] for name in files}}
    service.s3.put_object(
        Bucket=FOLDER.bucket, Key=f"{FOLDER.parts}/run-1/manifest.json", Body=json.dumps(manifest).encode()
    )
    assert len(lines) > gathering._PART
    runs = ["arn:none:run-2", "arn:mapRun:m/Images:run-1"]
    # An end is told at least once: two functions may be at it together.
    with ThreadPoolExecutor(2) as both:
        counts, again = both.map(lambda _: gathering.gather(service.s3, FOLDER, runs), range(2))
    assert counts == again == {"defect": 80_000, "pass": 80_000, "failed": 5}
    assert "Uploads" not in service.s3.list_multipart_uploads(Bucket=FOLDER.bucket)
    body = service.s3.get_object(Bucket=FOLDER.bucket, Key=FOLDER.results)["Body"].read()
    written = [json.loads(line) for line in body.splitlines()]
    assert len(written) == counts.total()
    assert [row["why"] for row in written[-5:]] == ["ImagesFailed: all of them"] * 4 + ["pending"]
    assert gathering.gather(service.s3, FOLDER, []) == {}


def test_results_that_are_gone_are_told_of_and_never_taken_for_none(service: Service) -> None:
    machine = make(service, "gone-batches", {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    given = {"batch": "b-1", "bucket": FOLDER.bucket, "folder": "gone"}
    execution = start(service, machine, given, name="b-1.1")
    ended(service, execution)
    clients = Clients(Connection(region="us-east-1", endpoint_url=service.endpoint_url, local_key=service.key))
    batch = batch_runs.describe(clients, execution)
    with pytest.raises(ServiceError, match=r"the results of batch b-1 are not in s3://results-7/gone/parts/ any more"):
        list(batch_runs.rows(clients, batch))
    # One that was stopped before its map began has none.
    assert list(batch_runs.rows(clients, replace(batch, status="ABORTED"))) == []


def test_whoever_hears_late_of_an_end_leaves_the_results_of_a_later_run_alone(service: Service) -> None:
    machine = make(service, "late-batches", {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    given = {"batch": "b-2", "bucket": FOLDER.bucket, "folder": "late", "version": "v1"}
    topic = client(service, "sns").create_topic(Name="late")["TopicArn"]
    first, second = (start(service, machine, given, name=f"b-2.{number}") for number in (1, 2))
    for execution in (first, second):
        ended(service, execution)

    def concluded(execution: str) -> dict[str, Any]:
        name = execution.rpartition(":")[2]
        detail = {"executionArn": execution, "name": name, "status": "SUCCEEDED", "input": json.dumps(given)}
        return concluding.conclude(detail, "surface", topic, partial(client, service))

    assert concluded(first) == {}
    assert concluded(second)["images"] == 0
    for name in ("gone-batches", "late-batches"):
        client(service, "stepfunctions").delete_state_machine(stateMachineArn=machine.replace("late-batches", name))
