"""The smallest IAM policy for deploying an inspection, and for what is done with one."""

from importlib import resources

from customlabels.aws import parameters
from customlabels.aws.function_log import NAMESPACE
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.permissions import deploy_statements, resource_types
from customlabels.aws.stacks.scope import Policy, Scope, stack_code
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    allow,
    bucket,
    find_project,
    objects,
    of_rekognition,
    parameter,
    policy,
)
from customlabels.inspection.stack.template import names_of


def inspection(scope: Scope) -> Policy:
    """What `customlabels inspection deploy`, `diff`, `status`, `results`, `retry`, `watch` and `remove` need."""
    site, names = scope.site, names_of(scope.project)
    own = parameter(site, f"{parameters.ROOT}/{scope.project}/*")
    schedule = site.arn("cloudformation", f"stack/{stack_name(scope.project)}/*")
    watched = bucket(site, scope.watched.removeprefix("s3://").partition("/")[0] if scope.watched else "*")
    arriving = objects(site, *_bucket_and_prefix(scope.watched))
    queues = [site.arn("sqs", name) for name in (names.queue, names.dead)]
    table = site.arn("dynamodb", f"table/{names.table}")
    calls = ("GetBucketNotification", "PutBucketNotification", "GetEncryptionConfiguration", "ListBucket")
    watching = [f"s3:{call}" for call in calls]
    letters = (
        *("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListMessageMoveTasks"),
        *("ReceiveMessage", "SendMessage", "StartMessageMoveTask"),
    )
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions", "DetectCustomLabels"), [scope.own], sid="Project"),
            find_project("FindProject"),
            allow(["ssm:GetParameter", "ssm:GetParameters"], [own], sid="Parameters"),
            allow(["cloudformation:DescribeStacks"], [schedule], sid="ScheduleStack"),
            allow(watching, [watched], sid="Watched"),
            allow(["s3:GetObject"], [scope.folder, arriving], sid="Evaluations"),
            allow(["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"], [EVERYTHING], sid="Metrics"),
            allow(
                ["cloudwatch:PutMetricData"],
                [EVERYTHING],
                sid="Figures",
                condition={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
            ),
            allow(
                [f"sqs:{call}" for call in letters],
                queues,
                sid="DeadLetters",
            ),
            allow(
                [f"dynamodb:{call}" for call in ("BatchGetItem", "DeleteTable", "DescribeTable", "GetItem", "Query")],
                [table, site.arn("dynamodb", f"table/{names.table}/index/*")],
                sid="Results",
            ),
            allow(["states:ListExecutions"], [site.arn("states", f"stateMachine:{names.machine}")], sid="Batches"),
            *stack_code(scope, "inspection"),
            *deploy_statements(site, names.stack, resource_types(_source())),
        ]
    )


def _bucket_and_prefix(watched: str | None) -> tuple[str, str]:
    """Of an address of a folder; of any where none is named."""
    bucket, _, prefix = (watched or "s3://*/").removeprefix("s3://").partition("/")
    return bucket, prefix


def _source() -> str:
    """What the template is rendered from, with every resource that it may have."""
    templates = resources.files("customlabels.inspection.stack") / "templates"
    return "".join((templates / f"{name}.yaml.j2").read_text(encoding="utf-8") for name in ("inspection", "batch"))
