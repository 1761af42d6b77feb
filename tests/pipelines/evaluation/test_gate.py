import math
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import SettingsError
from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, LabelMetrics, read_summary
from customlabels.pipelines.evaluation.gate import Champion, Result, judge, junit, parse_demand

EVALUATION = Evaluation(
    version="v1",
    training_images=80,
    testing_images=20,
    precision=0.9,
    recall=0.8,
    f1=0.85,
    labels=(LabelMetrics("crack", 10, 0.9, 0.6, 0.72, 0.4), LabelMetrics("ok", 4, 0.9, 1.0, 0.98, 0.5)),
)


@pytest.mark.parametrize(
    ("gate", "missed"),
    [
        (GateSettings(), 0),
        (GateSettings(min_f1=0.85), 0),
        (GateSettings(min_f1=0.86), 1),
        (GateSettings(min_precision=0.91, min_recall=0.81), 2),
        (GateSettings(min_label_f1=0.72), 0),
        (GateSettings(min_label_f1=0.99), 2),
        (GateSettings(min_f1=0.9, min_label_f1=0.9), 2),
        (GateSettings(min_label={"crack": "0.6:recall"}), 0),
        (GateSettings(min_label={"crack": "0.8,0.7:recall"}), 2),
        # A demand of the label's own takes the place of that on all labels.
        (GateSettings(min_label_f1=0.9, min_label={"crack": "0.7"}), 0),
    ],
)
def test_each_demand_that_is_missed_is_named(gate: GateSettings, missed: int) -> None:
    verdict = judge(EVALUATION, gate)
    assert len(verdict.shortfalls) == missed
    assert (verdict.result is Result.PASSED) == (missed == 0)


def test_too_few_test_images_are_no_evidence_and_a_failure_weighs_more() -> None:
    assert judge(EVALUATION, GateSettings(min_test_images=5)).result is Result.UNPROVED
    assert judge(EVALUATION, GateSettings(min_test_images=4)).result is Result.PASSED
    assert judge(EVALUATION, GateSettings(min_test_images=5, min_f1=0.9)).result is Result.FAILED


@pytest.mark.parametrize(("low", "result"), [(0.81, Result.PASSED), (0.79, Result.UNPROVED)])
def test_where_it_decides_on_intervals_their_lower_end_has_to_reach_it(low: float, result: Result) -> None:
    verdict = judge(EVALUATION, GateSettings(min_f1=0.8), lows={"": (0.7, 0.7, low)})
    assert verdict.result is result


@pytest.mark.parametrize(
    ("champion", "low", "result"),
    [
        (0.86, None, Result.PASSED),
        (0.88, None, Result.FAILED),
        (0.86, -0.019, Result.PASSED),
        (0.86, -0.05, Result.UNPROVED),
        (0.90, -0.09, Result.FAILED),
    ],
)
def test_it_may_not_fall_behind_the_champion(champion: float, low: float | None, result: Result) -> None:
    verdict = judge(EVALUATION, GateSettings(max_regression=0.02), champion=Champion("v0", champion, low))
    assert verdict.result is result


def test_without_a_champion_there_is_nothing_to_fall_behind() -> None:
    assert judge(EVALUATION, GateSettings(max_regression=0.0)).checks == ()


@pytest.mark.parametrize("text", ["", "high", "1.2", "0.9:accuracy", "0.9:recall,x"])
def test_a_demand_that_cannot_be_read_says_how_to_write_it(text: str) -> None:
    with pytest.raises(SettingsError, match="no demand on a label") as caught:
        parse_demand(text)
    assert "0.9:recall" in str(caught.value.hint)


def test_a_demand_on_a_label_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match="does not have: dent"):
        judge(EVALUATION, GateSettings(min_label={"dent": "0.9"}))


def test_junit_has_a_case_a_check_and_a_failure_with_its_sentence() -> None:
    root = ElementTree.fromstring(junit(judge(EVALUATION, GateSettings(min_f1=0.9, min_precision=0.5))))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = root.iter("failure")
    assert failure.text == "F1 is 0.850, the gate asks for 0.900"


