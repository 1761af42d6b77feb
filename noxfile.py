"""What a release is held to, each part in an environment of its own: `make release` runs all of it."""

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
"""Those of the classifiers."""

DIST = Path("dist")
TYPED = Path("tests/release/typed.py").resolve()
STEPS = (
    "sample photos",
    "dataset inspect photos",
    "--local train photos --min-f1 0.8",
    "--local versions list --project photos",
    "schedule simulate --demand two-shift",
)
"""What a person does first."""

WINDOW = '[[schedule.window]]\ndays = "mon-fri"\nstart = "06:00"\nstop = "22:00"\n'
LACKING = {
    "heic": "dataset convert phone --as folder --to jpegs",
    "mlflow": "--local train photos --track mlflow",
}
"""What asks for an extra that is not installed; no command asks for the extra `sagemaker`."""


def built(session: nox.Session) -> str:
    """The wheel that the session `build` made."""
    wheels = list(DIST.glob("*.whl"))
    if len(wheels) != 1:
        session.error("dist/ holds no wheel, or several: nox -s build")
    return str(wheels[0].resolve())


@nox.session
def build(session: nox.Session) -> None:
    """The archive of the sources and, from it, the wheel: both as they are uploaded."""
    session.install("build[uv]", "twine")
    for old in DIST.glob("*"):
        old.unlink()
    session.run("python", "-m", "build", "--installer", "uv", "--outdir", str(DIST))
    session.run("twine", "check", "--strict", *map(str, DIST.iterdir()))


@nox.session(python=PYTHONS)
def alone(session: nox.Session) -> None:
    """The wheel alone, then with the local service: a person's first steps, and a program of theirs under mypy."""
    wheel = built(session)
    session.install(wheel)
    (modules,) = Path(session.virtualenv.location).resolve().glob("lib/*/site-packages/customlabels")
    session.run("python", "-W", "error", "-m", "compileall", "-q", "-f", str(modules))
    session.chdir(session.create_tmp())
    for line in ("--help", "--version", "train --help"):
        session.run("customlabels", *line.split(), env={"PYTHONWARNINGS": "error"}, silent=True)
    Path("customlabels.toml").write_text(WINDOW)
    phone = Path("phone/ok/a.heic")
    phone.parent.mkdir(parents=True, exist_ok=True)
    phone.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    _names_extra(session, "local", "--local versions list --project photos")
    _names_extra(session, "video", "dataset frames phone")
    session.install(f"{wheel}[local]")
    try:
        for line in STEPS:
            session.run("customlabels", *line.split())
        for extra, line in LACKING.items():
            _names_extra(session, extra, line)
    finally:
        session.run("customlabels", "local", "stop")
    session.run("python", str(TYPED))
    session.install("mypy")
    session.run("mypy", "--strict", str(TYPED))


def _names_extra(session: nox.Session, extra: str, line: str) -> None:
    """Sees that the command says what to install."""
    server = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    printed = session.run("customlabels", *line.split(), env=server, success_codes=[1, 2, 4], silent=True)
    if f"pip install 'customlabels[{extra}]'" not in str(printed):
        session.error(f"customlabels {line} does not name the extra it takes: {printed}")


@nox.session
def pipx(session: nox.Session) -> None:
    """The command as pipx installs it."""
    session.install("pipx")
    home = Path(session.create_tmp()).resolve()
    places = {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(home / "bin"), "PIPX_MAN_DIR": str(home / "man")}
    session.run("pipx", "install", "--force", built(session), env=places)
    session.run(str(home / "bin" / "customlabels"), "--version", external=True)


@nox.session
@nox.parametrize(
    ("python", "resolution"), [*((python, "highest") for python in PYTHONS), (PYTHONS[0], "lowest-direct")]
)
def tests(session: nox.Session, resolution: str) -> None:
    """The tests on the wheel, with the newest of what it asks for, and with the oldest."""
    # To uv the lowest are those that the project asks for; what a wheel asks for would be the newest all the same.
    session.install("--resolution", resolution, "-r", "pyproject.toml", "--extra", "dev")
    session.install("--no-deps", built(session))
    session.run(
        "pytest",
        "-q",
        "--numprocesses",
        "2",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        "-m",
        "not around",
        *session.posargs,
    )
