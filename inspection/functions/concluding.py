"""What is left to do when a batch has ended, however it did: nobody's command has to be there for it.

The model is let go first, then the results are put into one file and counted, then a notice is sent. All of it may be
done twice. Source: Step Functions developer guide, "Automating Step Functions event delivery with EventBridge".
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from customlabels.aws import parameters
from customlabels.aws.function_log import log
from customlabels.inspection.functions import gathering

Document = dict[str, Any]
Client = Callable[[str], Any]

_LONGEST_SUBJECT = 100
"""Source: SNS API reference, Publish."""


class Place(NamedTuple):
    """Where a function concludes: a project, the ARN of its machine, and the topic that is told."""

    project: str
    machine: str
    topic: str


def reason(batch: str) -> str:
    """Why the model is kept up for a batch: how its override is found again."""
    return f"batch {batch}"


def conclude(detail: Document, place: Place, client: Client) -> Document:
    """What came of a batch, once all is seen to; `detail` is that of the event of its end."""
    given = json.loads(detail["input"])
    let_go(given, place.project, client)
    folder = gathering.Folder(given["bucket"], given["folder"])
    counts = gathering.gather(client("s3"), folder, gathering.map_runs(client("stepfunctions"), detail["executionArn"]))
    summary = {
        "batch": given["batch"],
        "status": detail["status"],
        "version": given["version"],
        "images": sum(counts.values()),
        **dict(sorted(counts.items())),
        "results": f"s3://{folder.bucket}/{folder.results}",
        "error": detail.get("error"),
        "cause": detail.get("cause"),
    }
    client("s3").put_object(
        Bucket=folder.bucket, Key=folder.summary, Body=json.dumps(summary).encode(), ContentType="application/json"
    )
    subject = f"customlabels {place.project}: batch {given['batch']} {detail['status']}"
    client("sns").publish(
        TopicArn=place.topic, Subject=subject[:_LONGEST_SUBJECT], Message=json.dumps(summary, indent=1)
    )
    log("INFO", subject)
    return summary


def let_go(given: Document, project: str, client: Client) -> None:
    """Ends what keeps the model up for a batch, and the stop that stood ready for it."""
    path, ssm = parameters.overrides(project), client("ssm")
    text = parameters.read(ssm, [path]).get(path)
    overrides = json.loads(text) if text else []
    kept = [override for override in overrides if override.get("why") != reason(given["batch"])]
    if kept != overrides:
        text = json.dumps(kept, separators=(",", ":"))
        parameters.write(ssm, path, text, "What overrides the schedule for a time; written by customlabels")
    scheduler = client("scheduler")
    with suppress(scheduler.exceptions.ResourceNotFoundException):
        scheduler.delete_schedule(Name=given["guard"])
