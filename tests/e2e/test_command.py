import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.drawing import draw
from support.shells import Shell

from customlabels.cli.overview import COMMANDS, OPTIONS, overview


def test_images_become_a_judged_version_that_labels_new_images(shell: Shell, images: Path) -> None:
    first = shell.run("train", str(images), "--local", "--min-f1", "0.8")
    assert "nobody is billed" in first.stderr
    assert "$" not in first.stdout + first.stderr
    assert "gate passed" in first.stdout
    for column in ("precision", "recall", "F1", "threshold"):
        assert column in first.stdout

    again = shell.json("--local", "train", str(images), "--min-f1", "0.8")
    assert again["trained"] is False
    assert again["gate"] == "passed"
    assert again["f1"] > 0.8
    assert "nothing was trained or billed" in shell.run("--local", "train", str(images)).stdout

    (version,) = shell.json("versions", "list", "--local")
    assert version["status"] == "TRAINING_COMPLETED"
    assert version["f1"] == again["f1"]
    assert {label["label"] for label in shell.json("versions", "show", "--local")["labels"]} == {"across", "down"}

    refused = shell.run("detect", str(images), "--local", expect=1)
    assert "not RUNNING" in refused.stderr
    assert "customlabels model start" in refused.stderr
    # Nobody pays for it, so nobody is asked.
    assert "$" not in shell.run("model", "start", "--local").stdout
    assert "started already" in shell.run("model", "start", "--local", "--yes").stdout
    (up,) = shell.json("model", "status", "--local")
    assert (up["status"], up["units"], up["dollars_an_hour"]) == ("RUNNING", 1, 4.0)

    seen = {detection["name"]: detection["labels"] for detection in shell.json("detect", str(images), "--local")}
    assert len(seen) == 20
    right = sum(1 for name, labels in seen.items() if labels and labels[0]["label"] == name.split("/")[0])
    assert right >= 18
    one = shell.json("detect", str(images / "down" / "000.jpg"), "--local", "--min-confidence", "0")
    assert [seen["label"] for seen in one[0]["labels"]] == ["down", "across"]

    shell.run("model", "stop", "--local")
    assert "no model is running" in shell.run("model", "stop", "--local").stdout
    shell.run("versions", "delete", version["version"], "--local", "--yes")
    assert shell.json("versions", "list", "--local") == []


def test_a_missed_gate_exits_3_and_says_what_is_missed(shell: Shell, tmp_path: Path) -> None:
    # The same pattern under two names: nothing can be learnt here.
    folder = tmp_path / "same"
    draw(folder, {"one": 10})
    draw(tmp_path / "other", {"two": 12})
    (tmp_path / "other" / "two").rename(folder / "two")
    missed = shell.run("train", str(folder), "--local", "--min-f1", "0.99", "--min-label-f1", "0.99", expect=3)
    assert "the gate failed" in missed.stderr
    assert "the gate asks for 0.990" in missed.stderr
    assert "precision" in missed.stdout


def test_a_dry_run_prints_the_plan_and_touches_nothing(shell: Shell, images: Path) -> None:
    plan = shell.json("train", str(images), "--local", "--dry-run", "--seed", "3")
    assert plan["images"]["train"] + plan["images"]["test"] == 20
    assert min(plan["images"].values()) >= 2
    assert plan["estimated_dollars"] == [0.5, 24.0]
    assert "there is no project" in shell.run("versions", "list", "--local", expect=1).stderr
    assert shell.json("train", str(images), "--local", "--dry-run", "--seed", "4")["version"] != plan["version"]


def test_settings_stand_in_for_flags_and_flags_win(shell: Shell, images: Path) -> None:
    shell.run("init")
    text = f'[project]\nname = "caps"\nbucket = "plant-9"\n[dataset]\nsource = "{images}"\n[gate]\nmin_f1 = 0.5\n'
    (shell.folder / "customlabels.toml").write_text(text)
    plan = shell.json("train", "--local", "--dry-run")
    assert (plan["project"], plan["bucket"]) == ("caps", "plant-9")
    assert shell.json("train", "--local", "--dry-run", "--project", "lids")["project"] == "lids"
    assert "gate passed" in shell.run("train", "--local").stdout


