"""What others copy or refer to: workflow, action, hooks, container file and Terraform say what is so."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from support.docs_pages import ROOT
from support.shells import Shell

from customlabels.cli.group import run as run_command
from customlabels.emulator.server import address

ACTION = ROOT / ".github" / "actions" / "train"
WORKFLOWS = [*(ROOT / "docs" / "examples").glob("*.yml"), *(ROOT / ".github").rglob("*.yml")]
CONTAINER = (ROOT / "docs" / "how-to" / "container" / "Containerfile").read_text()


def steps(document: Any) -> Iterator[dict[str, Any]]:
    """Steps of a workflow's jobs, or of a composite action."""
    if "runs" in document:
        yield from document["runs"]["steps"]
    for job in document.get("jobs", {}).values():
        yield from job["steps"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_uses_cannot_change_under_it(path: Path) -> None:
    lines = [line.strip() for line in path.read_text().splitlines() if "uses:" in line]
    for line in lines:
        own = "YOUR-ORGANISATION/customlabels/.github/actions/train@COMMIT"
        assert own in line or re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    assert lines


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_input_becomes_part_of_a_script(path: Path) -> None:
    assert not [step for step in steps(yaml.safe_load(path.read_text())) if "${{" in step.get("run", "")]


def test_the_example_gives_the_action_what_it_takes() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    example = yaml.safe_load((ROOT / "docs" / "examples" / "compare-on-pull-request.yml").read_text())
    assert example["permissions"] == {"contents": "read", "id-token": "write", "pull-requests": "write"}
    (step,) = [step for step in steps(example) if "actions/train@" in step.get("uses", "")]
    assert step["with"].keys() <= action["inputs"].keys()
    needed = {name for name, about in action["inputs"].items() if about.get("required")}
    assert needed <= step["with"].keys()


@pytest.mark.around
def test_the_action_trains_judges_and_compares(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.run("sample", "images", "--images", "8")
    output, summary = tmp_path / "output", tmp_path / "summary"
    environment = shell.environment | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CUSTOMLABELS_LOCAL": "1",
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "SOURCE": "images",
        "PROJECT": "surface",
        "BUCKET": "",
        "RESULTS": "results",
    }

    def train(arguments: str) -> tuple[int, dict[str, str]]:
        output.write_text("")
        ran = subprocess.run(
            ["bash", str(ACTION / "train.sh")], cwd=tmp_path, env=environment | {"ARGUMENTS": arguments}, timeout=300
        )
        return ran.returncode, dict(line.split("=", 1) for line in output.read_text().splitlines())

    try:
        code, told = train("--min-f1 0.1")
        assert (code, told["code"]) == (0, "0")
        assert told["version"].startswith("v-")
        assert f"Version `{told['version']}` is trained; its gate: **passed**" in summary.read_text()
        assert {"gate.xml", "metrics.json", "comment.md", "report.html"} <= {
            path.name for path in (tmp_path / "results").iterdir()
        }
        assert train("--min-label nothing=0.5")[0] != 0
        code, told = train("--min-test-images 1000")
        assert (code, told["code"]) == (3, "3")
        assert "did not pass" in summary.read_text()
        code, told = train("--format cocco")
        assert (code, told) == (2, {"code": "2"})
    finally:
        shell.run("local", "stop")


def test_hooks_of_pre_commit_run_commands_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ROOT / ".pre-commit-hooks.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-manifest", str(path)], check=True)
    hooks = {hook["id"]: hook for hook in yaml.safe_load(path.read_text())}
    assert re.search(hooks["customlabels-manifest"]["files"], "line-1/train.manifest")
    assert re.search(hooks["customlabels-settings"]["files"], "line-1/customlabels.toml")
    assert not re.search(hooks["customlabels-settings"]["files"], "my-customlabels.toml")
    (tmp_path / "train.manifest").write_text("{}\n")
    (tmp_path / "customlabels.toml").write_text("[gate]\nmin_f1 = 2\n")
    monkeypatch.chdir(tmp_path)
    codes = {"customlabels-manifest": ("train.manifest", 4), "customlabels-settings": ("customlabels.toml", 2)}
    for name, (file, code) in codes.items():
        command, *words = hooks[name]["entry"].split()
        assert command == "customlabels"
        assert run_command([*words, file]) == code
    capsys.readouterr()


def test_the_container_begins_and_is_looked_after_as_the_service_is(tmp_path: Path) -> None:
    lines = CONTAINER.replace("\\\n", " ").splitlines()
    given = {line.split()[0]: line for line in lines if line and line[0].isupper()}
    begun = json.loads(given["ENTRYPOINT"].partition(" ")[2]) + json.loads(given["CMD"].partition(" ")[2])
    running = address.start(tmp_path)
    command = Path(f"/proc/{running.pid}/cmdline").read_text().split("\0")
    assert begun[1:4] == command[1:4]
    check = json.loads(given["HEALTHCHECK"].partition(" CMD ")[2])
    for state, code in ((tmp_path, 0), (tmp_path / "none", 1)):
        looked = [word.replace("/state", str(state)) for word in check]
        assert subprocess.run([sys.executable, *looked[1:]], check=False, timeout=60).returncode == code
    address.stop(tmp_path)


def test_the_container_file_passes_its_linter() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not installed")
    subprocess.run(["hadolint", "-"], input=CONTAINER, text=True, check=True)


def test_terraform_deploys_what_render_writes(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    settings = '[project]\nname = "surface"\nbucket = "code"\nregion = "eu-west-1"\n'
    (tmp_path / "customlabels.toml").write_text(
        settings + '[[schedule.window]]\ndays = "daily"\nstart = "06:00"\nstop = "22:00"\n'
    )
    rendered = shell.json("schedule", "render", "--to", "stack")
    text = (ROOT / "docs" / "examples" / "schedule.tf").read_text()
    blocks = hcl2.loads(text)
    assert {name.strip('"') for block in blocks["resource"] for name in block} == {
        "aws_s3_object",
        "aws_cloudformation_stack",
    }
    assert {*re.findall(r"local\.rendered\.(\w+)", text)} == {"bucket", "key", "stack"} <= rendered.keys()
    named = {*re.findall(r"\$\{path\.module\}/(stack/[\w.]+)", text)} - {"stack/rendered.json"}
    assert named == {"stack/functions.zip", "stack/template.yaml"}
    assert all((tmp_path / name).is_file() for name in named)
    template = yaml.load((tmp_path / "stack" / "template.yaml").read_text(), yaml.BaseLoader)
    (stack,) = [body for block in blocks["resource"] for name, body in block.items() if "cloudformation" in name]
    (schedule,) = stack.values()
    asked = re.findall(r"(\w+) = var\.", str(schedule["parameters"]))
    assert asked == [*template["Parameters"]]
    assert "Topic" in template["Outputs"]
    # A template that names its roles would need another capability.
    roles = [about for about in template["Resources"].values() if about["Type"] == "AWS::IAM::Role"]
    assert roles
    assert not [role for role in roles if "RoleName" in role["Properties"]]
