"""What is built for others: an installed wheel holds every module and file, and nothing else."""

import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("cli", "core", "datasets", "emulator", "manifests", "pipelines", "scheduler")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in (*ROOMS, "customlabels"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
    ran = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-3000:]
    (found,) = folder.glob("*.whl")
    return zipfile.ZipFile(found)


def test_a_wheel_holds_every_module_and_what_modules_read(wheel: zipfile.ZipFile) -> None:
    expected = {"customlabels/__init__.py", "customlabels/py.typed"}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                expected.add(f"customlabels/{path.relative_to(ROOT).as_posix()}")
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected


def test_its_metadata_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    about = Parser().parsestr(wheel.read(name).decode())
    assert (about["Name"], about["License-Expression"]) == ("customlabels", "Apache-2.0")
    assert re.match(r"\d+\.\d+", about["Version"])
    assert about["Requires-Python"] == ">=3.11"
    needed = [one for one in about.get_all("Requires-Dist", []) if "extra ==" not in one]
    assert not [one for one in needed if one.startswith(("sagemaker", "mlflow", "torch"))]
    (scripts,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "customlabels = customlabels.cli.main:main" in wheel.read(scripts).decode()
