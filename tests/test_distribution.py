"""What is built for others: a wheel and an archive of the sources hold all that they need, and nothing else."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import click
import pytest
from support.local_services import BUCKET, Service

from customlabels.cli.group import root

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


BARE_MEGABYTES, BARE_PACKAGES = 210, 35

LINES = (
    "help",
    "init .",
    "settings validate",
    "sample photos --images 6",
    "completion bash",
    "dataset formats",
    "dataset inspect photos --near-duplicates",
    "dataset split photos --report",
    "dataset convert photos/boxes.json --images photos --as masks --to masks",
    "dataset inspect masks",
    "manifest build photos --bucket {bucket} --to manifests",
    "manifest describe manifests/train.manifest",
    "manifest validate manifests/train.manifest --test manifests/test.manifest --images photos",
    "manifest merge manifests/train.manifest manifests/test.manifest --to all.manifest",
    "manifest convert all.manifest --as image-level --to labels.manifest",
    "{aws} iam policy train --project bare --bucket {bucket}",
    "schedule simulate --demand two-shift",
    "schedule capacity --demand two-shift --rate 5",
    "{aws} schedule show",
    "{aws} doctor --project bare --bucket {bucket}",
    "{aws} train photos --project bare --bucket {bucket} --min-f1 0.1 --version-name first",
    "{aws} train photos --project bare --bucket {bucket} --seed 1 --version-name second",
    "{aws} versions list --project bare",
    "{aws} versions show first --project bare",
    "{aws} versions thresholds first --project bare --precision 0.8",
    "{aws} versions gate first --project bare --min-f1 0.1",
    "{aws} versions compare first second --project bare",
    "{aws} versions report first --project bare --to report.html",
    "{aws} versions promote first --project bare --min-f1 0.1",
    "{aws} versions promote second --project bare --min-f1 0.1",
    "{aws} versions rollback --project bare",
    "{aws} versions history --project bare",
    "{aws} versions copy second --project bare --to-project bare-2 --to-bucket {bucket}",
    "{aws} versions delete second --project bare --yes",
    "{aws} model start first --project bare --yes",
    "{aws} model status --project bare",
    "{aws} detect photos/crack --project bare --to found.csv --safe-csv --draw drawn",
    "{aws} model stop --project bare",
    "{aws} schedule render --project bare --bucket {bucket}",
    "{aws} schedule deploy --project bare --bucket {bucket} --yes",
    "{aws} schedule diff --project bare --bucket {bucket}",
    "{aws} schedule status --project bare",
    "{aws} inspection render --project bare --bucket {bucket}",
    "{aws} inspection diff --project bare --bucket {bucket}",
    "{aws} schedule override --project bare --off 1h",
    "{aws} schedule remove --project bare --bucket {bucket} --yes",
    "{aws} inspection simulate --demand two-shift",
    "{aws} pipeline export --project bare --bucket {bucket} --source s3://{bucket}/photos",
)
"""Each command that AWS alone takes, in an order in which each has what it needs."""

SETTINGS = f"""
[[schedule.window]]
days = "mon-fri"
start = "06:00"
stop = "22:00"
[inspection]
source = "s3://{BUCKET}/arriving/"
defects = ["crack"]
"""

APART = {
    **dict.fromkeys(
        (f"inspection {name}" for name in ("deploy", "status", "results", "retry", "remove")),
        "an inspection takes a stack of its own, which tests/e2e/test_inspection.py has",
    ),
    **dict.fromkeys(
        (f"batch {name}" for name in ("run", "status", "stop", "redrive", "results")),
        "a batch takes the inspection's stack, which tests/e2e/test_batch.py has",
    ),
    **dict.fromkeys(
        (f"review {name}" for name in ("pick", "page", "read", "status", "apply", "suspects")),
        "a review takes detections and answers, which tests/e2e/test_review.py has; suspects alone take the extra",
    ),
    "dataset frames": "frames take the extra video, which tests/e2e/test_frames.py has",
    "pipeline deploy": "a pipeline runs in tests of its own, which take long",
    "pipeline remove": "as above",
    "pipeline run": "as above",
}


def commands(command: click.Command, path: tuple[str, ...] = ()) -> list[str]:
    if not isinstance(command, click.Group):
        return [" ".join(path)]
    context = click.Context(command)
    inner = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [name for word, below in inner if below for name in commands(below, (*path, word))]


@pytest.fixture(scope="module")
def bare(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what it asks for without extras."""
    folder = tmp_path_factory.mktemp("bare")
    uv = shutil.which("uv")
    python = folder / "bin" / "python"
    if uv:
        run(folder, uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder))
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        run(folder, sys.executable, "-m", "venv", str(folder))
        install = [str(python), "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*install, str(wheel.filename)], capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip(f"its dependencies cannot be had here: {done.stderr.strip()[-300:]}")
    return folder


@pytest.mark.around
def test_whoever_uses_aws_alone_installs_little(bare: Path) -> None:
    (site,) = bare.glob("lib/python*/site-packages")
    installed = [path for path in site.glob("*.dist-info") if not path.name.startswith(("pip-", "setuptools-"))]
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert len(installed) <= BARE_PACKAGES
    assert size / 1e6 <= BARE_MEGABYTES


@pytest.mark.around
def test_every_command_but_the_local_service_works_without_its_extra(
    bare: Path, service: Service, tmp_path: Path
) -> None:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CUSTOMLABELS_", "PYTHON"))
    }
    environment = kept | {
        "AWS_ACCESS_KEY_ID": service.key,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(bare / "bin" / "customlabels"), *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    for line in LINES:
        words = line.format(aws=f"--endpoint-url {service.endpoint_url}", bucket=BUCKET).split()
        done = command(*words)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if line == "init .":
            (tmp_path / "customlabels.toml").write_text(SETTINGS)
    for words in (("--local", "versions", "list"), ("local", "start"), ("local", "env")):
        done = command(*words)
        assert done.returncode == 1
        assert "pip install 'customlabels[local]'" in done.stderr
    assert command("local", "status").returncode == 0


def test_no_command_is_left_out_of_what_is_tried_without_the_extra() -> None:
    tried = {line.removeprefix("{aws} ") for line in LINES}
    named = [name for name in commands(root) if not name.startswith("local ") and name not in APART]
    assert [name for name in named if not any(f"{line} ".startswith(f"{name} ") for line in tried)] == []
