"""What the settings make of a project's inspection: its stack; and whether it may be made, before anything is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from customlabels.aws import parameters
from customlabels.aws.bucket import check_bucket
from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import change_sets, deployment
from customlabels.aws.stacks.archives import digest
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.packaging import functions_zip
from customlabels.aws.stacks.stack import Stack
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import ServiceError
from customlabels.core.settings import Settings
from customlabels.inspection.inspection_settings import Asked
from customlabels.inspection.rules import with_assumed
from customlabels.inspection.stack import notifications
from customlabels.inspection.stack.template import TABLE_TYPE, Names, Parts, names_of, template
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.states import STARTABLE, UP, State
from customlabels.pipelines.service.versions import Description, version_name

HANDLERS = "customlabels.inspection.functions.handlers"
ZIP = "inspection.zip"
_TAG = "customlabels:project"


@dataclass(frozen=True, slots=True)
class Account:
    """What a stack takes from the account; nothing where that cannot be asked.

    Parameters
    ----------
    champion : the version that looks first
    topic : of the schedule's stack
    keys : KMS keys of the buckets
    has_table : whether the table is to be the stack's
    deployed : whether there is a stack already
    note : what is to be known before it is deployed
    """

    project_arn: str | None = None
    champion: Description | None = None
    topic: str | None = None
    keys: tuple[str, ...] = ()
    has_table: bool = True
    deployed: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A project's stack, and the parts that its template was made of."""

    parts: Parts
    names: Names
    stack: Stack


def code_folder(settings: Settings, project: str, bucket: str) -> S3Address:
    """Where the function's code lies."""
    return S3Address(bucket, join_key(settings.project.prefix, f"{project}/inspection"))


def batch_folder(settings: Settings, project: str, bucket: str) -> S3Address:
    """Where batches lie."""
    return S3Address(bucket, join_key(settings.project.prefix, f"{project}/batches"))


def look_up(clients: Clients, settings: Settings, project: str, asked: Asked) -> Account:
    """What the account holds of the project, once it is such that its images can be inspected.

    Raises
    ------
    ServiceError : what keeps that from being so
    """
    arn = need_project(clients.rekognition, project)
    promoted = champion.current(clients.ssm, project)
    if promoted is None:
        raise ServiceError(
            f"project {project} has no champion that could inspect",
            hint="customlabels versions promote VERSION makes one",
        )
    version = champion.promoted_version(clients.rekognition, project, promoted)
    _check_start(version)
    _check_labels(clients, version, asked)
    topic = _schedules_topic(clients, project)
    note = _check_deadline(clients, project, asked)
    names = names_of(project)
    _check_buckets(clients, asked, names)
    deployed = change_sets.find(clients.cloudformation, names.stack) is not None
    if not deployed:
        _check_queues(clients, names)
    has_table = _owns_table(clients, names, project, deployed=deployed)
    return Account(arn, version, topic, _keys(clients, settings, asked), has_table, deployed, note)


def assemble(settings: Settings, *, project: str, bucket: str, asked: Asked, account: Account) -> Assembled:
    """What the settings, and the account, make of the project's stack."""
    code, folder, names = functions_zip(HANDLERS), code_folder(settings, project, bucket), names_of(project)
    key = f"{folder.key}/{digest(code)}.zip"
    parts = Parts(
        project=project,
        project_arn=account.project_arn,
        topic=account.topic,
        asked=asked,
        results=(_results_bucket(account) or bucket, settings.project.prefix),
        bucket=bucket,
        key=key,
        batches=batch_folder(settings, project, bucket),
        keys=account.keys,
        has_table=account.has_table,
    )
    stack = Stack(names.stack, template(parts), folder, {key: code}, settings.project.kms_key)
    return Assembled(parts, names, stack)


def _results_bucket(account: Account) -> str | None:
    """Where the champion's evaluation lies."""
    evaluated = (account.champion or {}).get("EvaluationResult", {})
    return evaluated.get("Summary", {}).get("S3Object", {}).get("Bucket")


def _check_start(version: Description) -> None:
    status = version["Status"]
    if status not in STARTABLE | UP | {State.STOPPING}:
        raise ServiceError(
            f"champion {version_name(version)} is {status}, and cannot be started to inspect anything",
            hint="customlabels versions promote VERSION makes another champion",
        )


def _check_labels(clients: Clients, version: Description, asked: Asked) -> None:
    """Sees that the champion knows the defects, and that each has a threshold."""
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation

    rules, name = asked.inspection.rules, version_name(version)
    if "EvaluationResult" not in version:
        if unknown := sorted(rules.defects - set(rules.thresholds)):
            raise ServiceError(
                f"champion {name} has no evaluation, so no threshold is known for {', '.join(unknown)}",
                hint="set them: [inspection] thresholds = { LABEL = 50 }",
            )
        return
    assumed = {metrics.label: 100 * metrics.threshold for metrics in load_evaluation(clients.s3, version).labels}
    if strangers := sorted(rules.defects - set(assumed)):
        raise ServiceError(
            f"inspection.defects: champion {name} knows no label {', '.join(strangers)}",
            hint=f"its labels are {', '.join(sorted(assumed))}",
        )
    whole = with_assumed(rules, assumed)
    if wide := sorted(label for label in rules.defects if whole.thresholds[label] + rules.band > 100):
        raise ServiceError(
            f"inspection.band: {rules.band:g} above the threshold of {wide[0]}, {whole.thresholds[wide[0]]:.1f}, is "
            "over 100, so it could never be a defect",
            hint="make the band narrower",
        )


