"""The smallest IAM policy for reviews of images that lie in S3, or that were inspected as they arrived."""

from customlabels.aws import parameters
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.scope import Policy, Scope
from customlabels.aws.stacks.statements import (
    allow,
    find_project,
    key,
    objects,
    of_rekognition,
    parameter,
    policy,
)


def review(scope: Scope) -> Policy:
    """What `customlabels review pick`, `page`, `send`, `apply`, `suspects --by` and `status --test-set` need.

    What lies here alone, and answers of other tools, need nothing.
    """
    site = scope.site
    champion = parameter(site, parameters.champion(scope.project))
    statements = [
        allow(of_rekognition("DescribeProjectVersions"), [scope.own], sid="Project"),
        find_project("FindProject"),
        allow(["ssm:GetParameter"], [champion], sid="Champion"),
        # A file of detections names objects, whose ETags are listed.
        allow(["s3:ListBucket"], [scope.bucket_arn], sid="Bucket"),
        allow(["s3:GetObject"], [objects(site, scope.bucket, "")], sid="Images"),
    ]
    if scope.watched is not None:
        name, _, prefix = scope.watched.removeprefix("s3://").partition("/")
        table = site.arn("dynamodb", f"table/{stack_name(scope.project, 'inspection')}-results")
        by_day = site.arn("dynamodb", f"table/{stack_name(scope.project, 'inspection')}-results/index/*")
        statements += [
            allow(
                ["dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:Query"], [table, by_day], sid="Results"
            ),
            allow(["s3:GetObject"], [objects(site, name, prefix)], sid="Arrived"),
        ]
    return policy([*statements, *key(site, scope.kms_key, sid="Key")])
