"""How often a command opens each image, as the interpreter's own audit sees it."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.drawing import draw
from support.local_services import BUCKET, Service
from support.shells import Shell

COUNTED = """
import atexit, json, os, sys
opened = []
sys.addaudithook(lambda event, about: opened.append(str(about[0])) if event == "open" else None)
atexit.register(lambda: open(os.environ["OPENED"], "w").write(json.dumps(opened)))
from customlabels.cli.main import main
main()
"""


def openings(shell: Shell, folder: Path, *words: str, **keys: str) -> Counter[int]:
    """Of how many images below the folder the file was opened how often."""
    told = shell.folder / "opened.json"
    subprocess.run(
        [sys.executable, "-c", COUNTED, *words],
        cwd=shell.folder,
        env={**shell.environment, "OPENED": str(told), **keys},
        check=True,
        capture_output=True,
    )
    opened = Counter(Path(name).resolve() for name in json.loads(told.read_text()))
    return Counter(opened[path.resolve()] for path in folder.rglob("*.jpg"))


@pytest.mark.parametrize(
    "words",
    [
        ("dataset", "split", "photos"),
        ("dataset", "split", "photos", "--report"),
        ("dataset", "split", "photos", "--group-by", "near-duplicates"),
        ("dataset", "inspect", "photos", "--near-duplicates"),
        ("dataset", "inspect", "photos"),
        ("dataset", "split", "labels.csv"),
    ],
)
def test_an_image_is_opened_once_whatever_is_to_be_known_of_it(shell: Shell, words: tuple[str, ...]) -> None:
    photos = draw(shell.folder / "photos", {"crack": 5, "ok": 5})
    rows = [f"photos/{path.relative_to(photos)},{path.parent.name}" for path in sorted(photos.rglob("*.jpg"))]
    (shell.folder / "labels.csv").write_text("\n".join(["image,label", *rows]))
    assert openings(shell, photos, *words) == {1: 10}


def test_a_training_opens_an_image_once_before_it_is_uploaded_and_once_as_it_is(shell: Shell, service: Service) -> None:
    photos = draw(shell.folder / "once", {"crack": 5, "ok": 5})
    training = ("--endpoint-url", service.endpoint_url, "--region", "us-east-1", "train", "once", "--bucket", BUCKET)
    keys = {"AWS_ACCESS_KEY_ID": service.key, "AWS_SECRET_ACCESS_KEY": "any"}
    assert openings(shell, photos, *training, "--dry-run", **keys) == {1: 10}
    assert openings(shell, photos, *training, "--no-wait", **keys) == {2: 10}
    assert openings(shell, photos, *training, "--no-wait", **keys) == {1: 10}
