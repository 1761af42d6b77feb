"""The pages of the documentation as Markdown: their blocks of code, and the commands in them."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
MARKDOWN = MarkdownIt("commonmark").enable("table")


def written() -> list[Path]:
    """The Markdown of the repository; the links in customlabels/ lead to folders that are looked at anyway."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [one for one in folders if one == ".github" or not one.startswith((".", "customlabels", "build"))]
        found += [Path(folder) / one for one in files if one.endswith(".md")]
    return sorted(found)


PAGES = {str(path.relative_to(ROOT)): MARKDOWN.parse(path.read_text(encoding="utf-8")) for path in written()}


@dataclass(frozen=True)
class Block:
    """A block of code: its language, named or told by its looks, and the file that the words before it name."""

    text: str
    language: str
    file: str | None

    @property
    def commands(self) -> list[str]:
        """The lines that call customlabels, comments and continued lines included."""
        lines = self.text.replace("\\\n", " ").splitlines()
        bare = [re.sub(r"^\$ ", "", line.strip()) for line in lines]
        inner = [found[1] for line in bare if (found := re.search(r"\$\((customlabels [^)]*)\)", line))]
        return [line for line in bare if line.startswith("customlabels ")] + inner

    @property
    def shown(self) -> list[str]:
        """What it shows of the commands' output: the paragraphs that follow the first command, and hold none."""
        parts = re.split(r"\n\s*\n", self.text) if self.commands else []
        first = next((place for place, part in enumerate(parts) if "customlabels " in part), len(parts))
        return [line for part in parts[first + 1 :] if "customlabels " not in part for line in part.splitlines()]


def blocks(tokens: list[Token]) -> Iterator[Block]:
    for place, token in enumerate(tokens):
        if token.type not in ("fence", "code_block"):
            continue
        before = tokens[place - 2] if place > 1 and tokens[place - 1].type == "paragraph_close" else None
        named = re.match(r"`([\w./-]+\.\w+)`", before.content) if before else None
        language = token.info.strip() or _looks_like(token.content)
        yield Block(token.content, language, named[1] if named and token.type == "fence" else None)


def _looks_like(text: str) -> str:
    first = text.lstrip()
    if re.match(r"\[\[?[a-z.]+\]\]?\n", first):
        return "toml"
    if first.startswith(("import ", "from ", "# conftest.py")):
        return "python"
    return "json" if first.startswith("{") else ""


def calls(line: str) -> list[list[str]]:
    """The words of each call of customlabels in a line of a shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if re.fullmatch(r"[|&;]+", word):
            found.append([])
        else:
            found[-1].append(word)
    cut = [words[: next((at for at, word in enumerate(words) if word in "<>>"), len(words))] for words in found]
    return [words[1:] for words in cut if words[:1] == ["customlabels"]]


def is_synopsis(line: str) -> bool:
    """Whether it is a line of an overview, with alternatives, placeholders or an explanation, not to be typed."""
    return bool(re.search(r"\S\s{2,}[^#\s]|\w\|\w|\[OPTIONS\]|\.\.\.|…", line))
