"""Schedules tried out on demands, as a person does it."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.drawing import draw
from support.shells import Shell

SETTINGS = """
[schedule]
time_zone = "Europe/Berlin"
"""
WINDOW = """
[[schedule.window]]
days = "mon-fri"
start = "06:00"
stop = "22:00"
"""


@pytest.fixture
def planned(tmp_path: Path) -> Shell:
    (tmp_path / "customlabels.toml").write_text(SETTINGS + WINDOW)
    return Shell(tmp_path)


def test_what_is_suggested_can_be_pasted_and_then_does_what_was_said(planned: Shell) -> None:
    words = ("schedule", "simulate", "--demand", "batches", "--weeks", "1")
    found = planned.json(*words, "--suggest", "--coverage", "1")
    suggestion = found["suggestion"]
    assert found["coverage"] == suggestion["coverage"] == 1
    assert suggestion["dollars_a_week"] < found["dollars_a_week"] / 10
    assert suggestion["ratio"] <= 1.25
    assert tomllib.loads(suggestion["toml"])["schedule"]["window"] == suggestion["windows"]
    (planned.folder / "customlabels.toml").write_text(SETTINGS + suggestion["toml"])
    again = planned.json(*words)
    assert (again["billed"], again["starts"]) == (suggestion["billed"], suggestion["starts"])
    said = planned.run(*words, "--suggest").stdout
    assert '[[schedule.window]]\ndays = "mon-fri"\nstart = "09:00"\nstop = "09:30"\nunits = 1\n' in said
    assert "a week instead of" in said


def test_windows_are_suggested_where_there_are_none_yet(planned: Shell) -> None:
    (planned.folder / "customlabels.toml").unlink()
    found = planned.json("schedule", "simulate", "--demand", "two-shift", "--suggest")
    assert found["billed"] == 0
    assert found["suggestion"]["coverage"] >= 0.99
    assert set(found["beside"]) == {"always_on", "office_hours"}


def test_several_versions_are_shown_apart(planned: Shell) -> None:
    other = WINDOW.replace("06:00", "20:00") + 'version = "v2"\nunits = 2\n'
    (planned.folder / "customlabels.toml").write_text(SETTINGS + WINDOW + other)
    found = planned.json("schedule", "simulate", "--weeks", "1")
    assert [one["version"] for one in found["models"]] == ["champion", "v2"]
    assert found["always_on_a_week"] == 3 * 672
    assert re.search(r"v2 +20\.\d", planned.run("schedule", "simulate", "--weeks", "1").stdout)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("simulate", "--suggest"), "--suggest needs to know what comes"),
        (("simulate", "--demand", "gone.csv"), "gone.csv: cannot be read"),
        (("simulate", "--demand", "cloudwatch:64"), "for 63 days"),
        (("simulate", "--demand", "short.csv", "--suggest"), "covers 1 days only"),
        (("simulate", "--demand", "two-shift", "--coverage", "0"), "0<x<=1"),
        (("simulate", "--start-takes", "2d"), "no start takes longer than 6 hours"),
        (("capacity", "--rate", "5"), "capacity needs to know what comes"),
        (("capacity", "--demand", "two-shift"), "how much does a unit take?"),
        (("capacity", "--demand", "two-shift", "--measured", "short.csv"), "holds no rate_per_unit"),
    ],
)
def test_what_is_missing_is_said(planned: Shell, words: tuple[str, ...], says: str) -> None:
    (planned.folder / "short.csv").write_text("time,requests\n2026-06-01T06:00,5\n2026-06-01T07:00,5\n")
    ended = planned.start("schedule", *words)
    _, errors = ended.communicate(timeout=60)
    assert ended.returncode in (1, 2, 4)
    assert says in errors
    assert "Traceback" not in errors


def test_units_are_worked_out_from_a_rate(planned: Shell) -> None:
    (planned.folder / "rate.json").write_text('{"rate_per_unit": 2}')
    words = ("schedule", "capacity", "--demand", "two-shift")
    found = planned.json(*words, "--measured", "rate.json")
    assert (found["units"], found["exceeded"]) == (2, False)
    assert found["units_by_hour"]["mon"][5:7] == [0, 2]
    assert found["units_by_hour"]["sun"] == [0] * 24
    assert found == planned.json(*words, "--rate", "2")
    said = planned.run(*words, "--rate", "0.5", "--headroom", "0").stdout
    assert "3.00 requests a second, 6 units" in said
    assert "more than the 5 units that a model may have" in said


class _Page(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_tells_its_pictures_in_words(planned: Shell) -> None:
    planned.run("schedule", "simulate", "--demand", "two-shift", "--suggest", "--to", "out/week.html", "-q")
    text = (planned.folder / "out" / "week.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert "http" not in text.replace("http-equiv", "")
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    named = [given["aria-labelledby"] or "" for _, given in page.tags if "aria-labelledby" in given]
    assert {one for names in named for one in names.split()} <= set(ids)
    pictures = [given for tag, given in page.tags if tag == "svg" and given.get("role") == "img"]
    # Seven days of each schedule, and what they cost.
    assert len(pictures) == 2 * 7 + 1
    assert "windows 06:00 to 22:00 on 1 unit; up 05:55 to 22:00 on 1 unit; 168300 requests, 0 of them missed" in text
    assert "Europe/Berlin" in text
    assert [one.name for one in (planned.folder / "out").iterdir()] == ["week.html"]


def test_a_page_without_a_demand_shows_windows_and_bill(planned: Shell) -> None:
    planned.run("schedule", "simulate", "--weeks", "1", "--to", "week.html")
    text = (planned.folder / "week.html").read_text(encoding="utf-8")
    assert "windows 06:00 to 22:00" in text
    assert "requests missed" not in text


@pytest.mark.around
def test_calls_that_were_counted_are_a_demand(shell: Shell) -> None:
    draw(shell.folder / "photos", {"across": 6, "down": 6})
    shell.run("train", "photos", "--local", "-q")
    shell.run("detect", "photos", "--local", "--start", "--yes", "--to", "found.jsonl", "-q")
    shell.run("local", "advance", "10m")
    (shell.folder / "customlabels.toml").write_text(SETTINGS + WINDOW)
    ended = shell.start("schedule", "simulate", "--local", "--demand", "cloudwatch:7", "--output", "json")
    output, errors = ended.communicate(timeout=60)
    assert ended.returncode == 0, errors
    assert '"requests": 12.0' in output
    assert "of the whole account" in errors


def test_a_week_that_came_is_read_from_a_file(planned: Shell) -> None:
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    rows = [(monday + timedelta(hours=hour), 300 if hour % 24 == 9 else 0) for hour in range(168)]
    text = "\n".join(["time,requests", *(f"{at.isoformat()},{many}" for at, many in rows)])
    (planned.folder / "week.csv").write_text(text)
    found = planned.json("schedule", "simulate", "--demand", "week.csv", "--suggest", "--coverage", "1")
    assert (found["days"], found["requests"]) == (7, 2100)
    assert found["coverage"] == pytest.approx(5 / 7, abs=1e-4)
    assert found["suggestion"]["windows"] == [{"days": "daily", "start": "11:00", "stop": "12:00", "units": 1}]


def test_images_that_may_wait_need_no_window_and_are_held_against_the_least_bill(planned: Shell) -> None:
    (planned.folder / "customlabels.toml").write_text(SETTINGS)
    words = ("schedule", "simulate", "--demand", "batches", "--weeks", "1", "--deadline", "4h")
    found = planned.json(*words)
    assert (found["coverage"], found["late"], found["deadline"]) == (1, 0, 240)
    assert found["longest"] <= 240
    assert 1 <= found["ratio"] <= 1.1
    assert found["beside"]["always_on"]["least"] == found["least"]
    assert " longest wait " in planned.run(*words, "--to", "week.html").stdout
    for wrong, says in (
        (("--deadline", "4h"), "--deadline needs to know what comes"),
        (("--demand", "batches", "--suggest", "--deadline", "4h"), "leave --deadline out"),
        (("--demand", "batches", "--deadline", "15d"), "'15d' is longer than 336 hours"),
        (("--demand", "batches", "--deadline", "30s"), "'30s' is not whole minutes"),
    ):
        assert says in planned.run("schedule", "simulate", *wrong, expect=2).stderr
