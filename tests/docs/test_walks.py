"""The commands of each page, run in its order against a local service; what the page shows is what is seen."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image
from support.docs_pages import PAGES, blocks, calls, is_synopsis
from support.drawing import draw
from support.local_services import QUICK, connect

from customlabels.cli.group import run
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.session import Session

VERSION = "v-3f9c2a71b0"
"""What pages call a version whose name they cannot know."""

OTHER = "v-other"

MINUTES = (f"2026-03-{day:02}T09:{minute:02}:00Z,60\n" for day in range(2, 16) for minute in range(60))
REQUESTS = "".join(["time,requests\n", *MINUTES])
WEEKDAYS = '[[schedule.window]]\ndays = "mon-fri"\nstart = "06:00"\nstop = "22:00"\n'
NAMED = '[project]\nname = "photos"\n'
PHOTOS = {"photos": {"crack": 8, "ok": 8}}


@dataclass(frozen=True)
class Needs:
    """What a page's commands need before they run, which of them end otherwise than with 0, and which are not run."""

    images: dict[str, dict[str, int]] = field(default_factory=dict)
    """Folders of images, a folder a label: how many of each."""
    files: tuple[str, ...] = ()
    """Single images, and masks (.png)."""
    texts: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    before: tuple[str, ...] = ()
    codes: dict[str, int] = field(default_factory=dict)
    """Exit codes by a piece of the command."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by a piece of the command."""


