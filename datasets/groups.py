"""Things that hang together by pairs."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing", bound=Hashable)


def connected(pairs: Iterable[tuple[Thing, Thing]]) -> list[list[Thing]]:
    """Groups of what hangs together by pairs, members and groups in the order in which they come."""
    above: dict[Thing, Thing] = {}

    def root(thing: Thing) -> Thing:
        while above[thing] != thing:
            above[thing] = above[above[thing]]
            thing = above[thing]
        return thing

    for pair in pairs:
        first, second = (root(above.setdefault(thing, thing)) for thing in pair)
        above[second] = first
    groups: dict[Thing, list[Thing]] = {}
    for thing in above:
        groups.setdefault(root(thing), []).append(thing)
    return list(groups.values())
