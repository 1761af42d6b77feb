"""Versions of a project: training asked for, hosting, deletion.

Tags of a version have it do what is hard to come by, for tests of what uses it. With customlabels:local-start it starts
as the value says: `fail` has it end FAILED, a span such as 40m has it take so long. With customlabels:local-delete, a
span, its deletion takes so long. With customlabels:local-state, EXPIRED or DEPRECATED, it is in a state that on AWS
only time brings about. A tag counts when something is asked for, and can be set and taken away (TagResource,
UntagResource). A training sets customlabels:local-features: what its images were described by.
"""

import io
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import SettingsError
from customlabels.core.files import written_aside
from customlabels.core.spans import parse_span
from customlabels.emulator.customlabels import hosting
from customlabels.emulator.customlabels.context import Context, page
from customlabels.emulator.customlabels.datasets import READY, read_object
from customlabels.emulator.customlabels.state import DELETED, GONE, Dataset, Project, Status, Version, to_document
from customlabels.emulator.engine.job_files import finish
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.address import VERSIONS_FOLDER
from customlabels.emulator.server.refusals import Refusal, in_use, invalid_parameter, invalid_s3_object, limit_exceeded
from customlabels.manifests.codes import message
from customlabels.manifests.faults import PART, Fault
from customlabels.manifests.files import bounded_lines, file_fault

MAX_TRAININGS = 2
MAX_RUNNING = 2
MAX_UNITS = 5
MAX_COPIES = 5
START_TAG, DELETE_TAG = "customlabels:local-start", "customlabels:local-delete"
FEATURES_TAG = "customlabels:local-features"
_STARTABLE = {"TRAINING_COMPLETED", "STOPPED", "FAILED", "COPYING_COMPLETED"}
_DELETABLE = _STARTABLE | {"TRAINING_FAILED", "COPYING_FAILED", "EXPIRED", "DEPRECATED"}


def training_folder(state: Path, arn: str) -> Path:
    """Where the manifests and the model of a version lie, below the service's state folder."""
    return state / VERSIONS_FOLDER / arn.rpartition(":")[2].replace("/", "~")


def create_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        _check_name(context, project, parameters)
        if "FeatureConfig" in parameters:
            raise invalid_parameter("FeatureConfig cannot be used with a Custom Labels project.")
        if _count(context, {"TRAINING_IN_PROGRESS"}) >= MAX_TRAININGS:
            raise limit_exceeded(f"{MAX_TRAININGS} trainings are in progress already.")
        given: dict[str, Any] = {
            name: parameters[name] for name in ("TrainingData", "TestingData") if name in parameters
        }
        manifests = _external(context, project, given) if given else _of_datasets(context, project)
        fault = next((lines.code for lines in manifests.values() if isinstance(lines, Fault)), None)
        version = replace(
            _new(context, project, parameters, "TRAINING_IN_PROGRESS"),
            description=parameters.get("VersionDescription"),
            given=given,
        )
        folder = training_folder(context.store.folder, version.arn)
        for name, lines in manifests.items():
            with written_aside(folder / f"{name}.manifest") as file:
                file.writelines(() if isinstance(lines, Fault) else lines)
        if fault is not None:
            # The service takes the request, and the training fails.
            finish(folder, {"failed": message(fault)})
        context.save(version)
    context.train(version.arn)
    return {"ProjectVersionArn": version.arn}


def copy_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        context.find(Project, parameters["SourceProjectArn"])
        source = context.find(Version, parameters["SourceProjectVersionArn"])
        if source.project != parameters["SourceProjectArn"]:
            raise invalid_parameter("SourceProjectVersionArn is of another project than SourceProjectArn.")
        if not source.trained:
            raise invalid_parameter(f"The version is {source.status.now}; only a trained one can be copied.")
        project = context.find(Project, parameters["DestinationProjectArn"])
        _check_new(context, project, parameters)
        copying = [
            version for version in context.all(Version, project.arn) if version.status.now == "COPYING_IN_PROGRESS"
        ]
        if len(copying) >= MAX_COPIES:
            raise limit_exceeded(f"{MAX_COPIES} versions are being copied to the project already.")
        new = _new(context, project, parameters, "COPYING_IN_PROGRESS")
        outputs = {kind: join_key(new.prefix, f"{kind}-{project.name}-{new.name}.json") for kind in source.outputs}
        for kind, key in outputs.items():
            body = objects.read(S3Address(source.bucket, source.outputs[kind]))
            if body is None:
                raise invalid_s3_object(f"The source's result {source.outputs[kind]} is not in its bucket any more.")
            objects.write(context.store, S3Address(new.bucket, key), body, new.kms_key)
        folder = training_folder(context.store.folder, new.arn)
        shutil.copytree(training_folder(context.store.folder, source.arn), folder, dirs_exist_ok=True)
        context.save(
            replace(
                source,
                **{name: getattr(new, name) for name in ("arn", "project", "name", "created", "bucket", "prefix")},
                status=context.until("COPYING_IN_PROGRESS", "COPYING_COMPLETED", context.timings.copy),
                kms_key=new.kms_key,
                tags={name: value for name, value in source.tags.items() if name == FEATURES_TAG} | new.tags,
                outputs=outputs,
                source=source.arn,
                usage=(),
                min_units=None,
                max_units=None,
            )
        )
    return {"ProjectVersionArn": new.arn}


