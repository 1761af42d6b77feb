"""The notebooks run whole from a clean kernel, and what is committed of their outputs is light and clean."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 200_000

of_each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> "NotebookNode":
    import nbformat

    return nbformat.read(path, as_version=4)


def code(notebook: "NotebookNode") -> "list[NotebookNode]":
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: "NotebookNode") -> Iterator[tuple[str, Any]]:
    """Kind and content of everything that is shown: a MIME type, or the name of a stream."""
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                yield output.name, output.text
            else:
                yield from output.get("data", {}).items()


def faults(notebook: "NotebookNode") -> list[str]:
    """What went wrong in cells that do not say so on purpose; a command that fails raises nothing."""
    found = []
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{cell.id}: {output.evalue}")
            elif output.output_type == "stream" and "raises-exception" not in cell.metadata.get("tags", []):
                found += [
                    f"{cell.id}: {line}"
                    for line in output.text.splitlines()
                    if re.match(r"error:|Traceback|.*command not found", line)
                ]
    return found


def pictures(notebook: "NotebookNode") -> int:
    return sum(kind.startswith("image/") for kind, _ in outputs(notebook))


def test_there_are_three_of_them() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["1-train-from-folder", "2-compare-versions", "3-schedule-uptime"]


@pytest.mark.around
@of_each
def test_it_runs_whole_from_a_clean_kernel(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    beside = sorted(FOLDER.iterdir())
    notebook = runpy.run_path(str(FOLDER / "execute.py"))["executed"](path, tmp_path)
    assert faults(notebook) == []
    assert pictures(notebook) == pictures(read(path)) > 0
    assert sorted(FOLDER.iterdir()) == beside


@of_each
def test_the_line_to_change_for_aws_is_the_first(path: Path) -> None:
    notebook = read(path)
    assert "change the one line below" in notebook.cells[0].source
    (line,) = code(notebook)[0].source.splitlines()
    assert "# the one line to change for AWS" in line


@of_each
def test_what_is_committed_ran_in_order_and_without_a_fault(path: Path) -> None:
    notebook = read(path)
    import nbformat

    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert list(notebook.metadata) == ["kernelspec"]
    assert [cell.execution_count for cell in code(notebook)] == [*range(1, len(code(notebook)) + 1)]
    assert faults(notebook) == []
    assert pictures(notebook) > 0


@of_each
def test_what_is_committed_is_light_and_names_no_machine(path: Path) -> None:
    for kind, content in outputs(read(path)):
        assert len(content) < MOST_BYTES, f"{kind} of {len(content)} characters"
        if not kind.startswith("image/") or "svg" in kind:
            assert (
                re.findall(r"(?:/tmp|/work|/home|/root|/Users|/var|[A-Z]:\\)[\w/\\.-]*|127\.0\.0\.1\S*", content) == []
            )
    assert path.stat().st_size < MOST_BYTES
