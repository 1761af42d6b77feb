"""What the settings make of a project's inspection: its stack; and whether it may be made, before anything is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from customlabels.aws import kinesis_video, parameters
from customlabels.aws.bucket import check_bucket
from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import change_sets, deployment
from customlabels.aws.stacks.archives import digest
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.packaging import functions_zip
from customlabels.aws.stacks.stack import Stack
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.settings import Settings
from customlabels.inspection.deployed import watched
from customlabels.inspection.inspection_settings import Asked
from customlabels.inspection.rules import with_assumed
from customlabels.inspection.stack import notifications
from customlabels.inspection.stack.template import TABLE_TYPE, Names, Parts, names_of, template
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.states import STARTABLE, UP, State
from customlabels.pipelines.service.versions import Description, version_name

HANDLERS, WATCH_HANDLER = (f"customlabels.inspection.functions.{name}" for name in ("handlers", "watch_handler"))
ZIP, WATCH_ZIP, GOLDEN = "inspection.zip", "watch.zip", "golden.zip"
"""What `render` calls the code, that of the hourly function, and the golden images."""

_IS_WRONG = frozenset({"404", "NoSuchBucket", ""})
"""Codes of a bucket that the settings should not name: it is not there, or lies in another region."""

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
    SettingsError : what of the settings does, by its key
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
    _check_stream(clients, project, asked)
    deployed = change_sets.find(clients.cloudformation, names.stack) is not None
    if not deployed:
        _check_queues(clients, names)
    has_table = _owns_table(clients, names, project, deployed=deployed)
    return Account(arn, version, topic, _keys(clients, settings, asked), has_table, deployed, note)


def assemble(
    settings: Settings, *, project: str, bucket: str, asked: Asked, account: Account, golden: bytes | None = None
) -> Assembled:
    """What the settings, and the account, make of the project's stack.

    Parameters
    ----------
    golden : golden images, packed; None: there are none
    """
    folder, names = code_folder(settings, project, bucket), names_of(project)
    code, watch_code = functions_zip(HANDLERS), functions_zip(WATCH_HANDLER)
    key, watch_key = (f"{folder.key}/{digest(body)}.zip" for body in (code, watch_code))
    shown = {} if golden is None else {f"{folder.key}/{digest(golden)}.golden.zip": golden}
    parts = Parts(
        project=project,
        project_arn=account.project_arn,
        topic=account.topic,
        asked=asked,
        results=(_results_bucket(account) or bucket, settings.project.prefix),
        bucket=bucket,
        key=key,
        watch_key=watch_key,
        batches=batch_folder(settings, project, bucket),
        keys=account.keys,
        has_table=account.has_table,
        golden=next(iter(shown), None),
    )
    stack = Stack(
        names.stack, template(parts), folder, {key: code, watch_key: watch_code, **shown}, settings.project.kms_key
    )
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
            raise SettingsError(
                f"inspection.thresholds: champion {name} has no evaluation, so none is known for {', '.join(unknown)}",
                hint="set them: [inspection] thresholds = { LABEL = 50 }",
            )
        return
    assumed = {metrics.label: 100 * metrics.threshold for metrics in load_evaluation(clients.s3, version).labels}
    if strangers := sorted(rules.defects - set(assumed)):
        raise SettingsError(
            f"inspection.defects: champion {name} knows no label {', '.join(strangers)}",
            hint=f"its labels are {', '.join(sorted(assumed))}",
        )
    whole = with_assumed(rules, assumed)
    if wide := sorted(label for label in rules.defects if whole.thresholds[label] + rules.band > 100):
        raise SettingsError(
            f"inspection.band: {rules.band:g} above the threshold of {wide[0]}, {whole.thresholds[wide[0]]:.1f}, is "
            "over 100, so it could never be a defect",
            hint="make the band narrower",
        )
    if low := sorted(label for label in rules.defects if whole.thresholds[label] - rules.band < 0):
        raise SettingsError(
            f"inspection.band: {rules.band:g} below the threshold of {low[0]}, {whole.thresholds[low[0]]:.1f}, is "
            "under 0, so no image could ever pass",
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
    inspection = asked.inspection
    buckets = {inspection.bucket: "source"}
    if inspection.goes_to is not None:
        buckets.setdefault(inspection.goes_to.bucket, "defects_to")
    for source in asked.batch_sources:
        buckets.setdefault(source.bucket, "batch_sources")
    for bucket, key in buckets.items():
        try:
            check_bucket(clients.s3, bucket, clients.region)
            _check_owner(clients, bucket)
        except ServiceError as error:
            hint = (
                f"create it: aws s3 mb s3://{bucket} --region {clients.region}"
                if error.code in {"404", "NoSuchBucket"}
                else "name a bucket of this account and region; its notification and its objects have to be yours"
            )
            message = f"inspection.{key}: {error.message}"
            if error.code not in _IS_WRONG:
                raise ServiceError(message, hint=hint, code=error.code) from error
            raise SettingsError(message, hint=hint) from error
    notifications.check(clients.s3, inspection.bucket, names.stack, inspection.prefix)


def _check_owner(clients: Clients, bucket: str) -> None:
    """Source: S3 user guide, "Verifying bucket ownership with bucket owner condition"."""
    try:
        with explained(f"bucket {bucket}"):
            clients.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=clients.account)
    except ServiceError as error:
        if error.code not in {"403", "AccessDenied"}:
            raise
        raise ServiceError(
            f"bucket {bucket} belongs to another account than {clients.account}", code=error.code
        ) from error


def _check_stream(clients: Clients, project: str, asked: Asked) -> None:
    """Sees that the stream is there, keeps what is sent, and writes images nowhere else."""
    inspection = asked.inspection
    if not inspection.stream:
        return
    try:
        with explained(f"inspection.source: stream {inspection.stream}"):
            about = clients.kinesis_video.describe_stream(StreamName=inspection.stream)["StreamInfo"]
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise SettingsError(f"inspection.source: there is no stream {inspection.stream}") from error
    if not about.get("DataRetentionInHours"):
        raise SettingsError(
            f"inspection.source: stream {inspection.stream} keeps nothing, and only what is kept becomes images",
            hint="aws kinesisvideo update-data-retention, by an hour or more",
        )
    held = kinesis_video.generating(clients.kinesis_video, inspection.stream)
    before = watched(clients, project)
    own = {inspection.address.rstrip("/"), before.address.rstrip("/") if before is not None else ""}
    uri = (held or {}).get("DestinationConfig", {}).get("Uri", "")
    if held is not None and uri.rstrip("/") not in own:
        raise SettingsError(
            f"inspection.source: stream {inspection.stream} writes images to {uri} already, and to one place only",
            hint="take frames_to = that, where they may be inspected; or stop it there first",
        )


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
    goes_to = [] if inspection.goes_to is None else [inspection.goes_to]
    buckets: Sequence[str] = sorted(
        {inspection.bucket, *(address.bucket for address in (*goes_to, *asked.batch_sources))}
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
    SettingsError : it takes longer than an image may wait
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
        raise SettingsError(
            f"inspection.deadline: the model takes {lead} to start, so no image can be done within {asked.deadline}",
            hint="let images wait for longer",
        )
    return None
