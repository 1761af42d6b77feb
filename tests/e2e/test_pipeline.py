"""The run as a SageMaker Pipeline: exported, deployed, and executed step by step on the local service."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.drawing import draw, drawn
from support.local_services import QUICK, Service, client, connect, kill_and_return
from support.policies import allowed, needed
from support.shells import Shell

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

pytestmark = pytest.mark.around

BUCKET = "customlabels-local"
SETTINGS = f"""
[project]
name = "surface"
bucket = "{BUCKET}"
[dataset]
source = "s3://{BUCKET}/photos"
[gate]
min_test_images = 1
"""
OFFLINE = """
import json, sys
def refuse(event, arguments):
    if event == "socket.connect":
        raise OSError("no call is to be made")
sys.addaudithook(refuse)
from customlabels.cli.group import run
code = run(["pipeline", "export", "--region", "eu-west-1", "--to", "made"])
assert "sagemaker" not in sys.modules
sys.exit(code)
"""


@pytest.fixture
def plant(shell: Shell) -> tuple[Shell, Service]:
    """A folder whose images lie in S3, one label looking like another; its pipeline is deployed."""
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket=BUCKET)
    photos = draw(shell.folder / "photos", {"across": 10, "down": 6})
    (photos / "alike").mkdir()
    for number in range(10):
        drawn(0, 5000 + number).save(photos / "alike" / f"{number:03}.jpg")
    for path in sorted(photos.rglob("*.jpg")):
        service.s3.upload_file(str(path), BUCKET, path.relative_to(shell.folder).as_posix())
    (shell.folder / "customlabels.toml").write_text(SETTINGS)
    shell.run("--local", "pipeline", "deploy", "--yes")
    return shell, service


def champion(service: Service) -> dict[str, Any]:
    """What the champion's parameter holds; nothing where there is none."""
    found = client(service, "ssm").get_parameters(Names=["/customlabels/surface/champion"])["Parameters"]
    return dict(json.loads(found[0]["Value"])) if found else {}


