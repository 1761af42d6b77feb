"""The smallest IAM policies for what the commands do, with a project's own ARNs.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Rekognition" and "for
Amazon S3"; Custom Labels developer guide, su-sdk-programmatic-access.md and su-encrypt-bucket.md.
"""

from customlabels.aws import parameters
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.scope import Policy, Scope
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    LOOK_AT_BUCKET,
    READ_OBJECTS,
    Arn,
    Site,
    Statement,
    allow,
    create_project,
    find_project,
    key,
    notify,
    objects,
    of_rekognition,
    parameter,
    policy,
    project,
)
from customlabels.aws.stacks.statements import bucket as bucket_arn
from customlabels.pipelines.sagemaker import registry
from customlabels.pipelines.service.guard import PREFIX, role_name


def train(scope: Scope) -> Policy:
    """What `customlabels train` and the judging of versions need."""
    calls = of_rekognition(
        *("DescribeProjectVersions", "CreateProjectVersion", "CreateDataset", "DescribeDataset", "DeleteDataset"),
        *("UpdateDatasetEntries", "ListDatasetEntries", "TagResource", "ListTagsForResource"),
    )
    statements = [
        allow(calls, [scope.own], sid="Project"),
        create_project("CreateProject"),
        find_project("FindProject"),
        allow([*LOOK_AT_BUCKET, "s3:GetBucketPublicAccessBlock"], [scope.bucket_arn], sid="Bucket"),
        allow([*READ_OBJECTS, "s3:PutObject"], [scope.folder], sid="Objects"),
        allow(["ssm:GetParameter"], [_champion(scope)], sid="Champion"),
        *_listeners(scope),
    ]
    if scope.images:
        name, _, prefix = scope.images.removeprefix("s3://").strip("/").partition("/")
        statements.append(allow(LOOK_AT_BUCKET, [bucket_arn(scope.site, name)], sid="ImageBucket"))
        statements.append(allow(READ_OBJECTS, [objects(scope.site, name, prefix)], sid="Images"))
    return policy([*statements, *key(scope.site, scope.kms_key, trains=True, sid="Key")])


def promote(scope: Scope) -> Policy:
    """What `customlabels versions promote`, `rollback` and `history` need."""
    champion = ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"]
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions", "DetectCustomLabels"), [scope.own], sid="Project"),
            find_project("FindProject"),
            allow(["s3:ListBucket"], [scope.bucket_arn], sid="Bucket"),
            allow(["s3:GetObject"], [scope.folder], sid="Results"),
            allow(champion, [_champion(scope)], sid="Champion"),
            _schedule(scope),
            *_packages(scope),
            *_listeners(scope),
            *key(scope.site, scope.kms_key, writes=scope.packages is not None, sid="Key"),
        ]
    )


def detect(scope: Scope) -> Policy:
    """What `customlabels detect` and `dataset prelabel` need, starting and stopping the model included."""
    calls = of_rekognition("DescribeProjectVersions", "DetectCustomLabels", "StartProjectVersion", "StopProjectVersion")
    return policy(
        [
            allow(calls, [scope.own], sid="Model"),
            find_project("FindProject"),
            *_results(scope, "BatchGetItem", "DeleteItem", "DescribeTable", "PutItem"),
            allow(["s3:ListBucket"], [scope.bucket_arn], sid="Bucket"),
            allow(["s3:GetObject"], [objects(scope.site, scope.bucket, "")], sid="Images"),
            allow(["ssm:GetParameter"], [_champion(scope)], sid="Champion"),
            _schedule(scope, queue=True),
            *_guard(scope),
            *key(scope.site, scope.kms_key, sid="Key"),
        ]
    )


def analyzers(scope: Scope) -> Policy:
    """What `detect --with NAMES`, `dataset prelabel --with rekognition` and `dataset frames` need: that of a stream, or
    with `--where`, `--prelabel` or `--blur-faces`.

    With --no-model that is all; else `detect` needs its own as well.
    """
    calls = of_rekognition(
        *("DetectFaces", "DetectLabels", "DetectModerationLabels", "DetectText"),
        *("GetLabelDetection", "StartLabelDetection"),
    )
    return policy(
        [
            allow(calls, [EVERYTHING], sid="Analyzers"),
            *_results(scope, "DeleteItem", "DescribeTable", "GetItem", "PutItem"),
            *_hearing(scope),
            *_kept(scope),
            allow(["s3:ListBucket"], [scope.bucket_arn], sid="Bucket"),
            allow(["s3:GetObject"], [objects(scope.site, scope.bucket, "")], sid="Images"),
            *key(scope.site, scope.kms_key, sid="Key"),
        ]
    )


def _kept(scope: Scope) -> list[Statement]:
    """What taking what a stream has kept needs; nothing where the settings name none."""
    if scope.stream is None:
        return []
    calls = ("DescribeStream", "GetDataEndpoint", "GetImages")
    arn = scope.site.arn("kinesisvideo", f"stream/{scope.stream}/*")
    return [allow([f"kinesisvideo:{call}" for call in calls], [arn], sid="Kept")]


def _hearing(scope: Scope) -> list[Statement]:
    """What hearing of the end of a job on a video takes; nothing where it is asked for."""
    if scope.job_role is None or scope.job_queue is None:
        return []
    account, name = scope.job_queue.rstrip("/").split("/")[-2:]
    queue = Site(scope.region, account).arn("sqs", name)
    return [
        allow(
            ["iam:PassRole"],
            [scope.job_role],
            sid="Teller",
            condition={"StringEquals": {"iam:PassedToService": "rekognition.amazonaws.com"}},
        ),
        allow(["sqs:DeleteMessage", "sqs:ReceiveMessage"], [queue], sid="Hearing"),
    ]


