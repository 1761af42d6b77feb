"""Makes docs/terminal.svg and docs/report.png, the README's pictures: python docs/make_pictures.py

The commands are really run, on a local service of their own; the report is shown by a headless Chromium.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 118
SHOWN = (
    "customlabels sample images",
    "customlabels --local train images --min-f1 0.8",
    "customlabels --local versions promote --min-f1 0.8",
    "customlabels sample new --images 1 --seed 1",
    "customlabels --local detect new --start",
)
ROOM = (1000, 1030)
"""Pixels of the report that are shown."""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(folder, "customlabels local start --fast")
        try:
            (HERE / "terminal.svg").write_text(_terminal(folder), encoding="utf-8")
            _train_beside(folder)
            _picture(folder / "report.html", HERE / "report.png", folder / "browser")
        finally:
            _run(folder, "customlabels local stop")


def _train_beside(folder: Path) -> None:
    """Two versions on the same test images, and the report of one beside the other."""
    for command in (
        "customlabels sample parts/test --images 10 --seed 1",
        "customlabels sample parts/train --images 8",
        "customlabels --local train parts --version-name monday",
        "customlabels sample parts/train --images 20",
        "customlabels --local train parts --version-name tuesday",
        "customlabels --local versions report tuesday monday --project parts --to report.html",
    ):
        _run(folder, command)


def _run(folder: Path, command: str) -> tuple[str, str]:
    """What the command prints: results, and what it says on the way."""
    words = [sys.executable, "-m", "customlabels.cli.main", *command.split()[1:]]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def _terminal(folder: Path) -> str:
    """The commands and what they print, as an SVG that asks for no font from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    for command in SHOWN:
        printed, progress = _run(folder, command)
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        for line in _lines(progress):
            console.print(Text(line, style="dim"))
        for line in _lines(printed):
            style = "bold green" if line.startswith(("gate passed", "F1 ")) or " passed" in line else ""
            console.print(Text(line, style=style))
        console.print()
    drawn = console.export_svg(title="customlabels", unique_id="terminal")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono")


def _lines(text: str) -> list[str]:
    """Lines without empty ones, cut where they would not fit."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in lines]


def _picture(page: Path, target: Path, profile: Path) -> None:
    """A screenshot of the page's upper part, in few colours."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("docs/report.png needs Chromium")
    width, height = ROOM
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    words += ["--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={profile}"]
    words += [f"--window-size={width},{height}", f"--screenshot={target}", page.as_uri()]
    subprocess.run([browser, *words], check=True, capture_output=True, timeout=120)
    with Image.open(target) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
