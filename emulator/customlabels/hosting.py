"""Models that are up: how many requests they take, how they scale, and the record of their units.

Source: Custom Labels developer guide, running-model.md; there a unit's rate depends on the model, here it is given.
"""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace

from customlabels.emulator.customlabels.context import Context
from customlabels.emulator.customlabels.state import Usage, Version
from customlabels.emulator.server.refusals import Refusal

_WINDOW = 5.0
"""Seconds over which demand is measured."""

_LEAST_ROOM = 2.0
"""Requests. A model with room for one would refuse whoever keeps to its rate, as soon as a request came late and the
next did not; one that takes less than a request a second would take none."""

_UNHURRIED = 6
"""Times longer than up, scaling down waits."""


@dataclass(slots=True)
class _Load:
    """What a model has been asked for lately; times from the machine's own clock."""

    tokens: float | None = None
    """Requests that it takes at once; None before the first."""
    filled: float = field(default_factory=time.monotonic)
    scaled: float = field(default_factory=time.monotonic)
    asked: deque[float] = field(default_factory=deque)


_loads: dict[str, _Load] = {}
_lock = threading.Lock()


def admit(context: Context, version: Version) -> None:
    """Counts a request to a running model.

    Raises
    ------
    Refusal : ProvisionedThroughputExceededException, where its units are asked for more than they can
    """
    with _lock:
        load = _loads.setdefault(version.arn, _Load())
        now = time.monotonic()
        load.asked.append(now)
        version = _scale(context, version, load, now)
        load.tokens = filled(load.tokens, now - load.filled, context.rate * units(version))
        load.filled = now
        if load.tokens >= 1:
            load.tokens -= 1
            return
    raise Refusal(
        "ProvisionedThroughputExceededException", "Provisioned throughput of the model's inference units is exceeded."
    )


def filled(tokens: float | None, seconds: float, rate: float) -> float:
    """Requests that a model takes at once, after so many seconds: no more than those of a second, but for slow ones.

    Parameters
    ----------
    tokens : that it took before; None where it was asked for none yet
    rate : requests a second of all its units
    """
    room = max(_LEAST_ROOM, rate) if rate else 0.0
    return room if tokens is None else min(room, tokens + seconds * rate)


def settle(context: Context, version: Version) -> Version:
    """The version with as many units as its demand asks for now."""
    with _lock:
        load = _loads.get(version.arn)
        return _scale(context, version, load, time.monotonic()) if load else version


def units(version: Version) -> int:
    """Inference units that are up; 0 where the model is not."""
    return version.usage[-1].units if version.usage and version.status.now == "RUNNING" else 0


def _scale(context: Context, version: Version, load: _Load, now: float) -> Version:
    """One unit more or fewer where demand asks for it and the last change is long enough ago."""
    least, most, current = version.min_units or 1, version.max_units, units(version)
    while load.asked and load.asked[0] < now - _WINDOW:
        load.asked.popleft()
    if most is None or not current:
        return version
    wanted = min(max(math.ceil(len(load.asked) / _WINDOW / context.rate), least), most)
    waited = now - load.scaled
    if wanted > current and waited >= context.timings.scale:
        current += 1
    elif wanted < current and waited >= _UNHURRIED * context.timings.scale:
        current -= 1
    else:
        return version
    load.scaled = now
    changed = replace(version, usage=(*version.usage, Usage(context.clock(), current)))
    context.save(changed)
    return changed


def started(version: Version, at: float, count: int) -> Version:
    """`version` with `count` units up from `at` on."""
    return replace(version, usage=(*version.usage, Usage(at, count)))


def stopped(version: Version, at: float) -> Version:
    """`version` with no unit up from `at` on."""
    return replace(version, usage=(*version.usage, Usage(at, 0)))
