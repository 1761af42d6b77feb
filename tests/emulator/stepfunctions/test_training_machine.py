"""A whole training as a state machine, in the states that published workflows for Custom Labels are made of."""

from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw
from support.local_services import BUCKET, Service, client
from support.machines import function, make, start

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.manifests.lines import entry_line

CHECK = """
def handle(event, context):
    return {"message": {**event["message"], "NextTask": "Train" if event["images"] >= event["least"] else "Nothing"}}
"""
DEPLOY = """
import boto3

def handle(event, context):
    value = event["message"]["arn"]
    boto3.client("ssm").put_parameter(Name="/line/model", Value=value, Type="String", Overwrite=True)
    return {"model": value}
"""


def until(status: str, begin: str, then: str) -> dict[str, Any]:
    """States that look every five minutes until the version has a status."""
    about = {"ProjectArn.$": "$.project", "VersionNames": ["v1"]}
    wait, look, choice = f"Wait for {begin}", f"Look at {begin}", f"{begin} done?"
    return {
        wait: {"Type": "Wait", "Seconds": 300, "Next": look},
        look: {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:rekognition:describeProjectVersions",
            "Parameters": about,
            "ResultSelector": {"status.$": "$.ProjectVersionDescriptions[0].Status"},
            "ResultPath": "$.seen",
            "Next": choice,
        },
        choice: {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.seen.status", "StringEquals": status, "Next": then},
                {"Variable": "$.seen.status", "StringMatches": "*FAILED", "Next": "Failure"},
            ],
            "Default": wait,
        },
    }


def workflow(check: str, deploy: str) -> dict[str, Any]:
    sdk = "arn:aws:states:::aws-sdk:rekognition:"
    manifest = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "machine/all.manifest"}}}
    return {
        "StartAt": "Event",
        "States": {
            "Event": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.resources[0]", "StringMatches": "arn:aws:events:*-poll", "Next": "Enough?"}
                ],
                "Default": "Failure",
            },
            "Enough?": {"Type": "Task", "Resource": check, "ResultPath": "$.checked", "Next": "Check New Training"},
            "Check New Training": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.checked.message.NextTask", "StringEquals": "Train", "Next": "Make Project"}
                ],
                "Default": "No New Training",
            },
            "No New Training": {"Type": "Succeed"},
            "Make Project": {
                "Type": "Task",
                "Resource": f"{sdk}createProject",
                "Parameters": {"ProjectName.$": "$.name"},
                "ResultSelector": {"arn.$": "$.ProjectArn"},
                "ResultPath": "$.made",
                "Next": "Keep Project",
            },
            "Keep Project": {"Type": "Pass", "InputPath": "$.made.arn", "ResultPath": "$.project", "Next": "Train"},
            "Train": {
                "Type": "Task",
                "Resource": f"{sdk}createProjectVersion",
                "Parameters": {
                    "ProjectArn.$": "$.project",
                    "VersionName": "v1",
                    "OutputConfig": {"S3Bucket": BUCKET, "S3KeyPrefix": "machine/out"},
                    "TrainingData": {"Assets": [manifest]},
                    "TestingData": {"AutoCreate": True},
                },
                "ResultSelector": {"arn.$": "$.ProjectVersionArn"},
                "ResultPath": "$.message",
                "Next": "Wait for training",
            },
            **until("TRAINING_COMPLETED", "training", "Start Model"),
            "Start Model": {
                "Type": "Task",
                "Resource": f"{sdk}startProjectVersion",
                "Parameters": {"ProjectVersionArn.$": "$.message.arn", "MinInferenceUnits": 1},
                "ResultPath": None,
                "Retry": [{"ErrorEquals": ["Rekognition.ResourceInUseException"], "MaxAttempts": 2}],
                "Next": "Wait for start",
            },
            **until("RUNNING", "start", "Deploy"),
            "Deploy": {"Type": "Task", "Resource": deploy, "End": True},
            "Failure": {"Type": "Fail"},
        },
    }


@pytest.mark.around
def test_a_training_workflow_runs_to_its_end(service: Service, tmp_path: Path) -> None:
    lines = []
    for path in sorted(draw(tmp_path / "images", {"across": 6, "down": 6}).rglob("*.jpg")):
        key = f"machine/{path.parent.name}-{path.name}"
        service.s3.upload_file(str(path), BUCKET, key)
        lines.append(entry_line(f"s3://{BUCKET}/{key}", (path.parent.name,)))
    service.s3.put_object(Bucket=BUCKET, Key="machine/all.manifest", Body=b"".join(lines))
    check, deploy = function(service, "checks", CHECK), function(service, "deploys", DEPLOY)
    machine = make(service, "trains", workflow(check, deploy))
    states = client(service, "stepfunctions")
    given = {"resources": ["arn:aws:events:us-east-1:123456789012:rule/x-poll"], "message": {}, "images": 12}
    idle = start(service, machine, {**given, "least": 100, "name": "idle"})
    execution = start(service, machine, {**given, "least": 12, "name": "by-machine"})

    def on() -> str | None:
        address.advance(service.state, 300)
        shown = states.describe_execution(executionArn=execution)
        return None if shown["status"] == "RUNNING" else f"{shown['status']} {shown.get('error', '')}".strip()

    assert wait_for(on, what="the training", most=120) == "SUCCEEDED"
    model = client(service, "ssm").get_parameter(Name="/line/model")["Parameter"]["Value"]
    (project,) = service.rekognition.describe_projects(ProjectNames=["by-machine"])["ProjectDescriptions"]
    shown_versions = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"])
    (version,) = shown_versions["ProjectVersionDescriptions"]
    assert (version["ProjectVersionArn"], version["Status"]) == (model, "RUNNING")
    assert states.describe_execution(executionArn=idle)["status"] == "SUCCEEDED"
    service.rekognition.stop_project_version(ProjectVersionArn=model)