def _schedules_topic(clients: Clients, project: str) -> str:
    """The topic of the deployed schedule, without which nothing would start the model."""
    name = stack_name(project)
    outputs = deployment.outputs(clients, name)
    if outputs is None or "Topic" not in outputs:
        raise ServiceError(
            f"no schedule is deployed for {project}, so nothing would start its model for what arrives",
            hint="write [schedule], then customlabels schedule deploy",
        )
    return outputs["Topic"]


def _check_buckets(clients: Clients, asked: Asked, names: Names) -> None:
    """Sees that the buckets are there, in this region and of this account, and that nobody else is told of arrivals."""
    inspection, account = asked.inspection, clients.account
    buckets = {inspection.bucket: "inspection.source"}
    if inspection.goes_to is not None:
        buckets.setdefault(inspection.goes_to.bucket, "inspection.defects_to")
    for bucket, key in buckets.items():
        check_bucket(clients.s3, bucket, clients.region)
        try:
            with explained(f"{key}: bucket {bucket}"):
                clients.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
        except ServiceError as error:
            if error.code not in {"403", "AccessDenied"}:
                raise
            raise ServiceError(
                f"{key}: bucket {bucket} belongs to another account than {account}",
                hint="name a bucket of this account; its notification and its objects have to be yours",
            ) from error
    notifications.check(clients.s3, inspection.bucket, names.stack, inspection.prefix)


def _check_queues(clients: Clients, names: Names) -> None:
    for name in (names.queue, names.dead):
        try:
            with explained(f"queue {name}"):
                url = clients.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except ServiceError as error:
            if error.code not in {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}:
                raise
            continue
        raise ServiceError(
            f"queue {name} exists already, and no stack {names.stack} does that it could be of",
            hint=f"see what is in it, then delete it: aws sqs delete-queue --queue-url {url}",
        )


def _owns_table(clients: Clients, names: Names, project: str, *, deployed: bool) -> bool:
    """Whether the table is to be the stack's: it is already, or there is none yet.

    Raises
    ------
    ServiceError : there is one, and it is another project's
    """
    if deployed and TABLE_TYPE in change_sets.deployed_template(clients.cloudformation, names.stack):
        return True
    try:
        with explained(f"table {names.table}"):
            arn = clients.dynamodb.describe_table(TableName=names.table)["Table"]["TableArn"]
            tags = clients.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return True
    owner = {tag["Key"]: tag["Value"] for tag in tags}.get(_TAG)
    if owner != project:
        whose = f"is that of project {owner}" if owner else "was not made by customlabels"
        raise ServiceError(
            f"table {names.table} exists already, and {whose}",
            hint=f"see what is in it, then delete it: aws dynamodb delete-table --table-name {names.table}",
        )
    return False


def _keys(clients: Clients, settings: Settings, asked: Asked) -> tuple[str, ...]:
    """The KMS keys that objects of the project and of the buckets may be encrypted with."""
    inspection = asked.inspection
    buckets: Sequence[str] = sorted(
        {
            inspection.bucket,
            *([inspection.goes_to.bucket] if inspection.goes_to is not None else []),
            *(source.bucket for source in asked.batch_sources),
        }
    )
    keys = {settings.project.kms_key} if settings.project.kms_key else set[str]()
    for bucket in buckets:
        try:
            with explained(f"encryption of bucket {bucket}"):
                answer = clients.s3.get_bucket_encryption(Bucket=bucket)
        except ServiceError as error:
            if error.code != "ServerSideEncryptionConfigurationNotFoundError":
                raise
            continue
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
            if key := rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"):
                keys.add(key)
    return tuple(sorted(keys))


def _check_deadline(clients: Clients, project: str, asked: Asked) -> str | None:
    """A sentence where it is not known yet how long the model takes to start.

    Raises
    ------
    ServiceError : it takes longer than an image may wait
    """
    path = parameters.memory(project)
    with explained("reading what the schedule remembers"):
        text = parameters.read(clients.ssm, [path]).get(path)
    try:
        minutes = json.loads(text)["lead"] if text else None
        lead = None if minutes is None else timedelta(minutes=float(minutes))
    except (ValueError, KeyError, TypeError):
        lead = None
    if lead is None:
        return (
            "no model of the project has been started by the schedule yet, so how long that takes is guessed until then"
        )
    if lead >= asked.deadline:
        raise ServiceError(
            f"inspection.deadline: the model takes {lead} to start, so no image can be done within {asked.deadline}",
            hint="let images wait for longer",
        )
    return None