def _check_name(context: Context, project: Project, parameters: dict[str, Any]) -> None:
    """Refuses a name that is taken, and an output without a bucket."""
    if "S3Bucket" not in parameters["OutputConfig"]:
        raise invalid_parameter("OutputConfig needs S3Bucket.")
    if any(version.name == parameters["VersionName"] for version in context.all(Version, project.arn)):
        raise in_use(f"A version named {parameters['VersionName']} already exists.")


def _check_new(context: Context, project: Project, parameters: dict[str, Any]) -> None:
    """Refuses a name that is taken, and an output that cannot be written."""
    _check_name(context, project, parameters)
    output = parameters["OutputConfig"]
    if objects.bucket_region(output["S3Bucket"]) != context.region:
        raise invalid_s3_object(f"The output bucket {output['S3Bucket']} is not in {context.region}.")


def _new(context: Context, project: Project, parameters: dict[str, Any], status: str) -> Version:
    arn = context.arn("project", project.name, "version", parameters["VersionName"])
    return Version(
        arn=arn,
        project=project.arn,
        name=parameters["VersionName"],
        created=context.created(arn),
        status=Status(status, due=context.created(arn)),
        bucket=parameters["OutputConfig"]["S3Bucket"],
        prefix=parameters["OutputConfig"].get("S3KeyPrefix", ""),
        kms_key=parameters.get("KmsKeyId"),
        tags=parameters.get("Tags", {}),
    )


def _of_datasets(context: Context, project: Project) -> dict[str, "Iterable[bytes] | Fault"]:
    """The lines of the project's datasets, by the names that a training reads them under."""
    datasets = {dataset.type: dataset for dataset in context.all(Dataset, project.arn)}
    for kind in ("TRAIN", "TEST"):
        if kind not in datasets:
            raise invalid_parameter(f"The project has no {kind} dataset.")
        if datasets[kind].status.now not in READY:
            raise in_use(f"The {kind} dataset is {datasets[kind].status.now}.")
    return {
        kind.lower(): (line + b"\n" for _, line in context.store.entries(dataset.arn))
        for kind, dataset in datasets.items()
    }


def _external(context: Context, project: Project, given: dict[str, Any]) -> dict[str, "Iterable[bytes] | Fault"]:
    """The lines of manifests that come with the request, or what a training would say of one; without a test manifest,
    the training divides the other."""
    if len(given) < 2:
        raise invalid_parameter("TrainingData and TestingData have to be given together.")
    if context.all(Dataset, project.arn):
        raise invalid_parameter("The project has datasets; TrainingData and TestingData cannot be given as well.")
    testing = given["TestingData"]
    if bool(testing.get("Assets")) == testing.get("AutoCreate", False):
        raise invalid_parameter("TestingData takes either Assets or AutoCreate.")
    manifests: dict[str, Iterable[bytes] | Fault] = {"train": _assets(context, given["TrainingData"])}
    if testing.get("Assets"):
        manifests["test"] = _assets(context, testing)
    return manifests


def _assets(context: Context, data: dict[str, Any]) -> list[bytes] | Fault:
    """The lines of a part's manifests; what the training fails with where one cannot be read, or all are empty."""
    lines: list[bytes] = []
    if not data.get("Assets"):
        raise invalid_parameter("TrainingData and TestingData need Assets.")
    for asset in data["Assets"]:
        named = asset.get("GroundTruthManifest", {}).get("S3Object", {})
        if "Bucket" not in named or "Name" not in named:
            raise invalid_parameter("An asset needs GroundTruthManifest.S3Object with Bucket and Name.")
        try:
            body = read_object(context, named)
        except Refusal:
            # As for a dataset: it is not there, or not to be read.
            return Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT", PART)
        fault = file_fault(named["Name"], len(body))
        if fault is not None:
            return fault
        lines += (line.rstrip(b"\r\n") + b"\n" for line in bounded_lines(io.BytesIO(body)))
    return lines or Fault("ERROR_EMPTY_MANIFEST", PART)


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
        status = _start(context, version)
        begun = hosting.started(version, status.due, least) if status.then == "RUNNING" else version
        context.save(replace(begun, status=status, min_units=least, max_units=most))
    return {"Status": "STARTING"}


