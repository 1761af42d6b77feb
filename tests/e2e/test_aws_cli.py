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
from support.line_stack import template
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
    shell.run("manifest", "build", str(images), "--bucket", "plant-7", "--project", "tiles", "--to", "out")
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


LIFE = """
eval "$(customlabels local env)"
count() { aws dynamodb scan --table-name parts --select COUNT --query Count --output text; }
until_there_are() {
  for _ in $(seq 120); do [ "$(count)" -ge "$1" ] && return; sleep 0.25; done
  echo "$(count) of $1" >&2; exit 1
}
aws cloudformation deploy --stack-name line --template-file made.json --capabilities CAPABILITY_IAM
# A bucket that is told to tell a queue tries it first.
until_there_are 1
echo one > a.jpg
aws s3 cp a.jpg s3://images-of-the-line/a.jpg --no-progress
aws events put-events --entries '[{"Source": "line", "DetailType": "seen", "Detail": "{}"}]'
url=$(aws cloudformation describe-stack-resource --stack-name line --logical-resource-id Work \\
  --query StackResourceDetail.PhysicalResourceId --output text)
aws sqs send-message --queue-url "$url" --message-body hello
until_there_are 4
aws cloudformation deploy --stack-name line --template-file changed.json --capabilities CAPABILITY_IAM
aws sqs get-queue-attributes --queue-url "$url" --attribute-names VisibilityTimeout \\
  --query Attributes.VisibilityTimeout --output text
aws s3 rm s3://images-of-the-line/a.jpg
aws cloudformation delete-stack --stack-name line
aws cloudformation wait stack-delete-complete --stack-name line
aws sqs list-queues
aws dynamodb list-tables --query TableNames --output text
"""


@pytest.mark.around
def test_a_stack_lives_its_whole_life_by_the_aws_cli(shell: Shell) -> None:
    """In a shell that took what `local env` prints, SQS included, which version 1 would ask elsewhere."""
    (shell.folder / "made.json").write_text(template())
    (shell.folder / "changed.json").write_text(template(Work={"VisibilityTimeout": 60}))
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "-euo", "pipefail", "-c", LIFE],
        env={**shell.environment, "PATH": path, "CUSTOMLABELS_STATE": str(shell.state)},
        cwd=shell.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "\n60\n" in done.stdout
    assert "QueueUrls" not in done.stdout
    assert "parts" not in done.stdout.splitlines()[-1]
