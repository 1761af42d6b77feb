"""What each role of the pipeline's stack may do: its function's calls on the project's own resources, and no more.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service; SageMaker developer
guide, "SageMaker Roles", for what a pipeline's role and a job's role need.
"""

from customlabels.aws import parameters
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    IN_TEMPLATE,
    LOOK_AT_BUCKET,
    READ_OBJECTS,
    Arn,
    Statement,
    allow,
    attribute,
    bucket,
    create_project,
    find_project,
    key,
    notify,
    objects,
    of_rekognition,
    parameter,
    project,
)
from customlabels.pipelines.sagemaker.parts import Parts


def function_statements(parts: Parts) -> dict[str, list[Statement]]:
    """What each function may do, beside writing its log."""
    own = [objects(IN_TEMPLATE, parts.bucket, parts.folder)]
    look = allow(of_rekognition("DescribeProjectVersions"), [project(IN_TEMPLATE, parts.project)])
    champion = parameter(IN_TEMPLATE, parameters.champion(parts.project))
    package = _named("model-package", parts.group, "/*")
    group = _named("model-package-group", parts.group)
    return {
        "start": [
            look,
            find_project(),
            allow(
                of_rekognition("CreateProjectVersion", "ListTagsForResource", "TagResource"),
                [project(IN_TEMPLATE, parts.project)],
            ),
            # The service reads and writes with the caller's permissions.
            allow(["s3:GetObject", "s3:PutObject"], own),
            allow(LOOK_AT_BUCKET, _buckets(parts)),
            allow(READ_OBJECTS, _images(parts)),
            *key(IN_TEMPLATE, parts.kms_key, trains=True),
        ],
        "wait": [
            look,
            allow(
                [
                    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
                    *("sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
                ],
                [attribute("Tokens")],
            ),
            allow(
                ["sagemaker:SendPipelineExecutionStepSuccess", "sagemaker:SendPipelineExecutionStepFailure"],
                _named("pipeline", parts.pipeline, "/execution/*"),
            ),
        ],
        "evaluate": [
            look,
            allow(["s3:GetObject"], own),
            allow(["ssm:GetParameter"], [champion]),
            *key(IN_TEMPLATE, parts.kms_key),
        ],
        "register": [
            look,
            allow(["s3:GetObject", "s3:PutObject"], own),
            allow(["ssm:GetParameter", "ssm:PutParameter"], [champion]),
            allow(["sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"], group),
            allow(
                ["sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
                [*group, *package],
            ),
            allow(["sagemaker:ListModelPackages"], [EVERYTHING]),
            *notify(IN_TEMPLATE, parts.topic, parts.event_bus),
            *key(IN_TEMPLATE, parts.kms_key, writes=True),
        ],
        "approve": [
            allow(["sagemaker:DescribeModelPackage"], package),
            allow(["ssm:GetParameter", "ssm:PutParameter"], [champion]),
            *notify(IN_TEMPLATE, parts.topic, parts.event_bus),
        ],
    }


def pipeline_statements() -> list[Statement]:
    """What the pipeline may do: call what the stack has, and start processing jobs."""
    called = [attribute(name.capitalize()) for name in ("start", "evaluate", "register")]
    return [
        allow(["lambda:InvokeFunction"], called),
        allow(["sqs:SendMessage"], [attribute("Tokens")]),
        allow(
            [
                *("sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob"),
                *("sagemaker:StopProcessingJob", "sagemaker:AddTags"),
            ],
            [IN_TEMPLATE.arn("sagemaker", "processing-job/*")],
        ),
        allow(
            ["iam:PassRole"],
            [attribute("ProcessingRole")],
            condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]


def job_statements(parts: Parts) -> list[Statement]:
    """What the processing jobs may do: look at images, make manifests and datasets."""
    return [
        allow(
            of_rekognition(
                *("CreateDataset", "DeleteDataset", "DescribeDataset", "DescribeProjectVersions"),
                *("ListDatasetEntries", "ListTagsForResource", "TagResource", "UpdateDatasetEntries"),
            ),
            [project(IN_TEMPLATE, parts.project)],
        ),
        create_project(),
        find_project(),
        allow(LOOK_AT_BUCKET, _buckets(parts)),
        allow([*READ_OBJECTS, "s3:PutObject"], [objects(IN_TEMPLATE, parts.bucket, parts.folder)]),
        allow(READ_OBJECTS, _images(parts)),
        allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [IN_TEMPLATE.arn("logs", "log-group:/aws/sagemaker/ProcessingJobs:*")],
        ),
        allow(["cloudwatch:PutMetricData"], [EVERYTHING]),
        # The image's registry may be of another account; GetAuthorizationToken takes no resource.
        allow(
            [
                *("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability"),
                *("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            ],
            [EVERYTHING],
        ),
        *key(IN_TEMPLATE, parts.kms_key, writes=True),
    ]


def _buckets(parts: Parts) -> list[Arn]:
    """ARNs of the buckets that are worked in and read from."""
    named = {parts.bucket, *([_image_folder(parts).partition("/")[0]] if parts.images else ["*"])}
    return [bucket(IN_TEMPLATE, name) for name in sorted(named)]


def _images(parts: Parts) -> list[Arn]:
    name, _, prefix = (_image_folder(parts) if parts.images else "*").partition("/")
    return [objects(IN_TEMPLATE, name, prefix)]


def _image_folder(parts: Parts) -> str:
    return (parts.images or "").removeprefix("s3://").strip("/")


def _named(kind: str, name: str, ending: str = "") -> list[Arn]:
    """ARNs of what SageMaker knows by that name; some of its ARNs have it in small letters."""
    return [IN_TEMPLATE.arn("sagemaker", f"{kind}/{spelt}{ending}") for spelt in sorted({name, name.lower()})]
