"""Makes docs/reference/ from the code: python docs/make_reference.py"""

import inspect
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click
from reference_api import api_page, formatted

from customlabels.cli.group import _SHARED, root
from customlabels.cli.overview import OPTIONS
from customlabels.cli.settings_options import flag_name
from customlabels.core.settings import Limits, Settings, explanations
from customlabels.manifests.codes import MESSAGES

HERE = Path(__file__).parent
_MADE = "<!-- Made by docs/make_reference.py from the code; change it there. -->\n"


def main() -> None:
    for name, text in pages().items():
        (HERE / "reference" / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The text of each page of docs/reference."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "commands.md": commands_page,
        "settings.md": settings_page,
        "codes.md": codes_page,
        "api.md": api_page,
    }
    joined = {name: "\n".join([_MADE, *page()]) for name, page in made.items()}
    return {name: formatted(re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n") for name, text in joined.items()}


EXIT_CODES = {
    0: "done",
    1: "an error: the service refused, a training failed, an image could not be looked at",
    2: "wrong usage or settings",
    3: "the gate failed, or there was not enough evidence to pass it",
    4: "invalid images or manifests",
    130: "interrupted, or a question was not answered with yes",
}


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""

    def below(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        if not isinstance(command, click.Group):
            yield words, command
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            nested = command.get_command(context, name)
            assert nested is not None  # noqa: S101 - it listed the name itself
            yield from below((*words, name), nested)

    yield from below((), root)


def commands_page() -> Iterator[str]:
    yield "# Commands\n"
    yield "    customlabels --local train photos --min-f1 0.8\n"
    yield "Results go to standard output, everything else to standard error.\n"
    yield "| exit code | what it says |\n| --- | --- |"
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    yield "\nEvery command takes these options, wherever they stand on the line:\n"
    yield "| option | meaning |\n| --- | --- |"
    yield from (f"| `{_cell(name)}` | {_cell(meaning)} |" for name, meaning in OPTIONS.items())
    for words, command in commands():
        yield from _command(words, command)


def _command(words: tuple[str, ...], command: click.Command) -> Iterator[str]:
    name = " ".join(("customlabels", *words))
    text, examples = _help(command)
    yield f"\n## {name}\n"
    options = [
        parameter
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in _SHARED
    ]
    arguments = [
        parameter.make_metavar(click.Context(command))
        for parameter in command.params
        if isinstance(parameter, click.Argument)
    ]
    yield "    " + " ".join((name, *(["[OPTIONS]"] if options else []), *arguments)) + "\n"
    yield f"{text}\n"
    if options:
        yield "| option | takes | default | meaning |\n| --- | --- | --- | --- |"
        yield from map(_option, options)
        yield ""
    if examples:
        yield "\n".join(f"    {example}" for example in examples) + "\n"
    yield f"Exit codes: {', '.join(map(str, _exit_codes(words, command)))}."


def _help(command: click.Command) -> tuple[str, list[str]]:
    """A command's help in paragraphs, and its examples."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(command.help or ""))
    examples = [
        line
        for paragraph in paragraphs
        if paragraph.lstrip("\b\n").startswith("Example")
        for line in paragraph.splitlines()
    ]
    prose = [paragraph for paragraph in paragraphs if not paragraph.lstrip("\b\n").startswith("Example")]
    shown = [re.sub(r"^\s*(Examples?:)?\s*", "", line) for line in examples if line.strip("\b ")]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in prose), shown


def _option(option: click.Option) -> str:
    help_text, _, noted = (option.help or "").partition("[default:")
    default = noted.rstrip("] ").strip()
    if not default and option.show_default and option.default is not None:
        default = f"`{option.default}`"
    default = "required" if option.required else default
    names = ", ".join((*option.opts, *option.secondary_opts))
    taken = "" if option.is_flag else _taken(option)
    many = " (as often as wanted)" if option.multiple else ""
    return f"| `{names}` | {_cell(taken)}{many} | {_cell(default)} | {_cell(help_text.strip())} |"


def _taken(option: click.Option) -> str:
    kind = option.type
    if isinstance(kind, click.Choice):
        return ", ".join(f"`{choice}`" for choice in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        number = "whole number" if isinstance(kind, click.IntRange) else "number"
        low = "" if kind.min is None else f"{'over' if kind.min_open else 'from'} {kind.min:g}"
        high = "" if kind.max is None else f"{'below' if kind.max_open else 'to'} {kind.max:g}"
        return " ".join(part for part in (number, low, high) if part)
    if option.metavar:
        return f"`{option.metavar}`"
    if isinstance(kind, click.Path):
        return "file" if not kind.dir_okay else "folder" if not kind.file_okay else "file or folder"
    return {"integer": "whole number", "float": "number"}.get(kind.name, "text")


def _exit_codes(words: tuple[str, ...], command: click.Command) -> list[int]:
    names = {parameter.name for parameter in command.params}
    reads = bool(names & {"allow_unlabelled", "smoke"}) or words[0] in ("manifest", "detect")
    return [0, 1, 2, *([3] if "decide_on" in names else []), *([4] if reads else []), 130]


def settings_page() -> Iterator[str]:
    yield "# Settings\n"
    yield "    customlabels init\n"
    yield (
        "writes a commented `customlabels.toml`. Every command looks for it in the working folder and upwards; "
        "`--config` names another. Every key is optional, an unknown one is refused, and a flag wins over its key. "
        "Spans of time read `90s`, `25m`, `2h`, `1h30m` or `3d`."
    )
    words = explanations()
    flags = {flag for _, command in commands() for parameter in command.params for flag in parameter.opts}
    for section, kind in _sections(Settings):
        yield f"\n## {f'[[{section}]]' if section.endswith('window') else f'[{section}]'}\n"
        yield "| key | type | default | flag | meaning | example |\n| --- | --- | --- | --- | --- | --- |"
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            if field.name == "window":
                continue
            key = f"{section}.{field.name}"
            example, meaning = words[key][0], words[key][1].removeprefix("... ")
            flag = flag_name(field.name, hints[field.name])
            own = section in ("dataset", "gate", "project", "detect") and key != "dataset.source" and flag in flags
            if field.default is not MISSING:
                default = field.default
            else:
                default = field.default_factory() if field.default_factory is not MISSING else MISSING
            shown = "required" if default is MISSING else "" if default in (None, (), {}) else f"`{_toml(default)}`"
            cells = [f"`{field.name}`", _type(hints[field.name]), shown, f"`{flag}`" if own else "", meaning]
            yield f"| {' | '.join(map(_cell, cells))} | {f'`{_cell(example)}`' if example else ''} |"


def _sections(kind: Any) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        inner = hints[field.name]
        yield field.name, inner
        for part, hint in get_type_hints(inner).items():
            for nested in get_args(hint):
                if is_dataclass(nested):
                    yield f"{field.name}.{part}", nested


_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def _type(hint: Any) -> str:
    """The type in words, with the range that it has."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _TYPES:
        return _TYPES[hint]
    if hasattr(hint, "__metadata__"):
        limits = [limit for constraint in hint.__metadata__ if (limit := _limit(constraint))]
        return f"{_type(hint.__origin__)} {' '.join(limits)}".strip()
    if origin is Literal:
        return ", ".join(f'`"{argument}"`' for argument in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin in (Union, type(int | None)):
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    if (origin is not None and issubclass(origin, dict)) or getattr(origin, "__name__", "") == "Mapping":
        return "table of text"
    return str(getattr(hint, "__name__", hint))


def _limit(limits: Limits) -> str:
    words = {"ge": "from", "gt": "over", "le": "to", "lt": "below"}
    told = [f"{word} {limit:g}" for name, word in words.items() if (limit := getattr(limits, name)) is not None]
    told += [f"of at most {limits.max_length} characters"] if limits.max_length else []
    return " ".join([*told, f"like `{limits.pattern}`"] if limits.pattern else told)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def codes() -> dict[str, dict[str, Any]]:
    """Cause and cure of each code: those that the validator finds, and those that AWS alone can find."""
    return tomllib.loads((HERE / "codes.toml").read_text(encoding="utf-8"))


def codes_page() -> Iterator[str]:
    about = codes()
    yield "# Codes\n"
    yield "    customlabels manifest validate train.manifest --test test.manifest --images photos\n"
    yield (
        "names faults with the codes that the service uses, before anything is uploaded or billed, and with each the "
        'field and its value, as in `/boxes-metadata/creation-date: "yesterday"`: a code alone has up to seven causes. '
        "Here is what each means, what becomes of the line, the dataset or the training, and what to do. `--fix` mends "
        "what takes no guess.\n"
    )
    yield (
        "A training fails when more than a fifth of a manifest's lines are invalid, all causes added up. A line that "
        "a dataset import drops without a word is reported by no call of the service; `validate` counts it.\n"
    )
    yield "Source: Custom Labels developer guide, `debugging-datasets-*.md` and `tm-debugging*.md`.\n"
    groups = {
        "Whole manifests": [code for code in MESSAGES if about["codes"][code]["scope"] == "manifest"],
        "Lines, attributes and boxes": [code for code in MESSAGES if about["codes"][code]["scope"] == "line"],
        "Warnings": [code for code in MESSAGES if code.startswith("WARNING")],
    }
    for title, names in groups.items():
        yield f"## {title}\n"
        for code in names:
            yield from _code(code, MESSAGES[code], about["codes"][code])
    yield "## Codes that only AWS can find\n"
    yield "They are about permissions and owners of buckets. `customlabels train` shows them when a training failed.\n"
    for code, cause in about["only_on_aws"].items():
        yield from _code(code, cause["message"], cause)


def _code(code: str, message: str, about: dict[str, str]) -> Iterator[str]:
    yield f"### {code}\n"
    yield f"> {message.replace('{}', 'NAME')}\n"
    yield f"**Cause:** {about['cause']}\n"
    yield f"**Effect:** {about['effect']}\n"
    yield f"**Cure:** {about['cure']}\n"


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
