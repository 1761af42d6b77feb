"""The smallest policies for `customlabels doctor`: one that only reads, and what a probe takes beside it.

Source: Service Authorization Reference of each service.
"""

from customlabels.aws import parameters
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.scope import Policy, Scope
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    Site,
    allow,
    create_project,
    find_project,
    key_arn,
    of_rekognition,
    parameter,
    policy,
    project,
)
from customlabels.pipelines.readiness.models import LEFT_OVER

_STACK = (
    *("CreateChangeSet", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeEvents"),
    *("DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet"),
)
_ROLE = (
    *("CreateRole", "DeleteRole", "DeleteRolePolicy", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies"),
    *("ListRolePolicies", "PassRole", "PutRolePolicy"),
)
_QUEUE = (
    *("CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "ListQueueTags", "ReceiveMessage"),
    "SetQueueAttributes",
)
_PACKAGES = ("CreateModelPackage", "DeleteModelPackage", "DescribeModelPackage")
_GROUPS = ("CreateModelPackage", "CreateModelPackageGroup", "DeleteModelPackageGroup")


def doctor(scope: Scope) -> Policy:
    """What `customlabels doctor` needs: to read, in every region where models may be up, and nothing else."""
    site = scope.site
    principals = [site.arn("iam", f"{kind}/*", regional=False) for kind in ("role", "user")]
    bucket = ["s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:ListBucket"]
    statements = [
        allow(bucket, [scope.bucket_arn], sid="Bucket"),
        allow(of_rekognition("DescribeProjectVersions"), [project(Site("*", scope.account), "*")], sid="Models"),
        find_project("FindProjects"),
        allow(["iam:GetRole", "iam:SimulatePrincipalPolicy"], principals, sid="Permissions"),
        allow(["servicequotas:ListServiceQuotas"], [EVERYTHING], sid="Quotas"),
        allow(
            ["cloudformation:DescribeStacks"],
            [site.arn("cloudformation", f"stack/{stack_name(scope.project)}/*")],
            sid="Stack",
        ),
        allow(["ssm:GetParameters"], [parameter(site, f"{parameters.ROOT}/{scope.project}/*")], sid="Schedule"),
        allow(["scheduler:ListSchedules"], [EVERYTHING], sid="Schedules"),
        allow(
            ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
            [EVERYTHING],
            sid="Metrics",
        ),
    ]
    if scope.kms_key:
        statements.append(allow(["kms:DescribeKey"], [key_arn(site, scope.kms_key)], sid="Key"))
    return policy(statements)


def probe(scope: Scope) -> Policy:
    """What `customlabels doctor --probe` needs beside that, on what it makes and removes again alone.

    With --paid the model is started and stopped as `detect --start` does, under the policy of that.
    """
    site, own = scope.site, f"{LEFT_OVER}*"
    on_project = of_rekognition(
        *("CreateDataset", "DeleteDataset", "DeleteProject", "DescribeDataset"),
        *("ListTagsForResource", "TagResource"),
    )
    return policy(
        [
            create_project("CreateProject"),
            allow(on_project, [project(site, own)], sid="Project"),
            allow(["iam:SimulateCustomPolicy"], [EVERYTHING], sid="Simulator"),
            allow([f"sagemaker:{call}" for call in _GROUPS], [site.arn("sagemaker", f"model-package-group/{own}")]),
            allow([f"sagemaker:{call}" for call in _PACKAGES], [site.arn("sagemaker", f"model-package/{own}/*")]),
            allow(["sagemaker:ListModelPackages"], [EVERYTHING]),
            allow([f"cloudformation:{call}" for call in _STACK], [site.arn("cloudformation", f"stack/{own}/*")]),
            allow([f"iam:{call}" for call in _ROLE], [site.arn("iam", f"role/{own}", regional=False)]),
            allow([f"sqs:{call}" for call in _QUEUE], [site.arn("sqs", own)], sid="Queue"),
            allow(
                [f"scheduler:{call}" for call in ("CreateSchedule", "DeleteSchedule", "GetSchedule")],
                [site.arn("scheduler", f"schedule/default/{own}")],
            ),
        ]
    )
