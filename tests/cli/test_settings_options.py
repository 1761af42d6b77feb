"""Flags are what the settings' fields say."""

from dataclasses import fields
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from customlabels.cli.train import train
from customlabels.core.settings import DatasetSettings, GateSettings, Settings, explanations

FLAGS = {parameter.name: parameter for parameter in train.params if isinstance(parameter, click.Option)}
SECTIONS = {"dataset": DatasetSettings, "gate": GateSettings}
KEYS = [(section, key.name) for section, kind in SECTIONS.items() for key in fields(kind) if key.name != "source"]
NUMBERS = [(section, name) for section, name in KEYS if FLAGS[name].type.name in ("float range", "integer range")]
CHOICES = [(section, name) for section, name in KEYS if isinstance(FLAGS[name].type, click.Choice) and name != "format"]


def is_taken_by_flag(name: str, text: str) -> bool:
    try:
        FLAGS[name].type.convert(text, None, None)
    except click.BadParameter:
        return False
    return True


def is_taken_by_file(section: str, name: str, value: Any) -> bool:
    try:
        TypeAdapter(Settings).validate_python({section: {name: value}})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("section", "name"), KEYS)
def test_each_key_of_a_training_has_a_flag_with_its_meaning(section: str, name: str) -> None:
    _, meaning = explanations()[f"{section}.{name}"]
    said = (FLAGS[name].help or "").partition("  [default: ")[0].removesuffix(".").removesuffix("; repeatable")
    assert said.lower() == meaning.partition("; default: ")[0].lower()


@given(st.sampled_from(NUMBERS), st.integers(-2, 3) | st.floats(-0.5, 1.5))
def test_a_flag_takes_the_numbers_that_its_key_takes(key: tuple[str, str], number: float) -> None:
    section, name = key
    assert is_taken_by_flag(name, str(number)) == is_taken_by_file(section, name, number) or (
        # What is written 1.0 is no whole number on the command line; the file takes it for one.
        isinstance(number, float) and number.is_integer()
    )


@given(st.sampled_from(CHOICES), st.data())
def test_a_flag_takes_the_words_that_its_key_takes(key: tuple[str, str], data: st.DataObject) -> None:
    section, name = key
    words = [word for _, other in CHOICES for word in FLAGS[other].type.choices]
    word = data.draw(st.sampled_from(words))
    assert is_taken_by_flag(name, word) == is_taken_by_file(section, name, word)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("label_map", "Crack=a=b", ("Crack", "a=b")), ("columns", "image=0", ("image", "0"))],
)
def test_a_table_is_given_an_entry_at_a_time(name: str, text: str, value: tuple[str, str]) -> None:
    assert (FLAGS[name].multiple, FLAGS[name].type.convert(text, None, None)) == (True, value)
    with pytest.raises(click.BadParameter, match="not of the form NAME=VALUE"):
        FLAGS[name].type.convert("Crack", None, None)
