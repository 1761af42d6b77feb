"""Every command does its work under exactly the policy that is printed for its use, and not with a statement less."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError
from support.drawing import draw
from support.local_services import BUCKET, QUICK, Service, client, connect
from support.people import Person, make_person
from support.production import Seeing, write_production

from customlabels.aws.stacks.names import stack_name
from customlabels.cli.group import root
from customlabels.emulator.server import address
from customlabels.inspection.claims import Table
from customlabels.manifests.lines import entry_line
from customlabels.pipelines import policies
from customlabels.pipelines.service.guard import role_name
from customlabels.session.printed_policies import POLICIES

TOPIC = "arn:aws:sns:us-east-1:123456789012:models"
KEY = "alias/models"
SETTINGS = f"""
[project]
name = "plain"
bucket = "{BUCKET}"
kms_key = "{KEY}"
[gate]
min_f1 = 0.1
[notify]
topic = "{TOPIC}"
event_bus = "default"
[track]
sagemaker = true
[schedule]
time_zone = "Europe/Berlin"
[[schedule.window]]
days = "daily"
start = "08:00"
stop = "10:00"
[inspection]
source = "s3://pictures/arriving/"
defects = ["across"]
"""
SCOPE = policies.Scope(
    account="123456789012",
    region="us-east-1",
    project="plain",
    bucket=BUCKET,
    prefix="customlabels",
    kms_key=KEY,
    topic=TOPIC,
    event_bus="default",
    packages="customlabels-plain",
)


@dataclass(frozen=True)
class Use:
    """Commands in an order in which they can be run again and again; NEW in them is a name that each run has alone.

    Parameters
    ----------
    policies : the uses that policies are printed for; the last is the one in question
    project : of the policies
    before : what the account's owner does first, in order
    """

    policies: tuple[str, ...]
    commands: tuple[str, ...]
    project: str = "plain"
    images: str | None = None
    before: tuple[str, ...] = ()
    watched: str | None = None


USES = {
    "train": Use(
        ("train",),
        (
            "train photos --project NEW",
            "versions gate --max-regression 1 --project NEW",
            "versions show --project NEW",
            "versions thresholds --recall 0.9 --project NEW",
        ),
        project="NEW",
    ),
    "train in S3": Use(
        ("train",),
        (
            "train s3://pictures/line-1 --project NEW",
            "train s3://pictures/line-1/all.manifest --project NEW",
            "dataset inspect s3://pictures/line-1",
            "dataset inspect s3://pictures/line-1/all.manifest",
            "dataset split s3://pictures/line-1",
            "manifest build s3://pictures/line-1 --to built",
            "manifest validate s3://pictures/line-1/all.manifest --images s3",
            "manifest describe s3://pictures/line-1/all.manifest",
            "versions gate --max-regression 1 --project NEW",
        ),
        project="NEW",
        images="s3://pictures/line-1",
    ),
    "judge": Use(("train",), ("versions report first second --to report.html", "versions compare first second")),
    "judge again": Use(
        ("train", "detect"),
        ("versions compare first other --re-evaluate --yes",),
        before=("train photos --version-name other --seed 5",),
    ),
    "bucket": Use(("train", "bucket"), ("train photos --project NEW --fix-bucket-policy",), project="NEW"),
    "promote": Use(
        ("promote",),
        (
            "versions promote NEW --force",
            "versions promote second --smoke photos --force",
            "versions promote first --force",
            "versions rollback",
            "versions promote first --force",
            "versions history",
        ),
        # What is registered once is only approved from then on.
        before=("model start second --yes", "versions copy first --to-project plain --to-version NEW"),
    ),
    "detect": Use(
        ("detect",),
        (
            "detect photos/across/000.jpg --start --yes",
            f"detect s3://{BUCKET}/line-1/across --start --yes",
            f"dataset prelabel s3://{BUCKET}/line-1/across --with champion --to NEW-seen --start --yes",
            "model start second --yes",
            "model stop second",
        ),
    ),
    "analyzers": Use(
        ("analyzers",),
        (
            "detect photos/across/000.jpg --with properties --no-model",
            f"detect s3://{BUCKET}/line-1/across --with properties --no-model",
            f"dataset prelabel s3://{BUCKET}/line-1/across --with rekognition --to NEW-seen --yes",
        ),
    ),
    "review": Use(
        ("review",),
        (
            # What was inspected is picked, answered elsewhere, and fetched; what was detected is listed.
            "review pick --in NEW --count 2",
            "review status --in NEW --test-set",
            "review read given --in NEW",
            "review apply --in NEW --to NEW-set",
            "review pick found.jsonl --in NEW-found --threshold 50",
            "review suspects photos --by champion",
        ),
        watched="s3://pictures/arriving/",
        before=("schedule deploy --yes", "inspection deploy --yes"),
    ),
    "copy": Use(("copy",), ("versions copy champion --to-project NEW",)),
    "delete": Use(
        ("delete",),
        ("versions delete NEW --yes",),
        before=("versions copy first --to-project plain --to-version NEW",),
    ),
    "status": Use(("status",), ("model status", "versions list", "schedule status"), before=("schedule deploy --yes",)),
    "doctor": Use(("doctor",), ("doctor --output json",), before=("schedule deploy --yes",)),
    "doctor-probe": Use(("doctor", "doctor-probe"), ("doctor --probe --output json",)),
    "schedule": Use(
        ("schedule",),
        (
            "schedule diff",
            "schedule deploy --yes",
            "schedule override --off 1h --yes",
            "schedule override --clear",
            "schedule override --on 1h --yes",
            "schedule remove --yes",
        ),
    ),
    "inspection": Use(
        ("inspection",),
        (
            "inspection diff",
            "inspection deploy --yes",
            # What is left of the results is taken up again.
            "inspection remove --yes",
            "inspection deploy --yes",
            "inspection remove --results --yes",
        ),
        watched="s3://pictures/arriving/",
        before=("schedule deploy --yes",),
    ),
    "inspection-results": Use(
        ("inspection-results",),
        (
            "inspection status",
            "inspection results --again",
            "inspection watch --publish",
            "inspection retry --yes",
        ),
        watched="s3://pictures/arriving/",
        before=("schedule deploy --yes", "inspection deploy --yes"),
    ),
    "batch": Use(
        ("batch",),
        (
            "batch run s3://pictures/arriving/ --dry-run",
            "batch run arriving.jsonl --dry-run",
            "batch run s3://pictures/arriving/ --no-wait --yes",
            "batch status",
            "batch stop",
            "batch redrive --no-wait --yes",
            "batch stop",
            "batch results",
        ),
        watched="s3://pictures/arriving/",
        before=("schedule deploy --yes", "inspection deploy --yes"),
    ),
    "pipeline": Use(
        ("pipeline",),
        (
            "pipeline export --to made",
            "pipeline deploy --yes",
            f"pipeline run s3://{BUCKET}/line-1 --no-wait",
            "pipeline remove --yes",
        ),
    ),
}


NOT_TRIED = {("doctor", "Quotas"), ("promote", "Bucket"), ("inspection-results", "Figures")}
"""Statements for what the local service does not offer, for telling a file that is gone from one that may not be
read, where none is gone, and for figures of days on which nothing arrived."""

WHOLE = {"judge", "judge again"}
"""Uses of policies that are for more than what is done here."""

NOBODY_WAITS = {"batch"}
"""Uses whose commands leave at once, since nobody moves the clock on until a model is up."""


ALONE = {
    *("completion", "iam policy", "init", "sample", "settings validate"),
    *("dataset convert", "dataset formats", "manifest convert", "manifest merge"),
    *("review collect", "schedule capacity", "schedule show", "schedule simulate", "inspection simulate"),
    *(f"local {name}" for name in ("advance", "env", "reset", "start", "status", "stop")),
}
"""Commands that ask AWS for nothing that takes a permission."""

AS_OTHERS = {
    "dataset frames": "analyzers: as detect --with",
    "inspection render": "inspection: as diff; without permissions it leaves out what the account knows, and says so",
    "review page": "review: as apply; it goes on until it is ended",
    "review send": "review: as apply; it takes a Label Studio",
    "schedule render": "schedule: as diff; without permissions it leaves out what the account knows, and says so",
}
"""Commands that are not tried here, and by which use and by what else their calls are."""


def test_every_command_is_tried_under_a_policy_or_needs_none() -> None:
    tried = {command for use in USES.values() for command in use.commands}
    untried = {
        name
        for name in map(" ".join, commands(root))
        if not any(command == name or command.startswith(f"{name} ") for command in tried)
    }
    assert untried == ALONE | AS_OTHERS.keys()
    assert {why.partition(":")[0] for why in AS_OTHERS.values()} <= POLICIES.keys()
    assert {use for named in USES.values() for use in named.policies} == POLICIES.keys()


def commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    if not isinstance(command, click.Group):
        yield words
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from commands(below, *words, name)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """A service that enforces permissions, images here and in S3, and a folder to run commands in."""
    folder = tmp_path_factory.mktemp("permissions")
    service = connect(folder / "state", pace=replace(QUICK, iam=True))
    photos = draw(folder / "photos", {"across": 5, "down": 5})
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}
    for bucket in (BUCKET, "pictures"):
        service.s3.create_bucket(Bucket=bucket)
        lines = []
        for path in sorted(photos.rglob("*.jpg")):
            key = f"line-1/{path.relative_to(photos)}"
            # By its tags the local DetectLabels knows what is on an image.
            told = {"Tagging": "rekognition-labels=Person:90"}
            service.s3.upload_file(str(path), bucket, key, ExtraArgs={**encrypted, **told})
            lines.append(entry_line(f"s3://{bucket}/{key}", (path.parent.name,)))
        service.s3.put_object(Bucket=bucket, Key="line-1/all.manifest", Body=b"".join(lines))
    for path in sorted((photos / "across").glob("*.jpg")):
        service.s3.upload_file(str(path), "pictures", f"arriving/{path.name}", ExtraArgs=encrypted)
    service.s3.upload_file(str(next(photos.rglob("*.jpg"))), "pictures", "arriving/000.jpg", ExtraArgs=encrypted)
    document = {"inputContent": {"image": "s3://pictures/arriving/000.jpg"}, "humanAnswers": [
        {"answerContent": {"crowd-image-classifier": {"label": "across"}}, "workerId": "ada",
         "submissionTime": "2026-06-01T12:00:00Z"}
    ]}  # fmt: skip
    (folder / "given").mkdir()
    (folder / "given" / "output.json").write_text(json.dumps(document))
    detection = {"name": "000.jpg", "source": f"s3://{BUCKET}/line-1/across", "version": "first", "least": 5.0,
                 "error": None, "labels": [{"label": "across", "confidence": 80.0, "box": None}]}  # fmt: skip
    (folder / "found.jsonl").write_text(json.dumps(detection) + "\n")
    client(service, "sns").create_topic(Name="models")
    (folder / "customlabels.toml").write_text(SETTINGS)
    (folder / "arriving.jsonl").write_text('{"source-ref": "s3://pictures/arriving/000.jpg"}\n')
    yield service, folder
    address.stop(service.state)


@pytest.fixture
def person(ground: tuple[Service, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Person:
    """Somebody in that folder; its project `plain` has the versions `first`, which is the champion, and `second`."""
    somebody = make_person(*ground, monkeypatch, capsys)
    if not somebody.service.rekognition.describe_projects(ProjectNames=["plain"])["ProjectDescriptions"]:
        somebody.have_done("train photos --version-name first")
        somebody.have_done("versions copy first --to-project plain --to-version second")
        somebody.have_done("versions promote first --force")
    return somebody


def statements(use: Use, name: str) -> list[dict[str, Any]]:
    """Those of the policy in question."""
    scope = replace(SCOPE, project=use.project.replace("NEW", name), images=use.images, watched=use.watched)
    found: list[dict[str, Any]] = POLICIES[use.policies[-1]](scope)["Statement"]
    return found


def forget_stacks(service: Service) -> None:
    """Deletes what other runs may have deployed, and its code, which is put into the bucket where it is not there."""
    cloudformation = client(service, "cloudformation")
    for stack in cloudformation.describe_stacks()["Stacks"]:
        cloudformation.delete_stack(StackName=stack["StackName"])
    with suppress(ClientError):
        client(service, "iam").delete_role_policy(RoleName=role_name("plain"), PolicyName="stop")
        client(service, "iam").delete_role(RoleName=role_name("plain"))
    for folder in ("functions", "inspection", "pipeline", "batches"):
        listed = service.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"customlabels/plain/{folder}/")
        for held in listed.get("Contents", []):
            service.s3.delete_object(Bucket=BUCKET, Key=held["Key"])


def arrived(service: Service) -> None:
    """Two images that the champion saw as they arrived."""
    table = Table(client(service, "dynamodb"), f"{stack_name('plain', 'inspection')}-results")
    now = datetime.fromtimestamp(address.advance(service.state, 0.0), UTC)
    listed = service.s3.list_objects_v2(Bucket="pictures", Prefix="arriving/")["Contents"][:2]
    write_production(
        table,
        "pictures",
        (
            Seeing(
                held["Key"], now - timedelta(minutes=5), {"across": 80.0}, size=held["Size"], version="first",
                etag=held["ETag"].strip('"'),
            )
            for held in listed
        ),
    )  # fmt: skip


def complaint(person: Person, use: Use, name: str, allowed: list[dict[str, Any]]) -> str:
    """What the first command says that is not let do all of its work; nothing where each is."""
    scope = replace(SCOPE, project=use.project.replace("NEW", name), images=use.images, watched=use.watched)
    granted = [POLICIES[other](scope) for other in use.policies[:-1]]
    granted += [{"Version": "2012-10-17", "Statement": allowed}] if allowed else []
    person.may(*granted)
    forget_stacks(person.service)
    for command in use.before:
        person.have_done(command.replace("NEW", name))
    for command in use.commands:
        if command == "review pick --in NEW --count 2":
            arrived(person.service)
        if command.startswith("inspection retry"):
            # Without a letter there is nothing to be looked at, or moved.
            sqs, queue = client(person.service, "sqs"), f"{stack_name('plain', 'inspection')}-dead"
            sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody="letter")
        code, said = person.run(command.replace("NEW", name))
        if code or "not authorized" in said:
            return f"{command}: {code}\n{said}"
    return ""


@pytest.mark.around
@pytest.mark.parametrize("name", USES)
def test_each_command_does_its_work_under_the_policy_that_is_printed_for_it(person: Person, name: str) -> None:
    project = f"whole-{re.sub(r'[^a-z0-9]+', '-', name.lower())}"
    assert complaint(person, USES[name], project, statements(USES[name], project)) == ""


DEPLOYED = {
    "AWS::CloudWatch::Alarm": "cloudwatch:us-east-1:123456789012:alarm:NAME",
    "AWS::CloudWatch::Dashboard": "cloudwatch::123456789012:dashboard/NAME",
    "AWS::DynamoDB::Table": "dynamodb:us-east-1:123456789012:table/NAME",
    "AWS::Events::Rule": "events:us-east-1:123456789012:rule/NAME",
    "AWS::IAM::Role": "iam::123456789012:role/NAME",
    "AWS::Lambda::Function": "lambda:us-east-1:123456789012:function:NAME",
    "AWS::Logs::LogGroup": "logs:us-east-1:123456789012:log-group:NAME",
    "AWS::SNS::Topic": "sns:us-east-1:123456789012:NAME",
    "AWS::SQS::Queue": "sqs:us-east-1:123456789012:NAME",
    "AWS::StepFunctions::StateMachine": "states:us-east-1:123456789012:stateMachine:NAME",
    "AWS::SSM::Parameter": "ssm:us-east-1:123456789012:parameterNAME",
    "AWS::Scheduler::Schedule": "scheduler:us-east-1:123456789012:schedule/STACK/NAME",
    "AWS::Scheduler::ScheduleGroup": "scheduler:us-east-1:123456789012:schedule-group/NAME",
}
"""ARNs of a stack's resources by their types; others are parts of these, or have none."""