def _results(scope: Scope, *calls: str) -> list[Statement]:
    """What `detect --results` does with the results of the project's inspection; nothing where it has none."""
    if scope.watched is None:
        return []
    table = scope.site.arn("dynamodb", f"table/{stack_name(scope.project, 'inspection')}-results")
    return [allow([f"dynamodb:{call}" for call in calls], [table], sid="Results")]


def _guard(scope: Scope) -> list[Statement]:
    """The one-time schedule that stops a model whose command was killed, and the role that it runs with."""
    role = scope.site.arn("iam", f"role/{role_name(scope.project)}", regional=False)
    schedules = scope.site.arn("scheduler", f"schedule/default/{PREFIX}-*")
    passed = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    calls = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule"]
    return [
        allow(calls, [schedules], sid="Guard"),
        allow(["iam:CreateRole", "iam:GetRole", "iam:PutRolePolicy"], [role], sid="GuardRole"),
        allow(["iam:PassRole"], [role], sid="PassGuardRole", condition=passed),
    ]


def bucket(scope: Scope) -> Policy:
    """What `customlabels train --fix-bucket-policy` needs once, beside what training needs."""
    return policy([allow(["s3:GetBucketPolicy", "s3:PutBucketPolicy"], [scope.bucket_arn], sid="BucketPolicy")])


def copy(scope: Scope) -> Policy:
    """What `customlabels versions copy` needs; of the source where the copy goes to another account."""
    calls = of_rekognition(
        *("CopyProjectVersion", "DescribeProjectVersions", "ListTagsForResource"),
        *("DeleteProjectPolicy", "ListProjectPolicies", "PutProjectPolicy"),
    )
    target = project(scope.site, scope.to_project or "*")
    return policy(
        [
            allow(calls, [scope.own], sid="Source"),
            allow(of_rekognition("CopyProjectVersion", "DescribeProjectVersions", "TagResource"), [target], sid="Copy"),
            create_project("CreateProject"),
            find_project("FindProject"),
            allow(LOOK_AT_BUCKET, [scope.bucket_arn], sid="Bucket"),
            allow([*READ_OBJECTS, "s3:PutObject"], [scope.folder], sid="Objects"),
            allow(["ssm:GetParameter"], [_champion(scope)], sid="Champion"),
            *key(scope.site, scope.kms_key, trains=True, sid="Key"),
        ]
    )


def delete(scope: Scope) -> Policy:
    """What `customlabels versions delete` needs."""
    return policy(
        [
            allow(of_rekognition("DeleteProjectVersion", "DescribeProjectVersions"), [scope.own], sid="Project"),
            find_project("FindProject"),
            allow(["ssm:GetParameter"], [_champion(scope)], sid="Champion"),
        ]
    )


def status(scope: Scope) -> Policy:
    """What `customlabels model status`, `versions list` and `schedule status` need: to look, and nothing else."""
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions", "ListTagsForResource"), [scope.own], sid="Project"),
            find_project("FindProject"),
            allow(["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"], [EVERYTHING], sid="Metrics"),
            allow(["ssm:GetParameter"], [_champion(scope)], sid="Champion"),
            _schedule(scope, queue=True),
            allow(
                ["cloudformation:DescribeStacks"],
                [scope.site.arn("cloudformation", f"stack/{stack_name(scope.project)}/*")],
                sid="Stack",
            ),
        ]
    )


def _listeners(scope: Scope) -> list[Statement]:
    return notify(scope.site, scope.topic, scope.event_bus)


def _packages(scope: Scope) -> list[Statement]:
    """What registering the champion takes; its packages are listed by calls that take no resource."""
    if scope.packages is None:
        return []
    on_groups = ["CreateModelPackage", "CreateModelPackageGroup", "DescribeModelPackageGroup"]
    on_packages = ["CreateModelPackage", "UpdateModelPackage"]
    return [
        allow(
            [f"sagemaker:{call}" for call in on_groups],
            sagemaker_arns(scope, "model-package-group", scope.packages),
            sid="PackageGroup",
        ),
        allow(
            [f"sagemaker:{call}" for call in on_packages],
            sagemaker_arns(scope, "model-package", scope.packages, "/*"),
            sid="Packages",
        ),
        allow(["sagemaker:ListModelPackages"], [EVERYTHING], sid="ListPackages"),
        allow(
            ["s3:PutObject"],
            [objects(scope.site, scope.bucket, scope.prefix, f"*/{registry.QUALITY}-*.json")],
            sid="PackageFigures",
        ),
        allow(of_rekognition("ListTagsForResource"), [scope.own], sid="Lineage"),
    ]


def sagemaker_arns(scope: Scope, kind: str, name: str, ending: str = "") -> list[Arn]:
    """ARNs of what SageMaker knows by that name; some of its ARNs have it in small letters."""
    return [scope.site.arn("sagemaker", f"{kind}/{spelt}{ending}") for spelt in sorted({name, name.lower()})]


def _schedule(scope: Scope, *, queue: bool = False) -> Statement:
    """What a deployed schedule wants, and which version it has answer; `queue`: also for images that wait."""
    own = parameter(scope.site, f"{parameters.ROOT}/{scope.project}/*")
    line = scope.site.arn("sqs", f"{stack_name(scope.project, 'inspection')}-*")
    if queue:
        return allow(["ssm:GetParameters", "sqs:GetQueueAttributes"], [own, line], sid="Schedule")
    return allow(["ssm:GetParameters"], [own], sid="Schedule")


def _champion(scope: Scope) -> Arn:
    return parameter(scope.site, parameters.champion(scope.project))
