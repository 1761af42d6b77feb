"""Versions logged on a real MLflow server, files of their figures, and the workflow that compares them."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw
from support.local_services import connect
from support.shells import Shell

from customlabels.core.waiting import wait_for
from customlabels.pipelines.tracking import server as tracking
from customlabels.pipelines.tracking.record import ARN_TAG, Record

MLFLOW = Path(sys.executable).with_name("mlflow")
DOWN = {"MLFLOW_TRACKING_URI": "http://bob:pa55word@127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""A server that is not there."""
needs_mlflow = pytest.mark.skipif(not MLFLOW.exists(), reason="the mlflow command is not installed")


@dataclass(frozen=True)
class Environment(Shell):
    """A shell with more in its environment."""

    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.more}


@dataclass(frozen=True)
class Server:
    """An MLflow server, asked by its REST API."""

    url: str
    log: Path

    def ask(self, call: str, body: Any = None, **query: str) -> Any:
        url = f"{self.url}/api/2.0/mlflow{call}?{urllib.parse.urlencode(query)}"
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, sent, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def is_up(self) -> bool | None:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                return True
        except OSError:
            return None

    def experiment(self, name: str) -> str:
        return str(self.ask("/experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"])

    def runs(self, name: str) -> list[Any]:
        return list(self.ask("/runs/search", {"experiment_ids": [self.experiment(name)]}).get("runs", []))

    def run(self, project: str, version: str) -> Any:
        (found,) = [one for one in self.runs(project) if one["info"]["run_name"] == version]
        return found

    def models(self, project: str) -> dict[str, Any]:
        """Model versions by the version's name."""
        found = self.ask("/model-versions/search", filter=f"name='{project}'").get("model_versions", [])
        return {_tags(one)["customlabels.version"]: one for one in found}

    def champion(self, project: str) -> str | None:
        try:
            found = self.ask("/registered-models/alias", name=project, alias="champion")
        except urllib.error.HTTPError:
            return None
        return _tags(found["model_version"])["customlabels.version"]

    def files(self, run: str, folder: str = "") -> set[str]:
        """Paths of the run's files; none is empty."""
        found = set()
        for one in self.ask("/artifacts/list", run_id=run, path=folder)["files"]:
            assert one["is_dir"] or int(one["file_size"])
            found |= self.files(run, one["path"]) if one["is_dir"] else {one["path"]}
        return found

    def begin(self, project: str, version: str, arn: str) -> str:
        """The id of a run of that version that has nothing but its tag."""
        tags = [{"key": "customlabels.version-arn", "value": arn}]
        experiment = self.ask("/experiments/create", {"name": project})["experiment_id"]
        run = self.ask("/runs/create", {"experiment_id": experiment, "run_name": version, "tags": tags})
        return str(run["run"]["info"]["run_id"])


def _tags(of: Any) -> dict[str, str]:
    return {one["key"]: one["value"] for one in of["tags"]}


@pytest.fixture
def trained(shell: Shell) -> tuple[Environment, str, str]:
    """A shell whose project `photos` has two versions, the older and the newer; nothing of them is logged."""
    shell = Environment(shell.folder)
    draw(shell.folder / "photos", {"across": 10, "down": 10})
    (shell.folder / "customlabels.toml").write_text('[project]\nname = "photos"\n')
    old, new = (shell.json("train", "photos", "--local", "-q", "--seed", seed)["version"] for seed in "01")
    return shell, old, new


@pytest.fixture
def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on sqlite that is about to be up."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", folder / "server.log")
    command = [str(MLFLOW), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        str(folder / "a"),
    ]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with server.log.open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    yield server
    process.terminate()
    process.wait(20)


@pytest.fixture
def tracked(starting: Server, trained: tuple[Environment, str, str]) -> tuple[Environment, Server, str, str]:
    """A shell whose settings track on a server that is up, the server, and the two versions."""
    wait_for(starting.is_up, what=f"MLflow ({starting.log})", most=300)
    plain, old, new = trained
    settings = plain.folder / "tracked.toml"
    settings.write_text(f'[project]\nname = "photos"\n[track]\nto = "mlflow"\nuri = "{starting.url}"\n')
    return Environment(plain.folder), starting, old, new


TRACKED = ("--local", "--config", "tracked.toml")


