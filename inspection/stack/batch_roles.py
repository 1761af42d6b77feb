"""What the roles of batches may do: look at images of the folders that are named, run the map, conclude, and no more.

Source: Service Authorization Reference; Step Functions developer guide, "IAM policies for using Distributed Map
states".
"""

from collections.abc import Sequence
from typing import Any

from customlabels.aws import parameters
from customlabels.aws.stacks.statements import (
    IN_TEMPLATE,
    Statement,
    allow,
    attribute,
    bucket,
    objects,
    of_rekognition,
    parameter,
    project,
    sub,
)
from customlabels.core.addresses import S3Address
from customlabels.inspection.stack.roles import looking, using_keys
from customlabels.pipelines.service.guard import PREFIX


def look_statements(
    name: str,
    sources: Sequence[S3Address],
    *,
    table: str,
    results: tuple[str, str],
    keys: Sequence[str],
    analyzers: Sequence[str] = (),
) -> list[Statement]:
    """What the function may do that looks at the images of a child.

    Parameters
    ----------
    name : the project's
    sources : folders of images
    table : name of the results table
    results : bucket and prefix where trainings leave their evaluations
    keys : KMS keys of the buckets that it reads
    analyzers : names of Rekognition's own that look beside the champion
    """
    site = IN_TEMPLATE
    images = [objects(site, source.bucket, source.key) for source in sources]
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [sub("${BatchLog.Arn}")]),
        *looking(name, table, analyzers),
        allow(["s3:GetObject"], [*images, objects(site, *results)]),
        # Without it an object that is gone is one that may not be read.
        allow(["s3:ListBucket"], [bucket(site, each) for each in sorted({source.bucket for source in sources})]),
        *using_keys(keys),
    ]


def machine_statements(name: str, machine: str, folder: S3Address, keys: Sequence[str]) -> list[Statement]:
    """What the machine may do; `folder` is where batches lie."""
    site = IN_TEMPLATE
    lying = objects(site, folder.bucket, folder.key)
    children = [
        site.arn("states", f"{kind}:{machine}{rest}") for kind in ("execution", "express") for rest in (":*", "/*")
    ]
    return [
        allow(["lambda:InvokeFunction"], [attribute("BatchLook")]),
        allow(of_rekognition("DescribeProjectVersions"), [project(site, name)]),
        allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"], [lying]),
        allow(["states:StartExecution"], [site.arn("states", f"stateMachine:{machine}")]),
        allow(["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"], children),
        *using_keys(keys),
    ]


def conclude_statements(name: str, machine: str, folder: S3Address, topic: Any, keys: Sequence[str]) -> list[Statement]:
    """What the function may do that sees to the end of a batch."""
    site = IN_TEMPLATE
    lying = objects(site, folder.bucket, folder.key)
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [sub("${ConcludeLog.Arn}")]),
        allow(["ssm:GetParameters", "ssm:PutParameter"], [parameter(site, parameters.overrides(name))]),
        allow(["scheduler:DeleteSchedule"], [site.arn("scheduler", f"schedule/default/{PREFIX}-*")]),
        allow(["states:DescribeExecution", "states:ListMapRuns"], [site.arn("states", f"execution:{machine}:*")]),
        allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [lying]),
        allow(["s3:ListBucket"], [bucket(site, folder.bucket)]),
        allow(["sns:Publish"], [topic]),
        *using_keys(keys),
    ]
