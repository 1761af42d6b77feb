"""Uses of policies that are printed, commands for each, and a service where somebody does them under so much alone."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from customlabels.aws.stacks.names import stack_name
from customlabels.emulator.server import address
from customlabels.inspection.claims import Table
from customlabels.manifests.lines import entry_line
from customlabels.pipelines import policies
from customlabels.pipelines.service.guard import role_name
from customlabels.session.printed_policies import POLICIES
from support.drawing import draw
from support.local_services import BUCKET, QUICK, Service, client, connect
from support.people import Person
from support.production import Seeing, write_production

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


@contextmanager
def grounds(folder: Path) -> Iterator[tuple[Service, Path]]:
    """A service that enforces permissions, images here and in S3, and a folder to run commands in."""
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


def settled(somebody: Person) -> Person:
    """Whose project `plain` has the versions `first`, which is the champion, and `second`."""
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


def is_of_stack(statement: dict[str, Any]) -> bool:
    """Whether CloudFormation makes its calls for the caller, of which the local one asks nobody."""
    return "Sid" not in statement and {action.partition(":")[0] for action in statement["Action"]} != {"cloudformation"}


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


@contextmanager
def _hurried(service: Service) -> Iterator[None]:
    """Moves the service's clock on by half a minute, again and again."""
    over = threading.Event()

    def hurry() -> None:
        while not over.wait(0.5):
            address.advance(service.state, 30)

    hurrying = threading.Thread(target=hurry)
    hurrying.start()
    try:
        yield
    finally:
        over.set()
        hurrying.join()


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
        # A rule of the probe fires after a minute.
        with _hurried(person.service) if "--probe" in command else nullcontext():
            code, said = person.run(command.replace("NEW", name))
        if code or "not authorized" in said:
            return f"{command}: {code}\n{said}"
    return ""
