"""Batches follow the units that are up, whoever waits for them or not."""

from collections.abc import Iterator

import pytest
from support.local_services import Service, client
from support.machines import make, start

from customlabels.core.waiting import wait_for
from customlabels.scheduler.functions import batches

AT_ONCE = {"1": 2, "2": 5, "3": 8}
INPUT = {"version": "v1", "concurrency": 2, "at_once": AT_ONCE, "items": [*range(12)]}
DEFINITION = {
    "StartAt": "Look",
    "States": {
        "Look": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrencyPath": "$.concurrency",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Wait",
                "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}},
            },
            "End": True,
        }
    },
}


@pytest.fixture
def machine(service: Service) -> Iterator[str]:
    arn = make(service, "followed", DEFINITION)
    yield arn
    states = client(service, "stepfunctions")
    for execution in states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
        states.stop_execution(executionArn=execution["executionArn"])
    states.delete_state_machine(stateMachineArn=arn)


def begun(service: Service, machine: str, **given: object) -> str:
    """The map run of a new execution."""
    execution, states = start(service, machine, {**INPUT, **given}), client(service, "stepfunctions")
    (run,) = wait_for(
        lambda: states.list_map_runs(executionArn=execution)["mapRuns"] or None, what="the map run", most=20
    )
    return str(run["mapRunArn"])


def at_once(service: Service, run: str) -> int:
    return int(client(service, "stepfunctions").describe_map_run(mapRunArn=run)["maxConcurrency"])


def follow(service: Service, machine: str, units: dict[str, int]) -> None:
    states = client(service, "stepfunctions")
    batches.follow(states, batches.running(states, machine), units)


def test_a_batch_has_as_many_children_at_once_as_its_units_keep_busy(service: Service, machine: str) -> None:
    run = begun(service, machine)
    for units, children in ((3, 8), (1, 2), (2, 5)):
        follow(service, machine, {"v1": units, "v2": 1})
        assert at_once(service, run) == children
    # A model that is down, or a number of units that the batch does not tell of, changes nothing.
    for other in ({}, {"v2": 3}, {"v1": 9}):
        follow(service, machine, other)
        assert at_once(service, run) == 5


def test_batches_of_one_version_share_what_keeps_it_busy(service: Service, machine: str) -> None:
    runs = [begun(service, machine), begun(service, machine), begun(service, machine, version="v2")]
    follow(service, machine, {"v1": 3, "v2": 3})
    assert [at_once(service, run) for run in runs] == [4, 4, 8]
    follow(service, machine, {"v1": 1, "v2": 1})
    assert [at_once(service, run) for run in runs] == [1, 1, 2]


def test_a_batch_that_was_begun_before_any_told_is_left_as_it_is(service: Service, machine: str) -> None:
    run = begun(service, machine, at_once={})
    follow(service, machine, {"v1": 3})
    assert at_once(service, run) == 2
