"""The reference is what the code says, and covers all of it."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from customlabels.cli.overview import COMMANDS
from customlabels.manifests.codes import MESSAGES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def maker() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("make_reference")


def test_the_pages_are_what_the_code_makes(maker: ModuleType) -> None:
    for name, text in maker.pages().items():
        there = (DOCS / "reference" / name).read_text(encoding="utf-8")
        assert there == text, f"docs/reference/{name} is not what the code says: python docs/make_reference.py"


def test_each_code_of_the_validator_has_a_cause_and_a_cure(maker: ModuleType) -> None:
    told = maker.codes()
    assert told["codes"].keys() == MESSAGES.keys()
    assert not told["only_on_aws"].keys() & MESSAGES.keys()
    for about in (*told["codes"].values(), *told["only_on_aws"].values()):
        assert all(about[part].endswith(".") for part in ("cause", "effect", "cure"))


def test_every_command_is_there(maker: ModuleType) -> None:
    called = {words for words, _ in maker.commands()}
    assert {words[0] for words in called} == COMMANDS.keys()
    assert {("train",), ("versions", "compare"), ("schedule", "override")} <= called
