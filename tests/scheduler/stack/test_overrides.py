from datetime import UTC, datetime

import pytest

from customlabels.core.errors import SettingsError
from customlabels.scheduler.stack.overrides import ends

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3h", "2026-06-01T15:00:00+00:00"),
        ("90m", "2026-06-01T13:30:00+00:00"),
        ("7d", "2026-06-08T12:00:00+00:00"),
        # In Berlin it is two in the afternoon.
        ("14:30", "2026-06-01T12:30:00+00:00"),
        ("06:00", "2026-06-02T04:00:00+00:00"),
        ("2026-06-03T06:00", "2026-06-03T04:00:00+00:00"),
        ("2026-06-03T06:00Z", "2026-06-03T06:00:00+00:00"),
    ],
)
def test_an_override_ends_after_a_span_or_at_a_time_of_the_zone(text: str, expected: str) -> None:
    assert ends(text, NOON, "Europe/Berlin").isoformat() == expected


@pytest.mark.parametrize(
    "text", ["soon", "", "25:00", "8d", "0h", "2026-06-01T06:00", "2027-06-01", "-3h", "3 fortnights"]
)
def test_what_is_no_end_or_too_far_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        ends(text, NOON, "Europe/Berlin")


def test_a_time_of_day_that_daylight_saving_moves_is_that_of_the_clock() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert ends("06:00", before, "Europe/Berlin") == datetime(2026, 10, 25, 5, tzinfo=UTC)
