"""How images are inspected, as the text of an SSM parameter, which the Lambda function reads; and back.

Pure: standard library alone. Source of the limit: Systems Manager, "Managing parameter tiers".
"""

import json
from dataclasses import dataclass
from typing import Literal

from customlabels.core.addresses import S3Address
from customlabels.inspection.rules import Rules

LONGEST = 4096
"""Characters that a standard parameter holds."""

OnDefect = Literal["none", "tag", "copy", "move"]
KnownBy = Literal["etag", "sha256"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """How the images of a project are inspected.

    Parameters
    ----------
    bucket, prefix : where they arrive
    rules : with the thresholds of the settings alone; a version's own come with the version
    on_defect : what is done with the object of a defective image
    goes_to : where defective images are copied or moved to
    by : what an image is known by
    keep : days that results are kept
    rate : images a second that one inference unit takes
    bus : of events; its name or its ARN; empty where nobody is told of every image
    analyzers : names of Rekognition's own that look beside the champion
    stream : of Kinesis Video, that writes the images; empty where whoever wants puts them there
    every : seconds from one of its images to the next
    """

    bucket: str
    prefix: str
    rules: Rules
    on_defect: OnDefect = "none"
    goes_to: S3Address | None = None
    by: KnownBy = "etag"
    keep: int = 90
    rate: float = 5.0
    bus: str = "default"
    analyzers: tuple[str, ...] = ()
    stream: str = ""
    every: float = 0.0

    @property
    def address(self) -> str:
        """Where images arrive: s3://bucket/prefix/."""
        return f"s3://{self.bucket}/{self.prefix}"


def inspection_text(inspection: Inspection) -> str:
    """The inspection, the same text for the same one."""
    rules, goes_to = inspection.rules, inspection.goes_to
    document = {
        "bucket": inspection.bucket,
        "prefix": inspection.prefix,
        "defects": sorted(rules.defects),
        "thresholds": dict(sorted(rules.thresholds.items())),
        "band": rules.band,
        "on_defect": inspection.on_defect,
        "goes_to": [goes_to.bucket, goes_to.key] if goes_to else None,
        "by": inspection.by,
        "keep": inspection.keep,
        "rate": inspection.rate,
        "bus": inspection.bus,
        # An inspection without any is the text that it was before there were any.
        **({"analyzers": list(inspection.analyzers)} if inspection.analyzers else {}),
        **({"stream": [inspection.stream, inspection.every]} if inspection.stream else {}),
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def read_inspection_text(text: str) -> Inspection:
    """The inspection that `inspection_text` wrote.

    Raises
    ------
    ValueError : it is something else
    """
    try:
        given = json.loads(text)
        return Inspection(
            given["bucket"],
            given["prefix"],
            Rules(frozenset(given["defects"]), given["thresholds"], given["band"]),
            given["on_defect"],
            S3Address(*given["goes_to"]) if given["goes_to"] else None,
            given["by"],
            given["keep"],
            given["rate"],
            given["bus"],
            tuple(given.get("analyzers", ())),
            *given.get("stream", ()),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no inspection of customlabels: {text[:100]!r}") from error