@pytest.mark.around
@needs_mlflow
def test_a_version_is_logged_once_and_the_alias_follows_the_champion(
    tracked: tuple[Environment, Server, str, str],
) -> None:
    shell, server, old, new = tracked
    down = Environment(shell.folder, DOWN)
    lost = down.run("train", "photos", "--local", "--track", "mlflow", expect=1)
    assert f"version {old} is trained and stays, but is not logged" in lost.stderr
    assert f"version {old}: F1" in lost.stdout
    alone = down.run("versions", "promote", old, *TRACKED)
    assert "is the champion now" in alone.stdout
    assert "the tracking server does not know of the champion" in alone.stderr
    assert "pa55word" not in lost.stdout + lost.stderr + alone.stdout + alone.stderr

    # The run was cut off after its first call; what was advised finishes it.
    begun = server.begin("photos", old, _arn(shell, old))
    (advised,) = re.findall(r"so does customlabels (train .*)", lost.stderr)
    failed = shell.run(*shlex.split(advised), *TRACKED, "--min-test-images", "99", expect=3)
    assert f"version {old} is logged as MLflow run {begun}, model photos/1" in failed.stderr
    assert server.champion("photos") == old

    _log_twice(server, _arn(shell, new), new)
    assert shell.run("versions", "promote", new, *TRACKED, "-q").stderr == ""
    assert server.champion("photos") == new
    shell.run("versions", "rollback", *TRACKED)
    assert server.champion("photos") == old
    assert len(server.runs("photos")) == len(server.models("photos")) == 2

    run, model = server.run("photos", old), server.models("photos")[old]
    params = {one["key"]: one["value"] for one in run["data"]["params"]}
    metrics, tags = {one["key"] for one in run["data"]["metrics"]}, _tags(run["data"])
    assert (run["info"]["run_id"], run["info"]["status"]) == (begun, "FINISHED")
    listed = {row["version"]: row["train_images"] for row in shell.json("versions", "list", "--local")}
    assert params["training_images"] == str(listed[old])
    assert params["settings"] == "test-fraction=0.2 seed=0 group-by=none"
    assert {"f1", "precision", "recall", "f1/across", "recall/down", "threshold/down"} <= metrics
    assert (tags["customlabels.gate"], tags["customlabels.train-digest"]) == (
        "not enough evidence",
        params["train-digest"],
    )
    assert (model["run_id"], model["source"], model["status"]) == (begun, run["info"]["artifact_uri"], "READY")
    assert _tags(model).items() <= tags.items()
    assert server.files(begun) == {
        *("confusion.csv", "lineage.json", "metrics.json", "plots.csv", "report.html", "summary.json"),
        *("manifests/test.manifest", "manifests/train.manifest"),
    }


def test_a_missing_package_is_told_before_anything_is_trained(shell: Shell) -> None:
    draw(shell.folder / "photos", {"across": 2, "down": 2})
    hidden = shell.folder / "hidden"
    hidden.mkdir()
    (hidden / "mlflow.py").write_text('raise ModuleNotFoundError("No module named mlflow", name="mlflow")\n')
    without = Environment(shell.folder, {"PYTHONPATH": str(hidden), **DOWN})
    refused = without.run("train", "photos", "--local", "--seed", "9", "--track", "mlflow", expect=2)
    assert "pip install 'customlabels[mlflow]'" in refused.stderr
    assert "plan:" not in refused.stderr


def _arn(shell: Shell, version: str) -> str:
    service = connect(shell.state)
    (project,) = service.rekognition.describe_projects(ProjectNames=["photos"])["ProjectDescriptions"]
    found = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"], VersionNames=[version])
    return found["ProjectVersionDescriptions"][0]["ProjectVersionArn"]


def _log_twice(server: Server, arn: str, version: str) -> None:
    """Logs a version, and again; the second time finds what the first one left, and takes a missing alias away."""
    client = tracking.connect(server.url)
    tags = {ARN_TAG: arn, "customlabels.version": version}
    record = Record("photos", version, arn, {"labels": "2"}, {"f1": 0.5}, tags, 1000, 2000)
    first, second = (tracking.log(client, record, lambda folder: (folder / "a.txt").write_text("a")) for _ in range(2))
    assert (first.new, second.new) == (True, False)
    assert (first.run, first.model_version) == (second.run, second.model_version)
    assert server.files(first.run) == {"a.txt"}
    assert tracking.point(client, "photos", arn)
    assert not tracking.point(client, "photos", arn + "0")
    assert server.champion("photos") is None
