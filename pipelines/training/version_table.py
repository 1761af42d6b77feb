"""A project's versions as a table: what each was made of, how good it is, what it cost."""

from dataclasses import dataclass
from datetime import datetime

from customlabels.aws.clients import Clients
from customlabels.core.prices import training_cost
from customlabels.core.tables import Table
from customlabels.core.watching import UNWATCHED, Watch
from customlabels.pipelines.service import champion
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, list_versions, version_name
from customlabels.pipelines.training.lineage import read_description

_FAILED = frozenset({State.TRAINING_FAILED, State.FAILED})


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version; what is not known of it is None.

    Parameters
    ----------
    f1 : mean over labels, 0..1
    train_images, test_images, test_digest : as its description tells them
    hours, dollars : that its training was billed
    message : why it failed
    """

    version: str
    champion: bool
    status: str
    f1: float | None
    train_images: int | None
    test_images: int | None
    test_digest: str | None
    created: datetime
    hours: float | None
    dollars: float | None
    message: str | None


def version_table(clients: Clients, project: str, watch: Watch = UNWATCHED) -> Table[VersionRow]:
    """The versions of the project, the newest first; warns where the champion is none of them any more."""
    versions = list_versions(clients.rekognition, project)
    promoted = champion.current(clients.ssm, project)
    if sentence := champion.trouble(promoted, versions):
        watch.warn(sentence)
    arn = promoted.arn if promoted else None
    return Table(VersionRow, (_row(version, version["ProjectVersionArn"] == arn) for version in versions))


def _row(version: Description, is_champion: bool) -> VersionRow:
    seconds, made = version.get("BillableTrainingTimeInSeconds"), read_description(version.get("VersionDescription"))
    return VersionRow(
        version=version_name(version),
        champion=is_champion,
        status=version["Status"],
        f1=version.get("EvaluationResult", {}).get("F1Score"),
        train_images=made.train_images if made else None,
        test_images=made.test_images if made else None,
        test_digest=made.test_digest if made else None,
        created=version["CreationTimestamp"],
        hours=None if seconds is None else round(seconds / 3600, 2),
        dollars=None if seconds is None else round(training_cost(seconds), 2),
        message=version.get("StatusMessage") if version["Status"] in _FAILED else None,
    )
