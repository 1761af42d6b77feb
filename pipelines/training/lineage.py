"""What a version was made of, written where it is found again: its tags, and its description for lists.

DescribeProjectVersions gives descriptions with every version, tags take a call each.
"""

import re
from dataclasses import dataclass

import customlabels
from customlabels.core.plurals import counted
from customlabels.datasets.model import Side
from customlabels.pipelines.training.run_plan import Plan
from customlabels.pipelines.training.ticket import Ticket, digest_tag

TRAIN_TAG, TEST_TAG = digest_tag(Side.TRAIN.value), digest_tag(Side.TEST.value)
SOURCE_TAG, SETTINGS_TAG, TOOLKIT_TAG = "customlabels:source", "customlabels:settings", "customlabels:toolkit"
_UNTAGGABLE = re.compile(r"[^\w\s.:/=+\-@]")
_LONGEST_TAG = 256
_SHORT = 12
_DESCRIBED = re.compile(
    r"customlabels (?P<toolkit>\S+): (?P<train>\d+) images to train \((?P<train_digest>[0-9a-f]{12})\), "
    r"(?P<test>\d+) to test \((?P<test_digest>[0-9a-f]{12})\)"
)


@dataclass(frozen=True, slots=True)
class Described:
    """What a version's description tells; digests are the first twelve digits."""

    toolkit: str
    train_images: int
    test_images: int
    train_digest: str
    test_digest: str


def tags(plan: Plan) -> dict[str, str]:
    """The tags of the plan's version."""
    return {
        TRAIN_TAG: plan.train_digest,
        TEST_TAG: plan.test_digest,
        SOURCE_TAG: _taggable(plan.dataset.root.name),
        SETTINGS_TAG: _taggable(plan.settings),
        TOOLKIT_TAG: customlabels.__version__,
    }


def description(plan: Plan) -> str:
    """The description of the plan's version."""
    train, test = (len(plan.dataset.side(side)) for side in (Side.TRAIN, Side.TEST))
    return (
        f"customlabels {customlabels.__version__}: {counted(train, 'image')} to train ({plan.train_digest[:_SHORT]}), "
        f"{test} to test ({plan.test_digest[:_SHORT]})"
    )


def ticket(plan: Plan, project_arn: str) -> Ticket:
    """What starting and registering the plan's version take of it."""
    return Ticket(
        project=plan.project,
        project_arn=project_arn,
        version=plan.version,
        bucket=plan.bucket,
        output=plan.output,
        tags=tags(plan),
        description=description(plan),
        datasets={side.value: plan.dataset_digest(side) for side in Side},
        digests={side.value: plan.digest(side) for side in Side},
        images={side.value: len(plan.dataset.side(side)) for side in Side},
        kms_key=plan.kms_key,
    )


def read_description(text: str | None) -> Described | None:
    """What a description tells; None where it is another's."""
    match = _DESCRIBED.match(text or "")
    if match is None:
        return None
    return Described(
        match["toolkit"],
        int(match["train"]),
        int(match["test"]),
        match["train_digest"],
        match["test_digest"],
    )


def _taggable(text: str) -> str:
    """Source: AWS tagging, allowed characters of values."""
    return _UNTAGGABLE.sub("_", text)[:_LONGEST_TAG]
