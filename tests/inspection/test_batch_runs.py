"""Batches as executions: begun under the next number, redriven for as long as that may be."""

from support.local_services import Service
from support.machines import ended, make

from customlabels.aws.clients import Clients, Connection
from customlabels.emulator.server import address
from customlabels.inspection.batches import batch_runs

FAILS = {"StartAt": "End", "States": {"End": {"Type": "Fail", "Error": "Enough"}}}
GIVEN = {"batch": "b-1", "bucket": "results-7", "folder": "x/batches/b-1", "version": "v1"}


def test_a_batch_is_redriven_for_fourteen_days_and_begun_again_under_its_next_number_at_any_time(
    own_service: Service,
) -> None:
    service = own_service
    clients = Clients(Connection(region="us-east-1", endpoint_url=service.endpoint_url, local_key=service.key))
    machine = make(service, "surface-batches", FAILS)
    assert batch_runs.of_name(clients, machine, "b-1") is None
    first = batch_runs.begin(clients, machine, GIVEN, None)
    ended(service, first.execution)
    address.advance(service.state, 13 * 86_400)
    assert batch_runs.redrive(clients, batch_runs.describe(clients, first.execution))
    ended(service, first.execution)
    address.advance(service.state, 15 * 86_400)
    late = batch_runs.describe(clients, first.execution)
    assert (late.status, late.run, batch_runs.redrive(clients, late)) == ("FAILED", "b-1.1", False)
    again = batch_runs.begin(clients, machine, GIVEN, late)
    assert again.run == "b-1.2"
    # Whoever begins it at the same moment has the same.
    assert batch_runs.begin(clients, machine, GIVEN, late).execution == again.execution
    newest = batch_runs.of_name(clients, machine, "b-1")
    assert newest is not None
    assert newest.run == "b-1.2"
