"""The documentation: its links lead somewhere, its files are what they claim to be, its commands exist."""

import json
import re
import tomllib
from itertools import chain, pairwise
from pathlib import Path

import click
import pytest
import yaml
from markdown_it.token import Token
from support.docs_pages import PAGES, ROOT, blocks, calls, is_synopsis

from customlabels.cli.group import root
from customlabels.core.settings import load_settings


def slugs(tokens: list[Token]) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found: list[str] = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = re.sub(r"[^\w\- ]", "", inline.content.lower()).replace(" ", "-")
            again = sum(re.fullmatch(rf"{re.escape(text)}(-\d+)?", one) is not None for one in found)
            found.append(f"{text}-{again}" if again else text)
    return set(found)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    inline = chain.from_iterable(token.children or () for token in PAGES[page])
    targets = [
        str(one.attrs.get("href") or one.attrs.get("src")) for one in inline if one.type in ("link_open", "image")
    ]
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), f"{page}: {target} is not there"
        if anchor:
            tokens = PAGES[str(path.resolve().relative_to(ROOT))]
            assert anchor in slugs(tokens), f"{page}: {target} has no such heading"


def test_pages_of_the_index_are_all_of_them() -> None:
    inline = chain.from_iterable(token.children or () for token in PAGES["docs/README.md"])
    linked = {str(one.attrs["href"]).partition("#")[0] for one in inline if one.type == "link_open"}
    own = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/") and "examples/" not in page}
    assert own - {"README.md"} <= linked


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_what_they_claim_to_be(page: str, tmp_path: Path) -> None:
    for block in blocks(PAGES[page]):
        if block.language == "toml":
            # Other tools have TOML of their own.
            if {*tomllib.loads(block.text)} <= {*load_settings(None).__dataclass_fields__}:
                (tmp_path / "customlabels.toml").write_text(block.text)
                load_settings(tmp_path / "customlabels.toml")
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "jsonl":
            [json.loads(line) for line in block.text.splitlines()]
        elif block.language in ("yaml", "yml"):
            list(yaml.safe_load_all(block.text))
        elif block.language in ("python", "py"):
            compile(block.text, page, "exec")


COMMANDS = [(page, line) for page, tokens in PAGES.items() for block in blocks(tokens) for line in block.commands]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_commands_are_such_as_the_command_line_takes(page: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Files that a page names are not there.
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: value)
    if is_synopsis(line):
        _check_synopsis(line)
        return
    for words in calls(line):
        _parse(words)


def _check_synopsis(line: str) -> None:
    words = re.split(r"\s{2,}", line)[0].split()[1:]
    found: list[click.Command] = [root]
    for word in words:
        if not isinstance(found[0], click.Group) or word.startswith("-"):
            break
        context = click.Context(found[0])
        known = [found[0].get_command(context, one) for one in word.split("|")]
        found = [one for one in known if one is not None]
        assert len(found) == len(known), f"{line}: {word}"
    for word in words:
        if word.startswith("--"):
            assert any(word in (*one.opts, *one.secondary_opts) for one in chain(root.params, found[0].params)), word


def _parse(words: list[str]) -> None:
    """Sees that the command line takes the words; nothing is run."""
    command: click.Command = root
    context: click.Context | None = None
    while True:
        try:
            context = command.make_context(command.name, list(words), parent=context)
        except click.exceptions.Exit:
            return
        if not isinstance(command, click.Group):
            return
        _, found, words = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command = found


def test_figures_are_such_as_were_measured() -> None:
    table = (ROOT / "benchmarks/figures.md").read_text(encoding="utf-8")
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Figures")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!what|---).*\|$", section, re.MULTILINE)
    assert len(rows) > 10
    for row in rows:
        assert f"\n{row}" in table, row


def test_every_benchmark_is_in_the_table() -> None:
    table = (ROOT / "benchmarks/figures.md").read_text(encoding="utf-8")
    scripts = {
        path.name
        for path in (ROOT / "benchmarks").glob("*.py")
        if "note(" in (text := path.read_text()) or "compare(" in text
    }
    for name in scripts - {"rows.py", "timing.py", "run.py"}:
        assert f"| {name} |" in table, name
