"""The page of a review in a browser: no finding of axe-core, whatever it shows, at a telephone's width too."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.browser import BROWSER, Tab, browser
from support.drawing import draw

from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.images import keys_of
from customlabels.review.page.items import to_answer
from customlabels.review.page.server import PageServer, Served
from customlabels.review.pick import Group, Stratum
from customlabels.review.tasks import Task

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FOUND = "axe.run().then(found => found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 150))]))"

pytestmark = [pytest.mark.around, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.mark.parametrize(("width", "height"), [(1200, 850), (400, 800)])
@pytest.mark.parametrize("boxes", [False, True])
def test_axe_has_nothing_to_say(tab: Tab, axe: str, tmp_path: Path, boxes: bool, width: int, height: int) -> None:
    paths = sorted(draw(tmp_path / "line", {"across": 7, "down": 7}).rglob("*.jpg"))
    seen = (DetectedLabel("across", 80.0, (0.1, 0.1, 0.3, 0.3) if boxes else None), DetectedLabel("down", 20.0))
    tasks = [
        Task(key, path.name, str(path), "v1", seen, ("across",), Group.REST, Stratum.RANDOM, 1.0, NOW)
        for key, path in zip(keys_of(paths), paths, strict=True)
    ]
    work = to_answer(tasks, [], "ada", boxes=boxes)
    server = PageServer(Served(work, tmp_path / "review", lambda source, _: Path(source).read_bytes(), lambda: NOW))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        tab.open(server.address, width, height, mobile=width < 500)
        tab.wait("document.body.dataset.shown === '0'")
        tab.value(f"{axe};0")
        assert tab.value(FOUND) == []
        tab.press("g")
        tab.wait("document.body.dataset.sheet")
        tab.press("2")
        assert tab.value(FOUND) == []
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")
    finally:
        server.shutdown()
        server.server_close()