def _start(context: Context, version: Version) -> Status:
    """How a start goes; `fail`, or a span, where the version is tagged so."""
    if version.tags.get(START_TAG) == "fail":
        return context.until("STARTING", "FAILED", context.timings.start)
    return context.until("STARTING", "RUNNING", _span(version, START_TAG, context.timings.start))


def _span(version: Version, tag: str, usual: float) -> float:
    """How long something takes by a version's tag, in seconds; `usual` where it has none."""
    wanted = version.tags.get(tag)
    try:
        return usual if wanted is None else parse_span(wanted).total_seconds()
    except SettingsError as error:
        raise invalid_parameter(f"The tag {tag} is neither fail nor a span such as 40m: {wanted}") from error


def stop_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        version = context.find(Version, parameters["ProjectVersionArn"])
        if version.status.now != "RUNNING":
            raise in_use(f"The version is {version.status.now}.")
        ended = hosting.stopped(version, context.clock())
        context.save(replace(ended, status=context.until("STOPPING", "STOPPED", context.timings.stop)))
    return {"Status": "STOPPING"}


def delete_project_version(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        version = context.find(Version, parameters["ProjectVersionArn"])
        if version.status.now not in _DELETABLE:
            raise in_use(f"The version is {version.status.now}.")
        lasts = _span(version, DELETE_TAG, context.timings.delete)
        context.save(replace(version, status=context.until("DELETING", GONE, lasts)))
        if version.usage:
            # What it was up for stays billed, and shown.
            project = context.find(Project, version.project)
            record = {"project": project.name, "version": to_document(version)}
            context.store.put_resource(f"{version.arn}#{DELETED}", DELETED, context.region, record)
    return {"Status": "DELETING"}


_MESSAGES = {
    "TRAINING_IN_PROGRESS": "The model is being trained.",
    "STARTING": "The model is being started.",
    "RUNNING": "The model is running.",
    "STOPPING": "The model is being stopped.",
    "STOPPED": "The model is stopped.",
    "FAILED": "The model could not be started. Amazon Rekognition experienced a service issue.",
    "DELETING": "The model is being deleted.",
    "EXPIRED": "The model has expired.",
    "DEPRECATED": "The model is deprecated.",
    "COPYING_IN_PROGRESS": "The model is being copied.",
}
"""What a state says of itself, where that is not how the training ended."""


def _count(context: Context, statuses: set[str]) -> int:
    versions = (v for p in context.all(Project, context.region) for v in context.all(Version, p.arn))
    return sum(1 for version in versions if version.status.now in statuses)


def _description(version: Version) -> dict[str, Any]:
    def at(kind: str) -> dict[str, Any] | None:
        key = version.outputs.get(kind)
        return {"S3Object": {"Bucket": version.bucket, "Name": key}} if key else None

    def assets(kind: str) -> dict[str, Any] | None:
        output = at(kind)
        return {"Assets": [{"GroundTruthManifest": output}]} if output else None

    def result(part: str, given: dict[str, Any]) -> dict[str, Any] | None:
        validation = assets(f"{part}ManifestWithValidation")
        output = assets(f"{part}GroundTruth")
        if validation or given.get("Assets"):
            return {"Input": given, "Output": output, "Validation": validation}
        return None

    summary = at("EvaluationResultSummary")
    return {
        "ProjectVersionArn": version.arn,
        "CreationTimestamp": datetime.fromtimestamp(version.created, UTC),
        "Status": version.status.now,
        "StatusMessage": _MESSAGES.get(version.status.now, version.message),
        "Feature": "CUSTOM_LABELS",
        "OutputConfig": {"S3Bucket": version.bucket, "S3KeyPrefix": version.prefix},
        "TrainingEndTimestamp": datetime.fromtimestamp(version.ended, UTC) if version.ended else None,
        "BillableTrainingTimeInSeconds": version.billable_seconds,
        "EvaluationResult": {"F1Score": version.f1, "Summary": summary} if summary else None,
        "TrainingDataResult": result("Training", version.given.get("TrainingData", {})),
        "TestingDataResult": result("Testing", version.given.get("TestingData", {"AutoCreate": False})),
        "ManifestSummary": at("ManifestSummary"),
        "SourceProjectVersionArn": version.source,
        "MinInferenceUnits": version.min_units,
        "MaxInferenceUnits": version.max_units,
        "KmsKeyId": version.kms_key,
        "VersionDescription": version.description,
    }
