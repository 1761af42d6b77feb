"""The schema takes what the settings take, and says what each key means."""

import json
import tomllib
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from customlabels.cli.group import run
from customlabels.core.settings import TEMPLATE, Settings, explanations
from customlabels.core.settings_schema import schema

VALUES = st.sampled_from([-1, 0, 0.5, 1, 1.5, 3, "a b", "crack", "daily", "none", True, [], ["mon"], {"a": "b"}])


@cache
def validator() -> Any:
    """Checked itself once; checking it again for each document took a hundred times as long as the document."""
    kind: Any = jsonschema.validators.validator_for(schema())
    kind.check_schema(schema())
    return kind(schema(), format_checker=kind.FORMAT_CHECKER)


def is_taken_by_schema(document: dict[str, Any]) -> bool:
    return bool(validator().is_valid(document))


@cache
def adapter() -> TypeAdapter[Settings]:
    return TypeAdapter(Settings)


def is_taken_by_settings(document: dict[str, Any]) -> bool:
    try:
        adapter().validate_json(json.dumps(document))
    except ValidationError:
        return False
    return True


def test_the_commented_file_is_taken_with_every_comment_taken_away() -> None:
    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines()[1:]]
    document = json.loads(json.dumps(tomllib.loads("\n".join(lines)), default=str))
    assert is_taken_by_schema(document)


@given(st.sampled_from([key for key in explanations() if key.count(".") == 1]), VALUES)
def test_it_takes_what_the_settings_take(key: str, value: Any) -> None:
    section, name = key.split(".")
    document = {section: {name: value}}
    # Where a whole number is wanted, pydantic also takes text and 0/1 that mean one; an editor need not.
    if is_taken_by_schema(document):
        assert is_taken_by_settings(document)


@pytest.mark.parametrize(
    "document", [{"trakc": {}}, {"gate": {"min_f2": 1}}, {"schedule": {"window": [{"days": "mon"}]}}]
)
def test_it_refuses_what_there_is_not(document: dict[str, Any]) -> None:
    assert not is_taken_by_schema(document)


def test_it_is_printed_with_what_keys_mean(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    gate = printed["$defs"]["GateSettings"]["properties"]
    assert gate["min_f1"]["description"] == "exit 3 when the version's F1 is lower"
    window = printed["$defs"]["WindowSettings"]["properties"]
    assert window["units"]["description"].startswith("inference units of this window")
