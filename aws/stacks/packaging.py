"""Code for AWS as the closure of what it imports: no list of modules is kept by hand, so none can lack one.

Modules of customlabels are followed, wherever in a module they are imported, except for type checkers alone.
Packages come along as empty files: what an `__init__` names is for people who import from outside.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from customlabels.aws.stacks.archives import zipped

ROOT = "customlabels"


def closure(modules: Iterable[str]) -> tuple[str, ...]:
    """The names of these modules of customlabels and of all that they import of it, in order.

    Raises
    ------
    ModuleNotFoundError : there is no such module
    """
    waiting, names = list(modules), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += imports(name)
    return tuple(sorted(names))


def package_files(modules: Iterable[str]) -> dict[str, bytes]:
    """Path in an archive to content, of these modules, all that they import, and the packages around them."""
    files: dict[str, bytes] = {}
    for name in closure(modules):
        parents = name.split(".")[:-1]
        for depth in range(1, len(parents) + 1):
            files["/".join((*parents[:depth], "__init__.py"))] = b""
        files[name.replace(".", "/") + ".py"] = _source(name)
    return dict(sorted(files.items()))


@cache
def imports(name: str) -> frozenset[str]:
    """The modules of customlabels that a module imports itself."""
    return frozenset(_imported(ast.parse(_source(name))))


def _imported(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.ImportFrom) and child.module and child.module.split(".")[0] == ROOT:
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                if _is_module(inner):
                    yield inner
                elif _is_module(child.module):
                    yield child.module
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name.startswith(f"{ROOT}."))
        else:
            yield from _imported(child)


@cache
def _is_module(name: str) -> bool:
    return _file(name).is_file()


def _source(name: str) -> bytes:
    if not _is_module(name):
        raise ModuleNotFoundError(f"no module {name} of {ROOT}")
    return _file(name).read_bytes()


def _file(name: str) -> Traversable:
    first, *parents, last = name.split(".")
    return resources.files(first).joinpath(*parents, f"{last}.py")


def functions_zip(handlers: str, files: Mapping[str, bytes] | None = None) -> bytes:
    """The zip of Lambda functions, the same bytes for the same code.

    Parameters
    ----------
    handlers : the module that holds them
    files : path to content of what goes with them, beside what they import of customlabels
    """
    return zipped({**package_files([handlers]), **(files or {})})
