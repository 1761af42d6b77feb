"""Verdicts: a table of cases, and the laws that hold whatever is seen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.inspection.rules import (
    MOST_LABELS,
    Analysis,
    Judgement,
    Rules,
    Seen,
    Verdict,
    analysed,
    floor,
    judge,
    with_assumed,
)

RULES = Rules(frozenset({"crack", "dent"}), {"crack": 60.0, "dent": 80.0}, 5.0)
LABELS = ("crack", "dent", "good", "scratch")

CONFIDENCES = st.floats(0, 100).map(lambda confidence: round(confidence, 4))
SEEN = st.lists(st.builds(Seen, st.sampled_from(LABELS), CONFIDENCES), max_size=8)
RULED = st.builds(
    Rules,
    st.frozensets(st.sampled_from(LABELS), min_size=1),
    st.dictionaries(st.sampled_from(LABELS), CONFIDENCES),
    st.floats(0, 30),
)


@pytest.mark.parametrize(
    ("seen", "verdict", "labels"),
    [
        ([], Verdict.PASS, ()),
        ([("good", 99.0)], Verdict.PASS, ()),
        ([("crack", 65.0)], Verdict.DEFECT, ("crack",)),
        ([("crack", 64.9)], Verdict.UNSURE, ("crack",)),
        ([("crack", 55.1)], Verdict.UNSURE, ("crack",)),
        ([("crack", 55.0)], Verdict.PASS, ()),
        ([("crack", 20.0), ("crack", 90.0)], Verdict.DEFECT, ("crack",)),
        ([("crack", 70.0), ("dent", 99.0)], Verdict.DEFECT, ("dent", "crack")),
        ([("crack", 61.0), ("dent", 99.0)], Verdict.DEFECT, ("dent",)),
        ([("good", 99.0), ("crack", 61.0)], Verdict.UNSURE, ("crack",)),
    ],
)
def test_an_image_is_judged_by_its_surest_box_of_each_defect(
    seen: list[tuple[str, float]], verdict: Verdict, labels: tuple[str, ...]
) -> None:
    judgement = judge(analysed([Seen(*label) for label in seen], 5.0), RULES)
    assert (judgement.verdict, judgement.labels) == (verdict, labels)


def test_what_the_service_refused_is_refused_with_its_reason() -> None:
    refused = Analysis(refusal="InvalidImageFormatException: no image")
    assert judge(refused, RULES) == Judgement(Verdict.REFUSED, why="InvalidImageFormatException: no image")


def test_a_defect_without_a_threshold_leaves_it_open() -> None:
    rules = Rules(frozenset({"crack"}))
    assert judge(analysed([Seen("crack", 99.0)], 5.0), rules).verdict is Verdict.UNSURE
    assert judge(analysed([Seen("crack", 99.0)], 5.0), with_assumed(rules, {"crack": 50.0})).verdict is Verdict.DEFECT
    unseen = judge(analysed([], 5.0), rules)
    assert (unseen.verdict, unseen.why) == (Verdict.UNSURE, "crack, and no threshold is known for it")


def test_the_settings_threshold_counts_before_the_versions_own() -> None:
    assert with_assumed(RULES, {"crack": 1.0, "good": 2.0}).thresholds == {"crack": 60.0, "dent": 80.0, "good": 2.0}


def test_a_threshold_below_what_was_kept_leaves_it_open() -> None:
    low = replace(RULES, thresholds={"crack": 3.0, "dent": 80.0}, band=0.0)
    judgement = judge(analysed([], 5.0), low)
    assert judgement.verdict is Verdict.UNSURE
    assert judgement.why == "crack was asked for from 5 on only"
    assert floor(low) == 3.0


@given(SEEN, RULED)
def test_with_the_floor_of_the_rules_no_threshold_is_left_open_for_want_of_labels(
    seen: list[Seen], rules: Rules
) -> None:
    least = floor(rules)
    whole, kept = analysed(seen, 0.0), analysed([label for label in seen if label.confidence >= least], least)
    named = replace(rules, thresholds={label: rules.thresholds.get(label, 50.0) for label in LABELS})
    if floor(named) == least:
        assert judge(kept, named).verdict is judge(whole, named).verdict


@given(SEEN, RULED)
def test_a_higher_confidence_never_makes_an_image_better(seen: list[Seen], rules: Rules) -> None:
    worse = [Verdict.PASS, Verdict.UNSURE, Verdict.DEFECT]
    raised = [label._replace(confidence=min(100.0, label.confidence + 10)) for label in seen]
    before, after = judge(analysed(seen, 0.0), rules), judge(analysed(raised, 0.0), rules)
    assert worse.index(after.verdict) >= worse.index(before.verdict)


@given(SEEN, RULED)
def test_the_order_of_an_answer_does_not_matter(seen: list[Seen], rules: Rules) -> None:
    assert judge(analysed(seen, 0.0), rules) == judge(analysed(seen[::-1], 0.0), rules)


@given(SEEN, RULED)
def test_a_wider_band_only_moves_verdicts_to_unsure(seen: list[Seen], rules: Rules) -> None:
    narrow, wide = judge(analysed(seen, 0.0), replace(rules, band=0.0)), judge(analysed(seen, 0.0), rules)
    assert wide.verdict in (narrow.verdict, Verdict.UNSURE)


@given(st.lists(st.builds(Seen, st.sampled_from(LABELS), CONFIDENCES), min_size=MOST_LABELS - 2, max_size=60), RULED)
def test_of_many_boxes_the_surest_are_kept_and_what_is_left_out_changes_no_verdict(
    seen: list[Seen], rules: Rules
) -> None:
    kept, ordered = analysed(seen, 1.0), sorted(seen, key=lambda label: (-label.confidence, label.label))
    assert [label.confidence for label in kept.seen[:MOST_LABELS]] == [
        label.confidence for label in ordered[:MOST_LABELS]
    ]
    assert {label.label for label in kept.seen} == {label.label for label in seen}
    assert len(kept.seen) < MOST_LABELS + len(LABELS)
    gone = [label.confidence for label in ordered if label not in kept.seen]
    assert kept.whole_from >= max(gone, default=0.0)
    assert judge(kept, rules) == judge(Analysis(tuple(ordered), 1.0), rules)


def test_a_defect_among_many_boxes_of_what_is_none_is_a_defect_and_one_that_is_not_there_passes() -> None:
    bolts, rules = [Seen("bolt", 95.0) for _ in range(60)], Rules(frozenset({"crack"}), {"crack": 50.0})
    assert judge(analysed([*bolts, Seen("crack", 60.0)], 5.0), rules).verdict is Verdict.DEFECT
    assert judge(analysed(bolts, 5.0), rules).verdict is Verdict.PASS
