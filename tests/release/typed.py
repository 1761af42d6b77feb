"""A program of a user's own, on the public API alone; run, and read by mypy --strict, beside an installed wheel."""

from contextlib import suppress
from datetime import UTC, datetime, time
from pathlib import Path
from typing import assert_type

import customlabels
from customlabels import Box, Dataset, ImageRecord, Schedule, Side, Simulated, Window

divided = customlabels.split(customlabels.load_dataset(Path("photos")), fraction=0.2, seed=1)
tested = assert_type(divided, Dataset).side(Side.TEST)
assert assert_type(tested, tuple[ImageRecord, ...])

line = customlabels.entry_line("s3://my-bucket/a.jpg", (), [Box("crack", 1, 2, 3, 4)], (200, 200, 3))
assert b'"left":1' in assert_type(line, bytes)

week = customlabels.simulate(
    Schedule("Europe/Berlin", (Window(time(6), time(22), frozenset(range(5))),)),
    datetime(2026, 3, 2, tzinfo=UTC),
    days=7,
)
assert assert_type(week, Simulated).billed > 0


def version_of(session: customlabels.Session, photos: str) -> str:
    trained = session.train(photos, project="caps")
    session.promote(trained.version, reason="new")  # type: ignore[call-arg]
    return assert_type(trained.version, str)


with suppress(AttributeError):
    # mypy refuses an ignore that is not needed: it sees the types.
    customlabels.load_dataset(3)  # type: ignore[arg-type]
