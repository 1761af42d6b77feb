"""The smallest IAM policy for reviews of images that lie in S3, or that were inspected as they arrived."""

from customlabels.aws import parameters
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
from customlabels.core.addresses import bucket_and_key
from customlabels.inspection.stack.template import names_of


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
        table = names_of(scope.project).table
        tables = [site.arn("dynamodb", f"table/{name}") for name in (table, f"{table}/index/*")]
        statements += [
            allow(["dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:Query"], tables, sid="Results"),
            allow(["s3:GetObject"], [objects(site, *bucket_and_key(scope.watched))], sid="Arrived"),
        ]
    return policy([*statements, *key(site, scope.kms_key, sid="Key")])