def is_of_stack(statement: dict[str, Any]) -> bool:
    """Whether CloudFormation makes its calls for the caller, of which the local one asks nobody."""
    return "Sid" not in statement and {action.partition(":")[0] for action in statement["Action"]} != {"cloudformation"}


def covers(statement: dict[str, Any], arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in statement["Resource"] if pattern != "*")


@pytest.mark.parametrize("name", ["schedule", "inspection", "pipeline"])
def test_what_a_stack_is_made_of_is_named_by_its_statements_and_nothing_else(person: Person, name: str) -> None:
    forget_stacks(person.service)
    for command in USES[name].before:
        person.have_done(command)
    person.have_done(f"{name} deploy --yes")
    arns = []
    resources = client(person.service, "cloudformation").get_paginator("list_stack_resources")
    stack = stack_name("plain", "" if name == "schedule" else name)
    for page in resources.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if template := DEPLOYED.get(resource["ResourceType"]):
                physical = resource["PhysicalResourceId"]
                if template.startswith(("sns", "sqs", "states")):
                    physical = re.split("[:/]", physical)[-1]
                arns.append(f"arn:aws:{template.replace('NAME', physical).replace('STACK', stack)}")
    assert arns
    # A table stays when its stack goes, and is taken up by the next.
    tables = client(person.service, "dynamodb").list_tables()["TableNames"]
    kept = [table for table in tables if name == "inspection" and table.startswith(stack)]
    arns += [f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}" for table in kept]
    of_stack = [statement for statement in statements(USES[name], "") if is_of_stack(statement)]
    assert [arn for arn in arns if not any(covers(statement, arn) for statement in of_stack)] == []
    idle = [statement for statement in of_stack if not any(covers(statement, arn) for arn in arns)]
    assert [statement["Resource"] for statement in idle if statement["Resource"] != ["*"]] == []


@pytest.mark.around
@pytest.mark.parametrize("name", [name for name in USES if name not in WHOLE])
def test_no_statement_can_be_left_out(person: Person, name: str) -> None:
    use = USES[name]
    # Whoever waits looks at executions; with a statement less it never comes to the end.
    if name not in NOBODY_WAITS:
        use = replace(use, commands=tuple(command.replace(" --no-wait", "") for command in use.commands))
    idle = []
    for number in itertools.count():
        project = f"less-{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{number}"
        whole = statements(use, project)
        if number == len(whole):
            break
        if is_of_stack(whole[number]) or (name, whole[number].get("Sid")) in NOT_TRIED:
            continue
        if complaint(person, use, project, whole[:number] + whole[number + 1 :]) == "":
            idle.append(whole[number])
    assert idle == []
