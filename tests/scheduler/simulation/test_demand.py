"""Demands: shapes, files, and what CloudWatch counted."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.local_services import Service, client

from customlabels.core.errors import LayoutError, ServiceError
from customlabels.scheduler.simulation.demand import SHAPES, but_closed, read_demand, read_history

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("shape", "hours"), [("two-shift", 80), ("batches", 5), ("around-the-clock", 120)])
def test_a_shape_has_its_hours_on_the_zones_clock(shape: str, hours: int) -> None:
    for zone, start in (("UTC", MONDAY), ("Europe/Berlin", MONDAY - timedelta(hours=2))):
        demand = SHAPES[shape](zone, 5.0)
        come = [demand(start + minute * MINUTE) for minute in range(7 * 24 * 60)]
        assert sum(map(bool, come)) == hours * 60
        assert max(come) <= 5.0 * 60


def test_nothing_comes_on_closed_days() -> None:
    demand = but_closed(SHAPES["two-shift"]("Europe/Berlin", 5.0), "Europe/Berlin", frozenset({date(2026, 6, 2)}))
    assert demand(MONDAY + timedelta(hours=12)) > 0
    assert demand(MONDAY + timedelta(hours=36)) == 0


def test_a_demand_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv"
    path.write_text("time,requests\n2026-06-01T06:00,600\n2026-06-01T07:00,0\n2026-06-03T06:00+02:00,0\n")
    demand, start, days = read_demand(path)
    assert (start, days) == (datetime(2026, 6, 1, 6, tzinfo=UTC), 1)
    assert demand(start) == pytest.approx(10)
    assert demand(start + timedelta(hours=1)) == 0


def test_a_week_of_hours_covers_a_week(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv"
    rows = [f"{(MONDAY + timedelta(hours=hour)).isoformat()},60" for hour in range(168)]
    path.write_text("\n".join(["time,requests", *rows]))
    demand, _, days = read_demand(path)
    assert days == 7
    assert demand(MONDAY + timedelta(days=7) - MINUTE) == pytest.approx(1)
    assert demand(MONDAY + timedelta(days=7)) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when,count\n", "has no columns time and requests"),
        ("time,requests\n2026-06-01T06:00,5\n", "has fewer than two rows"),
        ("time,requests\nsoon,5\n2026-06-01T06:00,-1\n", "row 2: needs a time"),
        ("time,requests\n2026-06-01T06:00,5\n2026-06-01T05:00,5\n", "does not come after"),
        ("time,requests\n0001-01-01T00:00+02:00,5\n2026-06-01T05:00,5\n", "row 2: needs a time"),
        ("time,requests\n2020-06-01T06:00,5\n2026-06-01T05:00,5\n", "covers more than 728 days"),
    ],
)
def test_a_demand_that_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "demand.csv"
    path.write_text(text)
    with pytest.raises(LayoutError) as caught:
        read_demand(path)
    assert says in caught.value.message


def test_every_row_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv"
    path.write_text("time,requests\n" + "soon,many\n" * 80)
    with pytest.raises(LayoutError) as caught:
        read_demand(path)
    assert len(caught.value.details) == 79


def _count(cloudwatch: Any, name: str, at: datetime, many: float, operation: str = "DetectCustomLabels") -> None:
    cloudwatch.put_metric_data(
        Namespace="AWS/Rekognition",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "Operation", "Value": operation}],
                "Timestamp": at,
                "Value": many,
                "Unit": "Count",
            }
        ],
    )


@pytest.mark.parametrize(("days", "spread"), [(15, 1), (16, 5)])
def test_calls_that_cloudwatch_counted_are_a_demand(service: Service, days: int, spread: int) -> None:
    region = f"eu-central-{days % 2 + 1}"
    cloudwatch = client(service, "cloudwatch", region)
    now = datetime.now(UTC)
    with pytest.raises(ServiceError, match="counted no DetectCustomLabels call"):
        read_history(cloudwatch, now, days)
    at = (now - timedelta(days=2)).replace(minute=10, second=20, microsecond=0)
    _count(cloudwatch, "SuccessfulRequestCount", at, 30)
    _count(cloudwatch, "ThrottledCount", at, 10)
    _count(cloudwatch, "UserErrorCount", at, 500)
    _count(cloudwatch, "SuccessfulRequestCount", at, 700, operation="DetectLabels")
    _count(cloudwatch, "SuccessfulRequestCount", now - timedelta(days=days + 1), 900)
    demand, start, covered = read_history(cloudwatch, now, days)
    assert covered == days
    assert start <= now - timedelta(days=days)
    assert demand(at.replace(second=0)) == pytest.approx(40 / spread)
    assert sum(demand(start + minute * MINUTE) for minute in range(days * 24 * 60)) == pytest.approx(40)
