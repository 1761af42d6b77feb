"""States do what the language says of them."""

from typing import Any

import pytest
from support.local_services import Service
from support.machines import result


def row(*states: dict[str, Any]) -> dict[str, Any]:
    """States one after the other."""
    names = [f"S{number}" for number in range(len(states))]
    return {
        "StartAt": "S0",
        "States": {
            name: {**state, **({"Next": following} if following else {"End": True})}
            for name, state, following in zip(names, states, [*names[1:], None], strict=True)
        },
    }


PASS = {"Type": "Pass"}


@pytest.mark.parametrize(
    ("name", "state", "given", "output"),
    [
        ("hands-on", PASS, {"a": 1}, {"a": 1}),
        ("result", {**PASS, "Result": [1], "ResultPath": "$.x.y"}, {"a": 1}, {"a": 1, "x": {"y": [1]}}),
        ("drops-result", {**PASS, "Result": [1], "ResultPath": None}, {"a": 1}, {"a": 1}),
        ("paths", {**PASS, "InputPath": "$.a", "OutputPath": "$.b[1]"}, {"a": {"b": [1, 2]}}, 2),
        ("filters", {**PASS, "OutputPath": "$.a[?(@.n > 1)].n"}, {"a": [{"n": 1}, {"n": 2}, {"n": 3}]}, [2, 3]),
        (
            "template",
            {
                **PASS,
                "Parameters": {"n.$": "States.MathAdd($.n, -1)", "who.$": "States.Format('{} of \\'{}\\'', 1, $.a)"},
            },
            {"n": 3, "a": "x"},
            {"n": 2, "who": "1 of 'x'"},
        ),
        (
            "parallel",
            {"Type": "Parallel", "Branches": [row(PASS), row({**PASS, "Result": 2})]},
            {"a": 1},
            [{"a": 1}, 2],
        ),
        (
            "map",
            {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemSelector": {"n.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "w.$": "$.w"},
                "ItemProcessor": row(PASS),
                "MaxConcurrency": 2,
            },
            {"items": [5, 6, 7], "w": 0},
            [{"n": n, "i": i, "w": 0} for i, n in enumerate([5, 6, 7])],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_makes_of_its_input_what_the_language_says(
    service: Service, name: str, state: dict[str, Any], given: Any, output: Any
) -> None:
    shown = result(service, f"state-{name}", row(state), given)
    assert (shown["status"], shown["output"]) == ("SUCCEEDED", output)
