from typing import Any

import pytest

from customlabels.pipelines.evaluation.evaluation_summary import parse_summary

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
