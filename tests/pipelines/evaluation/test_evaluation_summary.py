from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.pipelines.evaluation.evaluation_summary import parse_summary, read_summary

FLAT: dict[str, Any] = {
    "Version": 1,
    "EvaluationDetails": {"Labels": ["a"], "NumberOfTrainingImages": 80, "NumberOfTestingImages": 20},
    "AggregatedEvaluationResults": {"F1Score": 0.94, "Precision": 0.95, "Recall": 0.93, "ConfusionMatrix": []},
    "LabelEvaluationResults": [
        {
            "Label": "a",
            "NumberOfTestingImages": 10,
            "Metrics": {"F1Score": 0.94, "Precision": 0.95, "Recall": 0.93, "Threshold": 0.4},
        }
    ],
}


def test_overall_figures_are_read_flat_or_below_metrics() -> None:
    figures = FLAT["AggregatedEvaluationResults"]
    nested = FLAT | {"AggregatedEvaluationResults": {"Metrics": figures}}
    assert parse_summary("v1", FLAT) == parse_summary("v1", nested)
    assert parse_summary("v1", FLAT).f1 == 0.94


@pytest.mark.parametrize("summary", [{}, {"EvaluationDetails": {}}, {"AggregatedEvaluationResults": None}, []])
def test_another_file_is_refused(summary: Any) -> None:
    with pytest.raises(ValueError, match="no evaluation summary"):
        parse_summary("v1", summary)


PARTS = ("EvaluationDetails", "AggregatedEvaluationResults")
OTHER = st.one_of(st.none(), st.text(max_size=3), st.lists(st.integers(), max_size=2), st.just({}))


@given(st.dictionaries(st.sampled_from(PARTS), OTHER), st.lists(OTHER, max_size=3))
def test_what_cannot_be_read_is_told_and_the_rest_is_judged(parts: dict[str, Any], others: list[Any]) -> None:
    summary = {**FLAT, **parts, "LabelEvaluationResults": [*FLAT["LabelEvaluationResults"], *others]}
    evaluation, left_out = read_summary("v1", summary, f1=0.9)
    assert [metrics.label for metrics in evaluation.labels] == ["a"]
    assert evaluation.f1 == (0.9 if "AggregatedEvaluationResults" in parts else 0.94)
    assert len(left_out) >= len(parts) + len(others)
    assert bool(left_out) == bool(parts or others)
