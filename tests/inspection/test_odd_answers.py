"""Answers of AWS to inspections and batches that lack what they always hold, never end, or tell of something else."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from support.inspected import make_table
from support.interception import Call, intercepted
from support.local_services import Service, client

from customlabels.aws import parameters, s3
from customlabels.aws.clients import Clients, Connection, explained
from customlabels.core.errors import ServiceError
from customlabels.inspection import retrying, stored_items
from customlabels.inspection.batches import batch_runs
from customlabels.inspection.batches.batch_runs import Batch
from customlabels.inspection.claims import Key, Table

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACCOUNT = "us-east-1:123456789012"
MACHINE, RUN = f"arn:aws:states:{ACCOUNT}:stateMachine:m", f"arn:aws:states:{ACCOUNT}:execution:m:b-1.1"
EXECUTION = {"executionArn": RUN, "name": "b-1.1", "stateMachineArn": MACHINE, "startDate": 1.7e9, "status": "FAILED"}
GIVEN = {"batch": "b-1", "bucket": "none", "folder": "none"}
BATCH = Batch(RUN, "SUCCEEDED", NOW, NOW, GIVEN)
PAGES = count()
Answer = dict[str, Any] | Callable[[], dict[str, Any] | None]


@contextmanager
def answering(service: Service, **answers: Answer) -> Iterator[Clients]:
    """Clients that are given these answers to operations; what is called for one is None where it is the true one."""

    def alter(call: Call, _: bytes) -> bytes | None:
        answer = answers.get(call.what)
        document = answer() if callable(answer) else answer
        return None if document is None else json.dumps(document).encode()

    with intercepted(service.endpoint_url, alter=alter) as endpoint:
        yield Clients(Connection(region="us-east-1", endpoint_url=endpoint, local_key=service.key))


def page(**more: object) -> dict[str, Any]:
    return {"executions": [], **more}


def refused(service: Service, ask: Callable[[Clients], object], **answers: Answer) -> str:
    with answering(service, **answers) as clients, pytest.raises(ServiceError) as caught:
        ask(clients)
    return caught.value.message


def read_champion(clients: Clients) -> None:
    with explained("reading"):
        parameters.read(clients.ssm, ["/customlabels/p/champion"])


ODD: dict[str, tuple[Callable[[Clients], object], dict[str, Answer], str]] = {
    "no executions": (
        lambda clients: batch_runs.latest(clients, MACHINE),
        {"ListExecutions": {}},
        "listing batches: the answer is not whole, 'executions' is not in it",
    ),
    "the same page again and again": (
        lambda clients: batch_runs.latest(clients, MACHINE),
        {"ListExecutions": page(nextToken="again")},
        "listing batches: Error during pagination: The same next token was received twice",
    ),
    "empty pages, then nothing": (
        lambda clients: batch_runs.latest(clients, MACHINE),
        {"ListExecutions": lambda: page(nextToken=str(number)) if (number := next(PAGES)) < 3 else page()},
        "no batch has been run",
    ),
    "no input": (
        lambda clients: batch_runs.describe(clients, RUN),
        {"DescribeExecution": EXECUTION},
        "looking at the batch: the answer is not whole, 'input' is not in it",
    ),
    "input that is no JSON": (
        lambda clients: batch_runs.describe(clients, RUN),
        {"DescribeExecution": {**EXECUTION, "input": "{"}},
        "execution b-1.1 is no batch: customlabels batch run did not begin it",
    ),
    "an execution that somebody began by hand": (
        lambda clients: batch_runs.describe(clients, RUN),
        {"DescribeExecution": {**EXECUTION, "input": '["by hand"]'}},
        "execution b-1.1 is no batch",
    ),
    "a map run without counts": (
        lambda clients: batch_runs.counts(clients, BATCH),
        {"ListMapRuns": {"mapRuns": [{"mapRunArn": RUN}]}, "DescribeMapRun": {"status": "RUNNING"}},
        "looking at the batch: the answer is not whole, 'itemCounts' is not in it",
    ),
    "a map run without half of its counts": (
        lambda clients: batch_runs.counts(clients, BATCH),
        {"ListMapRuns": {"mapRuns": [{"mapRunArn": RUN}]}, "DescribeMapRun": {"itemCounts": {"total": 3}}},
        "looking at the batch: the answer is not whole, 'failed' is not in it",
    ),
    "a queue without counts": (
        lambda clients: retrying.count(clients, "http://queue"),
        {"GetQueueAttributes": {"Attributes": {}}},
        "counting the dead letters: the answer is not whole",
    ),
    "a parameter that is neither there nor not": (
        read_champion,
        {"GetParameters": {"Parameters": []}},
        "reading: the answer is not whole, '/customlabels/p/champion' is not in it",
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_answer_is_a_sentence_and_never_believed(service: Service, case: str) -> None:
    ask, answers, sentence = ODD[case]
    assert refused(service, ask, **answers).startswith(sentence)


@pytest.mark.parametrize(
    ("tasks", "outcome"),
    [
        # One that was begun just now shows late.
        ([[], [{"Status": "RUNNING"}], [{"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 3}]], 3),
        ([[{"Status": "FAILED"}]], "the dead letters were not all put back: FAILED"),
        ([[{"Status": "FAILED", "FailureReason": "no queue"}]], "the dead letters were not all put back: no queue"),
        ([[{}]], "putting the dead letters back: the answer is not whole, 'Status' is not in it"),
    ],
)
def test_letters_are_put_back_once_that_is_said(
    service: Service, tasks: list[list[dict[str, Any]]], outcome: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    listed = iter(tasks)
    answers: dict[str, Answer] = {
        "StartMessageMoveTask": {"TaskHandle": "t"},
        "ListMessageMoveTasks": lambda: {"Results": next(listed)},
    }
    with answering(service, **answers) as clients:
        if isinstance(outcome, int):
            assert retrying.put_back(clients, "arn:dead", "arn:queue") == outcome
        else:
            with pytest.raises(ServiceError, match=outcome):
                retrying.put_back(clients, "arn:dead", "arn:queue")


def test_items_that_a_busy_table_does_not_give_are_not_asked_for_for_ever(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    name = make_table(client(service, "dynamodb"), "busy").name
    keys = [Key("a", "b"), Key("c", "d")]
    rest = {name: {"Keys": [{"pk": {"S": "c"}, "sk": {"S": "d"}}]}}
    asked: list[int] = []

    def busy() -> dict[str, Any]:
        asked.append(1)
        item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
        return {"Responses": {name: [item] if len(asked) == 1 else []}, "UnprocessedKeys": rest}

    with answering(service, BatchGetItem=busy) as clients:
        items = stored_items.stored_items(Table(clients.dynamodb, name), keys)
        assert next(items)["pk"] == "a"
        with pytest.raises(ServiceError, match="gives none of 1 items"):
            next(items)
    assert (len(asked), waits) == (8, sorted(waits))


def test_a_listing_that_is_cut_without_saying_where_it_goes_on_is_not_taken_for_whole(service: Service) -> None:
    service.s3.create_bucket(Bucket="cut-7")
    service.s3.put_object(Bucket="cut-7", Key="a", Body=b"-")

    def alter(call: Call, body: bytes) -> bytes | None:
        return body.replace(b"<IsTruncated>false", b"<IsTruncated>true") if b"ListBucketResult" in body else None

    with intercepted(service.endpoint_url, alter=alter) as endpoint:
        clients = Clients(Connection(region="us-east-1", endpoint_url=endpoint, local_key=service.key))
        keys = s3.listed(clients.s3, "cut-7", "")
        assert next(keys).address.key == "a"
        with pytest.raises(ServiceError, match="listing s3://cut-7/: the answer is not whole, 'NextContinuationToken'"):
            next(keys)
