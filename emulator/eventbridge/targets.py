"""Rules of EventBridge: what a target gets of an event, put among the deliveries.

moto would call targets while it answers, runs no function, and knows few kinds of target. Source of moto's names:
moto.events.models (Rule).
"""

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.server.chance import replaying
from customlabels.emulator.server.seams import replace

_LEFT_TO_MOTO = (":logs:", ":events:")
"""Targets that lie within moto: log groups, event buses, archives."""

_PLACEHOLDER = re.compile(r"<([\w.-]+)>")
_PART = re.compile(rf'"(?:[^"\\]|\\.)*"|{_PLACEHOLDER.pattern}')
"""A text in quotes, or a placeholder outside of one."""


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto's rules hand over by `put` what matches them."""
    send = Rule.send_to_targets

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
        # A rule by time has no pattern, and moto takes none for one that matches everything.
        if self.state != "ENABLED" or not self.event_pattern._pattern:
            return
        if not self.event_pattern.matches_event(original_event):
            return
        within = copy.copy(self)
        within.targets = [target for target in self.targets if any(kind in target["Arn"] for kind in _LEFT_TO_MOTO)]
        send(within, original_event, transform_input)
        for target in self.targets:
            if target not in within.targets and not replaying():
                put(Due(clock(), self.region_name, self.arn, target, shaped_input(target, original_event)))

    replace("moto.events.models:Rule.send_to_targets", send_to_targets)


def shaped_input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """What a rule's target gets of an event. Source: EventBridge user guide, "Input transformation"."""
    shown = {name: value for name, value in event.items() if name not in ("ingestion-time", "replay-name")}
    if not isinstance(shown["time"], str):
        shown["time"] = datetime.fromtimestamp(float(shown["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(shown, target["InputPath"]))
    change = target.get("InputTransformer")
    return json.dumps(shown) if change is None else _filled(change, shown)


def _filled(change: dict[str, Any], event: dict[str, Any]) -> str:
    """A template with what its paths find in the event; text within quotes, JSON outside of them."""
    values = {name: _at(event, path) for name, path in change.get("InputPathsMap", {}).items()}
    values |= {"aws.events.event.json": event, "aws.events.event": event}

    def text(match: re.Match[str]) -> str:
        value = values.get(match[1])
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    def part(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return _PLACEHOLDER.sub(text, match[0])
        return json.dumps(values.get(match[1]))

    return _PART.sub(part, change["InputTemplate"])


def _at(event: dict[str, Any], path: str) -> Any:
    """What lies at a path such as $.detail.version; None where nothing does."""
    value: Any = event
    for name in filter(None, path.removeprefix("$").split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    return value
