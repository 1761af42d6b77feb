"""Distributed maps: where their items come from, how they are put together, what may fail, what they leave."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.local_services import BUCKET, Service, client, kill_and_return
from support.machines import ended, function, make, start

from customlabels.core.waiting import wait_for

PICKY = """
def handle(event, context):
    if any(item.get("bad") for item in event["Items"]):
        raise ValueError("a bad one")
    return [item["n"] for item in event["Items"]]
"""

ONCE_MENDED = """
import boto3

def handle(event, context):
    for item in event["Items"]:
        if item.get("bad"):
            boto3.client("s3").head_object(Bucket="plant-7", Key="mended")
    return [item["n"] for item in event["Items"]]
"""


def distributed(inner: dict[str, Any], kind: str = "EXPRESS", **more: Any) -> dict[str, Any]:
    """A machine whose only state is a map with one state within."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "Look",
        "States": {"Look": {**inner, "End": True}},
    }
    return {"StartAt": "All", "States": {"All": {"Type": "Map", "ItemProcessor": processor, "End": True, **more}}}


def reader(kind: str, key: str, **config: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": kind, **config},
        "Parameters": {"Bucket": BUCKET, "Key": key},
    }


PASS = {"Type": "Pass"}


def lines(items: list[Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def inventory(service: Service, rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    service.s3.put_object(Bucket=BUCKET, Key="inv/data.csv.gz", Body=gzip.compress(text.getvalue().encode()))
    manifest = {
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "destinationBucket": f"arn:aws:s3:::{BUCKET}",
        "files": [{"key": "inv/data.csv.gz"}],
    }
    service.s3.put_object(Bucket=BUCKET, Key="inv/manifest.json", Body=json.dumps(manifest).encode())
    return "inv/manifest.json"


def test_items_come_from_every_kind_of_file(service: Service) -> None:
    service.s3.put_object(Bucket=BUCKET, Key="items.json", Body=b'[{"n": 1}, {"n": 2}]')
    service.s3.put_object(Bucket=BUCKET, Key="items.jsonl", Body=lines([{"n": 1}, {"n": 2}]))
    service.s3.put_object(Bucket=BUCKET, Key="items.csv", Body='n,t\n1,ä\n2,"b,c"\n'.encode())
    service.s3.put_object(Bucket=BUCKET, Key="bare.csv", Body=b"1;2\n3;4\n")
    cases: dict[str, tuple[dict[str, Any], Any]] = {
        "json": (reader("JSON", "items.json"), [{"n": 1}, {"n": 2}]),
        "jsonl": (reader("JSONL", "items.jsonl", MaxItems=1), [{"n": 1}]),
        "csv": (
            reader("CSV", "items.csv", CSVHeaderLocation="FIRST_ROW"),
            [{"n": "1", "t": "ä"}, {"n": "2", "t": "b,c"}],
        ),
        "given": (
            reader("CSV", "bare.csv", CSVHeaderLocation="GIVEN", CSVHeaders=["a", "b"], CSVDelimiter="SEMICOLON"),
            [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}],
        ),
        "inventory": (
            reader("MANIFEST", inventory(service, [["b", "k%201", "5"]])),
            [{"Bucket": "b", "Key": "k%201", "Size": "5"}],
        ),
    }
    begun = {
        name: start(service, make(service, f"reads-{name}", distributed(PASS, ItemReader=source)))
        for name, (source, _) in cases.items()
    }
    assert {name: ended(service, execution)["output"] for name, execution in begun.items()} == {
        name: items for name, (_, items) in cases.items()
    }


def test_a_listing_gives_keys_sizes_and_etags(service: Service) -> None:
    for number in range(3):
        service.s3.put_object(Bucket=BUCKET, Key=f"listed/{number}", Body=b"x" * number)
    source = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket": BUCKET, "Prefix.$": "$.prefix"},
    }
    machine = make(service, "lists", distributed(PASS, "STANDARD", ItemReader=source))
    output = ended(service, start(service, machine, {"prefix": "listed/"}))["output"]
    assert [(item["Key"], item["Size"]) for item in output] == [("listed/0", 0), ("listed/1", 1), ("listed/2", 2)]
    assert set(output[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}


@pytest.fixture(scope="module")
def picky(service: Service) -> str:
    return function(service, "picky", PICKY)


def tolerant(name: str, key: str, **more: Any) -> dict[str, Any]:
    inner = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload"}
    inner["Parameters"] = {"FunctionName": name, "Payload.$": "$"}  # type: ignore[assignment]
    return distributed(
        inner,
        ItemReader=reader("JSONL", key),
        ItemBatcher={"MaxItemsPerBatch": 5, "BatchInput": {"who.$": "$.who"}},
        MaxConcurrency=3,
        ResultWriter={
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": BUCKET, "Prefix": f"out/{key}"},
        },
        **more,
    )


def written(service: Service, output: Any) -> dict[str, list[Any]]:
    """What the files of a result hold."""
    where = output["ResultWriterDetails"]
    manifest = json.loads(service.s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read())
    return {
        name: [
            child
            for file in files
            for child in json.loads(service.s3.get_object(Bucket=BUCKET, Key=file["Key"])["Body"].read())
        ]
        for name, files in manifest["ResultFiles"].items()
    }


def test_failures_below_the_threshold_are_written_beside_the_results(service: Service, picky: str) -> None:
    items = [{"n": number, "bad": number == 7} for number in range(23)]
    service.s3.put_object(Bucket=BUCKET, Key="few.jsonl", Body=lines(items))
    machine = make(service, "tolerates", tolerant(picky, "few.jsonl", ToleratedFailurePercentage=25))
    shown = ended(service, start(service, machine, {"who": "me"}))
    files = written(service, shown["output"])
    assert sorted(n for child in files["SUCCEEDED"] for n in json.loads(child["Output"])) == [
        n for n in range(23) if n not in range(5, 10)
    ]
    assert [(child["Status"], child["Error"]) for child in files["FAILED"]] == [("FAILED", "ValueError")]
    assert json.loads(files["FAILED"][0]["Input"])["BatchInput"] == {"who": "me"}
    states = client(service, "stepfunctions")
    (run,) = states.list_map_runs(executionArn=shown["executionArn"])["mapRuns"]
    described = states.describe_map_run(mapRunArn=run["mapRunArn"])
    counts = {name: described[name] for name in ("itemCounts", "executionCounts")}
    assert {name: (c["succeeded"], c["failed"], c["total"]) for name, c in counts.items()} == {
        "itemCounts": (18, 5, 23),
        "executionCounts": (4, 1, 5),
    }


def test_more_failures_than_tolerated_end_it_and_a_redrive_runs_only_what_failed(service: Service) -> None:
    name = function(service, "mended", ONCE_MENDED)
    items = [{"n": number, "bad": number in (3, 12)} for number in range(20)]
    service.s3.put_object(Bucket=BUCKET, Key="many.jsonl", Body=lines(items))
    states = client(service, "stepfunctions")
    machine = make(service, "redrives", tolerant(name, "many.jsonl", ToleratedFailureCount=5))
    shown = ended(service, start(service, machine, {"who": "me"}))
    assert (shown["status"], shown["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    service.s3.put_object(Bucket=BUCKET, Key="mended", Body=b"")
    assert shown["redriveStatus"] == "REDRIVABLE"
    states.redrive_execution(executionArn=shown["executionArn"])
    again = ended(service, shown["executionArn"])
    assert (again["status"], again["redriveCount"]) == ("SUCCEEDED", 1)
    children = written(service, again["output"])["SUCCEEDED"]
    assert sorted(n for child in children for n in json.loads(child["Output"])) == list(range(20))
    redriven = [child for child in children if child["RedriveCount"]]
    assert 1 <= len(redriven) <= 2
    with pytest.raises(states.exceptions.ExecutionNotRedrivable):
        states.redrive_execution(executionArn=shown["executionArn"])


@pytest.mark.around
@pytest.mark.parametrize("kind", ["EXPRESS", "STANDARD"])
def test_a_killed_map_goes_on_and_loses_nothing(own_service: Service, kind: str) -> None:
    service = own_service
    service.s3.put_object(Bucket=BUCKET, Key="some.jsonl", Body=lines([{"n": number} for number in range(60)]))
    slow = distributed(
        {"Type": "Wait", "Seconds": 1}, kind, ItemReader=reader("JSONL", "some.jsonl"), MaxConcurrency=20
    )
    execution = start(service, make(service, "killed", slow))
    states = client(service, "stepfunctions")

    def half() -> bool | None:
        runs = client(service, "stepfunctions").list_map_runs(executionArn=execution)["mapRuns"]
        arn = runs[0]["mapRunArn"] if runs else ""
        return True if arn and states.describe_map_run(mapRunArn=arn)["itemCounts"]["succeeded"] >= 20 else None

    wait_for(half, what="the first children", most=20)
    service = kill_and_return(service)
    shown = ended(service, execution)
    assert (shown["status"], shown["output"]) == ("SUCCEEDED", [{"n": number} for number in range(60)])


@pytest.fixture
def waiting(service: Service) -> Iterator[str]:
    """An execution whose five children wait for an hour, one at a time."""
    inner = {"Type": "Wait", "Seconds": 3600}
    machine = make(service, "waits", distributed(inner, "STANDARD", ItemsPath="$", MaxConcurrency=1))
    execution = start(service, machine, [1, 2, 3, 4, 5])
    yield execution
    client(service, "stepfunctions").delete_state_machine(stateMachineArn=machine)


def running(service: Service, map_run: str) -> int:
    return int(client(service, "stepfunctions").describe_map_run(mapRunArn=map_run)["itemCounts"]["running"])


def test_the_concurrency_of_a_map_run_changes_while_it_runs_and_stopping_aborts_it(
    service: Service, waiting: str
) -> None:
    states = client(service, "stepfunctions")
    run = wait_for(lambda: states.list_map_runs(executionArn=waiting)["mapRuns"] or None, what="it", most=10)
    arn = run[0]["mapRunArn"]
    wait_for(lambda: running(service, arn) == 1 or None, what="one child", most=10)
    states.update_map_run(mapRunArn=arn, maxConcurrency=3)
    wait_for(lambda: running(service, arn) == 3 or None, what="three children", most=10)
    states.stop_execution(executionArn=waiting, error="Enough", cause="of it")
    shown = ended(service, waiting)
    assert (shown["status"], shown["error"], shown["cause"]) == ("ABORTED", "Enough", "of it")
    counts = states.describe_map_run(mapRunArn=arn)
    assert (counts["status"], counts["itemCounts"]["running"], counts["itemCounts"]["pending"]) == ("ABORTED", 0, 2)
    with pytest.raises(states.exceptions.ValidationException, match="ABORTED"):
        states.update_map_run(mapRunArn=arn, maxConcurrency=3)
    with pytest.raises(states.exceptions.ResourceNotFound):
        states.describe_map_run(mapRunArn=arn + "0")
