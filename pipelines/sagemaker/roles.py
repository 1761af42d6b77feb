"""What each role of the pipeline's stack may do: its function's calls on the project's own resources, and no more.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service; SageMaker developer
guide, "SageMaker Roles", for what a pipeline's role and a job's role need.
"""

from collections.abc import Sequence
from typing import Any

from customlabels.aws import parameters
from customlabels.pipelines.sagemaker.stack import Document, Stack, arn, sub


def function_statements(stack: Stack) -> dict[str, list[Document]]:
    """What each function may do, beside writing its log."""
    project, objects = _project(stack), [sub(f"arn:${{AWS::Partition}}:s3:::{stack.bucket}/{stack.folder}/*")]
    look = allow(["rekognition:DescribeProjectVersions"], [project])
    champion = _parameter(parameters.champion(stack.project))
    package = _named("model-package", stack.group, "/*")
    group = _named("model-package-group", stack.group)
    key = [allow(["kms:Decrypt", "kms:GenerateDataKey"], [_key(stack)])] if stack.kms_key else []
    trains = ["kms:CreateGrant", "kms:DescribeKey"]
    return {
        "start": [
            look,
            allow(["rekognition:DescribeProjects"], ["*"]),
            allow(
                ["rekognition:CreateProjectVersion", "rekognition:ListTagsForResource", "rekognition:TagResource"],
                [project],
            ),
            # The service reads and writes with the caller's permissions.
            allow(["s3:GetObject", "s3:PutObject"], objects),
            allow(["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"], _buckets(stack)),
            allow(["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion"], _images(stack)),
            *key,
            *([allow(trains, [_key(stack)])] if stack.kms_key else []),
        ],
        "wait": [
            look,
            allow(
                [
                    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
                    *("sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
                ],
                [arn("Tokens")],
            ),
            allow(
                ["sagemaker:SendPipelineExecutionStepSuccess", "sagemaker:SendPipelineExecutionStepFailure"],
                _named("pipeline", stack.pipeline, "/execution/*"),
            ),
        ],
        "evaluate": [look, allow(["s3:GetObject"], objects), allow(["ssm:GetParameter"], [champion]), *key],
        "register": [
            look,
            allow(["s3:GetObject", "s3:PutObject"], objects),
            allow(["ssm:GetParameter", "ssm:PutParameter"], [champion]),
            allow(["sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"], group),
            allow(
                ["sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
                [*group, *package],
            ),
            allow(["sagemaker:ListModelPackages"], ["*"]),
            *key,
        ],
        "approve": [
            allow(["sagemaker:DescribeModelPackage"], package),
            allow(["ssm:GetParameter", "ssm:PutParameter"], [champion]),
        ],
    }


def pipeline_statements() -> list[Document]:
    """What the pipeline may do: call what the stack has, and start processing jobs."""
    called = [arn(name.capitalize()) for name in ("start", "evaluate", "register")]
    jobs = sub("arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:processing-job/*")
    passing = allow(["iam:PassRole"], [arn("ProcessingRole")])
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return [
        allow(["lambda:InvokeFunction"], called),
        allow(["sqs:SendMessage"], [arn("Tokens")]),
        allow(
            [
                *("sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob"),
                *("sagemaker:StopProcessingJob", "sagemaker:AddTags"),
            ],
            [jobs],
        ),
        passing,
    ]


def job_statements(stack: Stack) -> list[Document]:
    """What the processing jobs may do: look at images, make manifests and datasets."""
    objects = sub(f"arn:${{AWS::Partition}}:s3:::{stack.bucket}/{stack.folder}/*")
    logs = sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/ProcessingJobs:*")
    made = [
        *("CreateProject", "CreateDataset", "DeleteDataset", "DescribeDataset", "DescribeProjectVersions"),
        *("ListDatasetEntries", "ListTagsForResource", "TagResource", "UpdateDatasetEntries"),
    ]
    read = ["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion"]
    statements = [
        allow([f"rekognition:{action}" for action in made], [_project(stack)]),
        allow(["rekognition:DescribeProjects"], ["*"]),
        allow(["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"], _buckets(stack)),
        allow([*read, "s3:PutObject"], [objects]),
        allow(read, _images(stack)),
        allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [logs]),
        allow(["cloudwatch:PutMetricData"], ["*"]),
        # The image's registry may be of another account; GetAuthorizationToken takes no resource.
        allow(
            [
                *("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability"),
                *("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            ],
            ["*"],
        ),
    ]
    if stack.kms_key:
        statements.append(allow(["kms:Decrypt", "kms:GenerateDataKey"], [_key(stack)]))
    return statements


def _buckets(stack: Stack) -> list[Any]:
    """ARNs of the buckets that are worked in and read from."""
    named = {stack.bucket, *([_image_place(stack).partition("/")[0]] if stack.images else ["*"])}
    return [sub(f"arn:${{AWS::Partition}}:s3:::{name}") for name in sorted(named)]


def _images(stack: Stack) -> list[Any]:
    place = _image_place(stack) if stack.images else "*"
    return [sub(f"arn:${{AWS::Partition}}:s3:::{place}/*")]


def _image_place(stack: Stack) -> str:
    return (stack.images or "").removeprefix("s3://").strip("/")


def allow(actions: Sequence[str], resources: Sequence[Any]) -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _project(stack: Stack) -> Document:
    return sub(f"arn:${{AWS::Partition}}:rekognition:${{AWS::Region}}:${{AWS::AccountId}}:project/{stack.project}/*")


def _named(kind: str, name: str, ending: str = "") -> list[Any]:
    """ARNs of what SageMaker knows by that name; some of its ARNs have it in small letters."""
    stem = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}"
    return [sub(f"{stem}:{kind}/{one}{ending}") for one in sorted({name, name.lower()})]


def _parameter(path: str) -> Document:
    return sub(f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter{path}")


def _key(stack: Stack) -> Any:
    """The key's ARN; an alias names no key in a policy, so all of the account's are meant then."""
    key = stack.kms_key or ""
    if ":key/" in key:
        return key
    name = "*" if "alias/" in key else key
    return sub(f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:key/{name}")
