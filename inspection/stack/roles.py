"""What the function's role may do: look at what arrives, with the project's own versions, and no more.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

from collections.abc import Sequence

from customlabels.aws import parameters
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    IN_TEMPLATE,
    Statement,
    allow,
    attribute,
    bucket,
    key_arn,
    objects,
    of_rekognition,
    parameter,
    project,
    sub,
    versions,
)
from customlabels.inspection.analyzers import ANALYZERS
from customlabels.inspection.documents import Inspection


def function_statements(
    name: str, inspection: Inspection, *, table: str, results: tuple[str, str], keys: Sequence[str]
) -> list[Statement]:
    """What the function may do.

    Parameters
    ----------
    name : the project's
    table : name of the results table
    results : bucket and prefix where trainings leave their evaluations
    keys : KMS keys of the buckets that it reads and writes
    """
    site = IN_TEMPLATE
    arriving = objects(site, inspection.bucket, inspection.prefix)
    receives = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    statements = [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [sub("${LookLog.Arn}")]),
        allow([*receives, "sqs:SendMessage"], [attribute("Arrivals")]),
        *looking(name, table, inspection.analyzers),
        allow(["events:PutEvents"], [_bus(inspection.bus)]),
        allow(["s3:GetObject", *_acts(inspection)], [arriving]),
        # Without it an object that is gone is one that may not be read.
        allow(["s3:ListBucket"], [bucket(site, inspection.bucket)]),
        allow(["s3:GetObject"], [objects(site, *results)]),
    ]
    if inspection.goes_to is not None:
        target = objects(site, inspection.goes_to.bucket, inspection.goes_to.key)
        statements.append(allow(["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"], [target]))
    return [*statements, *using_keys(keys)]


def looking(name: str, table: str, analyzers: Sequence[str]) -> list[Statement]:
    """What looking at images takes, wherever they come from: settings, versions, analyzers, where answers are kept."""
    site = IN_TEMPLATE
    own = [parameters.inspection_rules(name), parameters.champion(name), parameters.serving(name)]
    items = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    operations = sorted({ANALYZERS[analyzer].operation for analyzer in analyzers})
    return [
        allow(["ssm:GetParameters"], [parameter(site, path) for path in own]),
        *([allow(of_rekognition(*operations), [EVERYTHING])] if operations else []),
        allow(of_rekognition("DetectCustomLabels"), [versions(site, name)]),
        allow(of_rekognition("DescribeProjectVersions"), [project(site, name)]),
        allow(items, [site.arn("dynamodb", f"table/{table}")]),
    ]


def using_keys(keys: Sequence[str]) -> list[Statement]:
    """Reading and writing what is encrypted by KMS keys; nothing where there are none."""
    if not keys:
        return []
    return [allow(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn(IN_TEMPLATE, key) for key in keys])]


def _acts(inspection: Inspection) -> list[str]:
    """What is done with an object that is a defect."""
    if inspection.on_defect == "tag":
        # Where the bucket keeps versions, the one that was looked at is named.
        tags = ("ObjectTagging", "ObjectVersionTagging")
        return [f"s3:{verb}{what}" for verb in ("Get", "Put") for what in tags]
    copies = ["s3:GetObjectTagging"] if inspection.on_defect in ("copy", "move") else []
    return [*copies, "s3:DeleteObject"] if inspection.on_defect == "move" else copies


def _bus(name: str) -> str | dict[str, str]:
    return name if name.startswith("arn:") else IN_TEMPLATE.arn("events", f"event-bus/{name}")
