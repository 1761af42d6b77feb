"""Progress below a notebook's cell, by a real kernel."""

from typing import Any

import pytest

BEGUN = """
from customlabels.core import console, notebook_bars
console._BAR_AFTER = notebook_bars._BETWEEN = 0.0
"""

KNOWN = """
from customlabels import Session
with Session().console.step("hashing <3> images", 3) as advance:
    for _ in range(3):
        advance(1)
"""

QUIET = """
with console.Console(quiet=True).step("hashing", 3) as advance:
    advance(1)
"""

SHORT = """
console._BAR_AFTER = 60.0
with console.Console().step("reading") as advance:
    advance(1)
"""


@pytest.mark.around
def test_a_step_is_a_bar_that_becomes_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    cells = [nbformat.v4.new_code_cell(source) for source in (BEGUN, KNOWN, QUIET, SHORT)]
    messages = []
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells), timeout=60, resources={"metadata": {"path": str(tmp_path)}}
    )
    inner = client.process_message

    def noted(message: dict[str, Any], cell: Any, index: int) -> Any:
        if message["msg_type"] in ("display_data", "update_display_data"):
            messages.append((index, message["content"]["data"]))
        return inner(message, cell, index)

    monkeypatch.setattr(client, "process_message", noted)
    client.execute()
    pictures = [data.get("text/html", "") for index, data in messages if index == 1]
    assert pictures[0] == '<progress value="1" max="3"></progress> hashing &lt;3&gt; images · 1 of 3'
    assert [picture.rpartition(" · ")[2] for picture in pictures] == ["1 of 3", "2 of 3", "3 of 3", ""]
    _, known, quiet, short = [cell.outputs for cell in cells]
    (line,) = known
    assert line["data"].keys() == {"text/plain"}
    assert line["data"]["text/plain"].startswith("hashing <3> images · ")
    assert quiet == []
    (line,) = short
    assert line["data"]["text/plain"].startswith("reading · ")