def test_a_label_without_faults_is_inspected_and_faults_exit_4(shell: Shell, tmp_path: Path) -> None:
    folder = draw(tmp_path / "set", {"a": 3, "b": 2})
    summary = shell.json("dataset", "inspect", str(folder))
    assert summary["labels"]["a"]["images"] == 3
    (folder / "a" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    found = shell.run("dataset", "inspect", str(folder), expect=4)
    assert "a/broken.jpg" in found.stdout
    assert "damaged JPEG header" in found.stdout


def test_manifests_are_built_without_a_service_and_alike_each_time(shell: Shell, images: Path) -> None:
    for name in ("one", "two"):
        shell.run("manifest", "build", str(images), "--bucket", "plant-7", "--to", name)
    one, two = ({path.name: path.read_bytes() for path in (shell.folder / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert set(one) == {"train.manifest", "test.manifest"}
    line = json.loads(one["test.manifest"].splitlines()[0])
    assert line["source-ref"].startswith("s3://plant-7/customlabels/tiles/images/across/")


def test_every_command_has_help_with_an_example(shell: Shell) -> None:
    assert shell.run("--help").stdout.strip() == overview()
    for name in COMMANDS:
        text = shell.run(name, "--help").stdout
        if "Commands:" not in text:
            assert "Example: customlabels" in text
            for option in OPTIONS:
                long = option.split(" ")[-2 if option.startswith("--output") or " " in option else 0].split(" ")[0]
                assert long.split(",")[0] in text or option.startswith(("--version", "-v", "-q"))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, runpy; sys.argv = ['customlabels', '--help']\n"
        "try: runpy.run_module('customlabels.cli.main', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([name for name in ('click', 'boto3', 'rich', 'numpy', 'pydantic', 'moto') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ("trian",),
        ("train", "--min-f1", "7"),
        ("model", "start", "--units", "0"),
        ("train", "x", "y"),
        ("--output", "xml"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell.run(*words, expect=2)
    assert done.stderr.startswith("error: ")
    assert "--help" in done.stderr


def test_the_local_service_is_started_stopped_and_emptied(shell: Shell, images: Path) -> None:
    assert shell.json("local", "status")["running"] is True
    shell.run("train", str(images), "--local", "--dry-run")
    assert "stopped" in shell.run("local", "stop").stdout
    assert shell.json("local", "status")["running"] is False
    assert "running at http://127.0.0.1:" in shell.run("local", "start").stdout
    shell.run("local", "reset", expect=130)
    shell.run("local", "reset", "--yes")
    assert [path.name for path in shell.state.iterdir()] == [".gitignore"]


def test_a_manifest_is_validated_with_the_services_codes(shell: Shell, images: Path) -> None:
    shell.run("manifest", "build", str(images), "--bucket", "plant-7", "--to", "out")
    words = ("manifest", "validate", "out/train.manifest", "--test", "out/test.manifest", "--images", str(images))
    assert "a training would accept this" in shell.run(*words).stdout
    path = shell.folder / "out" / "train.manifest"
    path.write_bytes(path.read_bytes() + b"{\n" * 10)
    failed = shell.run(*words, "--to", "checked", expect=4)
    assert "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST" in failed.stdout
    assert "ERROR_INVALID_JSON_LINE" in failed.stdout
    assert len(list((shell.folder / "checked").iterdir())) == 3
    assert shell.json(*words, expect=4)["import_errors"] == {"training": "ERROR_TOO_MANY_RECORDS_IN_ERROR"}


def test_groups_stay_together_in_every_command(shell: Shell, images: Path) -> None:
    words = (str(images), "--group-by", r"/(\d\d)\d\.jpg", "--seed", "1")
    assert "of one group" in shell.run("dataset", "split", *words, expect=4).stderr
    words = (str(images), "--group-by", r"/\d\d([0-4])", "--seed", "1")
    sides = shell.json("dataset", "split", *words)
    numbers = [{name[-5] for name in names if name[-5] in "01234"} for names in sides.values()]
    assert numbers[0].isdisjoint(numbers[1])
    report = {row["label"]: row for row in shell.json("dataset", "split", *words, "--report")}
    assert report["down"]["train"] + report["down"]["test"] == 10
    assert shell.json("train", *words, "--local", "--dry-run")["images"] == {
        side: len(names) for side, names in sides.items()
    }
