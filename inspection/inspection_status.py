"""How a deployed inspection is doing: what waits, what is dead, what was found lately, which alarms are raised."""

from datetime import datetime, timedelta
from typing import Any

from customlabels.aws import kinesis_video
from customlabels.aws.clients import Clients, explained
from customlabels.aws.function_log import NAMESPACE
from customlabels.aws.metric_queries import metric_query
from customlabels.aws.queues import depth
from customlabels.inspection.deployed import Deployed
from customlabels.inspection.documents import Inspection
from customlabels.inspection.functions.measuring import FIGURES
from customlabels.inspection.stack import notifications

_UNTOLD = ("InternalError", "Forbidden")
"""Source: CloudWatch API reference, MetricDataResult, StatusCode."""

_BACK, _HOUR = timedelta(hours=24), timedelta(hours=1)


def inspection_status(clients: Clients, deployed: Deployed, now: datetime) -> dict[str, Any]:
    """The document of a status.

    Raises
    ------
    ServiceError : something of it may not be looked at
    """
    with explained("looking at the queue"):
        arrived, dead = depth(clients.sqs, deployed.queue), depth(clients.sqs, deployed.dead)
    with explained("looking at the mapping"):
        state = clients.functions.get_event_source_mapping(UUID=deployed.mapping)["State"]
    inspection = deployed.inspection
    return {
        "project": deployed.project,
        "source": inspection.address,
        "stream": _stream(clients, inspection) if inspection.stream else None,
        "told_of_arrivals": notifications.is_set(clients.s3, inspection.bucket, deployed.names.stack),
        "waiting": arrived.waiting,
        "under_way": arrived.in_flight,
        "dead_letters": dead.visible + dead.in_flight,
        "deadline_seconds": int(deployed.deadline.total_seconds()),
        "open": state in ("Enabled", "Enabling"),
        "last_day": _figures(clients, deployed.project, now),
        "alarms": _alarms(clients, deployed.names.stack),
    }


def _stream(clients: Clients, inspection: Inspection) -> dict[str, Any]:
    """The stream that writes the images, and whether it does as it is to."""
    held = kinesis_video.generating(clients.kinesis_video, inspection.stream)
    wanted = kinesis_video.generation(inspection.address, clients.region, inspection.every)
    return {
        "name": inspection.stream,
        "every_seconds": inspection.every,
        "writes": kinesis_video.is_as(held, wanted),
    }


def _figures(clients: Clients, project: str, now: datetime) -> dict[str, int | None]:
    """What was counted in the last day; None where CloudWatch does not tell."""
    counted = FIGURES[:-1]
    queries = [
        metric_query(name.lower(), name, {"Project": project}, period=_HOUR, namespace=NAMESPACE) for name in counted
    ]
    with explained("reading what was counted"):
        pages = clients.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=now - _BACK, EndTime=now + timedelta(minutes=1)
        )
        sums, told = dict.fromkeys(counted, 0), set[str]()
        for page in pages:
            for result in page["MetricDataResults"]:
                name = result["Id"].capitalize()
                sums[name] += round(sum(result["Values"]))
                (told.discard if result.get("StatusCode") in _UNTOLD else told.add)(name)
    return {name.lower(): count if name in told else None for name, count in sums.items()}


def _alarms(clients: Clients, stack: str) -> list[str]:
    with explained("reading the alarms"):
        pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
        return [
            alarm.get("AlarmDescription") or alarm["AlarmName"]
            for page in pages
            for alarm in page["MetricAlarms"]
            if alarm["StateValue"] == "ALARM"
        ]
