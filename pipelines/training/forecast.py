"""What a training will do and may cost, told before anything is uploaded or billed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.plurals import counted
from customlabels.core.settings import GateSettings
from customlabels.core.watching import Watch
from customlabels.datasets.duplicates import alike
from customlabels.datasets.model import Side, label_counts
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, list_versions, version_name
from customlabels.pipelines.training.estimate import Estimate, estimate, quota_notes
from customlabels.pipelines.training.run_plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient


@dataclass(frozen=True, slots=True)
class Planned:
    """A run that may be begun; `estimate` is None where its version is there already, so that nothing is billed."""

    plan: Plan
    estimate: Estimate | None


def forecast(
    rekognition: "Callable[[], RekognitionClient]",
    plan: Plan,
    max_cost: float | None,
    watch: Watch,
    *,
    offline: bool = False,
    billed: bool = True,
) -> Estimate | None:
    """What the training may cost; None where the version is there already. Notes the plan.

    Parameters
    ----------
    rekognition : makes the client
    max_cost : dollars that it may cost at most
    offline : goes on where the service cannot be asked
    billed : whether anybody pays, so that the estimate is noted

    Raises
    ------
    SettingsError : it may cost more than is allowed
    ServiceError : the service cannot be asked
    """
    earlier: list[Description] = []
    try:
        client = rekognition()
        if find_project(client, plan.project):
            earlier = list_versions(client, plan.project)
    except (ServiceError, SettingsError) as error:
        if not offline:
            raise
        watch.note(f"the service was not asked: {error.message}")
    sides = {side: plan.dataset.side(side) for side in Side}
    watch.note(f"plan: project {plan.project}, version {plan.version}")
    watch.note(
        f"      {counted(len(label_counts(plan.dataset.records)), 'label')}, "
        f"{counted(len(sides[Side.TRAIN]), 'image')} to train, {len(sides[Side.TEST])} to test"
    )
    watch.note(
        f"      images in {plan.source or f's3://{plan.bucket}/{plan.images}'}, "
        f"results in s3://{plan.bucket}/{plan.output}"
    )
    for version in earlier:
        if version_name(version) == plan.version:
            training = version["Status"] == State.TRAINING_IN_PROGRESS
            outcome = "is being trained already" if training else "exists: nothing is trained or billed"
            watch.note(f"      the version {outcome}")
            return None
    expected = estimate(len(sides[Side.TRAIN]), earlier)
    low, high = expected.dollars
    cost = (
        f"estimated cost on AWS: ${low:.2f} to ${high:.2f} ({expected.low_hours:.2g} to "
        f"{expected.high_hours:.2g} hours of training at $1.00, {expected.basis})"
    )
    watch.note(f"      {cost if billed else 'trained here, which nobody is billed for'}")
    for sentence in quota_notes(earlier):
        watch.warn(sentence)
    if max_cost is not None and high > max_cost:
        raise SettingsError(
            f"the training may cost ${high:.2f}, --max-cost allows ${max_cost:.2f}; nothing was uploaded or trained",
            hint="fewer images train faster; or allow more",
        )
    return expected


def check_gate(plan: Plan, gate: GateSettings, watch: Watch) -> None:
    """Finds what would make the gate's verdict worthless before a training is paid for.

    Raises
    ------
    SettingsError : it asks for labels that the images do not have
    """
    labels = label_counts(plan.dataset.records)
    if missing := sorted(gate.min_label.keys() - labels.keys()):
        raise SettingsError(
            f"the gate asks for labels that the images do not have: {', '.join(missing)}",
            hint=f"their labels are {', '.join(labels)}",
        )
    same = alike(plan.dataset.records, lambda record: plan.hashes[record.name].sha256)
    if torn := [group for group in same if len({record.labels for record in group}) > 1]:
        # The first of each label.
        names = {record.labels: record.name for record in reversed(torn[0])}
        watch.warn(
            f"{counted(len(torn), 'image')} {'is' if len(torn) == 1 else 'are'} there under several labels: "
            f"{' and '.join(sorted(names.values()))} …; "
            "customlabels dataset inspect lists them"
        )
