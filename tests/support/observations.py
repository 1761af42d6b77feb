"""Versions as a sweep may see them, and what is seen once the service has taken a plan's calls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from customlabels.scheduler.actions import Action, Kind, Observed

STATES = [
    *("TRAINING_COMPLETED", "STARTING", "RUNNING", "STOPPING", "STOPPED", "FAILED"),
    *("TRAINING_IN_PROGRESS", "DELETING", "COPYING_COMPLETED"),
]


def observations(now: datetime) -> st.SearchStrategy[list[Observed]]:
    """Versions `new` and `old`, each in any state for up to five hours."""

    def observed(name: str) -> st.SearchStrategy[Observed]:
        return st.builds(
            Observed,
            version=st.just(name),
            status=st.sampled_from(STATES),
            units=st.integers(0, 3),
            since=st.integers(0, 300).map(lambda minutes: now - timedelta(minutes=minutes)),
            failures=st.integers(0, 4),
        )

    return st.tuples(observed("new"), observed("old")).map(list)


def carried_out(observed: Sequence[Observed], actions: Sequence[Action], now: datetime) -> list[Observed]:
    """What is seen once the service has taken the calls."""
    called = {action.version: action for action in actions if action.kind in {Kind.START, Kind.STOP}}
    after = []
    for model in observed:
        action = called.get(model.version)
        if action is None:
            after.append(model)
        else:
            status = "STARTING" if action.kind is Kind.START else "STOPPING"
            after.append(replace(model, status=status, since=now, units=action.units))
    return after
