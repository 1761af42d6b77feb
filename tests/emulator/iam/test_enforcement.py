"""Users and roles may do what their policies say, no more, where the local service enforces them."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service, client, connect, zipped

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/p/*"


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    started = connect(tmp_path_factory.mktemp("enforced"), pace=address.Pace(scale=0.05, rate=100.0, iam=True))
    started.s3.create_bucket(Bucket=BUCKET)
    yield started
    address.stop(started.state)


@pytest.fixture
def user(enforced: Service, request: pytest.FixtureRequest) -> Callable[[list[dict[str, Any]]], Callable[[str], Any]]:
    """Makes a user with such statements; clients of theirs by the service's name."""

    numbers = itertools.count()

    def make(statements: list[dict[str, Any]]) -> Callable[[str], Any]:
        iam, name = client(enforced, "iam"), f"user-{abs(hash(request.node.name))}-{next(numbers)}"
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        session: Any = boto3
        return lambda service: session.client(
            service,
            endpoint_url=enforced.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    return make


def allow(action: str | list[str], resource: str | list[str] = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("rekognition", "create_project", {"ProjectName": "p"}, "rekognition:CreateProject", "*"),
    ("rekognition", "describe_projects", {}, "rekognition:DescribeProjects", "*"),
    ("s3", "list_objects_v2", {"Bucket": BUCKET}, "s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "a/b", "Body": b"x"}, "s3:PutObject", f"arn:aws:s3:::{BUCKET}/a/*"),
    ("s3", "get_bucket_location", {"Bucket": BUCKET}, "s3:GetBucketLocation", f"arn:aws:s3:::{BUCKET}"),
    ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", "*"),
    ("ssm", "put_parameter", {"Name": "/a/b", "Value": "v", "Type": "String", "Overwrite": True}, "ssm:PutParameter",
     "arn:aws:ssm:us-east-1:123456789012:parameter/a/b"),
    ("sqs", "create_queue", {"QueueName": "q"}, "sqs:CreateQueue", "arn:aws:sqs:us-east-1:123456789012:q"),
    ("sns", "create_topic", {"Name": "t"}, "sns:CreateTopic", "arn:aws:sns:us-east-1:123456789012:t"),
    ("lambda", "list_functions", {}, "lambda:ListFunctions", "*"),
    ("scheduler", "create_schedule_group", {"Name": "g"}, "scheduler:CreateScheduleGroup",
     "arn:aws:scheduler:us-east-1:123456789012:schedule-group/g"),
    ("scheduler", "delete_schedule", {"Name": "x"}, "scheduler:DeleteSchedule",
     "arn:aws:scheduler:us-east-1:123456789012:schedule/default/x"),
    ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}, "events:PutEvents",
     "arn:aws:events:us-east-1:123456789012:event-bus/default"),
    ("sagemaker", "create_model_package_group", {"ModelPackageGroupName": "g"}, "sagemaker:CreateModelPackageGroup",
     "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g"),
    ("sagemaker", "list_model_packages", {"ModelPackageGroupName": "g"}, "sagemaker:ListModelPackages", "*"),
    ("cloudwatch", "describe_alarms", {}, "cloudwatch:DescribeAlarms", "*"),
    ("iam", "get_user", {"UserName": "nobody"}, "iam:GetUser", "arn:aws:iam::123456789012:user/nobody"),
]  # fmt: skip


def code_of(call: Any, parameters: dict[str, Any]) -> str:
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize(("service_name", "operation", "parameters", "action", "resource"), CALLS)
def test_a_call_passes_with_its_statement_and_fails_without(
    enforced: Service,
    user: Callable[[list[dict[str, Any]]], Callable[[str], Any]],
    service_name: str,
    operation: str,
    parameters: dict[str, Any],
    action: str,
    resource: str,
) -> None:
    clients = user([allow(action, resource), allow("dynamodb:*")])
    assert "AccessDenied" not in code_of(getattr(clients(service_name), operation), parameters)
    iam = client(enforced, "iam")
    (name,) = [user["UserName"] for user in iam.list_users()["Users"]][-1:]
    narrower = {"Version": "2012-10-17", "Statement": [allow("dynamodb:*"), allow(action, "arn:aws:s3:::elsewhere")]}
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(narrower))
    assert code_of(getattr(clients(service_name), operation), parameters).startswith("AccessDenied")


def test_a_dataset_of_a_manifest_needs_the_manifest_read_as_well(
    enforced: Service, user: Callable[[list[dict[str, Any]]], Callable[[str], Any]]
) -> None:
    enforced.s3.put_object(Bucket=BUCKET, Key="d.manifest", Body=b"")
    project = enforced.rekognition.create_project(ProjectName="with-dataset")["ProjectArn"]
    clients = user([allow("rekognition:CreateDataset", "*")])
    source = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "d.manifest"}}}
    asked = {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": source}
    with pytest.raises(ClientError, match=r"s3:GetObject on resource: arn:aws:s3:::plant-7/d\.manifest"):
        clients("rekognition").create_dataset(**asked)


def test_who_may_not_list_is_not_told_that_a_key_is_not_there(
    enforced: Service, user: Callable[[list[dict[str, Any]]], Callable[[str], Any]]
) -> None:
    s3 = user([allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*")])("s3")
    assert code_of(s3.get_object, {"Bucket": BUCKET, "Key": "nowhere"}) == "AccessDenied"
    enforced.s3.put_object(Bucket=BUCKET, Key="somewhere", Body=b"x")
    assert code_of(s3.get_object, {"Bucket": BUCKET, "Key": "somewhere"}) == ""


KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"


@pytest.mark.parametrize(
    ("action", "may_write", "may_read"), [("kms:GenerateDataKey", True, False), ("kms:Decrypt", False, True)]
)
def test_an_encrypted_object_takes_the_callers_permissions_on_its_key(
    enforced: Service,
    user: Callable[[list[dict[str, Any]]], Callable[[str], Any]],
    action: str,
    may_write: bool,
    may_read: bool,
) -> None:
    encrypted = {"Bucket": BUCKET, "Body": b"x", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY}
    enforced.s3.put_object(Key="secret", **encrypted)
    s3 = user([allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/*"), allow(action, KMS_KEY)])("s3")
    assert (code_of(s3.put_object, {"Key": "other", **encrypted}) == "") == may_write
    assert (code_of(s3.get_object, {"Bucket": BUCKET, "Key": "secret"}) == "") == may_read


def test_tags_of_what_is_made_take_a_permission_on_what_will_be(
    enforced: Service, user: Callable[[list[dict[str, Any]]], Callable[[str], Any]]
) -> None:
    project = enforced.rekognition.create_project(ProjectName="tagged")["ProjectArn"]
    asked = {"ProjectArn": project, "DatasetType": "TRAIN", "Tags": {"a": "b"}}
    for resource, code in ((f"{project[: project.rindex('/')]}/dataset/*", ""), (PROJECT, "AccessDeniedException")):
        made = user([allow("rekognition:CreateDataset", "*"), allow("rekognition:TagResource", resource)])
        assert code_of(made("rekognition").create_dataset, asked) == code
        for dataset in settled_datasets(enforced, "tagged"):
            enforced.rekognition.delete_dataset(DatasetArn=dataset["DatasetArn"])


def settled_datasets(service: Service, project: str) -> list[dict[str, Any]]:
    """The project's datasets, once none of them is being made or deleted."""

    def look() -> list[dict[str, Any]] | None:
        (described,) = service.rekognition.describe_projects(ProjectNames=[project])["ProjectDescriptions"]
        datasets: list[dict[str, Any]] = [dict(dataset) for dataset in described["Datasets"]]
        return None if any(dataset["Status"].endswith("_IN_PROGRESS") for dataset in datasets) else datasets

    return wait_for(look, what=f"the datasets of {project}", most=30)


def test_a_policy_that_is_attached_counts_as_it_is_now(
    enforced: Service, user: Callable[[list[dict[str, Any]]], Callable[[str], Any]]
) -> None:
    clients, iam = user([allow("dynamodb:*")]), client(enforced, "iam")
    name = iam.list_users()["Users"][-1]["UserName"]
    versions = [json.dumps({"Version": "2012-10-17", "Statement": [allow(action)]}) for action in ("sns:*", "sqs:*")]
    arn = iam.create_policy(PolicyName="attached", PolicyDocument=versions[0])["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert code_of(clients("sns").list_topics, {}) == ""
    assert code_of(clients("sqs").list_queues, {}).startswith("AccessDenied")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=versions[1], SetAsDefault=True)
    assert code_of(clients("sns").list_topics, {}).startswith("AccessDenied")
    assert code_of(clients("sqs").list_queues, {}) == ""


def test_a_key_that_nobody_issued_is_refused(enforced: Service) -> None:
    session: Any = boto3
    stranger = session.client(
        "s3", endpoint_url=enforced.endpoint_url, region_name="us-east-1", aws_access_key_id="AKIANOBODY",
        aws_secret_access_key="any", config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    with pytest.raises(ClientError, match="security token"):
        stranger.list_buckets()


def test_a_function_may_do_what_its_role_may(enforced: Service) -> None:
    iam, functions = client(enforced, "iam"), client(enforced, "lambda")
    role = iam.create_role(RoleName="narrow", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    document = {"Version": "2012-10-17", "Statement": [allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/mine/*")]}
    iam.put_role_policy(RoleName="narrow", PolicyName="own", PolicyDocument=json.dumps(document))
    functions.create_function(
        FunctionName="narrow", Runtime="python3.12", Role=role, Handler="app.f", Timeout=20, MemorySize=256,
        Code={"ZipFile": zipped("import boto3\ndef f(event, c): boto3.client('s3').put_object(**event)")},
    )  # fmt: skip
    for key, expected in (("mine/a", None), ("theirs/a", "AccessDenied")):
        event = json.dumps({"Bucket": BUCKET, "Key": key, "Body": "x"}).encode()
        answer = functions.invoke(FunctionName="narrow", Payload=event)
        assert (expected or "null") in answer["Payload"].read().decode()


def test_answers_lag_behind_writes_where_it_is_strict(tmp_path: Any) -> None:
    lagging = connect(tmp_path / "state", pace=address.Pace(scale=0.05, lag=1.0))
    rekognition = lagging.rekognition
    rekognition.create_project(ProjectName="late")
    assert rekognition.describe_projects()["ProjectDescriptions"] == []
    wait_for(lambda: rekognition.describe_projects()["ProjectDescriptions"] or None, what="the project", most=10)
    address.stop(lagging.state)


STRICT: list[tuple[str, str, dict[str, Any], str]] = [
    ("sqs", "create_queue", {"QueueName": "q", "Attributes": {"NoSuchAttribute": "1"}}, "enum"),
    ("lambda", "get_function", {"FunctionName": "no such name!"}, "pattern"),
    ("scheduler", "create_schedule_group", {"Name": "no spaces"}, "pattern"),
    ("sagemaker", "describe_pipeline", {"PipelineName": "ends-in-"}, "pattern"),
    ("cloudformation", "create_change_set", {"StackName": "1x", "ChangeSetName": "c"}, "pattern"),
    ("iam", "create_role", {"RoleName": "x" * 65, "AssumeRolePolicyDocument": "{}"}, "length"),
    ("events", "put_rule", {"Name": "no spaces", "ScheduleExpression": "rate(1 minute)"}, "pattern"),
    ("logs", "put_retention_policy", {"logGroupName": "a b", "retentionInDays": 1}, "pattern"),
]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    started = connect(tmp_path_factory.mktemp("strict"), pace=address.Pace(scale=0.05, rate=100.0, strict=True))
    yield started
    address.stop(started.state)


@pytest.mark.parametrize(("service_name", "operation", "parameters", "rule"), STRICT)
def test_inputs_of_every_service_are_checked(
    strict: Service, service_name: str, operation: str, parameters: dict[str, Any], rule: str
) -> None:
    session: Any = boto3
    made = session.client(
        service_name, endpoint_url=strict.endpoint_url, region_name="us-east-1", aws_access_key_id=strict.key,
        aws_secret_access_key="any", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    with pytest.raises(ClientError, match=rf"validation error.*{rule}"):
        getattr(made, operation)(**parameters)


def test_a_bucket_tells_a_queue_and_a_function_reads_one_only_where_they_may(enforced: Service) -> None:
    iam, functions, sqs = (client(enforced, name) for name in ("iam", "lambda", "sqs"))
    url = sqs.create_queue(QueueName="guarded")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    wanted: Any = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}

    def tell() -> None:
        enforced.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=wanted)

    for source in (None, "arn:aws:s3:::another", f"arn:aws:s3:::{BUCKET}"):
        if source != f"arn:aws:s3:::{BUCKET}":
            with pytest.raises(ClientError, match="Unable to validate the following destination"):
                tell()
        condition = {"ArnEquals": {"aws:SourceArn": source or "arn:aws:s3:::another"}}
        statement = {**allow("sqs:SendMessage", arn), "Principal": {"Service": "s3.amazonaws.com"}}
        policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    tell()
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions.create_function(
        FunctionName="reader", Runtime="python3.12", Role=role, Handler="app.f", Timeout=20, MemorySize=256,
        Code={"ZipFile": zipped("def f(event, c): pass")},
    )  # fmt: skip
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
        functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="reader")
    actions = [allow(f"sqs:{name}", arn) for name in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    document = json.dumps({"Version": "2012-10-17", "Statement": actions})
    iam.put_role_policy(RoleName="reader", PolicyName="own", PolicyDocument=document)
    functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="reader")
