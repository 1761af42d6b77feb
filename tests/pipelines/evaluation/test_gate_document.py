"""One serialisation of the gate serves the command and the pipeline: a field that is added is in it."""

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import SettingsError
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.gate_document import gate_document, read_gate

FRACTIONS = st.floats(0, 1)
GIVEN: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("min_f1", "min_precision", "min_recall", "min_label_f1", "max_regression"), FRACTIONS),
    "min_label": st.dictionaries(st.text(), st.sampled_from(["0.9", "0.9:recall", "0.8:f1,0.9:precision"]), min_size=1),
    "min_test_images": st.integers(1),
    "decide_on": st.just("interval"),
}
"""What each field of the settings may be set to; a new one takes a line here."""


def test_every_field_of_the_settings_is_tried() -> None:
    assert set(GIVEN) == {field.name for field in fields(GateSettings)}


@given(st.fixed_dictionaries({}, optional=GIVEN))
def test_a_gate_is_the_same_after_it_was_written_and_read(asked: dict[str, Any]) -> None:
    gate = GateSettings(**asked)
    written = json.loads(json.dumps(gate_document(gate)))
    assert read_gate(written) == gate
    assert set(written) == set(asked)


@pytest.mark.parametrize(
    ("asked", "gate"),
    [
        ({}, GateSettings()),
        ({"min_f1": "0.8", "max_regression": "0.02"}, GateSettings(min_f1=0.8, max_regression=0.02)),
        ({"min_test_images": "5"}, GateSettings(min_test_images=5)),
        ({"min_label": {"crack": "0.9"}}, GateSettings(min_label={"crack": "0.9"})),
    ],
)
def test_numbers_may_come_as_text(asked: dict[str, Any], gate: GateSettings) -> None:
    assert read_gate(asked) == gate


def test_what_is_not_known_is_refused_rather_than_left_out() -> None:
    with pytest.raises(SettingsError, match="the gate asks for min_support, which is not known here"):
        read_gate({"min_support": 3})
