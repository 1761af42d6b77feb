"""Sessions and clients, and the one retry policy."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from customlabels.aws.refusals import explained as explained
from customlabels.aws.refusals import unusable
from customlabels.aws.regions import REGIONS
from customlabels.core.errors import SettingsError

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

DEFAULT_LOCAL_REGION = "us-east-1"
LOCAL_BUCKET = "customlabels-local"

QUICK_CALL = "quick-call"
"""A client's event before a call that is not made by botocore, as `before-call` is before those that are."""

_ATTEMPTS = 9
"""How often a call is tried, the first time included."""

_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REKOGNITION")


_NOBODY: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Nothing of the user's own AWS configuration is read, or even missed. Source: botocore.configprovider."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where calls go: a profile and a region of AWS, or another endpoint that speaks its protocol.

    With `local_key`, the access key of a local service, nothing of the user's own AWS configuration is read.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local_key: str | None = None
    on_call: Callable[[str], None] | None = None
    """Told the name of each call before it is made."""
    held_up: Callable[[str], None] | None = None
    """Told of a call that is still being tried again after five seconds."""
    own_bucket: str | None = None
    """Made where it is not there when S3 is first used; commands that do without S3 need not wait for it."""


class Clients:
    """The AWS clients of one command, each made when first used; safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: boto3.Session | None = None
        self._made: dict[str, Any] = {}
        self._own_bucket = connection.own_bucket
        self._making = Lock()

    @property
    def rekognition(self) -> "RekognitionClient":
        client: RekognitionClient = self._client("rekognition")
        return client

    @property
    def rekognition_once(self) -> "RekognitionClient":
        """A client that tries each call once, to see what is refused."""
        client: RekognitionClient = self._client("rekognition", attempts=1)
        return client

    def once(self, service: str) -> Any:
        """A client of that service that tries each call once: what may not be asked is no reason to wait."""
        return self._client(service, attempts=1)

    def in_region(self, region: str) -> "Clients":
        """The same credentials in another region."""
        return Clients(replace(self._connection, region=region))

    @property
    def s3(self) -> "S3Client":
        client: S3Client = self._client("s3")
        with self._making:
            if self._own_bucket is not None:
                from customlabels.aws.bucket import make_bucket

                make_bucket(client, self._own_bucket, self.region)
                self._own_bucket = None
        return client

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        client: CloudWatchClient = self._client("cloudwatch")
        return client

    @property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @property
    def sns(self) -> "SNSClient":
        client: SNSClient = self._client("sns")
        return client

    @property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self._client("events")
        return client

    @property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self._client("sqs")
        return client

    @property
    def kinesis_video(self) -> Any:
        return self._client("kinesisvideo")

    def archived_media(self, endpoint: str) -> Any:
        """The client of what streams of Kinesis Video have kept, at the address that it told."""
        return self._client("kinesis-video-archived-media", endpoint=endpoint)

    @property
    def ssm(self) -> "SSMClient":
        client: SSMClient = self._client("ssm")
        return client

    @property
    def stepfunctions(self) -> "SFNClient":
        client: SFNClient = self._client("stepfunctions")
        return client

    @property
    def cloudformation(self) -> "CloudFormationClient":
        client: CloudFormationClient = self._client("cloudformation")
        return client

    @property
    def functions(self) -> "LambdaClient":
        client: LambdaClient = self._client("lambda")
        return client

    @property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        client: EventBridgeSchedulerClient = self._client("scheduler")
        return client

    @property
    def iam(self) -> "IAMClient":
        client: IAMClient = self._client("iam")
        return client

    @property
    def sagemaker(self) -> "SageMakerClient":
        client: SageMakerClient = self._client("sagemaker")
        return client

    @property
    def who(self) -> str:
        """The name that calls are made under."""
        return caller_name(self.caller)

    @property
    def caller(self) -> str:
        """The ARN that calls are made under: of a user, or of a role's session."""
        with explained("asking who calls"):
            arn: str = self._client("sts").get_caller_identity()["Arn"]
        return arn

    @property
    def account(self) -> str:
        """The number of the account that calls are made for."""
        with explained("asking for the account"):
            number: str = self._client("sts").get_caller_identity()["Account"]
        return number

    @property
    def region(self) -> str:
        """The region that calls go to.

        Raises
        ------
        SettingsError : neither a flag, nor the settings, nor the AWS profile names one; or Custom Labels is not in it
        """
        region: str | None = self._open().region_name
        if not region:
            empty = [name for name in ("AWS_DEFAULT_REGION", "AWS_REGION") if os.environ.get(name) == ""]
            # boto3 asks for the one variable alone.
            unread = "AWS_REGION, which names one, is not read: " if os.environ.get("AWS_REGION") else ""
            beside = f": {' and '.join(empty)} {'are' if len(empty) > 1 else 'is'} set to nothing" if empty else ""
            raise SettingsError(
                f"no AWS region is set{beside}",
                hint=f"{unread}give --region, or set it in customlabels.toml or the AWS profile",
            )
        if self._connection.endpoint_url is None:
            check_region(region)
        return region

    def _open(self) -> "boto3.Session":
        if self._session is None:
            import boto3
            from botocore.exceptions import BotoCoreError, ProfileNotFound
            from botocore.session import Session

            chosen = self._connection
            if chosen.local_key is not None:
                self._session = boto3.Session(
                    aws_access_key_id=chosen.local_key,
                    aws_secret_access_key="local",
                    region_name=chosen.region or DEFAULT_LOCAL_REGION,
                    botocore_session=Session(session_vars=_NOBODY),
                )
            else:
                try:
                    self._session = boto3.Session(profile_name=chosen.profile or None, region_name=chosen.region)
                except ProfileNotFound as error:
                    named = chosen.profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
                    if not named:
                        raise SettingsError(
                            "AWS_PROFILE is set to nothing, and no profile is called so",
                            hint="unset AWS_PROFILE and AWS_DEFAULT_PROFILE, or name another --profile",
                        ) from error
                    raise SettingsError(f"the AWS profile {named!r} does not exist") from error
                except (BotoCoreError, ValueError, OSError) as error:
                    raise unusable(error) from error
        return self._session

    def _client(self, service: str, attempts: int = _ATTEMPTS, endpoint: str | None = None) -> Any:
        made = f"{service} {attempts} {endpoint or ''}"
        if made not in self._made:
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError

            adaptive = service == "rekognition" and attempts > 1
            config = Config(
                retries={"mode": "adaptive" if adaptive else "standard", "total_max_attempts": attempts},
                connect_timeout=10,
                read_timeout=120,
                max_pool_connections=32,
                s3={"addressing_style": "path"} if self._connection.endpoint_url else None,
            )
            region, session = self.region, cast("Any", self._open())
            try:
                self._made[made] = session.client(
                    service, region_name=region, endpoint_url=endpoint or self._connection.endpoint_url, config=config
                )
            except (BotoCoreError, ValueError, OSError) as error:
                # Making a client looks for credentials: files are parsed and the user's own programs run.
                raise unusable(error) from error
            from customlabels.aws.whole_answers import refuse_broken_answers

            refuse_broken_answers(self._made[made].meta.events)
            if self._connection.held_up is not None and attempts > 1:
                from customlabels.aws.retrying import tell_of_retries

                tell_of_retries(self._made[made].meta.events, self._connection.held_up)
            on_call = self._connection.on_call
            if on_call is not None:
                for event in ("before-call", QUICK_CALL):
                    self._made[made].meta.events.register(
                        f"{event}.*.*", lambda model, **_: on_call(f"{service} {model.name}")
                    )
        return self._made[made]


def check_region(region: str) -> None:
    """Sees that Custom Labels is in the region; anything goes where the environment names another endpoint.

    Raises
    ------
    SettingsError : it is not, with the list of regions
    """
    if region not in REGIONS and not any(os.environ.get(name) for name in _ENDPOINTS):
        raise SettingsError(
            f"Custom Labels is not available in {region}", hint=f"the regions that have it: {', '.join(REGIONS)}"
        )


def caller_name(arn: str) -> str:
    """A user's name, or that of a role's session; empty where `arn` is none.

    Source: IAM user guide, "IAM identifiers".
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if not arn.startswith("arn:"):
        return ""
    return name.rpartition("/")[2] or ("the account" if kind == "root" else kind)


def is_local_user(arn: str) -> bool:
    """Whether this is how the local service calls whoever uses it; AWS gives no user's name under STS."""
    return arn.startswith("arn:aws:sts:") and ":user/" in arn
