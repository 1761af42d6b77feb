"""Who is told of what happened to a version: an SNS topic, an event bus, or both."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import Clients, explained
from customlabels.aws.topics import publish
from customlabels.core.errors import ServiceError
from customlabels.core.settings import NotifySettings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

SOURCE = "customlabels"
TRAINED, PASSED, FAILED, PROMOTED = "Version trained", "Gate passed", "Gate failed", "Version promoted"


def notify(
    clients: Clients, settings: NotifySettings, what: str, detail: dict[str, Any], warn: Callable[[str], None]
) -> None:
    """Tells topic and bus of the settings; what cannot be told is a warning, and ends nothing.

    Parameters
    ----------
    what : TRAINED, PASSED, FAILED or PROMOTED
    detail : at least project and version
    """
    if settings.topic:
        try:
            _publish(clients.sns, settings.topic, what, detail)
        except ServiceError as error:
            warn(error.message)
    if settings.event_bus:
        try:
            _put(clients.events, settings.event_bus, what, detail)
        except ServiceError as error:
            warn(error.message)


def _publish(sns: "SNSClient", topic: str, what: str, detail: dict[str, Any]) -> None:
    with explained(f"telling {topic}"):
        about = f"{what}: {detail['project']} {detail['version']}"
        publish(sns, topic, about, json.dumps({"event": what, **detail}, indent=1))


def _put(events: "EventBridgeClient", bus: str, what: str, detail: dict[str, Any]) -> None:
    with explained(f"telling event bus {bus}"):
        answer = events.put_events(
            Entries=[{"Source": SOURCE, "DetailType": what, "Detail": json.dumps(detail), "EventBusName": bus}]
        )
    if answer["FailedEntryCount"]:
        raise ServiceError(f"event bus {bus} did not take the event: {answer['Entries'][0].get('ErrorMessage')}")
