"""The page of the Python API, read from the source of what customlabels makes public."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import customlabels


def api_page() -> Iterator[str]:
    table: dict[str, tuple[str, ...]] = getattr(customlabels, "_PUBLIC", {})
    yield "# Python API\n"
    yield "```python\nfrom pathlib import Path\n\nfrom customlabels import load_dataset, split\n"
    yield 'divided = split(load_dataset(Path("photos")), fraction=0.2, seed=1)\n```\n'
    yield "A session has settings and clients as the commands have them, of AWS or of the local service:\n"
    yield "```python\nfrom customlabels import Session, compare, draw_curves\n\nsession = Session(local=True)"
    yield 'few, more = session.measured("photos", "few"), session.measured("photos", "more")'
    yield 'compare(few, more).overall["f1"].interval\ndraw_curves(more)  # an SVG picture\n'
    yield "session.clients.rekognition.describe_projects()\n```\n"
    yield (
        "These names can be imported from `customlabels`; each is loaded when it is first used. Everything else may "
        "change without notice."
    )
    for module, names in table.items():
        loaded = import_module(f"customlabels.{module}")
        yield f"\n## customlabels.{module}"
        for name in names:
            yield from _public(name, getattr(loaded, name))


def _public(name: str, named: Any) -> Iterator[str]:
    for node in ast.parse(inspect.getsource(sys.modules[named.__module__])).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield f"\n### {name}\n\n```python\n{_signature(node)}\n```\n"
            yield _docstring(node)
            return
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield f"\n### {name}\n\n```python\n{_class(node, named)}\n```\n"
            yield _docstring(node)
            yield from _methods(node, named)
            return
    raise ValueError(f"{name} is not defined where it says")


def formatted(text: str) -> str:
    """The page with its Python as ruff writes it, which looks into Markdown too."""
    words = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", "api.md", "-"]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout


def _class(node: ast.ClassDef, named: type) -> str:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    lines = [f"class {node.name}({bases}):" if bases else f"class {node.name}:"]
    for statement in node.body:
        own = isinstance(statement, ast.AnnAssign) and not ast.unparse(statement.target).startswith("_")
        value = isinstance(statement, ast.Assign) and not inspect.isroutine(_assigned(statement, named))
        if (own and "ClassVar" not in ast.unparse(statement)) or value:
            lines.append(f"    {ast.unparse(statement)}")
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            lines.append("    " + _signature(statement).replace("\n", "\n    "))
    return "\n".join([*lines, *(["    ..."] if len(lines) == 1 else [])])


def _assigned(statement: ast.Assign, named: type) -> Any:
    """What a line of the class's body gives a name."""
    return getattr(named, ast.unparse(statement.targets[0]))


def _methods(node: ast.ClassDef, named: type) -> Iterator[str]:
    """Its methods, those among them that are functions of other modules."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
            docstring = ast.get_docstring(method)
            kinds = {ast.unparse(decorator) for decorator in method.decorator_list}
            if docstring:
                called = method.name if kinds & {"property", "cached_property"} else f"{method.name}()"
                yield _line(called, docstring)
        elif isinstance(method, ast.Assign) and inspect.isroutine(function := _assigned(method, named)):
            yield _line(f"{function.__name__}()", inspect.getdoc(function) or "")


def _line(called: str, docstring: str) -> str:
    return f"- `{called}`: {' '.join(docstring.split(chr(10) * 2)[0].split())}"


def _signature(node: ast.FunctionDef) -> str:
    """The function's header, an argument a line where one line would be long."""
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    start = f"def {node.name}("
    whole = f"{start}{ast.unparse(node.args)}){returned}: ..."
    if len(whole) <= 100:
        return whole
    return f"{start}\n" + "\n".join(f"    {argument}," for argument in _arguments(node.args)) + f"\n){returned}: ..."


def _arguments(given: ast.arguments) -> list[str]:
    """Each argument with its annotation and default, as they are written in a call's order."""

    def shown(argument: ast.arg, default: ast.expr | None) -> str:
        value = "" if default is None else f" = {ast.unparse(default)}"
        return f"{argument.arg}{f': {ast.unparse(argument.annotation)}' if argument.annotation else ''}{value}"

    placed = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(placed) - len(given.defaults)), *given.defaults]
    arguments = [shown(argument, default) for argument, default in zip(placed, defaults, strict=True)]
    if given.vararg:
        arguments.append(f"*{shown(given.vararg, None)}")
    elif given.kwonlyargs:
        arguments.append("*")
    arguments += [
        shown(argument, default) for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return arguments


def _docstring(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Its docstring: prose as it is, the sections of numpydoc as lists."""
    lines, shown, listing = (ast.get_docstring(node) or "").splitlines(), [], False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if re.fullmatch(r"-{3,}", following) and line:
            shown.append(f"\n**{line}**\n")
            listing = True
        elif re.fullmatch(r"-{3,}", line):
            continue
        elif listing and (entry := re.fullmatch(r"(\*{0,2}\w+(?:, \w+)*)(?: : (.*))?", line)):
            shown.append(f"- `{entry[1]}`" + (f": {entry[2]}" if entry[2] else ""))
        elif listing and line.startswith(" "):
            shown.append(f"  {line.strip()}")
        else:
            listing = listing and bool(line)
            shown.append(line)
    return "\n".join(shown).strip() + "\n"
