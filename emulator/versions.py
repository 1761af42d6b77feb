"""Versions of a project: training asked for, hosting, deletion."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from customlabels.core.files import written_aside
from customlabels.emulator import objects
from customlabels.emulator.address import VERSIONS_FOLDER
from customlabels.emulator.context import Context, page
from customlabels.emulator.refusals import in_use, invalid_parameter, invalid_s3_object, limit_exceeded
from customlabels.emulator.state import GONE, Dataset, Project, Status, Version

MAX_TRAININGS = 2
MAX_RUNNING = 2
MAX_UNITS = 5
_STARTABLE = {"TRAINING_COMPLETED", "STOPPED", "FAILED", "COPYING_COMPLETED"}
_DELETABLE = _STARTABLE | {"TRAINING_FAILED", "COPYING_FAILED"}
_READY = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED"}


def training_folder(state: Path, arn: str) -> Path:
    """Where the manifests and the model of a version lie, below the service's state folder."""
    return state / VERSIONS_FOLDER / arn.rpartition(":")[2].replace("/", "~")


def create_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    output = parameters["OutputConfig"]
    if "TrainingData" in parameters or "TestingData" in parameters:
        raise invalid_parameter("Training with external manifests is not served here; create datasets instead.")
    if "S3Bucket" not in output:
        raise invalid_parameter("OutputConfig needs S3Bucket.")
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        versions = context.all(Version, project.arn)
        if any(version.name == parameters["VersionName"] for version in versions):
            raise in_use(f"A version named {parameters['VersionName']} already exists.")
        if _count(context, {"TRAINING_IN_PROGRESS"}) >= MAX_TRAININGS:
            raise limit_exceeded(f"{MAX_TRAININGS} trainings are in progress already.")
        datasets = {dataset.type: dataset for dataset in context.all(Dataset, project.arn)}
        for kind in ("TRAIN", "TEST"):
            if kind not in datasets:
                raise invalid_parameter(f"The project has no {kind} dataset.")
            if datasets[kind].status.now not in _READY:
                raise in_use(f"The {kind} dataset is {datasets[kind].status.now}.")
        if objects.bucket_region(output["S3Bucket"]) != context.region:
            raise invalid_s3_object(f"The output bucket {output['S3Bucket']} is not in {context.region}.")
        arn = context.arn("project", project.name, "version", parameters["VersionName"])
        version = Version(
            arn=arn,
            project=project.arn,
            name=parameters["VersionName"],
            created=context.created(arn),
            status=Status("TRAINING_IN_PROGRESS", due=context.created(arn)),
            bucket=output["S3Bucket"],
            prefix=output.get("S3KeyPrefix", ""),
            description=parameters.get("VersionDescription"),
            kms_key=parameters.get("KmsKeyId"),
            tags=parameters.get("Tags", {}),
        )
        folder = training_folder(context.store.folder, version.arn)
        for kind, dataset in datasets.items():
            with written_aside(folder / f"{kind.lower()}.manifest") as file:
                file.writelines(line + b"\n" for _, line in context.store.entries(dataset.arn))
        context.save(version)
    context.train(version.arn)
    return {"ProjectVersionArn": version.arn}


def describe_project_versions(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    project = context.find(Project, parameters["ProjectArn"])
    wanted = set(parameters.get("VersionNames", ()))
    versions = [v for v in context.all(Version, project.arn) if not wanted or v.name in wanted]
    shown, token = page(versions, parameters)
    return {"ProjectVersionDescriptions": [_description(version) for version in shown], "NextToken": token}


def start_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    least, most = parameters["MinInferenceUnits"], parameters.get("MaxInferenceUnits")
    if most is not None and most < least:
        raise invalid_parameter("MaxInferenceUnits is less than MinInferenceUnits.")
    if max(least, most or 0) > MAX_UNITS:
        raise limit_exceeded(f"A model runs on at most {MAX_UNITS} inference units.")
    with context.store.transaction():
        version = context.find(Version, parameters["ProjectVersionArn"])
        if version.status.now not in _STARTABLE:
            raise in_use(f"The version is {version.status.now}.")
        if _count(context, {"STARTING", "RUNNING"}) >= MAX_RUNNING:
            raise limit_exceeded(f"{MAX_RUNNING} models are running already.")
        status = context.until("STARTING", "RUNNING", context.timings.start)
        context.save(replace(version, status=status, min_units=least, max_units=most))
    return {"Status": "STARTING"}


def stop_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        version = context.find(Version, parameters["ProjectVersionArn"])
        if version.status.now != "RUNNING":
            raise in_use(f"The version is {version.status.now}.")
        context.save(replace(version, status=context.until("STOPPING", "STOPPED", context.timings.stop)))
    return {"Status": "STOPPING"}


def delete_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        version = context.find(Version, parameters["ProjectVersionArn"])
        if version.status.now not in _DELETABLE:
            raise in_use(f"The version is {version.status.now}.")
        context.save(replace(version, status=context.until("DELETING", GONE, context.timings.delete)))
    return {"Status": "DELETING"}


def _count(context: Context, statuses: set[str]) -> int:
    versions = (v for p in context.all(Project, context.region) for v in context.all(Version, p.arn))
    return sum(1 for version in versions if version.status.now in statuses)


def _description(version: Version) -> dict[str, Any]:
    def at(kind: str) -> dict[str, Any] | None:
        key = version.outputs.get(kind)
        return {"S3Object": {"Bucket": version.bucket, "Name": key}} if key else None

    def result(kind: str, given: dict[str, Any]) -> dict[str, Any] | None:
        output = at(kind)
        return {"Input": given, "Output": {"Assets": [{"GroundTruthManifest": output}]}} if output else None

    summary = at("EvaluationResultSummary")
    return {
        "ProjectVersionArn": version.arn,
        "CreationTimestamp": datetime.fromtimestamp(version.created, UTC),
        "Status": version.status.now,
        "StatusMessage": version.message,
        "Feature": "CUSTOM_LABELS",
        "OutputConfig": {"S3Bucket": version.bucket, "S3KeyPrefix": version.prefix},
        "TrainingEndTimestamp": datetime.fromtimestamp(version.ended, UTC) if version.ended else None,
        "BillableTrainingTimeInSeconds": version.billable_seconds,
        "EvaluationResult": {"F1Score": version.f1, "Summary": summary} if summary else None,
        "TrainingDataResult": result("TrainingGroundTruth", {}),
        "TestingDataResult": result("TestingGroundTruth", {"AutoCreate": False}),
        "MinInferenceUnits": version.min_units,
        "MaxInferenceUnits": version.max_units,
        "KmsKeyId": version.kms_key,
        "VersionDescription": version.description,
    }
