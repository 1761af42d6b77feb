"""What is built for others: a wheel and an archive of the sources hold all that they need, and nothing else."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = sorted(link.name for link in (ROOT / "customlabels").iterdir() if link.is_symlink())
BESIDE = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md")
VERSION = "7.8.9"


def run(folder: Path, *words: str) -> str:
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout.strip()


def build(kind: str, source: Path, folder: Path) -> Path:
    """What `python -m build` asks of setuptools: a wheel or an sdist, made in `folder`."""
    hook = f"from setuptools.build_meta import build_{kind} as hook; hook({str(folder)!r})"
    run(source, sys.executable, "-c", hook)
    (made,) = folder.iterdir()
    return made


def contents(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    return {name: wheel.read(name) for name in wheel.namelist()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of what is built from, and some of what is not, at a tag, as a release is."""
    source = tmp_path_factory.mktemp("checkout")
    for name in (*BESIDE, ".gitignore"):
        shutil.copy(ROOT / name, source)
    for name in (*ROOMS, "customlabels", "tests/core"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(__file__, source / "tests")
    git = ("git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    run(source, *git, "init", "-q")
    run(source, *git, "add", ".")
    run(source, *git, "commit", "-q", "-m", "all of it")
    run(source, *git, "tag", f"v{VERSION}")
    return source


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build("wheel", checkout, tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def archive(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the sources."""
    return build("sdist", checkout, tmp_path_factory.mktemp("archive"))


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
    assert about["Version"] == VERSION
    assert about["Requires-Python"] == ">=3.11"
    needed = [one for one in about.get_all("Requires-Dist", []) if "extra ==" not in one]
    assert not [one for one in needed if one.startswith(("sagemaker", "mlflow", "torch"))]
    (scripts,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "customlabels = customlabels.cli.main:main" in wheel.read(scripts).decode()


def test_an_archive_holds_what_a_wheel_is_built_from_and_no_more(
    checkout: Path, archive: Path, wheel: zipfile.ZipFile
) -> None:
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
        text = b"".join(found.read() for one in members if (found := opened.extractfile(one)))
    # Links are followed: every module is there once, under the name that it is imported by.
    assert all(one.isfile() or one.isdir() for one in members)
    held = {one.name.partition("/")[2] for one in members if one.isfile()}
    modules = {name for name in wheel.namelist() if ".dist-info/" not in name}
    made = {"PKG-INFO", "setup.cfg"} | {name for name in held if name.startswith("customlabels.egg-info/")}
    assert held == modules | made | {*BESIDE}
    assert str(checkout).encode() not in text


def test_a_wheel_from_the_archive_is_the_wheel_from_the_checkout(
    archive: Path, wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    # There is no git in an archive, yet the version is the tag's.
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (tmp_path / "dist").mkdir()
    again = zipfile.ZipFile(build("wheel", tmp_path / f"customlabels-{VERSION}", tmp_path / "dist"))
    assert contents(again) == contents(wheel)


def test_without_a_tag_the_version_is_one_of_development(checkout: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(checkout, source, symlinks=True, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    run(source, "git", "tag", "--delete", f"v{VERSION}")
    assert run(source, sys.executable, "-m", "setuptools_git_versioning") == "0.1.0.dev0"
