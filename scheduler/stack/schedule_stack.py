"""What the settings make of a project's schedule: its stack, and what that is made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from customlabels.aws import parameters
from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks.archives import digest
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.stack import Stack
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import ServiceError
from customlabels.core.settings import Settings
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.lost import lost_sentence
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.versions import Description, is_trained, list_versions, version_name
from customlabels.scheduler import memory
from customlabels.scheduler.documents import Inspection, read_inspection_text
from customlabels.scheduler.stack.schedule_code import function_zip
from customlabels.scheduler.stack.schedule_template import Parts, template
from customlabels.scheduler.uptime import Schedule, versions

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True, slots=True)
class Assembled:
    """A project's stack, and the parts that its template was made of."""

    parts: Parts
    stack: Stack
    champion_lost: str | None = None
    """A sentence where the champion is not the version any more that was promoted."""


def code_folder(settings: Settings, project: str, bucket: str) -> S3Address:
    """Where the functions' code lies."""
    return S3Address(bucket, join_key(settings.project.prefix, f"{project}/functions"))


def learned_lead(ssm: "SSMClient", project: str) -> timedelta | None:
    """The warm-up that the functions have learned; None before the first start."""
    path = parameters.memory(project)
    with explained("reading what the functions remember"):
        text = parameters.read(ssm, [path]).get(path)
    lead = memory.read(text).lead if text else None
    return None if lead is None else timedelta(minutes=lead)


@dataclass(frozen=True, slots=True)
class Account:
    """What a stack takes from the account; None and nothing where that cannot be asked.

    Parameters
    ----------
    project_arn : None where it is left to whoever deploys the template
    versions : as the service describes them, newest first
    lead : the warm-up that the functions have learned
    inspection : of the project's images; None where there is none
    """

    project_arn: str | None = None
    versions: tuple[Description, ...] = ()
    promoted: champion.Promotion | None = None
    lead: timedelta | None = None
    inspection: Inspection | None = None


def look_up(clients: Clients, project: str) -> Account:
    """What the account holds of the project.

    Raises
    ------
    ServiceError : there is no such project, or it cannot be asked
    """
    versions = tuple(list_versions(clients.rekognition, project))
    arn = need_project(clients.rekognition, project)
    promoted, lead = champion.current(clients.ssm, project), learned_lead(clients.ssm, project)
    return Account(arn, versions, promoted, lead, inspection_of(clients.ssm, project))


def inspection_of(ssm: "SSMClient", project: str) -> Inspection | None:
    """What the project's inspection tells of itself; None where there is none.

    Raises
    ------
    ServiceError : it tells something else
    """
    path = parameters.inspection(project)
    with explained("reading what the inspection tells of itself"):
        text = parameters.read(ssm, [path]).get(path)
    try:
        return None if text is None else read_inspection_text(text)
    except ValueError as error:
        raise ServiceError(f"{path}: {error}", hint="customlabels inspection deploy puts it right") from error


def assemble(
    settings: Settings, *, project: str, bucket: str, schedule: Schedule, now: datetime, account: Account
) -> Assembled:
    """What the settings, and the versions that there are, make of the project's stack.

    Raises
    ------
    ServiceError : a window names no trained version
    SettingsError : the schedule takes more than a stack or a parameter holds
    """
    arns = {version_name(version): version["ProjectVersionArn"] for version in account.versions}
    trained = {
        version_name(version): arns[version_name(version)] for version in account.versions if is_trained(version)
    }
    missing = [name for name in versions(schedule) if name not in {CHAMPION, *trained}]
    if missing and account.project_arn is not None:
        raise ServiceError(
            f"schedule.window names {', '.join(missing)}, which is no trained version of {project}",
            hint="customlabels versions list shows them",
        )
    promoted = account.promoted
    lost = lost_sentence(promoted.version, promoted.arn, arns) if promoted else None
    code, folder = function_zip(schedule.zone), code_folder(settings, project, bucket)
    key = f"{folder.key}/{digest(code)}.zip"
    parts = Parts(
        project=project,
        project_arn=account.project_arn,
        schedule=schedule,
        champion=promoted.version if promoted and not lost else None,
        trained=trained,
        bucket=bucket,
        key=key,
        emails=settings.schedule.notify,
        stops_orphans=settings.schedule.orphans == "stop",
        inspection=account.inspection,
    )
    stack = Stack(
        name=stack_name(project),
        template=template(parts, now),
        folder=folder,
        code={key: code},
        kms_key=settings.project.kms_key,
    )
    return Assembled(parts, stack, lost)
