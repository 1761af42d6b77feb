"""The smallest IAM policies: for deploying an inspection, and for what is done with one."""

from importlib import resources

from customlabels.aws import parameters
from customlabels.aws.function_log import NAMESPACE
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.permissions import deploy_statements, resource_types
from customlabels.aws.stacks.scope import Policy, Scope, stack_code
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    Arn,
    Statement,
    allow,
    bucket,
    find_project,
    key,
    objects,
    of_rekognition,
    parameter,
    policy,
)
from customlabels.core.addresses import bucket_and_key
from customlabels.inspection.stack.template import names_of


def inspection(scope: Scope) -> Policy:
    """What `customlabels inspection deploy`, `diff` and `remove` need."""
    site, names = scope.site, names_of(scope.project)
    schedule = site.arn("cloudformation", f"stack/{stack_name(scope.project)}/*")
    folders = filter(None, (scope.defects_to, *scope.archives))
    others = {_bucket_and_prefix(folder)[0] for folder in folders} - {_bucket_and_prefix(scope.watched)[0]}
    beside = [bucket(site, name) for name in sorted(others)]
    calls = ("GetBucketNotification", "PutBucketNotification", "GetEncryptionConfiguration", "ListBucket")
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions"), [scope.own], sid="Project"),
            find_project("FindProject"),
            _parameters(scope),
            allow(["cloudformation:DescribeStacks"], [schedule], sid="ScheduleStack"),
            allow([f"s3:{call}" for call in calls], [_watched(scope)], sid="Watched"),
            *([allow(["s3:GetEncryptionConfiguration", "s3:ListBucket"], beside, sid="Beside")] if beside else []),
            *_stream(
                scope, "DescribeStream", "DescribeImageGenerationConfiguration", "UpdateImageGenerationConfiguration"
            ),
            allow(["s3:GetObject"], [scope.folder], sid="Evaluations"),
            allow(["states:ListExecutions"], [site.arn("states", f"stateMachine:{names.machine}")], sid="Batches"),
            *stack_code(scope, "inspection"),
            *deploy_statements(site, names.stack, resource_types(_source())),
        ]
    )


def inspection_results(scope: Scope) -> Policy:
    """What `customlabels inspection status`, `results`, `retry` and `watch` need, once an inspection is deployed."""
    site, names = scope.site, names_of(scope.project)
    stacks = [site.arn("cloudformation", f"stack/{stack}/*") for stack in (stack_name(scope.project), names.stack)]
    table = site.arn("dynamodb", f"table/{names.table}")
    letters = (
        *("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListMessageMoveTasks"),
        *("ReceiveMessage", "SendMessage", "StartMessageMoveTask"),
    )
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions", "DetectCustomLabels"), [scope.own], sid="Project"),
            find_project("FindProject"),
            _parameters(scope),
            allow(["cloudformation:DescribeStacks"], stacks, sid="Stacks"),
            allow(["lambda:GetEventSourceMapping"], [EVERYTHING], sid="Mapping"),
            allow(["s3:GetBucketNotification"], [_watched(scope)], sid="Watched"),
            *_stream(scope, "DescribeImageGenerationConfiguration"),
            allow(["s3:GetObject"], [scope.folder, objects(site, *_bucket_and_prefix(scope.watched))], sid="Images"),
            allow(["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"], [EVERYTHING], sid="Metrics"),
            allow(
                ["cloudwatch:PutMetricData"],
                [EVERYTHING],
                sid="Figures",
                condition={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
            ),
            allow(
                [f"sqs:{call}" for call in letters],
                [site.arn("sqs", name) for name in (names.queue, names.dead)],
                sid="DeadLetters",
            ),
            allow(
                [f"dynamodb:{call}" for call in ("BatchGetItem", "DescribeTable", "GetItem", "Query")],
                [table, site.arn("dynamodb", f"table/{names.table}/index/*")],
                sid="Results",
            ),
            *key(site, scope.kms_key, writes=False, sid="Key"),
        ]
    )


def _parameters(scope: Scope) -> Statement:
    own = parameter(scope.site, f"{parameters.ROOT}/{scope.project}/*")
    return allow(["ssm:GetParameter", "ssm:GetParameters"], [own], sid="Parameters")


def _stream(scope: Scope, *calls: str) -> list[Statement]:
    """What is done with the stream that writes the images; nothing where none does."""
    if scope.stream is None:
        return []
    arn = scope.site.arn("kinesisvideo", f"stream/{scope.stream}/*")
    return [allow([f"kinesisvideo:{call}" for call in calls], [arn], sid="Stream")]


def _watched(scope: Scope) -> Arn:
    """The bucket in which images arrive; any where none is named."""
    return bucket(scope.site, _bucket_and_prefix(scope.watched)[0])


def _bucket_and_prefix(watched: str | None) -> tuple[str, str]:
    """Of an address of a folder; of any where none is named."""
    return bucket_and_key(watched or "s3://*/")


def _source() -> str:
    """What the template is rendered from, with every resource that it may have."""
    templates = resources.files("customlabels.inspection.stack") / "templates"
    return "".join(
        (templates / f"{name}.yaml.j2").read_text(encoding="utf-8")
        for name in ("inspection", "batch", "watch", "macros")
    )
