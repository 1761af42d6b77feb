"""Laws of paths, intrinsic functions, retries and batches of items."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.emulator.stepfunctions import choices, intrinsics, paths, retrying, templates
from customlabels.emulator.stepfunctions.errors import StateError
from customlabels.emulator.stepfunctions.items import inputs

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="'\\"), min_size=1, max_size=4), max_size=4)


@given(st.dictionaries(st.text("xyz", min_size=1), VALUES), NAMES, VALUES)
def test_what_is_placed_at_a_path_is_found_there_and_the_input_stays(given_: Any, names: list[str], value: Any) -> None:
    path = "$" + "".join(f"['{name}']" for name in names)
    before = json.dumps(given_)
    try:
        placed = paths.placed(path, given_, value)
    except StateError:
        # The path leads through something that is no object.
        return
    assert paths.at(path, placed, {}) == value
    assert json.dumps(given_) == before


@given(st.lists(VALUES, max_size=60), st.integers(1, 12), st.integers(200, 4000))
def test_batches_hold_every_item_once_in_order_within_their_sizes(items: list[Any], most: int, room: int) -> None:
    state = {"ItemBatcher": {"MaxItemsPerBatch": most, "MaxInputBytesPerBatch": room, "BatchInput": {"a": 1}}}
    try:
        made = list(inputs(state, items, {}, {}))
    except StateError:
        assert any(len(json.dumps({"BatchInput": {"a": 1}, "Items": [item]})) > room - 2 for item in items)
        return
    assert [item for _, batch in made for item in batch["Items"]] == items
    assert all(count == len(batch["Items"]) <= most and len(json.dumps(batch)) <= room for count, batch in made)


@given(VALUES)
def test_json_in_a_text_comes_back_as_it_was(value: Any) -> None:
    text = intrinsics.evaluate("States.JsonToString($.v)", {"v": value}, {})
    assert intrinsics.evaluate("States.StringToJson($.t)", {"t": text}, {}) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("States.Format('{}/{}', $.a, States.ArrayLength($.b))", "x/3"),
        ("States.Format('\\{{}\\}', $.a)", "{x}"),
        ("States.ArrayPartition($.b, 2)", [[1, 2], [3]]),
        ("States.ArrayRange(1, 9, 4)", [1, 5, 9]),
        ("States.ArrayUnique(States.Array(1, 1, 2))", [1, 2]),
        ("States.ArrayContains($.b, 3)", True),
        ("States.ArrayGetItem($.b, 1)", 2),
        ("States.JsonMerge($.m, States.StringToJson('{\"c\":3}'), false)", {"k": 0, "c": 3}),
        ("States.StringSplit('a,b;c', ',;')", ["a", "b", "c"]),
        ("States.Base64Decode(States.Base64Encode('ä'))", "ä"),
        ("States.Hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("States.MathAdd(5, -7)", -2),
    ],
)
def test_intrinsic_functions(expression: str, value: Any) -> None:
    assert intrinsics.fault(expression) == ""
    assert intrinsics.evaluate(expression, {"a": "x", "b": [1, 2, 3], "m": {"k": 0}}, {}) == value


@pytest.mark.parametrize(
    "text", ["States.Format('{}'", "States.None()", "$.a", "States.MathAdd(1,2) x", "States.Array("]
)
def test_what_is_no_intrinsic_function_is_named(text: str) -> None:
    assert intrinsics.fault(text)
    assert bool(list(templates.faults({"a": {"b.$": text}}, ""))) is (text != "$.a")


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Variable": "$.n", "NumericLessThan": 3}, True),
        ({"Variable": "$.n", "StringEquals": "2"}, False),
        ({"Variable": "$.s", "StringMatches": "a*c\\*"}, True),
        ({"Variable": "$.none", "IsPresent": False}, True),
        ({"Variable": "$.t", "TimestampGreaterThan": "2026-01-01T00:00:00Z"}, True),
        ({"Not": {"And": [{"Variable": "$.n", "IsNumeric": True}, {"Variable": "$.s", "IsString": True}]}}, False),
        ({"Variable": "$.n", "NumericEqualsPath": "$.m"}, True),
        ({"Variable": "$.b", "BooleanEquals": False}, True),
    ],
)
def test_rules_of_a_choice(rule: dict[str, Any], holds: bool) -> None:
    document = {"n": 2, "m": 2, "s": "abbc*", "t": "2026-11-26T10:00:00Z", "b": False}
    state = {"Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    assert list(choices.faults(state["Choices"][0], "")) == []
    assert choices.picked(state, document, {}) == ("Yes" if holds else "No")


def test_retries_wait_longer_each_time_up_to_their_most() -> None:
    rule = {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "BackoffRate": 3,
        "MaxDelaySeconds": 10,
        "MaxAttempts": 4,
    }
    assert [retrying.wait(rule, tried) for tried in range(5)] == [2, 6, 10, 10, None]
    rules = [{"ErrorEquals": ["States.TaskFailed"]}, {"ErrorEquals": ["States.ALL"]}]
    names = ("Lambda.Unknown", "States.Timeout", "States.Runtime")
    assert [retrying.matching(rules, StateError(name)) for name in names] == [0, 1, None]