def test_junit_is_xml_whatever_labels_are_called() -> None:
    label = "crack\x1b[2J\u202e"
    strange = replace(EVALUATION, labels=(replace(EVALUATION.labels[0], label=label),))
    root = ElementTree.fromstring(junit(judge(strange, GateSettings(min_label_f1=1.0))))
    assert any(r"crack\x1b[2J\u202e" in (case.get("name") or "") for case in root.iter("testcase"))


NOT_A_SHARE = st.sampled_from([math.nan, math.inf, -math.inf, 1.5, -0.1, None, "high", "NaN", [], 10**400])
FIGURES = ("f1", "precision", "recall")
KEYS = {"f1": "F1Score", "precision": "Precision", "recall": "Recall"}


@given(
    st.dictionaries(st.sampled_from(FIGURES), NOT_A_SHARE),
    st.dictionaries(st.sampled_from([*FIGURES, "threshold"]), NOT_A_SHARE, min_size=1),
    st.one_of(st.none(), NOT_A_SHARE, st.just(0.99)),
)
def test_no_gate_is_passed_on_a_figure_that_is_none(
    overall: dict[str, Any], of_label: dict[str, Any], described: Any
) -> None:
    def metrics(name: str, faults: dict[str, Any]) -> dict[str, Any]:
        figures = dict.fromkeys(KEYS, 1.0) | {name: value for name, value in faults.items() if name in KEYS}
        threshold = {"Threshold": faults.get("threshold", 0.5)} if faults else {"Threshold": 0.5}
        return {
            "Label": name,
            "NumberOfTestingImages": 5,
            "Metrics": {KEYS[metric]: value for metric, value in figures.items()} | threshold,
        }

    figures = {KEYS[metric]: overall.get(metric, 0.99) for metric in FIGURES}
    summary = {
        "EvaluationDetails": {"NumberOfTrainingImages": 9, "NumberOfTestingImages": 10},
        "AggregatedEvaluationResults": figures,
        "LabelEvaluationResults": [metrics("good", {}), metrics("bad", of_label)],
    }
    evaluation, left_out = read_summary("v1", summary, described)
    assert len(left_out) == 1 + len(overall)
    shown = [evaluation.f1, evaluation.precision, evaluation.recall]
    shown += [getattr(label, metric) for label in evaluation.labels for metric in FIGURES]
    assert all(0 <= figure <= 1 for figure in shown)
    # The label that cannot be read may miss whatever is asked of each.
    for gate in (
        GateSettings(min_label_f1=0.5),
        GateSettings(min_test_images=1),
        GateSettings(min_label={"good": "0"}),
    ):
        verdict = judge(evaluation, gate)
        assert verdict.result is Result.UNPROVED
        assert "label 2 cannot be read" in verdict.shortfalls[0]
    for metric in overall:
        verdict = judge(evaluation, GateSettings(**{f"min_{metric}": 0.5}))
        known = metric == "f1" and described == 0.99
        assert verdict.result is (Result.PASSED if known else Result.UNPROVED)
    unknown = "f1" in overall and described != 0.99
    kept = judge(evaluation, GateSettings(max_regression=0.5), champion=Champion("v0", 0.9, None))
    assert kept.result is (Result.UNPROVED if unknown else Result.PASSED)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_the_gate_itself_takes_no_figure_that_is_none(figure: float) -> None:
    strange = replace(EVALUATION, f1=figure, labels=(replace(EVALUATION.labels[0], f1=figure),))
    assert judge(strange, GateSettings(min_f1=0.0)).result is Result.FAILED
    assert judge(strange, GateSettings(min_label_f1=0.0)).result is Result.FAILED
    assert judge(EVALUATION, GateSettings(min_f1=0.5), lows={"": (0.7, 0.7, figure)}).result is Result.UNPROVED
    for champion in (Champion("v0", figure, None), Champion("v0", 0.85, figure)):
        assert judge(EVALUATION, GateSettings(max_regression=1.0), champion=champion).result is not Result.PASSED
    unread = Champion("v0", 0.5, None, read=False)
    assert judge(EVALUATION, GateSettings(max_regression=1.0), champion=unread).result is Result.UNPROVED
