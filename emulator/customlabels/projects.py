"""Projects and tags."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from customlabels.emulator.customlabels.context import Context, page
from customlabels.emulator.customlabels.state import GONE, Dataset, Project, Version
from customlabels.emulator.server.refusals import Refusal, in_use, invalid_parameter, limit_exceeded, not_found

MAX_PROJECTS = 100
MAX_TAGS = 50
DATASET_TAGS_TAG = "customlabels:local-dataset-tags"


def create_project(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    name = parameters["ProjectName"]
    if parameters.get("Feature", "CUSTOM_LABELS") != "CUSTOM_LABELS":
        raise invalid_parameter("This service trains Custom Labels projects only.")
    if "AutoUpdate" in parameters:
        raise invalid_parameter("AutoUpdate cannot be used with Custom Labels projects.")
    with context.store.transaction():
        projects = context.all(Project, context.region)
        if any(project.name == name for project in projects):
            raise in_use(f"A project named {name} already exists.")
        if len(projects) >= MAX_PROJECTS:
            raise limit_exceeded(f"The account has {MAX_PROJECTS} projects already.")
        arn = context.arn("project", name)
        project = Project(
            arn=arn,
            name=name,
            region=context.region,
            created=context.created(arn),
            status=context.until("CREATING", "CREATED", context.timings.project),
            tags=parameters.get("Tags", {}),
        )
        context.save(project)
    return {"ProjectArn": project.arn}


def describe_projects(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    wanted = set(parameters.get("ProjectNames", ()))
    features = parameters.get("Features", ["CUSTOM_LABELS"])
    projects = [
        project
        for project in context.all(Project, context.region)
        if project.feature in features and (not wanted or project.name in wanted)
    ]
    shown, token = page(projects, parameters)
    return {"ProjectDescriptions": [_description(context, project) for project in shown], "NextToken": token}


def delete_project(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        project = context.find(Project, parameters["ProjectArn"])
        if project.status.now == "DELETING":
            raise in_use("The project is being deleted already.")
        if context.all(Version, project.arn):
            raise in_use("The project still has versions; delete them first.")
        if context.all(Dataset, project.arn):
            raise in_use("The project still has datasets; delete them first.")
        context.save(replace(project, status=context.until("DELETING", GONE, context.timings.delete)))
    return {"Status": "DELETING"}


def refuse_dataset_tags(project: Project) -> None:
    """Refuses to tag a dataset where its project has the tag that says so: AWS's references disagree on it.

    Raises
    ------
    Refusal : InvalidParameterException
    """
    if project.tags.get(DATASET_TAGS_TAG) == "refused":
        raise invalid_parameter("Datasets cannot be tagged.")


def tag_resource(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        resource = _tagged(context, parameters["ResourceArn"])
        tags = {**resource.tags, **parameters["Tags"]}
        if len(tags) > MAX_TAGS:
            raise Refusal("ServiceQuotaExceededException", f"A resource holds at most {MAX_TAGS} tags.")
        context.save(replace(resource, tags=tags))
    return {}


def untag_resource(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    with context.store.transaction():
        resource = _tagged(context, parameters["ResourceArn"])
        gone = set(parameters["TagKeys"])
        kept = {name: value for name, value in resource.tags.items() if name not in gone}
        context.save(replace(resource, tags=kept))
    return {}


def list_tags(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"Tags": _tagged(context, parameters["ResourceArn"]).tags}


def _tagged(context: Context, arn: str) -> Project | Dataset | Version:
    if ":project/" not in arn:
        raise not_found(f"The resource {arn} does not exist.")
    if "/dataset/" in arn:
        dataset = context.held(Dataset, arn)
        refuse_dataset_tags(context.held(Project, dataset.project))
        return dataset
    return context.held(Version, arn) if "/version/" in arn else context.held(Project, arn)


def _description(context: Context, project: Project) -> dict[str, Any]:
    return {
        "ProjectArn": project.arn,
        "CreationTimestamp": datetime.fromtimestamp(project.created, UTC),
        "Status": project.status.now,
        "Feature": project.feature,
        "Datasets": [
            {
                "CreationTimestamp": datetime.fromtimestamp(dataset.created, UTC),
                "DatasetType": dataset.type,
                "DatasetArn": dataset.arn,
                **dataset.shown_status,
            }
            for dataset in reversed(context.all(Dataset, project.arn))
        ],
    }