def test_a_pipeline_comes_to_the_same_end_as_train(plant: tuple[Shell, Service]) -> None:
    shell, service = plant
    asked = ("--min-f1", "0.3", "--test-fraction", "0.5")
    words = ("--local", "pipeline", "run", *asked, "--instances", "2", "--output", "json")
    ended = json.loads(shell.run_on(*words).stdout)
    assert [(one["name"], one["status"]) for one in ended["steps"]] == [
        (name, "Succeeded") for name in ("Look", "Build", "Start", "Wait", "Evaluate", "Gate", "Register")
    ]
    # It names its version after the images too, and takes none for its own that has other digests.
    trained = shell.json("--local", "train", *asked)
    assert (trained["trained"], trained["f1"] < 1) == (False, True)
    assert (ended["version"], ended["gate"]) == (trained["version"], trained["gate"])
    assert ended["f1"] == pytest.approx(trained["f1"])
    sagemaker, package = client(service, "sagemaker"), ended["model_package"]
    about = sagemaker.describe_model_package(ModelPackageName=package)
    assert (about["ModelApprovalStatus"], ended["champion"]) == ("PendingManualApproval", None)
    properties = about["CustomerMetadataProperties"]
    tags = service.rekognition.list_tags_for_resource(ResourceArn=properties["version-arn"])["Tags"]
    assert {side: properties[f"{side}-digest"] for side in ("train", "test")} == {
        side: tags[f"customlabels:{side}-digest"] for side in ("train", "test")
    }
    place = about["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    figures = json.loads(service.s3.get_object(Bucket=BUCKET, Key=place)["Body"].read())
    assert figures["multiclass_classification_metrics"]["f1"]["value"] == pytest.approx(trained["f1"])

    # A person approves it in the registry, of which EventBridge tells a function.
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    wait_for(lambda: champion(service) or None, what="the promotion", most=20)
    assert champion(service)["version"] == trained["version"]

    # The command approves what it promotes, of which the function is told as well.
    (shell.folder / "followed.toml").write_text(f"{SETTINGS}\n[track]\nsagemaker = true\n")
    followed = ("--local", "--config", "followed.toml")
    other = shell.json("train", "--seed", "5", *followed, "-q")["version"]
    shell.run("versions", "promote", other, *followed)
    shell.run("versions", "rollback", *followed)
    address.advance(shell.state, 60)
    said = [one["version"] for one in shell.json("versions", "history", *followed)]
    assert said == [trained["version"], other, trained["version"]]
    listed = sagemaker.list_model_packages(ModelPackageGroupName="customlabels-surface", SortOrder="Ascending")
    assert [one["ModelApprovalStatus"] for one in listed["ModelPackageSummaryList"]] == ["Approved", "Rejected"]


def test_a_version_that_does_not_pass_ends_in_the_gates_sentence(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    # Of two labels that look alike ten test images are not told apart by chance; of two or three they may be.
    judged = ("--min-f1", "0.99", "--test-fraction", "0.5")
    failed = shell.run("--local", "pipeline", "run", *judged, "--output", "json", expect=3)
    steps = {one["name"]: one for one in json.loads(failed.stdout)["steps"]}
    assert (steps["Refuse"]["status"], "Register" in steps) == ("Failed", False)
    refused = shell.run("--local", "train", *judged, expect=3)
    sentence = refused.stderr.partition("error: the gate failed: ")[2].splitlines()[0]
    assert sentence.startswith("version v-")
    assert json.loads(failed.stderr.splitlines()[-1])["error"] == f"the gate failed: {sentence}"


def test_an_execution_goes_on_when_the_service_has_died(plant: tuple[Shell, Service]) -> None:
    shell, service = plant
    begun = shell.json("--local", "pipeline", "run", "--min-f1", "0.3", "--approve", "--no-wait")
    service = kill_and_return(service)
    sagemaker = client(service, "sagemaker")
    about = {"PipelineExecutionArn": begun["execution"]}

    def look() -> str | None:
        address.advance(shell.state, 300)
        status = str(sagemaker.describe_pipeline_execution(**about)["PipelineExecutionStatus"])
        return None if status == "Executing" else status

    ended = wait_for(look, what="the execution", most=60)
    steps = sagemaker.list_pipeline_execution_steps(**about, SortOrder="Ascending")["PipelineExecutionSteps"]
    assert ended == "Succeeded", steps
    assert [one["StepName"] for one in steps].count("Start") == 1
    given = {one["Name"]: one["Value"] for one in steps[-1]["Metadata"]["Lambda"]["OutputParameters"]}
    # The same version is registered once.
    assert given["ModelPackageArn"].endswith("/1")
    assert given["Champion"] == champion(service)["version"]


def test_a_training_that_cannot_end_fails_the_step_that_waits(plant: tuple[Shell, Service]) -> None:
    _, service = plant
    sagemaker, project = client(service, "sagemaker"), service.rekognition.create_project(ProjectName="surface")
    made = json.loads(sagemaker.describe_pipeline(PipelineName="customlabels-surface")["PipelineDefinition"])
    (wait,) = (one for one in made["Steps"] if one["Name"] == "Wait")
    wait["Arguments"] = {"project_arn": project["ProjectArn"], "version": "gone"}
    text = json.dumps({**made, "Parameters": [], "Steps": [wait]})
    # The function may answer executions of its own pipeline alone.
    sagemaker.update_pipeline(PipelineName="customlabels-surface", PipelineDefinition=text)
    about = {
        "PipelineExecutionArn": sagemaker.start_pipeline_execution(PipelineName="customlabels-surface")[
            "PipelineExecutionArn"
        ]
    }

    # For two minutes a version that does not show may only be late.
    def look() -> str | None:
        status = str(sagemaker.describe_pipeline_execution(**about)["PipelineExecutionStatus"])
        return None if status == "Executing" else status

    assert wait_for(look, what="the execution", most=300) == "Failed"
    (step,) = sagemaker.list_pipeline_execution_steps(**about)["PipelineExecutionSteps"]
    assert (step["StepStatus"], step["FailureReason"]) == ("Failed", "version gone has been deleted")


def test_deploying_again_changes_nothing_and_shows_what_it_would(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    assert "nothing to change" in shell.run("--local", "pipeline", "deploy", "--yes").stdout
    settings = shell.folder / "customlabels.toml"
    settings.write_text(SETTINGS.replace("min_test_images = 1", "min_test_images = 1\nmin_f1 = 0.5"))
    asked = shell.run("--local", "-v", "pipeline", "deploy", expect=130)
    assert needed(asked.stderr) <= allowed(shell, "pipeline")
    assert '+      "DefaultValue": 0.5' in asked.stdout


def test_exporting_asks_nobody(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE], cwd=shell.folder, env=shell.environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    made = {path.suffix: path for path in Path(shell.folder / "made").iterdir() if path.name != "template.json"}
    assert set(made) == {".json", ".zip"}
    definition = json.loads((shell.folder / "made" / "definition.json").read_text())
    assert definition["Version"] == "2020-12-01"
    assert "${AWS" not in json.dumps(definition)


def test_removing_leaves_neither_stack_nor_pipeline(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    assert shell.json("--local", "pipeline", "remove", "--yes")["deleted"]
    now = connect(shell.state)
    assert client(now, "sagemaker").list_pipelines()["PipelineSummaries"] == []
    assert client(now, "lambda").list_functions()["Functions"] == []
    assert "there is no pipeline" in shell.run("--local", "pipeline", "run", expect=1).stderr
