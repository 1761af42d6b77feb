"""The machine of batches, held against CloudFormation's rules for such definitions and against the interpreter's."""

import json

from cfnlint.api import lint_all

from customlabels.emulator.stepfunctions.definitions import faults
from customlabels.inspection.functions import concluding
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


def test_a_child_that_begins_again_ends_within_the_five_minutes_that_it_has() -> None:
    assert 2 * CHILD_TIMEOUT < 300
    # At half a second an image, as workers are computed, with a third of the time left over.
    assert IMAGES_A_CHILD * 0.5 < 0.7 * CHILD_TIMEOUT
