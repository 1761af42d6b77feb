"""Each room's `__init__` names, in `__all__`, the modules that other rooms may use; nothing else is reached into."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import customlabels.session
from customlabels.aws.stacks.packaging import imports

ROOT = Path(customlabels.__file__).parent
ROOMS = sorted(
    "customlabels." + ".".join(path.parent.relative_to(ROOT).parts)
    for path in ROOT.glob("*/**/__init__.py")
    if path.relative_to(ROOT).parts[0] not in ("cli", "session")
)


def modules() -> list[str]:
    paths = [path for room in ROOMS if room.count(".") == 1 for path in (ROOT / room.split(".")[1]).rglob("*.py")]
    paths += [path for room in ("cli", "session") for path in (ROOT / room).rglob("*.py")]
    names = {path for path in paths if path.name != "__init__.py"}
    return sorted("customlabels." + ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in names)


@pytest.fixture(scope="module")
def reached() -> dict[str, set[str]]:
    """By room, the modules in it that others import."""
    found: dict[str, set[str]] = defaultdict(set)
    public = {f"customlabels.{module}" for module in customlabels._PUBLIC}
    for importer, imported in [("", module) for module in public] + [(m, i) for m in modules() for i in imports(m)]:
        room = imported.rpartition(".")[0]
        if not importer.startswith(f"{room}."):
            found[room].add(imported.rpartition(".")[2])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_face_names_what_others_use_and_nothing_that_nobody_does(room: str, reached: dict[str, set[str]]) -> None:
    tree = ast.parse((ROOT.joinpath(*room.split(".")[1:]) / "__init__.py").read_text())
    faces = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert sorted(faces[0] if faces else []) == sorted(reached[room])


def test_of_the_session_its_face_alone_is_used() -> None:
    others = [module for module in modules() if not module.startswith("customlabels.session.")]
    used = {name for module in others for name in imports(module) if name.startswith("customlabels.session.")}
    assert {"Session", *(name.rpartition(".")[2] for name in used)} == set(customlabels.session.__all__)