NEEDS = {
    "docs/how-to/formats.md": Needs(
        images={"photos": {"crack": 2, "ok": 2}, "lines/line-1": {"crack": 1, "ok": 1}},
        files=(
            *("photos/crack/a.jpg", "photos/ok/b.jpg", "yolo/images/train/a.jpg"),
            *("labelme/a.jpg", "masked/crack/c.jpg", "masked/crack/c.png"),
            *("mvtec/carpet/train/good/000.jpg", "mvtec/carpet/test/good/000.jpg"),
            *("mvtec/carpet/test/cut/000.jpg", "mvtec/carpet/ground_truth/cut/000_mask.png"),
            *(
                "named/crack_1.jpg",
                "named/ok_1.jpg",
                "project/ds1/img/a.jpg",
                "kitti/image_2/000000.jpg",
                "faces/a.jpg",
            ),
        ),
        settings='[project]\nname = "formats"\n',
    ),
    "docs/how-to/bucket-and-kms.md": Needs(PHOTOS),
    "docs/how-to/cross-account.md": Needs(
        settings=NAMED,
        before=(f"customlabels versions promote {VERSION}",),
        left_out={"--to-profile": "the local service has one account only"},
    ),
    "docs/how-to/costs.md": Needs(
        PHOTOS,
        settings=NAMED,
        left_out={"--measure": "it asks for half a minute"},
    ),
    "docs/how-to/container.md": Needs(),
    "docs/explanation/architecture.md": Needs(PHOTOS, settings=NAMED),
    "docs/explanation/engines.md": Needs(PHOTOS),
    # A probe waits for a minute; tests/e2e/test_doctor.py has it with the clock moved on.
    "docs/explanation/what-is-not-proved.md": Needs(left_out=("--probe",)),
    "docs/explanation/costs.md": Needs(
        settings='[[schedule.window]]\ndays = "mon-fri"\nstart = "06:00"\nstop = "22:00"\n'
    ),
    "docs/explanation/gates.md": Needs(settings=NAMED, codes={"gate": 3}),
    # The names of these photographs tell no part, and a split that would keep nothing together is refused.
    "docs/explanation/splits.md": Needs(PHOTOS, codes={"--group-by ([a-z]": 2}),
    "docs/images.md": Needs(PHOTOS),
    "docs/training.md": Needs(
        PHOTOS, settings=f'{NAMED}bucket = "my-bucket"\n', before=(f"customlabels versions promote {VERSION}",)
    ),
    "docs/uptime.md": Needs(
        settings=NAMED,
        texts={"requests.csv": REQUESTS, "rate.json": json.dumps({"rate_per_unit": 6.5})},
        before=(f"customlabels versions promote {VERSION}",),
        left_out={
            "schedule override": "tests/e2e/test_uptime.py deploys, overrides and removes",
            "cloudwatch:14": "tests/e2e/test_simulating.py has requests that CloudWatch counted",
        },
    ),
    "README.md": Needs(
        PHOTOS,
        settings=NAMED,
        texts={"parts.csv": "file,label\na.jpg,crack\nb.jpg,ok\n"},
        before=(f"customlabels versions promote {VERSION}",),
        codes={"--decide-on": 3, "inspect parts.csv": 4},
        left_out={
            "--region eu-west-1": "docs/how-to/bucket-and-kms.md has a bucket there",
            "coco-export": "docs/how-to/formats.md converts COCO",
            "schedule": "docs/uptime.md and tests/e2e/test_uptime.py have it",
            "inspection": "docs/tutorial-inspection.md has it",
            "dataset frames": "tests/e2e/test_frames.py has it",
            "line.mp4": "tests/e2e/test_video_detection.py has it",
        },
    ),
    "docs/local-service.md": Needs(),
    "docs/versions.md": Needs(
        {"golden": {"crack": 1, "ok": 1}},
        settings=NAMED,
        before=(f"customlabels versions promote {OTHER}", f"customlabels model start {VERSION} --yes"),
        codes={"--decide-on": 3},
        left_out={"--to-profile": "the local service has one account only"},
    ),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a quick local service: three versions in the project `photos`, images in the bucket `my-bucket`."""
    folder = tmp_path_factory.mktemp("walks")
    draw(folder / "photos", PHOTOS["photos"])
    state = folder / address.STATE_FOLDER
    s3 = connect(state).s3
    s3.create_bucket(Bucket="my-bucket")
    for path in (folder / "photos").rglob("*00?.jpg"):
        s3.upload_file(str(path), "my-bucket", path.relative_to(folder).as_posix())
    with pytest.MonkeyPatch.context() as patch:
        settled(patch, folder, state)
        assert run(["-q", "train", "photos"]) == 0
        assert run(["-q", "versions", "promote"]) == 0
        # Pages that train the same images find the version that is there.
        for name in (OTHER, VERSION):
            assert run(["-q", "versions", "copy", "champion", "--to-project", "photos", "--to-version", name]) == 0
    address.stop(state)
    return state


@pytest.fixture
def state(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The prepared state, and a service on it, for one page alone."""
    state = tmp_path_factory.mktemp("page") / address.STATE_FOLDER
    shutil.copytree(prepared, state)
    # Another service may have the port by now.
    (state / address.ADDRESS_FILE).unlink()
    address.start(state, address.FAST)
    yield state
    address.stop(state)


def settled(patch: pytest.MonkeyPatch, folder: Path, state: Path) -> None:
    """A person's shell in `folder`, who means the local service and says yes to what is asked."""
    patch.chdir(folder)
    patch.setenv("CUSTOMLABELS_LOCAL", "1")
    patch.setenv("CUSTOMLABELS_STATE", str(state))
    patch.setenv("HOME", str(folder))
    patch.setenv("NO_COLOR", "1")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        patch.delenv(name, raising=False)
    patch.setattr(sys, "stdin", StringIO("y\n" * 20))


@pytest.mark.around
def test_the_tutorial_goes_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / address.STATE_FOLDER
    address.start(state, QUICK)
    settled(monkeypatch, tmp_path, state)
    monkeypatch.delenv("CUSTOMLABELS_LOCAL")
    try:
        walk("docs/tutorial.md", Needs(codes={"train photos --version-name first": 3}), tmp_path, capsys)
    finally:
        address.stop(state)
    assert (tmp_path / "report.html").stat().st_size > 10_000


@pytest.mark.around
def test_the_tutorials_second_part_goes_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / address.STATE_FOLDER
    address.start(state, address.FAST)
    settled(monkeypatch, tmp_path, state)
    monkeypatch.delenv("CUSTOMLABELS_LOCAL")
    try:
        walk("docs/tutorial-inspection.md", Needs(), tmp_path, capsys)
    finally:
        address.stop(state)


@pytest.mark.around
@pytest.mark.parametrize("page", NEEDS)
def test_commands_of_a_page_run_in_its_order(
    page: str, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = NEEDS[page]
    settled(monkeypatch, tmp_path, state)
    for name, counts in needs.images.items():
        draw(tmp_path / name, counts)
    for number, name in enumerate(needs.files):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        image = Image.effect_noise((96, 96), 40 + number)
        if name.endswith(".png"):
            image = Image.new("L", (96, 96))
            image.paste(255, (20, 30, 60, 80))
        image.save(tmp_path / name)
    for name, text in needs.texts.items():
        (tmp_path / name).write_text(text)
    if needs.settings:
        (tmp_path / "customlabels.toml").write_text(needs.settings)
    for line in needs.before:
        assert run(calls(line)[0]) == 0, capsys.readouterr()
    walk(page, needs, tmp_path, capsys)


def test_every_guide_is_walked() -> None:
    own = {page for page in PAGES if page.startswith(("docs/how-to/", "docs/explanation/"))}
    assert own <= NEEDS.keys()


def walk(page: str, needs: Needs, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs a page's commands, writes the files that it names, and compares what it shows with what is printed."""
    for block in blocks(PAGES[page]):
        if block.language == "toml" or block.file:
            path = folder / (block.file or "customlabels.toml")
            path.parent.mkdir(parents=True, exist_ok=True)
            told = "[project]" in block.text or block.file
            path.write_text(block.text if told else needs.settings + block.text)
            continue
        seen = ""
        capsys.readouterr()
        for words in (words for line in block.commands if not is_synopsis(line) for words in calls(line)):
            line = " ".join(words)
            if any(piece in line for piece in needs.left_out):
                continue
            expected = next((code for piece, code in needs.codes.items() if piece in line), 0)
            ended, said = run(words), capsys.readouterr()
            assert ended == expected, f"{page}: {line}: {ended}\n{said.out}\n{said.err}"
            seen += said.out + said.err
        for words in (
            line.split() for line in block.text.splitlines() if line.startswith(("aws s3 mb ", "aws s3 cp "))
        ):
            carried_out(words, folder)
        assert_seen(page, block.shown, seen)


def carried_out(words: list[str], folder: Path) -> None:
    """Makes a bucket, or puts a folder's images into one, as the AWS CLI does; and waits until they are inspected."""
    bucket, _, prefix = words[-1 if words[2] == "mb" else 5].removeprefix("s3://").partition("/")
    s3 = connect(folder / address.STATE_FOLDER).s3
    if words[2] == "mb":
        s3.create_bucket(Bucket=bucket)
        return
    for path in sorted((folder / words[4]).rglob("*.jpg")):
        s3.upload_file(str(path), bucket, prefix + path.relative_to(folder / words[4]).as_posix())
    session = Session(local=True)
    arrived = s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    since = session.now() - timedelta(days=1)
    wait_for(lambda: True if len([*session.inspected(since=since)]) == arrived else None, what="results", most=120)


def assert_seen(page: str, shown: list[str], seen: str) -> None:
    """Each line is among what was printed: the same words, figures that may differ, … for anything."""
    printed = {_alike(line) for line in seen.splitlines()}
    for line in shown:
        wanted = ".*".join(map(re.escape, _alike(line).split("…")))
        assert any(re.fullmatch(wanted, one) for one in printed), f"{page} shows {line!r}; printed was\n{seen}"


def _alike(line: str) -> str:
    """A line without what differs from run to run: blanks, digests and figures."""
    return re.sub(r"[+-]?\d[\d.,]*", "0", re.sub(r"[0-9a-f]{10,}", "digest", " ".join(line.split())))
