import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw
from support.shells import Shell


def aws(shell: Shell) -> Any:
    """The AWS CLI as it comes, in an environment made of what `customlabels local env` prints."""
    lines = shell.run("local", "env").stdout.splitlines()
    exported = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
    program = shutil.which("aws", path=str(Path(sys.executable).parent)) or "aws"

    def call(*words: str, expect: int = 0) -> Any:
        environment = {**shell.environment, **exported, "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [program, *words, "--output", "json"], env=environment, capture_output=True, text=True, cwd=shell.folder
        )
        assert done.returncode == expect, f"{words}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stderr or done.stdout

    return call


@pytest.mark.around
def test_the_whole_flow_runs_through_the_unmodified_aws_cli(shell: Shell) -> None:
    call = aws(shell)
    images = draw(shell.folder / "tiles", {"across": 8, "down": 8})
    shell.run("manifest", "build", str(images), "--bucket", "plant-7", "--project", "tiles", "-o", "out")
    call("s3", "mb", "s3://plant-7")
    call("s3", "sync", str(images), "s3://plant-7/customlabels/tiles/images", "--no-progress")
    call("s3", "cp", "out", "s3://plant-7/out", "--recursive", "--no-progress")
    project = call("rekognition", "create-project", "--project-name", "tiles")["ProjectArn"]
    for kind in ("TRAIN", "TEST"):
        source = {"GroundTruthManifest": {"S3Object": {"Bucket": "plant-7", "Name": f"out/{kind.lower()}.manifest"}}}
        dataset = call(
            *("rekognition", "create-dataset", "--project-arn", project, "--dataset-type", kind),
            *("--dataset-source", json.dumps(source)),
        )["DatasetArn"]
        status = ""
        while status != "CREATE_COMPLETE":
            described = call("rekognition", "describe-dataset", "--dataset-arn", dataset)["DatasetDescription"]
            status = described["Status"]
            assert status in {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}
        entries = call("rekognition", "list-dataset-entries", "--dataset-arn", dataset)["DatasetEntries"]
        assert len(entries) == described["DatasetStats"]["TotalEntries"]
    version = call(
        *("rekognition", "create-project-version", "--project-arn", project, "--version-name", "v1"),
        *("--output-config", "S3Bucket=plant-7,S3KeyPrefix=results"),
    )["ProjectVersionArn"]
    status = ""
    while status != "TRAINING_COMPLETED":
        (described,) = call("rekognition", "describe-project-versions", "--project-arn", project)[
            "ProjectVersionDescriptions"
        ]
        status = described["Status"]
        assert status in {"TRAINING_IN_PROGRESS", "TRAINING_COMPLETED"}
    names = ("--project-arn", project, "--version-names", "v1")
    call("rekognition", "wait", "project-version-training-completed", *names)
    place = described["EvaluationResult"]["Summary"]["S3Object"]
    call("s3", "cp", f"s3://{place['Bucket']}/{place['Name']}", "summary.json", "--no-progress")
    summary = json.loads((shell.folder / "summary.json").read_text())
    assert summary["AggregatedEvaluationResults"]["F1Score"] == described["EvaluationResult"]["F1Score"]
    call("rekognition", "start-project-version", "--project-version-arn", version, "--min-inference-units", "1")
    while status != "RUNNING":
        (described,) = call("rekognition", "describe-project-versions", *names)["ProjectVersionDescriptions"]
        status = described["Status"]
    call("rekognition", "wait", "project-version-running", *names)
    image = ("--image-bytes", f"fileb://{images / 'down' / '000.jpg'}")
    (found,) = call("rekognition", "detect-custom-labels", "--project-version-arn", version, *image)["CustomLabels"]
    assert found["Name"] == "down"
    call("rekognition", "stop-project-version", "--project-version-arn", version)
    refused = call("rekognition", "delete-project", "--project-arn", project, expect=255)
    assert "ResourceInUseException" in refused
