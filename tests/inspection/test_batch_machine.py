"""The machine of batches, held against CloudFormation's rules for such definitions and against the interpreter's."""

import json
from datetime import UTC, datetime, timedelta

from cfnlint.api import lint_all
from hypothesis import given, settings
from hypothesis import strategies as st

from customlabels.core.addresses import S3Address
from customlabels.emulator.stepfunctions.definitions import faults
from customlabels.emulator.stepfunctions.items import inputs
from customlabels.inspection.batches import batch_plan
from customlabels.inspection.functions import concluding
from customlabels.inspection.functions.listed import item, row
from customlabels.inspection.records import Arrival
from customlabels.inspection.stack.batch_machine import CHILD_TIMEOUT, IMAGES_A_CHILD, definition
from customlabels.pipelines.service import guard

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:look"
ROLE = "arn:aws:iam::111122223333:role/machine"


def linted(text: str) -> list[str]:
    """What cfn-lint finds in a machine; not what it only remarks."""
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": ROLE, "DefinitionString": text}}
    found = lint_all(json.dumps({"Resources": {"Machine": machine}}))
    return [str(match) for match in found if not match.rule.id.startswith("I")]


def test_the_definition_has_no_fault() -> None:
    text = json.dumps(definition(FUNCTION))
    assert (linted(text), faults(text)) == ([], [])


def test_a_definition_with_a_fault_has_it_found() -> None:
    broken = definition(FUNCTION)
    broken["States"]["Wait for it"]["Next"] = "Nowhere"
    broken["States"]["Is it needed?"]["Type"] = "Chance"
    text = json.dumps(broken)
    assert linted(text)
    assert {"/States/Wait for it/Next", "/States/Is it needed?/Type"} <= {fault.place for fault in faults(text)}


def test_the_stop_that_stands_ready_is_one_that_the_roles_are_for() -> None:
    assert concluding.PREFIX == guard.PREFIX


_EVENTS_A_LOOK = 9
"""A task entered, scheduled, started, succeeded and left; a choice and a wait entered and left."""


def test_a_batch_whose_model_does_not_come_ends_before_its_history_is_full() -> None:
    every = timedelta(seconds=definition(FUNCTION)["States"]["Wait for it"]["Seconds"])
    assert batch_plan.MOST_PATIENCE / every * _EVENTS_A_LOOK < 25_000


KEYS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(lambda key: len(key.encode()) <= 1024)


@settings(max_examples=40, deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=120), st.sampled_from(["", "\x01" * 1024, "\U0001f600" * 256]))
def test_whatever_keys_are_called_a_child_and_its_answer_fit_into_what_a_state_may_hold(
    keys: list[str], longest: str
) -> None:
    made = datetime(2026, 11, 26, tzinfo=UTC)
    images = [Arrival(S3Address("a" * 63, key), "0" * 35, 1 << 24, made.isoformat(), made) for key in keys]
    images += [image._replace(address=S3Address("a" * 63, longest)) for image in images if longest]
    settings_of = definition(FUNCTION)["States"]["Look"]
    given_ = {
        "a_child": IMAGES_A_CHILD,
        "version": "v" * 50,
        "arn": "a" * 200,
        "judged": "j" * 16,
        "images_a_second": 5.0,
    }
    children = list(inputs(settings_of, map(item, images), given_, {}))
    assert sum(count for count, _ in children) == len(images)
    for _, child in children:
        # Where more than half of them fail, the child does.
        came_of_it = [row(given, None, "e" * 500 * (number % 2)) for number, given in enumerate(child["Items"])]
        assert len(json.dumps(child)) < 262_144
        assert len(json.dumps(came_of_it)) < 262_144


def test_a_child_that_begins_again_ends_within_the_five_minutes_that_it_has() -> None:
    assert 2 * CHILD_TIMEOUT < 300
    # At half a second an image, as workers are computed, with a third of the time left over.
    assert IMAGES_A_CHILD * 0.5 < 0.7 * CHILD_TIMEOUT
