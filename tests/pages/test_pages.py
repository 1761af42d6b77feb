"""The HTML pages in a browser: no finding of axe-core, and nothing cut off on paper."""

import html
import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.local_services import BUCKET, Service
from support.shells import Shell

from customlabels.inspection.drift import Day, Reference, Signal, Watched
from customlabels.inspection.golden import Golden
from customlabels.inspection.watch_page import watch_page as watch_page_of
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, LabelMetrics
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.picture_names import short_names
from customlabels.pipelines.evaluation.report import report
from customlabels.pipelines.evaluation.snapshot import Prediction, Snapshot, TestImage, Truth

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
LABELS = tuple(f"{name} on the {side} side" for name in ("crack", "pit", "scratch", "dent") for side in "abcde")
PAPER = 186
"""Millimetres of A4 between its margins."""

WINDOW = '[[schedule.window]]\ndays = "mon-fri"\nstart = "06:00"\nstop = "22:00"\n'


def measured() -> Measured:
    """A version that takes the first image of each label for the next; files are called alike in each folder."""

    def image(place: int, number: int) -> TestImage:
        said = LABELS[(place + (number == 0)) % len(LABELS)]
        found = tuple(
            Prediction(label, 0.9 if label == said else 0.1, label == LABELS[place], label == said) for label in LABELS
        )
        return TestImage(f"s3://{BUCKET}/gone/{LABELS[place]}/{number:03}.jpg", (Truth(LABELS[place]),), found)

    images = tuple(image(place, number) for place in range(len(LABELS)) for number in range(4))
    figures = tuple(LabelMetrics(label, 4, 0.8, 0.7, 0.75, 0.5) for label in LABELS)
    evaluation = Evaluation("v1", 10, len(images), 0.8, 0.7, 0.75, figures)
    return Measured(evaluation, Snapshot("v1", False, images, dict.fromkeys(LABELS, 0.5)))


@pytest.fixture
def report_page(service: Service) -> str:
    return report(
        "surface",
        measured(),
        measured(),
        tags={"customlabels:images": "20"},
        training=dict.fromkeys(LABELS, 10),
        s3=service.s3,
        most_images=12,
        made=datetime(2026, 1, 5, tzinfo=UTC),
    )


@pytest.fixture
def simulation_page(tmp_path: Path) -> str:
    shell = Shell(tmp_path)
    (tmp_path / "customlabels.toml").write_text(WINDOW)
    shell.run("schedule", "simulate", "--demand", "two-shift", "--to", "simulation.html")
    return (tmp_path / "simulation.html").read_text()


@pytest.fixture
def watch_page() -> str:
    """Two months of which the last days drift, a golden image that is wrong, figures of production."""
    first = date(2026, 1, 1)
    signals = [
        Signal(kind, label, 0.75, 0.66, 1e-12 if label == LABELS[0] else 0.3, label == LABELS[0])
        for label in LABELS
        for kind in ("confidence", "share")
    ]
    quiet = [Signal(signal.kind, signal.label, signal.before, signal.now, 0.5) for signal in signals]
    days = tuple(
        Day(first + timedelta(days=2 + number), 900, 3, tuple(signals if number > 50 else quiet))
        for number in range(60)
    )
    watched = Watched(Reference(first, first + timedelta(days=1), 1800, 4), days, 60_000)
    golden = Golden(12, ("crack/000.jpg is crack, the version says nothing",), 81.5)
    figure = {"value": 0.9, "low": 0.85, "high": 0.94}
    production = [
        {"label": label, "precision": figure, "recall": figure, "having": figure, "answered": 40} for label in LABELS
    ]
    return watch_page_of("surface", "v1", watched, golden, production, made=datetime(2026, 3, 9, tzinfo=UTC))


def answered(page: str, script: str, folder: Path) -> Any:
    """What a script that is added to the page answers with `answer(value)`, in a browser."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    kept = "function answer(value) { document.body.innerHTML = ''; document.body.textContent = JSON.stringify(value) }"
    path = folder / "tried.html"
    path.write_text(page.replace("</html>", f"<script>{kept}\n{script}</script></html>"))
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=60000"]
    done = subprocess.run(
        [BROWSER, *words, f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    shown = re.search(r"<body[^>]*>(.*?)(?:<script|</body>)", done.stdout, re.DOTALL)
    assert shown is not None
    return json.loads(html.unescape(shown[1]))


@pytest.mark.around
@pytest.mark.parametrize("name", ["report_page", "simulation_page", "watch_page"])
def test_axe_has_nothing_to_say(name: str, axe: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(name)
    asked = "axe.run().then(r => answer(r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))])))"
    assert answered(page, f"{axe.replace('</script', '<_script')}\n{asked}", tmp_path) == []


@pytest.mark.around
@pytest.mark.parametrize("name", ["report_page", "simulation_page", "watch_page"])
def test_tables_are_whole_on_paper(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(name)
    # The styles of print on a window as wide as the paper.
    page = page.replace("@media print", "@media screen").replace("<body>", f'<body style="width:{PAPER}mm">')
    asked = (
        "const over = e => e.getBoundingClientRect().right - document.body.getBoundingClientRect().right;"
        "answer([...document.querySelectorAll('th,td,.card,svg')].filter(e => over(e) > 1)"
        ".map(e => [e.outerHTML.slice(0, 100), over(e)]))"
    )
    assert answered(page, asked, tmp_path) == []


def test_mistakes_of_one_file_name_are_told_apart_by_their_folders(service: Service, report_page: str) -> None:
    shown = re.findall(r"<dt>file</dt><dd>([^<]*)</dd>", report_page)
    assert len(set(shown)) == 12
    assert f"{LABELS[0]}/000.jpg" in shown


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        (["s3://b/a/ok/1.jpg", "s3://b/a/ok/2.jpg"], ["1.jpg", "2.jpg"]),
        (["s3://b/ok/1.jpg", "s3://b/crack/1.jpg", "s3://b/2.jpg"], ["ok/1.jpg", "crack/1.jpg", "2.jpg"]),
        (["s3://b/x/ok/1.jpg", "s3://b/y/ok/1.jpg"], ["x/ok/1.jpg", "y/ok/1.jpg"]),
        (["s3://a/1.jpg", "s3://b/1.jpg"], ["a/1.jpg", "b/1.jpg"]),
        (["s3://b/1.jpg", "s3://b/x/1.jpg"], ["b/1.jpg", "x/1.jpg"]),
    ],
)
def test_names_have_as_many_folders_as_it_takes(addresses: list[str], names: list[str]) -> None:
    assert list(short_names(addresses).values()) == names
