"""The champion: the version that everything else follows, kept in SSM Parameter Store with its history.

Source: Systems Manager user guide, "Working with parameter versions": Parameter Store keeps the last hundred.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from customlabels.aws import parameters
from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.lost import lost_sentence
from customlabels.pipelines.service.states import GONE
from customlabels.pipelines.service.versions import Description, choose_version, list_versions, version_name

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True, slots=True)
class Promotion:
    """A version made champion: which, when, by whom and why; `when` is set by Parameter Store."""

    version: str
    arn: str
    why: str = ""
    forced: bool = False
    back: bool = False
    """Whether it was gone back to."""
    when: datetime | None = None
    by: str = ""


def history(ssm: "SSMClient", project: str) -> list[Promotion]:
    """All promotions that are kept, newest first; none where there has not been any."""
    with explained(f"reading the champion of {project}"):
        versions = parameters.history(ssm, parameters.champion(project))
    return [_read(*version) for version in versions]


def current(ssm: "SSMClient", project: str) -> Promotion | None:
    """The champion; None where there is none."""
    with explained(f"reading the champion of {project}"):
        version = parameters.newest(ssm, parameters.champion(project))
    return None if version is None else _read(*version)


def lost(rekognition: "RekognitionClient", project: str, promotion: Promotion) -> str | None:
    """A sentence where the champion is no model any more, or its name is another version's; None where it is there."""
    return _standing(rekognition, project, promotion)[1]


def promoted_version(rekognition: "RekognitionClient", project: str, promotion: Promotion) -> Description:
    """The version that was promoted.

    Raises
    ------
    ServiceError : it was deleted, its name is another version's by now, or it is no model any more
    """
    version, sentence = _standing(rekognition, project, promotion)
    if sentence is not None or version is None:
        raise ServiceError(sentence or "")
    return version


def named_version(
    rekognition: "RekognitionClient", ssm: "SSMClient", project: str, name: str | None, *, gone: bool = False
) -> Description:
    """The version of that name, of the champion where it is called champion, the newest trained where it is None.

    Parameters
    ----------
    gone : whether it may be one that is no model any more: DELETING, EXPIRED or DEPRECATED

    Raises
    ------
    ServiceError : there is none
    """
    if name != CHAMPION:
        return choose_version(rekognition, project, name, gone=gone)
    promotion = current(ssm, project)
    if promotion is None:
        raise ServiceError(f"project {project} has no champion", hint="customlabels versions promote VERSION makes one")
    return promoted_version(rekognition, project, promotion)


def _standing(
    rekognition: "RekognitionClient", project: str, promotion: Promotion
) -> tuple[Description | None, str | None]:
    versions = list_versions(rekognition, project)
    version = next((version for version in versions if version_name(version) == promotion.version), None)
    return version, trouble(promotion, versions)


def trouble(promotion: Promotion | None, versions: Iterable[Description]) -> str | None:
    """A sentence where the champion is none of the project's versions any more, or no model; None where all is well."""
    if promotion is None:
        return None
    by_name = {version_name(version): version for version in versions}
    known = {name: version["ProjectVersionArn"] for name, version in by_name.items()}
    if sentence := lost_sentence(promotion.version, promotion.arn, known):
        return sentence
    state = by_name[promotion.version]["Status"]
    return f"champion {promotion.version} is {state}: it is no model any more" if state in GONE else None


def promote(ssm: "SSMClient", project: str, promotion: Promotion) -> bool:
    """Makes a version champion; whether it was not already."""
    champion = current(ssm, project)
    if champion is not None and champion.arn == promotion.arn:
        return False
    value = {name: value for name, value in asdict(promotion).items() if name not in ("when", "by")}
    with explained(f"promoting {promotion.version}"):
        parameters.write(
            ssm,
            parameters.champion(project),
            json.dumps(value),
            f"Champion of the Custom Labels project {project}; written by customlabels",
        )
    return True


def before(promotions: list[Promotion]) -> Promotion:
    """The champion that the present one took the place of; one that was gone back from is not gone back to.

    Parameters
    ----------
    promotions : newest first

    Raises
    ------
    ServiceError : there was none
    """
    stack: list[Promotion] = []
    for promotion in reversed(promotions):
        if promotion.back:
            # Whatever had been promoted after it has been taken back.
            while stack and stack[-1].arn != promotion.arn:
                stack.pop()
        if not stack or stack[-1].arn != promotion.arn:
            stack.append(promotion)
    if len(stack) > 1:
        return stack[-2]
    raise ServiceError("there is no earlier champion to go back to", hint="customlabels versions promote VERSION")


def _read(value: str, when: datetime, by: str) -> Promotion:
    try:
        document = json.loads(value)
        forced, back = bool(document.get("forced")), bool(document.get("back"))
        return Promotion(document["version"], document["arn"], document.get("why", ""), forced, back, when, by)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ServiceError(f"the champion's parameter holds something else: {value[:100]!r}") from error
