"""Executes the notebooks on a local service and keeps what they show: python notebooks/execute.py [FILE...]"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from customlabels.emulator.server import address

FOLDER = Path(__file__).parent


def executed(path: Path, folder: Path) -> NotebookNode:
    """The notebook with its outputs, from a clean kernel; all that it writes goes below `folder`.

    Raises
    ------
    CellExecutionError : a cell of it fails
    """
    notebook = nbformat.read(path, as_version=4)
    state = folder / address.STATE_FOLDER
    address.start(state, address.FAST)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    )
    try:
        client.execute(env=_environment(folder, state))
    finally:
        address.stop(state)
    # Which Python it was says nothing about the notebook.
    notebook.metadata.pop("language_info", None)
    return notebook


def _environment(folder: Path, state: Path) -> dict[str, str]:
    """What a kernel started in a fresh account would have, with `customlabels` on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CUSTOMLABELS_"))}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")]),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "CUSTOMLABELS_STATE": str(state),
        # The debugger warns of Python's frozen modules otherwise.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def main() -> None:
    for path in map(Path, sys.argv[1:] or sorted(map(str, FOLDER.glob("*.ipynb")))):
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(executed(path, Path(folder)), path)


if __name__ == "__main__":
    main()
