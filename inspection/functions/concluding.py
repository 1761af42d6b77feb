"""What is left to do when a batch has ended, however it did: nobody's command has to be there for it.

The model is let go first, then the results are put into one file and counted, then a notice is sent. All of it may be
done twice. Source: Step Functions developer guide, "Automating Step Functions event delivery with EventBridge".
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from customlabels.aws import parameters
from customlabels.aws.function_log import log
from customlabels.aws.topics import publish
from customlabels.inspection.functions import gathering

PREFIX = "customlabels-guard"
"""As pipelines.service.guard has it, which would bring more into the function than its name."""

Document = dict[str, Any]
Client = Callable[[str], Any]


def reason(run: str) -> str:
    """Why the model is kept up for the execution of that name: how its override is found again."""
    return f"batch {run}"


def guard(run: str) -> str:
    """The name of the stop that stands ready for the execution of that name."""
    return f"{PREFIX}-{run}"


def conclude(detail: Document, project: str, topic: str, client: Client) -> Document:
    """What came of a batch, once all is seen to; nothing where it goes on again meanwhile.

    Parameters
    ----------
    detail : of the event of its end
    topic : ARN
    """
    now = client("stepfunctions").describe_execution(executionArn=detail["executionArn"])["status"]
    if now != detail["status"]:
        log("INFO", f"{detail['name']} is {now} again")
        return {}
    given = json.loads(detail["input"])
    let_go(detail["name"], project, client)
    if _begun_again(detail["executionArn"], client):
        # Its results are written into the same file.
        log("INFO", f"{detail['name']} has been begun again")
        return {}
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
    about = f"customlabels {project}: batch {given['batch']} {detail['status']}"
    publish(client("sns"), topic, about, json.dumps(summary, indent=1))
    log("INFO", about)
    return summary


def _begun_again(execution: str, client: Client) -> bool:
    """Whether the batch has a later execution, which goes on under the next number."""
    name, _, number = execution.rpartition(".")
    states = client("stepfunctions")
    try:
        states.describe_execution(executionArn=f"{name}.{int(number) + 1}")
    except states.exceptions.ExecutionDoesNotExist:
        return False
    return True


def let_go(run: str, project: str, client: Client) -> None:
    """Ends what keeps the model up for the execution of that name, and the stop that stood ready for it."""
    path, ssm = parameters.overrides(project), client("ssm")
    text = parameters.read(ssm, [path]).get(path)
    overrides = json.loads(text) if text else []
    kept = [override for override in overrides if override.get("why") != reason(run)]
    if kept != overrides:
        text = json.dumps(kept, separators=(",", ":"))
        parameters.write(ssm, path, text, "What overrides the schedule for a time; written by customlabels")
    scheduler = client("scheduler")
    with suppress(scheduler.exceptions.ResourceNotFoundException):
        scheduler.delete_schedule(Name=guard(run))
