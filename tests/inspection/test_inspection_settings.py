"""[inspection] of the settings: what it makes, and what is wrong with it, all faults in one go."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.addresses import S3Address
from customlabels.core.errors import SettingsError
from customlabels.core.settings import DetectSettings, InspectionSettings, ProjectSettings, ScheduleSettings, Settings
from customlabels.inspection.documents import inspection_text, read_inspection_text
from customlabels.inspection.inspection_settings import overlaps, read_inspection, workers

PLAIN = InspectionSettings(source="s3://line-1/images", defects=("crack", "dent"))


def settings(**more: Any) -> Settings:
    return Settings(
        project=ProjectSettings(bucket="plant-7"),
        schedule=ScheduleSettings(max_units=3),
        inspection=replace(PLAIN, **more),
    )


def test_the_inspection_is_what_the_settings_say(tmp_path: Path) -> None:
    asked = read_inspection(
        settings(thresholds={"crack": 62.5}, band=5.0, on_defect="move", defects_to="s3://line-1/defects"), tmp_path
    )
    inspection = asked.inspection
    assert (inspection.bucket, inspection.prefix) == ("line-1", "images/")
    assert inspection.goes_to == S3Address("line-1", "defects/")
    assert (inspection.rules.thresholds, inspection.rules.band) == ({"crack": 62.5}, 5.0)
    assert (asked.deadline, inspection.keep, asked.workers) == (timedelta(hours=4), 90, 8)
    assert read_inspection_text(inspection_text(inspection)) == inspection
    given = settings(source="kvs:line-1", frames_to="s3://line-1/in", frames_every="5s")
    streamed = read_inspection(given, tmp_path).inspection
    assert (streamed.address, streamed.stream, streamed.every) == ("s3://line-1/in/", "line-1", 5.0)
    assert read_inspection_text(inspection_text(streamed)) == streamed


def test_thresholds_come_from_what_versions_thresholds_wrote(tmp_path: Path) -> None:
    rows = [
        {"label": "crack", "confidence": 61.2},
        {"label": "dent", "confidence": 40},
        {"label": "ok", "confidence": None},
    ]
    (tmp_path / "thresholds.json").write_text(json.dumps(rows))
    asked = read_inspection(settings(thresholds="thresholds.json"), tmp_path)
    assert asked.inspection.rules.thresholds == {"crack": 61.2, "dent": 40.0}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[{"label": "crack", "confidence": 1}]', "has no threshold for dent, which inspection.defects names"),
        ('[{"label": "dog", "confidence": 50}]', "has no threshold for crack, dent, which"),
        ("[]", "has no threshold for crack, dent, which"),
        ('[{"label": "crack", "confidence": null}]', "has no threshold for crack, dent, which"),
        ("{}", "has no threshold for crack, dent, which"),
        ('[{"label": "crack", "confidence": NaN}]', "row 1: the confidence nan of crack is none of 0 to 100"),
        ('[{"label": "crack", "confidence": -5}]', "row 1: the confidence -5 of crack is none of 0 to 100"),
        ('[{"label": "crack", "confidence": 500}]', "row 1: the confidence 500 of crack is none of 0 to 100"),
        ('[{"label": "crack", "confidence": "50"}]', "row 1: the confidence '50' of crack is none of 0 to 100"),
        ('[{"label": "crack", "confidence": true}]', "row 1: the confidence True of crack is none of 0 to 100"),
        (
            '[{"label": "crack", "confidence": 5}, {"label": "crack", "confidence": 6}]',
            "row 2: crack is there twice",
        ),
        ('{"crack": 5}', "is not what customlabels versions thresholds --output json writes"),
    ],
)
def test_a_file_of_thresholds_that_would_not_decide_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "thresholds.json").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_inspection(settings(thresholds="thresholds.json"), tmp_path)
    assert fault in caught.value.message


def test_the_projects_own_folder_is_known_by_the_bucket_that_is_given(tmp_path: Path) -> None:
    given = replace(settings(source="s3://other/customlabels/"), project=ProjectSettings())
    assert read_inspection(given, tmp_path).inspection.bucket == "other"
    with pytest.raises(SettingsError, match="where training images, results and code go, overlap"):
        read_inspection(given, tmp_path, "other")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"source": None}, "inspection.source: is not set"),
        ({"source": "line-1/images"}, "inspection.source: 'line-1/images' is not of the form s3://bucket/prefix/"),
        ({"source": "kvs:line 1"}, "inspection.source: 'kvs:line 1' is not of the form kvs:STREAM"),
        ({"source": "kvs:line-1"}, "inspection.frames_to: is not set: name where the stream is to write its images"),
        ({"source": "kvs:line-1", "frames_to": "line-1"}, "inspection.frames_to: 'line-1' is not of the form s3://"),
        ({"source": "kvs:line-1", "frames_to": "s3://plant-7/"}, "where training images, results and code go, overlap"),
        (
            {"source": "kvs:line-1", "frames_to": "s3://line-1/in/", "frames_every": "soon"},
            "inspection.frames_every: 'soon' is no time span",
        ),
        ({"frames_to": "s3://line-1/in/"}, 'inspection.frames_to: goes with source = "kvs:STREAM"'),
        ({"source": "s3://plant-7/"}, "where training images, results and code go, overlap"),
        ({"source": "s3://plant-7/customlabels/x/"}, "where training images, results and code go, overlap"),
        ({"defects": ()}, "inspection.defects: names no label"),
        ({"thresholds": {"ok": 50.0}}, "inspection.thresholds: ok: is none of the defects"),
        (
            {"thresholds": {"crack": 0.6}},
            "thresholds: go from 0 to 100; 0.6 for crack is under one per cent",
        ),
        ({"thresholds": "none.json"}, "none.json: cannot be read"),
        ({"on_defect": "copy"}, 'inspection.defects_to: is not set, and on_defect = "copy" needs it'),
        ({"defects_to": "s3://line-1/x/"}, 'nothing goes there with on_defect = "none"'),
        ({"on_defect": "move", "defects_to": "s3://line-1/images/bad/"}, "overlap: each copy would be inspected again"),
        ({"on_defect": "copy", "defects_to": "s3://line-1/"}, "overlap: each copy would be inspected again"),
        ({"deadline": "2m"}, "inspection.deadline: '2m' is shorter than 5 minutes"),
        ({"deadline": "20d"}, "inspection.deadline: '20d' is longer than"),
        ({"keep": "36h"}, "inspection.keep: '36h' is not whole days"),
        ({"defects": tuple(f"label-{number:04}" for number in range(400))}, "characters long as a parameter"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_key(more: dict[str, Any], fault: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read_inspection(settings(**more), tmp_path)
    assert fault in raised.value.message


def test_all_faults_come_in_one_go(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read_inspection(settings(source=None, defects=(), deadline="x", keep="0d"), tmp_path)
    assert [fault.partition(":")[0] for fault in (raised.value.message, *raised.value.details)] == [
        "inspection.source",
        "inspection.deadline",
        "inspection.keep",
        "inspection.defects",
    ]


@given(st.floats(0.1, 10_000))
def test_workers_are_what_a_mapping_takes_and_more_where_the_model_takes_more(rate: float) -> None:
    assert 2 <= workers(rate) <= workers(rate * 2) <= 1000
    assert workers(rate) / 0.5 >= min(rate, 2000.0)


@given(st.text("ab/", max_size=4), st.text("ab/", max_size=4), st.text("ab/", max_size=4))
def test_prefixes_overlap_where_a_key_can_begin_with_both(prefix: str, other: str, rest: str) -> None:
    longest = max(prefix, other, key=len) + rest
    assert overlaps(prefix, other) == (longest.startswith(prefix) and longest.startswith(other))


def test_the_rate_is_that_of_detect(tmp_path: Path) -> None:
    fast = replace(settings(), detect=DetectSettings(rate=25.0))
    assert read_inspection(fast, tmp_path).inspection.rate == 25.0
